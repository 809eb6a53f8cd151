"""Answers at the site's tablet: only with the worker's own picture and signature, told to the phone, deniable."""

import base64
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from payroll.models import Objection, ProxyWord, Signature
from payroll.services import approvals, confirmations, proxies
from registration.models import CardRead, SmsMessage
from registration.services.card_reads import NewRead, receive_card_reads
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db


def face() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((240, 320), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def sent(cast: Cast):
    return stage.submit(cast, stage.make_sheet(cast))


def answer(cast: Cast, sheet, **change: Any) -> ProxyWord:
    arguments: dict[str, Any] = {
        "answer": "confirmed",
        "tail": cast.zhou.id_tail,
        "photo": face(),
        "signature_png": stage.signature(),
        "device": "tablet",
        "version": 1,
        "actor": cast.actor(cast.qian),
        "now": cast.now,
    } | change
    return proxies.answer_on_site(stage.slip_of(sheet, cast.zhou).reference, **arguments)


def nothing_written(cast: Cast, sheet) -> bool:
    return (
        stage.slip_of(sheet, cast.zhou).confirmation == "waiting"
        and not ProxyWord.objects.exists()
        and not Signature.objects.exists()
        and not Entry.objects.exists()
        and not SmsMessage.objects.filter(kind="slip.proxy").exists()
    )


def test_the_worker_signs_beside_the_clerk_and_all_of_it_is_evidence(cast: Cast) -> None:
    sheet = sent(cast)
    word = answer(cast, sheet, tail=cast.zhou.id_tail.lower())
    slip = stage.slip_of(sheet, cast.zhou)
    assert (slip.confirmation, slip.confirmed_at, slip.signature_id) == (
        "confirmed",
        cast.now,
        word.signature_id,
    )
    assert (word.clerk, word.device, word.proof, word.answer) == (cast.qian, "tablet", "typed", "confirmed")
    entry = Entry.objects.get(kind="slip.on_site")
    record = rebuilt_record(entry)
    assert record is not None
    assert record_matches(entry, record)
    assert record["clerk"] == cast.qian.pk
    assert Entry.objects.get(kind="slip.confirmed").actor_kind == "user"
    assert SmsMessage.objects.filter(kind="slip.proxy").count() == 1
    ProxyWord.objects.filter(pk=word.pk).update(photo=b"another picture")
    assert not record_matches(entry, rebuilt_record(entry) or {})


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"photo": b""}, RuleViolation, "proxy.photo"),
        ({"photo": b"no picture"}, Malformed, "file.kind"),
        ({"signature_png": None}, RuleViolation, "proxy.signature"),
        ({"signature_png": stage.blank()}, RuleViolation, "signature.blank"),
        ({"tail": "0000"}, RuleViolation, "proxy.tail"),
        ({"tail": ""}, RuleViolation, "proxy.tail"),
        ({"version": 2}, RuleViolation, "slip.changed"),
        ({"read_id": 1}, RuleViolation, "proxy.nobody"),
        ({"answer": "objected", "reason": ""}, RuleViolation, "objection.reason"),
        ({"answer": "objected", "reason": "not_me"}, RuleViolation, "objection.reason"),
        ({"answer": "objected", "reason": "days", "photo": b""}, RuleViolation, "proxy.photo"),
    ],
)
def test_refuses_an_answer_without_proof(cast: Cast, change: dict, error: type, code: str) -> None:
    sheet = sent(cast)
    with pytest.raises(error) as refusal:
        answer(cast, sheet, **change)
    assert refusal.value.code == code
    assert nothing_written(cast, sheet)


def test_refuses_outsiders_managers_and_the_worker_as_clerk(cast: Cast) -> None:
    sheet = sent(cast)
    for who, error in (
        (cast.kong, NotFound), (cast.he, NotPermitted), (cast.li, NotPermitted), (cast.sun, NotFound),
    ):  # fmt: skip
        with pytest.raises(error):
            answer(cast, sheet, actor=cast.actor(who))
    assert nothing_written(cast, sheet)


def test_an_objection_on_site_needs_the_picture_but_no_signature(cast: Cast) -> None:
    sheet = sent(cast)
    word = answer(
        cast, sheet, answer="objected", reason="days", claimed_fen=748_000, text="少一天", signature_png=None
    )
    assert (word.answer, word.signature) == ("objected", None)
    assert Objection.objects.get().claimed_fen == 748_000
    assert stage.slip_of(sheet, cast.zhou).confirmation == "objected"


def test_a_card_on_the_reader_proves_the_person_and_is_used_up(cast: Cast) -> None:
    sheet = sent(cast)
    receive_card_reads(cast.project.pk, [NewRead("k1", "reader", _card(cast), b"", cast.now)], now=cast.now)
    found = proxies.find_by_card(sheet, cast.project, now=cast.now)
    assert [slip.worker_id for _read, slip in found] == [cast.zhou.pk]
    word = answer(cast, sheet, tail="", read_id=found[0][0])
    assert word.proof == "card"
    assert not CardRead.objects.exists()


def _card(cast: Cast) -> dict[str, Any]:
    return {
        "kind": "chinese",
        "name": cast.zhou.name,
        "number": str(cast.zhou.id_number),
        "birth": cast.zhou.birth_date.isoformat(),
        "sex": cast.zhou.sex,
    }


def test_this_was_not_me_opens_the_objection_again_and_evidence_stays_whole(cast: Cast) -> None:
    sheet = sent(cast)
    word = answer(cast, sheet)
    slip = stage.slip_of(sheet, cast.zhou)
    worker = cast.actor(cast.zhou)
    with pytest.raises(NotFound):
        proxies.deny_proxy(slip.reference, actor=cast.actor(cast.sun), now=cast.now)
    objection = proxies.deny_proxy(slip.reference, actor=worker, now=cast.now + timedelta(hours=1))
    assert objection is not None
    assert (objection.reason, objection.state) == ("not_me", "open")
    assert stage.slip_of(sheet, cast.zhou).confirmation == "objected"
    word.refresh_from_db()
    assert word.denied_at == cast.now + timedelta(hours=1)
    with pytest.raises(RuleViolation) as refusal:
        proxies.deny_proxy(slip.reference, actor=worker, now=cast.now)
    assert refusal.value.code == "proxy.denied"
    confirmations.answer_objection(
        objection.pk,
        accept=True,
        answer="重新核对",
        days=stage.Decimal(20),
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    newest = Entry.objects.filter(kind="slip.confirmed").order_by("-pk")[0]
    record = rebuilt_record(newest)
    assert record is not None
    assert record["withdrawn"] is True
    assert record_matches(newest, record)


def test_a_denial_after_approval_is_kept_and_stops_nobody(cast: Cast) -> None:
    sheet = sent(cast)
    answer(cast, sheet)
    stage.confirm(cast, sheet, cast.sun)
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    reference = stage.slip_of(sheet, cast.zhou).reference
    assert proxies.deny_proxy(reference, actor=cast.actor(cast.zhou), now=cast.now) is not None
    slip = stage.slip_of(sheet, cast.zhou)
    assert (slip.confirmation, slip.is_approved) == ("objected", True)


def test_the_tablet_shows_the_slip_and_forgets_it_afterwards(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = sent(cast)
    client = cast.client(cast.qian)
    address = f"/pay/sheets/{sheet.pk}/on-site/"
    assert client.get(address + "answer/").status_code == 302  # nobody was looked for yet
    assert client.post(address, {"tail": "000"}).status_code == 400
    assert client.post(address, {"tail": cast.zhou.id_tail}).url == address + "answer/"
    page = client.get(address + "answer/")
    assert "no-store" in page["Cache-Control"]
    assert cast.zhou.name in page.content.decode()
    assert cast.zhou.id_tail not in page.content.decode()
    body = {"version": "1", "answer": "confirmed", "signature": _drawn()}
    refused = client.post(address + "answer/", body)
    assert refused.status_code == 400
    assert nothing_written(cast, sheet)
    done = client.post(
        address + "answer/", body | {"photo": SimpleUploadedFile("f.jpg", face())}, follow=True
    )
    assert cast.zhou.name not in done.content.decode()
    assert stage.slip_of(sheet, cast.zhou).confirmation == "confirmed"
    assert client.get(address + "answer/").status_code == 302
    page = client.get(f"/pay/sheets/{sheet.pk}/").content.decode()
    assert ("on site, beside the clerk" in page) or ("工地" in page)
    worker = cast.client(cast.zhou)
    reference = stage.slip_of(sheet, cast.zhou).reference
    assert "not-me" in worker.get(f"/my/pay/{reference}/").content.decode()
    worker.post(f"/my/pay/{reference}/not-me/")
    assert Objection.objects.get().reason == "not_me"


def _drawn() -> str:
    return "data:image/png;base64," + base64.b64encode(stage.signature()).decode()
