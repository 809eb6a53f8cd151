"""What the tests of contracts put on stage beside the cast: wordings, wages, codes out of messages."""

import re
from datetime import date, datetime, timedelta

from registration.models import LabourContract, Parameter, Participation, Posting, SmsMessage, Team, Worker
from registration.seed.parameters import parameter_rows
from registration.services import contract_drafts, contract_offers, contract_signing
from registration.services.parameters import forget
from registration.services.seeding import seed_templates
from tests.cast import Cast, make_posting, make_worker
from tests.payroll.stage import signature
from wagewatch.lib.crypto import blind_index

TASK, FIXED = "1", "0"
KEYS = (
    "people.retirement_age",
    "people.youngest_age",
    "contract.expiry_notice_days",
    "contract.agency_months",
    "contract.conclude_within_months",
)


def set_stage() -> None:
    """Wordings and the parameters that contracts read; they were not in the cast's regions."""
    Parameter.objects.bulk_create(
        Parameter(key=r.key, region_id=r.region, valid_from=r.valid_from, valid_to=r.valid_to, value=r.value)
        for r in parameter_rows()
        if r.key in KEYS
    )
    for key, fen in (("pay.minimum_wage_month_fen", 226_000), ("pay.minimum_wage_hour_fen", 2_200)):
        Parameter.objects.create(key=key, region_id="330703", valid_from=date(2024, 1, 1), value=fen)
    seed_templates_of_known_regions()
    forget()


def seed_templates_of_known_regions() -> None:
    """The wordings of a new installation."""
    assert seed_templates() == 3
    assert seed_templates() == 0


def draft(
    cast: Cast, *postings: Posting, period: str = TASK, now: datetime | None = None, **more: object
) -> list[int]:
    """Drafts by Qian; all must succeed."""
    done = contract_drafts.draft_contracts(
        cast.project.pk,
        [p.pk for p in postings or (cast.sun_posting,)],
        period=period,
        actor=cast.actor(cast.qian),
        now=now or cast.now,
        **more,  # type: ignore[arg-type]
    )
    assert done.refused == {}
    return done.ids


def offer(cast: Cast, ids: list[int], now: datetime | None = None) -> list[int]:
    """Offers by Qian; all must succeed."""
    done = contract_offers.offer_contracts(
        cast.project.pk, ids, actor=cast.actor(cast.qian), now=now or cast.now
    )
    assert done.refused == {}
    return done.ids


def code_for(cast: Cast, pk: int, worker: Worker, now: datetime | None = None) -> str:
    """Ask for a code and read it from the message."""
    contract_signing.request_sign_code(
        pk, cast.project.pk, address="10.0.0.1", actor=cast.actor(worker), now=now or cast.now
    )
    return last_code(worker)


def last_code(worker: Worker) -> str:
    """The newest code sent to a worker."""
    message = (
        SmsMessage.objects.filter(phone_index=blind_index(str(worker.phone), kind="phone"), kind="login_code")
        .order_by("-pk")
        .first()
    )
    assert message is not None
    found = re.search(r"\d{6}", str(message.text))
    assert found
    return found.group()


def worker_signs(cast: Cast, pk: int, worker: Worker, now: datetime | None = None) -> None:
    """Code and drawing."""
    moment = now or cast.now
    code = code_for(cast, pk, worker, moment)
    contract_signing.sign_as_worker(
        pk, cast.project.pk, code=code, drawing=signature(), actor=cast.actor(worker), now=moment
    )


def employer_signs(cast: Cast, ids: list[int], now: datetime | None = None) -> contract_signing.Done:
    """Qian signs for the subcontractor."""
    return contract_signing.sign_as_employer(
        cast.project.pk, ids, drawing=signature(), actor=cast.actor(cast.qian), now=now or cast.now
    )


def in_force(cast: Cast, posting: Posting | None = None, **more: object) -> LabourContract:
    """A contract of Sun (or of a posting whose worker has a phone) that both sides have signed."""
    wanted = posting or cast.sun_posting
    (pk,) = offer(cast, draft(cast, wanted, **more))  # type: ignore[arg-type]
    worker_signs(cast, pk, wanted.worker)
    assert employer_signs(cast, [pk]).ids == [pk]
    return LabourContract.objects.get(pk=pk)


def agency_posting(cast: Cast, seq: int = 451) -> Posting:
    """A worker whom a labour agency, engaged by the subcontractor, sends to the site."""
    part = Participation.objects.create(
        project=cast.project, organisation=cast.owner, role="agency", parent=cast.sc_part, scope="派遣"
    )
    team = Team.objects.create(project=cast.project, participation=part, name="派遣班")
    worker, _card = make_worker("柳一", seq=seq, phone="13657900451")
    return make_posting(worker, team, pin=seq)


def later(moment: datetime, **more: float) -> datetime:
    """Some time later."""
    return moment + timedelta(**more)


STAGE_PINS = (901, 902, 903, 904)


def make_people(cast: Cast) -> Posting:
    """Colleagues of Sun for the permission tests, the last of them without any contract."""
    for n, pin in enumerate(STAGE_PINS):
        worker, _card = make_worker(f"石{n}", seq=pin, phone=f"1375790{pin:04d}")
        make_posting(worker, cast.team, pin=pin)
    return Posting.objects.get(project=cast.project, pin=STAGE_PINS[-1])


def one_of_each(cast: Cast) -> tuple[LabourContract, LabourContract, LabourContract, LabourContract]:
    """Sun's offer, and of his colleagues one that waits for the employer, one in force, one drafted."""
    crew = {p.pin: p for p in Posting.objects.filter(project=cast.project).select_related("worker")}
    ids = draft(cast, cast.sun_posting, *(crew[pin] for pin in STAGE_PINS[:3]))
    by_pin = {
        c.posting.pin: c.pk for c in LabourContract.objects.filter(pk__in=ids).select_related("posting")
    }
    offered, signed, running, drafted = (by_pin[pin] for pin in (1, *STAGE_PINS[:3]))
    offer(cast, [offered, signed, running])
    for pk, pin in ((signed, STAGE_PINS[0]), (running, STAGE_PINS[1])):
        worker_signs(cast, pk, crew[pin].worker)
    employer_signs(cast, [running])
    found = LabourContract.objects.in_bulk([offered, signed, running, drafted])
    return found[offered], found[signed], found[running], found[drafted]
