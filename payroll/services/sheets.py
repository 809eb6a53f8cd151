"""Making, correcting and submitting a pay sheet (工资支付表; Order 724 art. 31)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from payroll import rules
from payroll.access import access_sheet, access_slip, participations_with
from payroll.deductions import Floor, check_deductions
from payroll.models import PaySheet, PaySlip
from payroll.overtime import MonthFacts, month_line
from payroll.pay_items import Item, ItemKind, deducted_of, earned_of, items_from
from payroll.services.attendance_lines import PIECE_NOTE, insert_slips, month_days_of
from payroll.services.late import refill_supplement
from payroll.services.minimum_wage import check_before_sending
from payroll.services.rule_items import ITEM_FIELDS, add_rule_items, set_items
from payroll.services.totals import refresh_totals
from payroll.wage_months import span_of
from registration.access import access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Participation, Project, Team, Worker
from registration.services.messages import queue_many
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import first_of_month, pay_due_on, site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.happenings import happened
from wagewatch.lib.money import LARGEST_FEN


def open_sheet(
    project: Project,
    participation: Participation,
    month: date,
    source: str,
    *,
    team: Team | None = None,
    actor: Actor,
    now: datetime,
) -> PaySheet:
    """An empty draft, in the caller's transaction, which has locked the project. Refuses a month to come and a second
    monthly sheet of the firm or of the same team."""
    if month != first_of_month(month):
        raise ValueError("a wage month is the date of its day 1")
    first, last = span_of(project, participation.pk, month)
    if first > site_date(now):
        raise RuleViolation(
            "sheet.month_to_come", _("This month has not begun. Choose a month that has attendance.")
        )
    try:
        with transaction.atomic():
            return PaySheet.objects.create(
                project=project,
                participation=participation,
                month=month,
                team=team,
                team_name=team.name if team else "",
                number=_next_number(project, participation, month) if team else 1,
                first_day=first,
                last_day=last,
                source=source,
                due_on=pay_due_on(month, project.pay_day, load_calendar()),
                made_by_id=actor.id,
                made_at=now,
            )
    except IntegrityError as problem:
        if "sheet_once" not in str(problem):  # or team_sheet_once
            raise
        raise RuleViolation(
            "sheet.exists",
            _("The pay sheet for this month exists already. Open it instead of making a second one."),
        ) from problem


def _next_number(project: Project, participation: Participation, month: date) -> int:
    """The next number of a team's sheet; 1 stays free for the firm's own."""
    of_month = PaySheet.objects.filter(
        project=project, participation=participation, month=month, kind=PaySheet.Kind.MONTHLY
    )
    return max(of_month.values_list("number", flat=True), default=1) + 1


def team_for_sheet(part: Participation, team_id: int | None) -> Team | None:
    """A team of the part, or None for the whole firm. NotFound for others' teams."""
    if team_id is None:
        return None
    team = Team.objects.filter(pk=team_id, project=part.project_id, participation=part).first()
    if team is None:
        not_found()
    return team


def part_for_sheet(project_id: int, participation_id: int, *, actor: Actor) -> tuple[Project, Participation]:
    """The project, locked, and the part for which the actor may prepare sheets. NotFound, NotPermitted."""
    project = access_project(project_id, actor)
    part = participations_with(actor, project, "project.view").filter(pk=participation_id).first()
    if part is None:
        not_found()
    if not participations_with(actor, project, "sheet.prepare").filter(pk=part.pk).exists():
        not_permitted("sheet.prepare")
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return project, part


@transaction.atomic
def make_sheet_from_attendance(
    project_id: int,
    participation_id: int,
    month: date,
    *,
    team_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> PaySheet:
    """Make the month's draft of one participation from attendance: days × rate, one statement. With `team_id` of that
    team alone, without one of everybody who is on no team's sheet yet.

    Raises RuleViolation `sheet.month_to_come`, `sheet.exists`, `sheet.no_attendance`, `sheet.all_listed`.
    """
    project, part = part_for_sheet(project_id, participation_id, actor=actor)
    team = team_for_sheet(part, team_id)
    sheet = open_sheet(project, part, month, PaySheet.Source.ATTENDANCE, team=team, actor=actor, now=now)
    _fill(sheet, project, now)
    return sheet


@transaction.atomic
def split_team(sheet_id: int, team_id: int, *, actor: Actor, now: datetime) -> PaySheet:
    """Take one team's lines off a draft into a sheet of their own, as they are, so that each can be sent when it is
    ready. Raises RuleViolation `sheet.not_draft`, `sheet.one_team`, `sheet.exists`, NotFound.
    """
    sheet = draft_of(sheet_id, actor)
    if sheet.kind != PaySheet.Kind.MONTHLY or sheet.team_id:
        raise RuleViolation("sheet.one_team", _("This sheet has one team only; there is nothing to split."))
    project, part = part_for_sheet(sheet.project_id, sheet.participation_id, actor=actor)
    team = team_for_sheet(part, team_id)
    slips = PaySlip.objects.filter(month=sheet.month, project=project, sheet=sheet.pk)
    names = set(slips.values_list("team_name", flat=True))
    if team is None or team.name not in names or len(names) < 2:
        raise RuleViolation("sheet.one_team", _("This sheet has one team only; there is nothing to split."))
    own = open_sheet(project, part, sheet.month, sheet.source, team=team, actor=actor, now=now)
    own.made_by_id, own.made_at = sheet.made_by_id, sheet.made_at  # its lines are those of that moment
    own.first_day, own.last_day, own.due_on = sheet.first_day, sheet.last_day, sheet.due_on
    own.save(update_fields=["made_by", "made_at", "first_day", "last_day", "due_on"])
    slips.filter(team_name=team.name).update(sheet_id=own.pk)
    refresh_totals(sheet)
    refresh_totals(own)
    return own


def _fill(sheet: PaySheet, project: Project, now: datetime) -> None:
    totals = insert_slips(sheet, project)
    if not totals.people:
        others = PaySheet.objects.filter(
            project=project,
            participation=sheet.participation_id,
            month=sheet.month,
            kind=PaySheet.Kind.MONTHLY,
        ).exclude(pk=sheet.pk)
        if others.exists():
            raise RuleViolation(
                "sheet.all_listed",
                _(
                    "Everybody who came stands on another sheet of this month already. Open that sheet: a team can be "
                    "taken off a draft into a sheet of its own."
                ),
            )
        raise RuleViolation(
            "sheet.no_attendance",
            _(
                "Nobody of this contractor passed the gates in this month. "
                "Check the roster and the terminals, or upload a sheet."
            ),
        )
    sheet.people, sheet.gross_fen, sheet.deduction_fen, sheet.net_fen = totals
    sheet.save(update_fields=["people", "gross_fen", "deduction_fen", "net_fen"])
    if add_rule_items(sheet, project, now=now):
        refresh_totals(sheet)


def draft_of(sheet_id: int, actor: Actor) -> PaySheet:
    """A draft to work on, locked. RuleViolation `sheet.not_draft`."""
    sheet = access_sheet(sheet_id, actor, permission="sheet.prepare", for_write=True)
    if sheet.state != PaySheet.State.DRAFT:
        raise RuleViolation(
            "sheet.not_draft",
            _("This sheet was submitted already. Changes go through the workers' objections."),
        )
    return sheet


@transaction.atomic
def recompute_sheet(sheet_id: int, *, actor: Actor, now: datetime) -> PaySheet:
    """Make a draft again from today's attendance; corrections by hand are lost. `sheet.not_draft`."""
    sheet = draft_of(sheet_id, actor)
    if sheet.kind == PaySheet.Kind.SUPPLEMENT:
        refill_supplement(sheet, actor=actor, now=now)
        return sheet
    if sheet.kind != PaySheet.Kind.MONTHLY:
        raise RuleViolation(
            "sheet.not_from_attendance",
            _("This sheet is not a month's run. Throw it away and make it again from where it came."),
        )
    PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).delete()
    sheet.source, sheet.made_by_id, sheet.made_at = PaySheet.Source.ATTENDANCE, actor.id, now
    sheet.save(update_fields=["source", "made_by", "made_at"])
    _fill(sheet, Project.objects.get(pk=sheet.project_id), now)
    return sheet


@transaction.atomic
def discard_sheet(sheet_id: int, *, actor: Actor, now: datetime) -> None:
    """Throw a draft away, slips and all; nobody has seen it. `sheet.not_draft`."""
    sheet = draft_of(sheet_id, actor)
    PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).delete()
    sheet.delete()


def reprice(
    slip: PaySlip,
    *,
    month_days: Decimal,
    days: Decimal | None = None,
    rate_fen: int | None = None,
    gross_fen: int | None = None,
    deduction_fen: int | None = None,
    deduction_note: str | None = None,
    items: Sequence[Item] | None = None,
    floor: Floor | None = None,
) -> None:
    """Change figures of a slip in memory and compute gross and net anew.

    With several rates in the month, changed days belong to the latest one. `gross_fen` counts for piece
    work only and is the amount without other lines. `items` replaces the lines beside days × rate;
    `deduction_fen` with its note makes the deductions that sum. Raises RuleViolation `slip.*`.
    """
    base = slip.base_fen
    if gross_fen is not None and slip.pay_basis != "piece":
        raise RuleViolation("slip.gross", _("Gross pay follows from days and rate. Change the days instead."))
    if rate_fen is not None:
        if not 0 < rate_fen <= LARGEST_FEN or slip.parts:
            raise RuleViolation("slip.rate", _("Write one rate above 0 for the whole month."))
        slip.rate_fen = rate_fen
    if days is not None or rate_fen is not None:
        quantity = rules.check_quantity(slip.pay_basis, slip.days if days is None else days)
        change = quantity - slip.days
        slip.days = quantity
        if slip.pay_basis != "piece":
            base = (
                _reprice_parts(slip, change, month_days)
                if slip.parts
                else rules.gross_of(slip.pay_basis, slip.rate_fen, quantity, month_days)
            )
    if gross_fen is not None:
        if not 0 <= gross_fen <= LARGEST_FEN:
            raise RuleViolation("slip.gross", _("Write the amount earned by piece work, 0 or more."))
        base = gross_fen
    lines = items_from(slip.items) if items is None else list(items)
    lines = [_month_anew(line, slip, base, month_days) for line in lines]
    gross = base + earned_of(lines)
    note = slip.deduction_note if deduction_note is None else deduction_note
    asked = deduction_fen is not None or deduction_note is not None
    if items is None and (asked or (slip.deduction_fen and not deducted_of(lines))):
        total = slip.deduction_fen if deduction_fen is None else deduction_fen
        rules.check_deduction(gross, total, note)
        lines = _with_total_deduction(lines, total, note)
    check_deductions(gross, lines, floor)
    set_items(slip, lines, base)


def _month_anew(line: Item, slip: PaySlip, base_fen: int, month_days: Decimal) -> Item:
    """The line of a monthly wage follows the days; the others stay as they are."""
    if line.kind != ItemKind.MONTH:
        return line
    return month_line(slip.rate_fen, slip.days, MonthFacts.from_json(line.facts), month_days, base_fen)


def _with_total_deduction(lines: list[Item], total_fen: int, note: str) -> list[Item]:
    """The same lines with deductions that sum to a total: the difference is one line of no lawful kind, or,
    where the total is less than the others, stands for all of them."""
    others = [line for line in lines if line.kind != ItemKind.LESS_OTHER]
    rest = total_fen - deducted_of(others)
    if rest < 0:
        others, rest = [line for line in others if not line.is_deduction], total_fen
    if rest:
        others.append(Item(ItemKind.LESS_OTHER, rest, reason=note.strip()[:120]))
    return others


def _reprice_parts(slip: PaySlip, change: Decimal, month_days: Decimal) -> int:
    parts = [dict(part) for part in slip.parts]
    last = parts[-1]
    days = Decimal(last["days"]) + change
    if days < 0:
        raise RuleViolation(
            "slip.days_of_rate",
            _(
                "Only %(days)s days were worked at the latest rate. Ask for a sheet made anew from attendance."
            ),
            days=str(last["days"]),
        )
    last["days"] = str(days.quantize(rules.HUNDREDTH))
    last["gross_fen"] = rules.gross_of(last["basis"], last["rate_fen"], days, month_days)
    slip.parts = parts
    return sum(int(part["gross_fen"]) for part in parts)


FIGURES = ["rate_fen", "days", "parts", *ITEM_FIELDS]
"""What `reprice` changes."""


@transaction.atomic
def edit_line(
    reference: str,
    *,
    days: Decimal | None = None,
    gross_fen: int | None = None,
    deduction_fen: int | None = None,
    deduction_note: str | None = None,
    note: str | None = None,
    actor: Actor,
    now: datetime,
) -> PaySlip:
    """Correct a line of a draft by hand; days that differ from the gates need a note (`slip.note`)."""
    slip = access_slip(reference, actor, permission="sheet.prepare")
    sheet = draft_of(slip.sheet_id, actor)
    slip = access_slip(reference, actor, for_write=True)
    project = Project.objects.get(pk=sheet.project_id)
    reprice(
        slip,
        month_days=month_days_of(project, sheet.month),
        days=days,
        gross_fen=gross_fen,
        deduction_fen=deduction_fen,
        deduction_note=deduction_note,
    )
    if note is not None and (note.strip() or slip.note != PIECE_NOTE or slip.gross_fen):
        slip.note = note.strip()[:200]
    elif gross_fen is not None and slip.note == PIECE_NOTE:
        slip.note = ""
    if slip.days != slip.gate_days and not slip.note:
        raise RuleViolation(
            "slip.note", _("The days differ from the gates. Write why, so that the worker can read it.")
        )
    slip.save(update_fields=[*FIGURES, "note"])
    refresh_totals(sheet)
    return slip


@transaction.atomic
def submit_sheet(sheet_id: int, *, actor: Actor, now: datetime) -> PaySheet:
    """Send every slip of a draft to its worker for confirmation, with a text message to each phone.

    Raises RuleViolation `sheet.already_submitted` (with who and when), `sheet.empty`, `sheet.under_minimum`.
    """
    sheet = access_sheet(sheet_id, actor, permission="sheet.prepare", for_write=True)
    if sheet.state != PaySheet.State.DRAFT:
        raise RuleViolation(
            "sheet.already_submitted",
            _("%(name)s submitted this sheet already. Nothing was sent a second time."),
            name=sheet.submitted_by.name if sheet.submitted_by else "",
        )
    check_before_sending(sheet, Project.objects.get(pk=sheet.project_id))
    waiting = PaySlip.objects.filter(
        month=sheet.month, project=sheet.project_id, sheet=sheet.pk, confirmation=PaySlip.Confirmation.DRAFT
    ).update(confirmation=PaySlip.Confirmation.WAITING, sent_at=now)
    if not waiting:
        raise RuleViolation("sheet.empty", _("There is nobody on this sheet. Make it anew from attendance."))
    refresh_totals(sheet)
    sheet.state = PaySheet.State.CONFIRMING
    sheet.submitted_by_id, sheet.submitted_at = actor.id, now
    sheet.save(update_fields=["state", "submitted_by", "submitted_at"])
    tell_workers(sheet, None, now=now, kind="slip.waiting", round_=1)
    happened("sheet.submitted")
    return sheet


def slip_text(kind: str, month: date) -> str:
    """The words of a text message to a worker: no name, no amount, no project."""
    with translation.override("zh-hans"):
        texts = {
            "slip.waiting": now_(
                "Your pay for month %(month)s is ready to check. Please sign in and have a look."
            ),
            "slip.reminder": now_("Please check your pay for month %(month)s: is it right or not?"),
            "slip.proxy": now_(
                "Your pay for month %(month)s was answered at the site's tablet. If this was not you, "
                "sign in and say so."
            ),
            "mediation.opened": now_(
                "A mediation about your pay for month %(month)s was asked for. Please sign in and say your side."
            ),
            "mediation.proposed": now_(
                "What was agreed about your pay for month %(month)s waits for your signature. Please sign in."
            ),
            "mediation.failed": now_(
                "No agreement about your pay for month %(month)s. Please sign in to see what you can do; call 12333."
            ),
            "slip.cash": now_(
                "It was written that you got your pay for month %(month)s in cash. If this is not so, sign in "
                "and say so, or call 12333."
            ),
            "slip.changed": now_(
                "Your pay for month %(month)s was corrected. Please sign in and look again."
            ),
            "slip.answered": now_("There is an answer to what you said about your pay for month %(month)s."),
            "line.paid": now_("Your wages for month %(month)s were paid to your card."),
            "line.returned": now_(
                "Your wages for month %(month)s did not reach your card. Please sign in to see what to do."
            ),
        }
        return texts[kind] % {"month": month.month}


def tell_workers(
    sheet: PaySheet, worker_ids: list[int] | None, *, now: datetime, kind: str, round_: int | str
) -> int:
    """Queue one message to each worker of the sheet (or the given ones) who has a phone; returns how many.
    The same round is never sent twice."""
    if worker_ids is None:
        worker_ids = list(
            PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).values_list(
                "worker_id", flat=True
            )
        )
    text = slip_text(kind, sheet.month)
    messages = [
        (str(phone), text, f"{kind}:{sheet.pk}:{pk}:{round_}")
        for pk, phone in Worker.objects.filter(pk__in=worker_ids, phone_index__isnull=False)
        .order_by("pk")
        .values_list("pk", "phone")
        if phone
    ]
    if messages:
        queue_many(messages, kind=kind, now=now)
    return len(messages)
