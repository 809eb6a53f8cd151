"""Owners' payment guarantees of the demo county: most give one, one has none, one has ended, one ends soon."""

from datetime import date, datetime, timedelta

from inspection.demo.papers import signed_sheet
from inspection.demo.people import County, SiteState
from payroll.services.guarantees import GuaranteeFacts, correct_guarantee, enter_guarantee
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Project, Sector, User
from registration.services.trainings import Scan

NONE, ENDED, ENDING, CORRECTED = "ZJJH-2026-0131", "ZJYK-2026-0026", "ZJJH-2026-0123", "ZJJH-2026-0142"
OWN_CLERK = "ZJJH-2026-0117"
"""The site whose owner has a clerk of its own here, who enters the paper."""
BANK = "金华商贸银行股份有限公司"
INSURER = "浙中财产保险股份有限公司"
COMPANY = "浙中工程担保有限公司"
SHARE_PERCENT = 10


def give_guarantees(county: County, first: date, today: date, *, now: datetime) -> None:
    """What was on record when the works began, and what was put right about it."""
    scan = Scan("工程款支付担保.png", signed_sheet())
    sites = [s for s in county.sites if s.plan.sector != Sector.MANUFACTURING and s.plan.code != NONE]
    for number, site in enumerate(sites):
        facts = _facts(site, number, first, today)
        entry = enter_guarantee(site.project.pk, facts, scan=scan, actor=_who(site), now=now)
        if site.plan.code == CORRECTED:
            right = GuaranteeFacts(
                facts.form,
                facts.issuer,
                facts.paper_number,
                facts.amount_fen,
                facts.valid_from,
                facts.valid_until + timedelta(days=90),
                "到期日录错，以保函原件为准",
            )
            correct_guarantee(
                site.project.pk, entry.number, right, actor=_who(site), now=now + timedelta(minutes=20)
            )


def _who(site: SiteState) -> Actor:
    return actor_of_user(User.objects.get(username="ye")) if site.plan.code == OWN_CLERK else site.clerk


def _facts(site: SiteState, number: int, first: date, today: date) -> GuaranteeFacts:
    form, issuer = (("bank", BANK), ("company", COMPANY), ("insurance", INSURER))[number % 3]
    until = {ENDED: today - timedelta(days=12), ENDING: today + timedelta(days=18)}.get(
        site.plan.code, first + timedelta(days=700)
    )
    project = Project.objects.get(pk=site.project.pk)
    return GuaranteeFacts(
        form,
        issuer,
        f"ZFDB-{site.plan.code[-9:]}",
        project.contract_sum_fen * SHARE_PERCENT // 100,
        first - timedelta(days=20),
        until,
    )
