"""Every page of the worker's end with something on it: for whom, and at which address."""

from dataclasses import dataclass
from datetime import date

from devices import face_words
from devices.models import Terminal
from devices.services import faces
from payroll.models import PaySlip
from payroll.services import confirmations
from payroll.work_history import history_facts
from registration.services import joining, sharing, tablets
from registration.services.seeding import seed_bulletins
from tests.cast import NOW, make_posting, make_worker
from tests.inspection.stage import sent_sheet
from tests.journeys.worker_phone import Site
from tests.payroll import stage
from tests.registration import contracts
from wagewatch.evidence.models import Entry
from wagewatch.lib.crypto import blind_index

LIN_PHONE, GAO_PHONE = "13957901931", "13957901933"
AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)


@dataclass
class Pages:
    """Name to address: of Sun, of Zhou, of Lin who came and left, of Gao who has only just been entered, of Sun
    at the site's tablet, and of everybody who is signed in nowhere."""

    sun: dict[str, str]
    zhou: dict[str, str]
    lin: dict[str, str]
    gao: dict[str, str]
    tablet: dict[str, str]
    nobody: dict[str, str]
    tablet_cookie: str
    """What makes a browser the site's tablet."""


def fill(site: Site) -> Pages:
    """Give Sun a paid, a late and a waiting month and a contract to sign; Zhou a quarrel."""
    cast = site.cast
    seed_bulletins()
    contracts.set_stage()
    (contract,) = contracts.offer(cast, contracts.draft(cast, cast.sun_posting))
    sent_sheet(
        cast.sc_part, [(cast.sun_posting, 756_000)], month=AUGUST, due_on=date(2026, 9, 15), payment="paid",
        confirmation="confirmed",
    )  # fmt: skip
    late = sent_sheet(
        cast.sc_part, [(cast.sun_posting, 792_000)], month=SEPTEMBER, due_on=date(2026, 10, 15), number=2
    )
    stage.confirm(cast, late, cast.sun)
    quarrel(site)
    code = joining.renew_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=NOW)
    Terminal.objects.create(project=cast.project, serial="FACE-1", name="东门", kind=Terminal.Kind.HIKVISION)
    faces.answer_face(
        cast.project.pk, cast.zhou_posting.pk, "yes", version=face_words.VERSION, actor=cast.actor(cast.zhou), now=NOW
    )  # fmt: skip
    share = sharing.share_history(
        history_facts(cast.sun, with_pay=True), days=30, actor=cast.actor(cast.sun), now=NOW
    )
    _tablet, cookie = tablets.make_tablet(
        cast.project.pk, "生活区门口", "", actor=cast.actor(cast.zhao), now=NOW
    )
    slip = f"/my/pay/{site.slip().reference}/"
    settled = f"/my/pay/{stage.slip_of(late, cast.sun).reference}/"
    posting = cast.sun_posting
    work = f"/my/work/{posting.project_id}/{posting.pk}/"
    paper = f"/contract/{posting.project_id}/{contract}/"
    entry = Entry.objects.filter(kind="slip.confirmed").latest("pk")
    sun = {
        "pay": "/my/pay/", "slip": slip, "confirm": slip + "confirm/", "object": slip + "object/",
        "late": settled, "receipt": settled + "receipt/", "print": settled + "receipt/print/",
        "cash": "/my/cash/", "days": "/me/days/", "day": f"/me/days/{posting.project_id}/2026-10-08/",
        "face": f"/me/face/{posting.project_id}/{posting.pk}/", "contract": "/contract/", "read": paper, "sign": paper + "sign/", "refuse": paper + "refuse/",
        "me": "/me/", "phones": "/me/phones/", "notices": "/me/notices/", "trainings": "/me/trainings/", "citizen-card": "/me/citizen-card/",
        "history": "/my/history/", "work": work, "leave": work + "leave/", "wrong": work + "wrong/",
        "not-me": work + "not-me/", "help": "/help/", "complain": "/complain/", "join": f"/join/{code}/who/",
        **{f"how-{slug}": f"/help/how/{slug}/" for slug in ("pay", "confirm", "wrong", "offline", "leave", "tablet", "number")},
    }  # fmt: skip
    theirs = f"/my/pay/{site.slip(cast.zhou).reference}/"
    returned = sent_sheet(
        cast.sc_part, [(cast.zhou_posting, 612_000)], month=AUGUST, due_on=date(2026, 9, 15), payment="returned",
        confirmation="confirmed", number=2,
    )  # fmt: skip
    zhou = {
        "quarrel": theirs, "objected": theirs + "receipt/", "mediation": theirs + "mediation/",
        "returned": f"/my/pay/{stage.slip_of(returned, cast.zhou).reference}/", "pay-quarrel": "/my/pay/",
        "me-returned": "/me/", "face-agreed": f"/me/face/{cast.project.pk}/{cast.zhou_posting.pk}/",
    }  # fmt: skip
    lin, gao = came_and_left(site), only_entered(site)
    tablet = {
        "tablet-pay": "/my/pay/", "tablet-slip": slip, "tablet-confirm": slip + "confirm/", "tablet-days": "/me/days/",
        "tablet-me": "/me/", "tablet-contract": "/contract/",
    }  # fmt: skip
    nobody = {
        "sign-in": "/accounts/worker/", "tablet-none": "/accounts/tablet/", "follow": "/complain/follow/",
        "offline": "/my/offline/", "verify": "/verify/", "proof": f"/verify/{entry.pk}/",
        "shared": f"/history/{share.token}/", "join-start": f"/join/{code}/",
    }  # fmt: skip
    return Pages(sun, zhou, lin, gao, tablet, nobody, cookie)


def came_and_left(site: Site) -> dict[str, str]:
    """Lin left at the end of September; August was handed over in cash, nothing has come since."""
    cast = site.cast
    lin, _card = make_worker("林有福", seq=931, phone=LIN_PHONE)
    posting = make_posting(lin, cast.team, pin=931, left_on=date(2026, 9, 30))
    cash = sent_sheet(
        cast.sc_part, [(posting, 655_000)], month=AUGUST, due_on=date(2026, 9, 15), payment="cash",
        confirmation="confirmed", number=3,
    )  # fmt: skip
    work = f"/my/work/{posting.project_id}/{posting.pk}/"
    return {
        "left-pay": "/my/pay/", "left-cash": f"/my/pay/{stage.slip_of(cash, lin).reference}/", "left-days": "/me/days/",
        "left-me": "/me/", "left-work": work, "left-contract": "/contract/", "left-history": "/my/history/",
    }  # fmt: skip


def only_entered(site: Site) -> dict[str, str]:
    """Gao was entered today and has neither card nor days nor pay nor contract."""
    gao, _none = make_worker("高新来", seq=933, phone="13957901934", card=False)
    gao.phone, gao.phone_index = GAO_PHONE, blind_index(GAO_PHONE, kind="phone")
    gao.save()  # a number written down lately: no yes to a face by it
    posting = make_posting(gao, site.cast.team, pin=933, joined_on=site.cast.today)
    work = f"/my/work/{posting.project_id}/{posting.pk}/"
    return {
        "new-pay": "/my/pay/", "new-days": "/me/days/", "new-contract": "/contract/", "new-me": "/me/", "new-face": f"/me/face/{posting.project_id}/{posting.pk}/",
        "new-work": work, "new-trainings": "/me/trainings/", "new-history": "/my/history/",
        "new-notices": "/me/notices/", "new-cash": "/my/cash/",
    }  # fmt: skip


def quarrel(site: Site) -> None:
    """Zhou says that October is wrong; Qian does not agree."""
    cast = site.cast
    slip: PaySlip = site.slip(cast.zhou)
    objection = confirmations.object_to_slip(
        slip.reference,
        reason="days",
        text="少算两天",
        wrong_days=[date(2026, 10, 8)],
        version=slip.version,
        actor=cast.actor(cast.zhou),
        now=NOW,
    )
    confirmations.answer_objection(
        objection.pk, accept=False, answer="那天没有进场记录", actor=cast.actor(cast.qian), now=NOW
    )
