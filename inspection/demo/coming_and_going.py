"""Who came and went in the demo county: answers of workers, leavers, moves, and people who scanned the code."""

import random
from datetime import date, datetime, timedelta

from inspection.demo.names import card_number, invent
from inspection.demo.people import KNOWN_WORKERS, County, SiteState
from registration.actors import Actor
from registration.models import LeftReason, Posting, PostingNotice, RegisteredBy, Worker
from registration.rules.person_values import PersonValues, PostingValues
from registration.services import acknowledging, joining
from registration.services.entering import enter_person
from registration.services.leaving import leave
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import check_id_number

ANSWERED_PER_SITE = 40
SITES_ANSWERING = 5
LEAVERS = 8
NEWCOMERS = 5


def _worker(posting: Posting) -> Actor:
    return Actor(kind="worker", id=posting.worker_id, label=f"worker {posting.worker_id}")


def _open(site: SiteState) -> list[Posting]:
    known = set(KNOWN_WORKERS.values())
    found = (
        Posting.objects.filter(project=site.project, left_on=None).select_related("worker").order_by("pin")
    )
    return [posting for posting in found if posting.worker.name not in known]


def ask(now: datetime) -> None:
    """Everybody whom others registered gets a text message."""
    while acknowledging.ask_workers(now=now, limit=2000):
        pass


def answer(county: County, now: datetime) -> None:
    """Some workers say that their registration is right; most stay silent, as they do."""
    dice = random.Random(53)  # noqa: S311 not for secrets
    for site in county.sites[:SITES_ANSWERING]:
        for posting in _open(site)[:ANSWERED_PER_SITE]:
            if posting.acknowledged_at is None and posting.denied_at is None:
                at = now + timedelta(minutes=dice.randrange(180))
                acknowledging.acknowledge(site.project.pk, posting.pk, actor=_worker(posting), now=at)


def object_to_registration(county: County, now: datetime) -> None:
    """Two people say that it is not them, two that something is wrong, one leaves."""
    Kind, Reason = PostingNotice.Kind, PostingNotice.Reason  # noqa: N806 short names of enumerations
    site = county.sites[0]
    silent = [p for p in _open(site) if p.acknowledged_at is None and p.denied_at is None]
    said = [
        (Kind.NOT_ME, Reason.ID_USED, "去年把身份证给过包工头"),
        (Kind.NOT_ME, Reason.OTHER_FIRM, ""),
        (Kind.WRONG, Reason.PAY, "说好三百八一天"),
        (Kind.WRONG, Reason.DAY, "我早来一个星期"),
    ]
    for posting, (kind, reason, text) in zip(silent, said, strict=False):
        act = acknowledging.deny if kind == Kind.NOT_ME else acknowledging.say_wrong
        act(site.project.pk, posting.pk, reason=reason, text=text, actor=_worker(posting), now=now)
    for posting in silent[len(said) : len(said) + 1]:
        acknowledging.say_leaving(
            site.project.pk, posting.pk, last_day=site_date(now), actor=_worker(posting), now=now
        )


def leave_site(county: County, code: str, last_day: date, now: datetime) -> list[Posting]:
    """Some of a site's people leave on a day, the first few of its roster."""
    site = _site(county, code)
    going = _open(site)[:LEAVERS]
    for posting in going:
        leave(posting.worker_id, site.project.pk, last_day, reason=LeftReason.DONE, actor=site.clerk, now=now)
    return going


def _site(county: County, code: str) -> SiteState:
    return next(site for site in county.sites if site.plan.code == code)


def move(county: County, going: list[Posting], code: str, first_day: date, now: datetime) -> None:
    """Those who left one site begin on another, found again by their ID number."""
    site = _site(county, code)
    part, clerk = site.parts[0]
    team, trade, _heads, yuan = site.plan.parts[0].teams[0]
    for posting in going:
        enter_person(
            site.project.pk,
            part.pk,
            _values(posting.worker),
            PostingValues(team=team, trade=trade, rate_fen=yuan * 100, joined_on=first_day),
            by=RegisteredBy.FORM,
            actor=clerk,
            now=now,
        )


def _values(worker: Worker) -> PersonValues:
    return PersonValues(
        name=worker.name,
        id_number=str(worker.id_number),
        birth_date=worker.birth_date,
        sex=worker.sex,
        phone=str(worker.phone or ""),
    )


def scan(county: County, now: datetime) -> None:
    """The first site's poster hangs at the gate: people ask to be registered, one was sent back."""
    site = county.sites[0]
    joining.renew_join_code(site.project.pk, actor=site.clerk, now=now - timedelta(days=2))
    site.project.refresh_from_db()
    teams = list(joining.teams_of(site.project))
    for place, person in enumerate(invent(NEWCOMERS, seed=88, first=9001)):
        asked = joining.ask_to_join(
            site.project,
            joining.Applicant(
                name=person.name,
                id_number=check_id_number(person.id_number).number,
                phone=person.phone,
                trade=("木工", "钢筋工", "普工")[place % 3],
                team_id=teams[place % len(teams)].pk if place % 2 == 0 else None,
                card_number=card_number(9001 + place) if place else "",
                bank_name=person.bank if place else "",
            ),
            now=now - timedelta(minutes=40 * (place + 1)),
        )
        if place == NEWCOMERS - 1:
            joining.refuse_request(
                site.project.pk, asked.pk, reason="请带身份证到办公室核对", actor=site.clerk, now=now
            )
