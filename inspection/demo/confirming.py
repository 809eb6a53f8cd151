"""Answers at the tablet, a mediation, an approval that waits for its second, cash, and a month that looks split."""

import io
import re
from datetime import datetime, timedelta
from decimal import Decimal

from PIL import Image, ImageDraw

from inspection.demo.people import County, SiteState
from payroll.models import Objection, PaySheet, PaySlip
from payroll.services import approvals, cash, mediations, proxies
from payroll.services.sheets import edit_line
from registration.actors import Actor
from registration.models import Organisation, SmsMessage, Worker
from wagewatch.lib.dates import site_date

SPLIT_SITE = "objections"
LIMIT_FEN = 10_000_000


def picture() -> bytes:
    """A drawn stand-in for a photograph of a person; no real face is used anywhere."""
    image = Image.new("RGB", (360, 480), (206, 214, 220))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 330, 360, 480), fill=(70, 96, 120))
    pen.ellipse((105, 110, 255, 310), fill=(214, 176, 148))
    pen.pieslice((90, 60, 270, 250), 180, 360, fill=(226, 178, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _site(county: County, tag: str) -> SiteState:
    return next(site for site in county.sites if tag in site.plan.tags)


def _worker(slip: PaySlip) -> Actor:
    return Actor(kind="worker", id=slip.worker_id, label=f"worker {slip.worker_id}")


def _slips(sheet: PaySheet, **where: object) -> list[PaySlip]:
    rows = PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk, **where)
    return list(rows.select_related("worker").order_by("worker_id"))


def shorten(sheet: PaySheet, clerk: Actor, now: datetime) -> None:
    """The firm writes far fewer days than the gates counted for two of five: the rest is said to come in cash."""
    for place, slip in enumerate(_slips(sheet)):
        if place % 5 < 2 and slip.days > 4 and not slip.parts:
            edit_line(
                slip.reference,
                days=(slip.days * Decimal("0.7")).quantize(Decimal(1)),
                note="按班组核定工日",
                actor=clerk,
                now=now,
            )


def play(county: County, drawn: list[bytes], now: datetime) -> None:
    """What stands at the end of the story; sheets that are not there yet are passed over."""
    site = _site(county, SPLIT_SITE)
    sheet = PaySheet.objects.filter(project=site.project).order_by("-month", "pk").first()
    if sheet is None or sheet.state == PaySheet.State.DRAFT:
        return
    clerk = site.parts[0][1]
    _on_site(sheet, clerk, drawn[0], now - timedelta(hours=9))
    _mediations(sheet, clerk, drawn, now - timedelta(hours=8))
    _reports(sheet, now - timedelta(hours=7))
    _first_approval(county, sheet, now - timedelta(hours=6))
    _in_cash(county, drawn[1], now - timedelta(hours=5))


def _on_site(sheet: PaySheet, clerk: Actor, drawing: bytes, now: datetime) -> None:
    for slip in _slips(sheet, confirmation="waiting")[:3]:
        proxies.answer_on_site(
            slip.reference,
            answer="confirmed",
            tail=slip.worker.id_tail,
            photo=picture(),
            signature_png=drawing,
            device="工地平板 1 号",
            version=slip.version,
            actor=clerk,
            now=now,
        )


def _mediations(sheet: PaySheet, clerk: Actor, drawn: list[bytes], now: datetime) -> None:
    """Two objections that were not accepted: one is agreed and signed by both sides, the other is still talked about."""
    rejected = Objection.objects.filter(
        project=sheet.project_id, sheet=sheet.pk, state=Objection.State.REJECTED
    ).order_by("pk")
    sides = (
        ("那天跟班组加班到晚上，工友都在。", "闸机没有当天记录，请班组长到场说明。"),
        ("下午也在干活，不是半天。", "考勤显示中午离场后没有再进场。"),
    )
    for place, (objection, (worker_says, firm_says)) in enumerate(zip(rejected[:2], sides, strict=False)):
        (slip,) = _slips(sheet, worker=objection.worker_id)
        made = mediations.ask_for_mediation(
            slip.reference, statement=worker_says, actor=_worker(slip), now=now
        )
        mediations.state_ones_side(made.pk, statement=firm_says, actor=clerk, now=now + timedelta(minutes=40))
        if place:
            continue
        mediations.record_outcome(
            made.pk,
            held_on=site_date(now),
            persons="项目劳资专管员、班组长、工会代表（主持）",
            agreed_fen=slip.net_fen + 18_000,
            outcome="班组长证明当天加班半天，补记 180 元，双方同意。",
            signature_png=drawn[0],
            actor=clerk,
            now=now + timedelta(minutes=70),
        )
        mediations.sign_agreement(
            made.pk, signature_png=drawn[1], actor=_worker(slip), now=now + timedelta(minutes=80)
        )


def _reports(sheet: PaySheet, now: datetime) -> None:
    for slip in _slips(sheet)[:2]:
        cash.report_cash(
            sheet.project_id,
            sheet.month,
            kind="part_cash",
            amount_fen=150_000,
            text="少的工日说是年底发现金",
            actor=_worker(slip),
            now=now,
        )


def _first_approval(county: County, but: PaySheet, now: datetime) -> None:
    """A firm with a limit of its own: its manager approved, the second one has not."""
    for site in county.sites:
        sheet = (
            PaySheet.objects.filter(project=site.project, state=PaySheet.State.CONFIRMING)
            .exclude(pk=but.pk)
            .order_by("-month", "pk")
            .first()
        )
        if sheet is None or site.project.pk == but.project_id:
            continue
        firm = Organisation.objects.get(
            participations__project=site.project, participations__role="general_contractor"
        )
        if not approvals.ready_for_approval(sheet, site.project, now)[0] or sheet.net_fen < LIMIT_FEN:
            continue
        approvals.set_limit(firm.pk, LIMIT_FEN, actor=site.manager, now=now)
        approvals.approve_sheet(sheet.pk, actor=site.manager, now=now + timedelta(minutes=5))
        return


def _in_cash(county: County, drawing: bytes, now: datetime) -> None:
    """Two wages of a sheet that was approved and never instructed are handed over; one worker denies it."""
    for site in county.sites:
        sheet = (
            PaySheet.objects.filter(project=site.project, state=PaySheet.State.APPROVED)
            .order_by("-month", "pk")
            .first()
        )
        clerks = {part.pk: clerk for part, clerk in site.parts}
        if sheet is None or sheet.participation_id not in clerks:
            continue
        clerk = clerks[sheet.participation_id]
        paid = _slips(sheet, payment="none", is_approved=True, net_fen__gt=0)[:2]
        for slip in paid:
            _hand_over(slip, clerk, drawing, now)
        if paid:
            cash.deny_cash(paid[-1].reference, actor=_worker(paid[-1]), now=now + timedelta(hours=2))
        return


def _hand_over(slip: PaySlip, clerk: Actor, drawing: bytes, now: datetime) -> None:
    code = ""
    if Worker.objects.get(pk=slip.worker_id).phone:
        cash.send_code(slip.reference, address="127.0.0.1", actor=clerk, now=now)
        sent = SmsMessage.objects.filter(kind="login_code").order_by("-pk")[0]
        code = (re.findall(r"\d{6}", str(sent.text)) or [""])[0]
    cash.pay_in_cash(
        slip.reference,
        reason="no_card",
        text="家中有急事，今天离场，银行卡还没办好",
        code=code,
        tail=slip.worker.id_tail,
        photo=picture(),
        signature_png=drawing,
        actor=clerk,
        now=now + timedelta(minutes=1),
    )
