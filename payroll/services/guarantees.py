"""The owner's payment guarantee on record: given, corrected, ended before its day (Order 724 art. 24)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import party_of
from payroll.guarantee_records import ENTRY, entry_record, entry_subject
from payroll.models import GuaranteeForm, PaymentGuarantee
from registration.access import access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Project, Sector, StoredFile
from registration.services.files import store_file
from registration.services.trainings import Scan
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind = PaymentGuarantee.Kind
EARLIEST = date(2015, 1, 1)
AHEAD = timedelta(days=366)
LONGEST = timedelta(days=366 * 20)
SHORTEST_REASON = 4


@dataclass(frozen=True)
class GuaranteeFacts:
    """What the paper says; the amount in fen, both days included."""

    form: str
    issuer: str
    paper_number: str
    amount_fen: int
    valid_from: date
    valid_until: date
    note: str = ""


@transaction.atomic
def enter_guarantee(
    project_id: int, facts: GuaranteeFacts, *, scan: Scan | None, actor: Actor, now: datetime
) -> PaymentGuarantee:
    """Put a guarantee that the owner gave on record, with its paper; owner or general contractor may.

    Raises Malformed `guarantee.…`, `file.…`, RuleViolation `guarantee.known`, `guarantee.not_building`, NotFound,
    NotPermitted.
    """
    project, firm = _reached(project_id, actor)
    _check(facts, site_date(now))
    for one in _standing(project):
        if (one.issuer, one.paper_number) == (facts.issuer.strip(), facts.paper_number.strip()):
            raise RuleViolation(
                "guarantee.known", _("This paper is on record already. Correct that entry if it is wrong.")
            )
    if scan is None:
        raise Malformed("guarantee.scan", _("Add the guarantee as a scan or a photo."))
    file = store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    return _write(project, firm, Kind.GIVEN, facts, file=file, replaces=None, actor=actor, now=now)


@transaction.atomic
def correct_guarantee(
    project_id: int,
    number: int,
    facts: GuaranteeFacts,
    *,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
) -> PaymentGuarantee:
    """Say anew what an entry should have said, and why in `facts.note`; without a new scan its paper stays.

    Raises what `enter_guarantee` raises, Malformed `guarantee.note`, RuleViolation `guarantee.replaced`.
    """
    project, firm = _reached(project_id, actor)
    wrong = _entry(project, number)
    _check(facts, site_date(now))
    _check_reason(facts.note)
    file = wrong.file
    if scan is not None:
        file = store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    return _write(project, firm, Kind.CORRECTED, facts, file=file, replaces=number, actor=actor, now=now)


@transaction.atomic
def end_guarantee(
    project_id: int, number: int, *, ended_on: date, reason: str, actor: Actor, now: datetime
) -> PaymentGuarantee:
    """Record that a guarantee ended before its day: released, withdrawn by the issuer. `ended_on` is its last day.

    Raises Malformed `guarantee.note`, RuleViolation `guarantee.replaced`, `guarantee.over`, `guarantee.end_day`.
    """
    project, firm = _reached(project_id, actor)
    holds = _entry(project, number)
    _check_reason(reason)
    today = site_date(now)
    if holds.valid_until < today:
        raise RuleViolation("guarantee.over", _("This guarantee is over already. Nothing is to be entered."))
    if not holds.valid_from <= ended_on <= today or ended_on == holds.valid_until:
        raise RuleViolation(
            "guarantee.end_day",
            _("The last day lies between %(first)s and today, and before the day on the paper."),
            first=holds.valid_from.isoformat(),
        )
    facts = GuaranteeFacts(
        holds.form, holds.issuer, holds.paper_number, holds.amount_fen, holds.valid_from, ended_on, reason
    )
    return _write(project, firm, Kind.ENDED, facts, file=holds.file, replaces=number, actor=actor, now=now)


def _reached(project_id: int, actor: Actor) -> tuple[Project, int]:
    """The locked project and the firm for which the actor writes: its owner, or its general contractor."""
    project = access_project(project_id, actor, for_write=True)
    firm = party_of(actor, project)
    if firm is None:
        not_permitted("guarantee.enter")
    if project.sector == Sector.MANUFACTURING:
        raise RuleViolation("guarantee.not_building", _("Only building works need a payment guarantee."))
    return project, firm


def _standing(project: Project) -> list[PaymentGuarantee]:
    """Entries that no other one replaces."""
    every = list(PaymentGuarantee.objects.filter(project=project).select_related("file"))
    replaced = {entry.replaces for entry in every}
    return [entry for entry in every if entry.number not in replaced]


def _entry(project: Project, number: int) -> PaymentGuarantee:
    found = next((entry for entry in _standing(project) if entry.number == number), None)
    if found is not None:
        return found
    if not PaymentGuarantee.objects.filter(project=project, number=number).exists():
        not_found()
    raise RuleViolation(
        "guarantee.replaced",
        _("A later entry stands in its place. Look at the page again: somebody may have been quicker."),
    )


def _check(facts: GuaranteeFacts, today: date) -> None:
    if facts.form not in GuaranteeForm.values:
        raise Malformed("guarantee.form", _("Choose bank, insurance or guarantee company."))
    if not facts.issuer.strip():
        raise Malformed("guarantee.issuer", _("Write who stands for the payment."))
    if not facts.paper_number.strip():
        raise Malformed("guarantee.paper", _("Write the number on the paper."))
    if facts.amount_fen <= 0:
        raise Malformed("guarantee.amount", _("Write an amount above zero."))
    if not EARLIEST <= facts.valid_from <= today + AHEAD:
        raise Malformed("guarantee.valid_from", _("The first day cannot be right. Check the year."))
    if facts.valid_until < facts.valid_from:
        raise Malformed("guarantee.valid_until", _("The last day lies before the first."))
    if facts.valid_until > facts.valid_from + LONGEST:
        raise Malformed("guarantee.valid_until", _("The last day cannot be right. Check the year."))


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("guarantee.note", _("Write the reason in a few words; the authority reads it."))


def _write(
    project: Project,
    firm: int,
    kind: str,
    facts: GuaranteeFacts,
    *,
    file: StoredFile,
    replaces: int | None,
    actor: Actor,
    now: datetime,
) -> PaymentGuarantee:
    facts = replace(
        facts,
        issuer=facts.issuer.strip()[:120],
        paper_number=facts.paper_number.strip()[:60],
        note=facts.note.strip()[:200],
    )
    entry = PaymentGuarantee.objects.create(
        project=project,
        number=PaymentGuarantee.objects.filter(project=project).count() + 1,
        kind=kind,
        replaces=replaces,
        form=facts.form,
        issuer=facts.issuer,
        paper_number=facts.paper_number,
        amount_fen=facts.amount_fen,
        valid_from=facts.valid_from,
        valid_until=facts.valid_until,
        note=facts.note,
        file=file,
        organisation_id=firm,
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    append(
        ENTRY,
        project_id=project.pk,
        subject=entry_subject(entry),
        record=entry_record(entry, bytes(file.sha256)),
        actor=actor,
        now=now,
    )
    return entry
