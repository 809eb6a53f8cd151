"""Mediation by the office, signed by both; and the firms to which something may be addressed."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Case, CaseMediation
from inspection.services.case_papers import make_paper
from inspection.services.case_steps import lock_case, tell, words, write_step
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import Organisation, Participation
from registration.services.signatures import check_signature
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny


def respondents_of(case: Case) -> list[Organisation]:
    """Firms to which something may be addressed: those on the case's project."""
    if case.project_id is None:
        return []
    parts = Participation.objects.filter(project=case.project_id).exclude(role=Participation.Role.SUPERVISOR)
    return list(Organisation.objects.filter(pk__in=parts.values("organisation")).order_by("name"))


def respondent(case: Case, organisation_id: int) -> Organisation:
    """One of them. Raises RuleViolation `case.no_site`, Malformed `case.respondent`."""
    if case.project_id is None:
        raise RuleViolation(
            "case.no_site", _("First find the site of the case: then its firms can be chosen.")
        )
    found = next((one for one in respondents_of(case) if one.pk == organisation_id), None)
    if found is None:
        raise Malformed("case.respondent", _("Choose a firm of the project."))
    return found


@transaction.atomic
def record_mediation(
    pk: int,
    *,
    firm_id: int,
    agreed: bool,
    terms: str,
    amount_fen: int = 0,
    pay_by: date | None = None,
    firm_person: str = "",
    worker_person: str = "",
    firm_png: bytes | None = None,
    worker_png: bytes | None = None,
    actor: Actor,
    now: datetime,
) -> CaseMediation:
    """Write the record of a mediation; an agreement is signed by both on the officer's phone.

    Raises RuleViolation `signature.blank`, `case.anonymous`, Malformed `case.words`, `case.amount`, `case.pay_by`.
    """
    case = lock_case(pk, "mediate", actor=actor)
    firm = respondent(case, firm_id)
    said, today = words(terms), site_date(now)
    if agreed:
        if amount_fen <= 0:
            raise Malformed("case.amount", _("Write the amount that was agreed, in yuan."))
        if pay_by is None or pay_by < today:
            raise Malformed("case.pay_by", _("Write the day by which it is paid, today or later."))
        if not firm_person.strip() or not worker_person.strip():
            raise Malformed("case.persons", _("Write who signs for the firm and who for the workers."))
        for drawing in (firm_png, worker_png):
            check_signature(drawing or b"")
    mediation = CaseMediation.objects.create(
        case=case,
        firm=firm,
        held_on=today,
        agreed=agreed,
        terms=said,
        amount_fen=amount_fen if agreed else 0,
        pay_by=pay_by if agreed else None,
        firm_person=firm_person.strip()[:60],
        worker_person=worker_person.strip()[:60],
        firm_drawing=firm_png if agreed else None,
        worker_drawing=worker_png if agreed else None,
        made_by_id=user_of(actor),
        made_at=now,
    )
    file = None
    if agreed and firm_png and worker_png:
        values = {
            "respondent": firm.name,
            "terms": said,
            "day": str(today),
            "pay_by": str(pay_by),
            "amount": format_cny(amount_fen),
        }
        signatures = [
            (f"单位代表：{mediation.firm_person}", firm_png),
            (f"工人代表：{mediation.worker_person}", worker_png),
        ]
        file = make_paper(case, "mediation", values, signatures=signatures, actor=actor, now=now).file
        tell(case, "mediated", day=pay_by, actor=actor, now=now)
    facts = {"agreed": agreed, "amount_fen": mediation.amount_fen, "pay_by": str(mediation.pay_by or "")}
    write_step(case, "mediate", text=said, file=file, facts=facts, actor=actor, now=now)
    return mediation
