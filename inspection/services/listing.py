"""The list of serious dishonesty: notice, hearing, decision, removal, end; pushed down to the deposit's record.

MOHRSS order 45 of 2021; order 724, article 48. Only the labour authority acts.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from inspection.list_rules import Owed, Stage, months_after, obstacle, reaches_amount
from inspection.list_rules import Sum as Total
from inspection.listing_records import STEP, step_record
from inspection.models import FirmWord, Level, Listing, ListingStep, Notice
from inspection.services.audience import people_of_firm, project_of_firm
from inspection.services.notices import Note, notify
from inspection.typed import whole
from payroll.models import ArrearsRecord, PaySheet, PaySlip
from payroll.owed import still_owed
from payroll.services.deposit_rulings import may_rule, record_arrears
from registration.access import not_found, not_permitted
from registration.actors import SYSTEM, Actor
from registration.models import Authority, Organisation, Participation
from registration.permissions import PERMISSIONS
from registration.services.firms import seen_firm
from registration.services.parameters import load_calendar, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind, State = ListingStep.Kind, Listing.State
ONE = {"months": 3, "fen": 500_000}
MANY = {"people": 10, "fen": 3_000_000}
"""Lower ends of the interpretation of 2013, article 3, for an installation without `crime.one` and `crime.many`."""
SHORTEST_REASON = 5
REASON = 500
"""Characters of a reason, as they stand on record."""

REFUSALS: dict[str, Any] = {
    "list.not_now": _(
        "This step is not possible now. Look at the page again: somebody may have been quicker."
    ),
    "list.day": _("This day lies ahead. Check the date."),
    "list.objection_late": _("The firm could object until %(day)s. Enter the day on which it came in."),
    "list.time_over": _(
        "The time to decide was over on %(day)s. Close the proceeding and begin anew if need be."
    ),
    "list.hear_first": _("The firm may object until %(day)s. Decide after that day."),
    "list.corrected": _("No wage is owed by slips any more. Close the proceeding without listing."),
    "list.too_soon": _("Removal is possible %(months)s months after the correction: from %(day)s."),
    "list.still_owes": _("Wages past their pay day are still owed by slips. All must be paid first."),
}
TOLD = {
    Kind.NOTICE: Level.RED,
    Kind.LISTED: Level.RED,
    Kind.ANSWERED: Level.ORANGE,
    Kind.REFUSED: Level.ORANGE,
    Kind.EXTENDED: Level.YELLOW,
    Kind.SPARED: Level.YELLOW,
    Kind.REMOVED: Level.YELLOW,
    Kind.ENDED: Level.YELLOW,
}
"""Steps of the office of which the firm's people are told; its own words it knows. Red never waits for a summary:
the days for an objection run."""
REACHED = {Kind.LISTED: State.LISTED, Kind.SPARED: State.SPARED, Kind.REMOVED: State.REMOVED}


def owed_by(firm_id: int, *, today: date) -> list[Owed]:
    """What each person is owed by slips past their pay day: of the firm's own parts, and of the whole project
    where it is the general contractor, who pays first (article 30). Two queries."""
    parts = Participation.objects.filter(organisation=firm_id)
    led = parts.filter(role=Participation.Role.GENERAL_CONTRACTOR).values("project")
    own_projects = list(parts.values_list("project_id", flat=True))  # else the slips of all firms are read
    due = PaySlip.objects.filter(
        Q(sheet__participation__organisation=firm_id) | Q(project__in=led),
        project__in=own_projects,
        sheet__due_on__lt=today,
        net_fen__gt=0,
    )
    rows = (
        still_owed(due)
        .exclude(sheet__state=PaySheet.State.DRAFT)
        .order_by()
        .values("worker_id")
        .annotate(months=Count("month", distinct=True), fen=Sum("net_fen"))
    )
    return [Owed(row["months"], row["fen"]) for row in rows]


def amounts_of(region_code: str, *, on: date) -> tuple[dict[str, int], dict[str, int]]:
    """The amounts of the criminal law that the province has fixed."""
    place: dict[str, Any] = {"region_code": region_code, "on": on}
    return parameter("crime.one", default=ONE, **place), parameter("crime.many", default=MANY, **place)


def limit(key: str, fallback: int, region_code: str, *, on: date) -> int:
    """A term of the list in a place."""
    return int(parameter(key, region_code=region_code, on=on, default=fallback))


def on_list(firms: Iterable[int], *, today: date) -> dict[int, date]:
    """Which of these firms are on the list on a day, and since when."""
    rows = Listing.objects.filter(
        organisation__in=list(firms), state=State.LISTED, listed_on__lte=today, ends_on__gt=today
    )
    found = rows.order_by("-listed_on").values_list("organisation_id", "listed_on")
    return {firm: since for firm, since in found if since is not None}


def labour_office(actor: Actor) -> Authority:
    """The labour authority for which the actor inspects, or NotPermitted."""
    own = [
        d.authority_id
        for d in actor.duties
        if d.authority_id is not None and d.role in PERMISSIONS["list.decide"]
    ]
    office = (
        Authority.objects.filter(pk__in=own, kind=Authority.Kind.LABOUR)
        .select_related("region")
        .order_by("pk")
        .first()
    )
    if office is None or not may_rule(actor):
        not_permitted("list.decide")
    return office


@transaction.atomic
def give_notice(
    firm_id: int,
    *,
    ground: str,
    responsible: str,
    order_document: str,
    order_due_on: date | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Listing:
    """Tell a firm that it is about to be listed, and why; it may object for five working days.

    Raises NotFound, NotPermitted, Malformed `list.…`, RuleViolation `list.order_runs`, `list.amount`, `list.open`.
    """
    seen_firm(firm_id, actor)
    office = labour_office(actor)
    firm = Organisation.objects.select_for_update(no_key=True).get(pk=firm_id)
    today = site_date(now)
    responsible, order_document = _line(responsible, 40), _line(order_document, 60)
    if ground not in Listing.Ground.values:
        raise Malformed("list.ground", _("Choose the ground."))
    if len(responsible) < 2:
        raise Malformed(
            "list.responsible", _("Write the name of the legal representative or person in charge.")
        )
    if not order_document or order_due_on is None:
        raise Malformed(
            "list.order", _("Write the number of the order to pay and the day on which it lapsed.")
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("list.reason", _("Write the reason in a few words; the firm reads it."))
    if order_due_on >= today:
        raise RuleViolation(
            "list.order_runs", _("The order to pay has not lapsed yet. A firm is listed only after it.")
        )
    owed = owed_by(firm.pk, today=today)
    region = office.region_id
    one, many = amounts_of(region, on=today)
    if ground == Listing.Ground.AMOUNT and not reaches_amount(owed, one, many):
        raise RuleViolation(
            "list.amount", _("What is owed by slips does not reach the amount of the criminal law.")
        )
    if Listing.objects.filter(organisation=firm, state=State.NOTICED).exists():
        raise RuleViolation("list.open", _("A proceeding about this firm is open already."))
    total, calendar = Total.of(owed), load_calendar()
    listing = Listing.objects.create(
        organisation=firm,
        authority=office,
        ground=ground,
        responsible=responsible,
        amount_fen=total.fen,
        people=total.people,
        months=total.months,
        order_document=order_document,
        order_due_on=order_due_on,
        object_until=calendar.add_working(today, limit("list.object_wd", 5, region, on=today)),
        decide_until=calendar.add_working(today, limit("list.decide_wd", 20, region, on=today)),
        made_at=now,
    )
    _write_step(listing, Kind.NOTICE, today, order_document, reason, actor=actor, now=now)
    return listing


@transaction.atomic
def take_step(
    listing_id: int,
    kind: str,
    *,
    on: date | None,
    document: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Listing:
    """One step of a proceeding. Listing and removal are pushed down to the firm's record of arrears, which sets its
    deposits. Raises NotFound, NotPermitted, Malformed `list.reason`, `list.document`, RuleViolation `list.…`."""
    office = labour_office(actor)
    mine = Listing.objects.filter(pk=listing_id, authority=office)
    # The firm's own objection takes this lock too: it comes before the decision, or too late.
    Organisation.objects.select_for_update(no_key=True).filter(pk__in=mine.values("organisation")).first()
    listing = mine.select_for_update(of=("self",)).first()
    if listing is None:
        not_found()
    today = site_date(now)
    on = on or today
    document = _line(document, 60)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("list.reason", _("Write the reason in a few words; the firm reads it."))
    if kind in {Kind.LISTED, Kind.SPARED, Kind.REMOVED, Kind.REFUSED} and not document:
        raise Malformed("list.document", _("Write the number of the decision."))
    against = obstacle(stage_of(listing, today=today), kind, on)
    if against is not None:
        code, facts = against
        raise RuleViolation(code, REFUSALS[code], **facts)
    region = office.region_id
    if kind == Kind.EXTENDED:
        days = limit("list.extend_wd", 20, region, on=today)
        listing.decide_until = load_calendar().add_working(listing.decide_until, days)
    if kind == Kind.LISTED:
        listing.listed_on = today
        years = limit("list.term_years", 3, region, on=today)
        listing.ends_on = months_after(today, 12 * years)
    listing.state = REACHED.get(Kind(kind), State(listing.state))
    listing.save()
    update_change_reason(listing, Kind(kind).name)
    _write_step(listing, kind, on, document, reason, actor=actor, now=now)
    if kind == Kind.LISTED:
        _push(listing, "listed", today, actor=actor, now=now)
    if kind == Kind.REMOVED:
        _push(listing, "arrears", listing.listed_on or today, actor=actor, now=now)
    return listing


@transaction.atomic
def end_terms(*, now: datetime) -> int:
    """Listings whose term is over leave the list; returns how many."""
    today = site_date(now)
    over = list(
        Listing.objects.select_for_update(of=("self",))
        .filter(state=State.LISTED, ends_on__lte=today)
        .order_by("pk")
    )
    for listing in over:
        _end(listing, now=now)
    return len(over)


def _end(listing: Listing, *, now: datetime) -> None:
    listing.state = State.ENDED
    listing.save(update_fields=["state"])
    day = listing.ends_on or site_date(now)
    _write_step(listing, Kind.ENDED, day, "", f"{listing.listed_on} - {day}", actor=SYSTEM, now=now)
    _push(listing, "arrears", listing.listed_on or day, actor=SYSTEM, now=now)


def _push(listing: Listing, kind: str, since: date, *, actor: Actor, now: datetime) -> None:
    """The firm's record of arrears says what holds: listed, or in arrears before. Another listing in force stays."""
    others = Listing.objects.filter(
        organisation=listing.organisation_id, state=State.LISTED, ends_on__gt=site_date(now)
    )
    if kind != ArrearsRecord.Kind.LISTED and others.exclude(pk=listing.pk).exists():
        return
    last = listing.steps.order_by("-number").values_list("document", flat=True).first()
    record_arrears(
        listing.organisation_id, kind, since, f"失信联合惩戒名单 {last or listing.pk}", actor=actor, now=now
    )


def kinds_of(listing: Listing) -> tuple[str, ...]:
    """What was done and said in a proceeding, by the office and by the firm itself, in order."""
    steps = ListingStep.objects.filter(listing=listing).values_list("number", "kind")
    words = FirmWord.objects.filter(listing=listing).order_by("pk").values_list("after", "kind")
    every = [(number, 0, kind) for number, kind in steps] + [(after, 1, kind) for after, kind in words]
    return tuple(kind for _number, _whose, kind in sorted(every, key=lambda one: one[:2]))


def stage_of(listing: Listing, *, today: date) -> Stage:
    """A proceeding as the rules see it."""
    return Stage(
        state=listing.state,
        object_until=listing.object_until,
        decide_until=listing.decide_until,
        kinds=kinds_of(listing),
        ground=listing.ground,
        owed_fen=sum(o.fen for o in owed_by(listing.organisation_id, today=today)),
        removal_months=limit("list.removal_months", 6, listing.authority.region_id, on=today),
        today=today,
    )


def _line(text: str, longest: int) -> str:
    return " ".join(text.replace("\x00", "").split())[:longest]


def _write_step(
    listing: Listing, kind: str, on: date, document: str, reason: str, *, actor: Actor, now: datetime
) -> None:
    step = ListingStep.objects.create(
        listing=listing,
        number=listing.steps.count() + 1,
        kind=kind,
        on=on,
        document=document,
        reason=whole(reason, REASON, "list.reason"),
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    append(
        STEP,
        project_id=None,
        subject=f"listing-step:{step.pk}",
        record=step_record(step),
        actor=actor,
        now=now,
    )
    _tell_firm(listing, step, now=now)


def _tell_firm(listing: Listing, step: ListingStep, *, now: datetime) -> None:
    """Each of the firm's people once; filed under one project of the firm, since the step concerns them all."""
    level = TOLD.get(Kind(step.kind))
    project = project_of_firm(listing.organisation_id, listing.authority.region.prefix)
    if level is None or project is None:
        return
    notify(
        [
            Note(
                user,
                project,
                Notice.Kind.LISTING,
                level,
                f"listing:{listing.pk}:{step.number}",
                firm=listing.organisation.name,
                step=step.kind,
            )
            for user in people_of_firm(listing.organisation_id)
        ],
        now=now,
    )
