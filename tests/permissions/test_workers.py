"""A worker reaches their own things only; a terminal its endpoints only."""

import json

import pytest
from django.urls import reverse

from payroll.models import PaySlip
from registration.middleware import WORKER_PHONE_KEY
from registration.models import LoginCode
from registration.services.codes import check_code, request_code
from tests.cast import Cast
from tests.payroll import stage as payroll
from tests.permissions.stage import ROLES, Stage, fingerprint, on_stage, undone
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import RuleViolation

SLIP_PAGES = (
    "worker-slip",
    "worker-confirm",
    "worker-object",
    "worker-receipt",
    "worker-receipt-file",
    "worker-receipt-print",
)


def references(stage: Stage) -> list[str]:
    """Zhou's slips, and addresses made up from Sun's and Zhou's."""
    found = [payroll.slip_of(sheet, stage.cast.zhou).reference for sheet in (stage.sheet, stage.paid_sheet)]
    month, project, sheet, worker = stage.slip.reference.split(".")
    return [
        *found,
        f"{month}.{project}.{sheet}.{int(worker) + 1_000_000}",
        f"{month}.{stage.cast.other_project.pk}.{sheet}.{worker}",
        f"2026-07.{project}.{sheet}.{worker}",
        f"{month}.{project}.{sheet}.{worker}.1",
        f"{month}.{project}.{sheet}.{worker}%00",
        f"{month}.{project}.{sheet}.{'9' * 18}",
        "9999-99.1.1.1",
        "x",
    ]


def test_no_address_leads_to_anothers_slip(db: None) -> None:
    with on_stage() as stage:
        before = fingerprint()
        for reference in references(stage):
            for page in SLIP_PAGES:
                for method, body in (
                    ("GET", None),
                    ("POST", {"typed": "1", "version": "1", "reason": "days"}),
                ):
                    path = (
                        f"/my/pay/{reference}/"
                        + {
                            "worker-slip": "",
                            "worker-confirm": "confirm/",
                            "worker-object": "object/",
                            "worker-receipt": "receipt/",
                            "worker-receipt-file": "receipt/file/",
                            "worker-receipt-print": "receipt/print/",
                        }[page]
                    )
                    status = stage.ask("sun", method, path, body).status_code
                    assert status in ({404} if method == "GET" else {404, 405}), (method, path, status)
        assert fingerprint() == before


def test_a_slip_that_was_not_sent_does_not_exist_for_its_worker(db: None) -> None:
    with on_stage() as stage:
        draft = payroll.slip_of(stage.draft, stage.cast.sun)
        assert draft.confirmation == PaySlip.Confirmation.DRAFT
        for page in SLIP_PAGES:
            path = reverse(f"payroll:{page}", kwargs={"reference": draft.reference})
            assert stage.ask("sun", "GET", path).status_code == 404
        path = reverse("payroll:worker-confirm", kwargs={"reference": draft.reference})
        assert stage.ask("sun", "POST", path, {"typed": "1", "version": draft.version}).status_code == 404
        assert payroll.slip_of(stage.draft, stage.cast.sun).confirmation == PaySlip.Confirmation.DRAFT


def test_a_workers_pages_show_nobody_else(db: None) -> None:
    with on_stage() as stage:
        zhou = stage.cast.zhou
        strange = [zhou.name, zhou.id_tail, stage.cast.zhou_card.tail, stage.cast.zhou_phone]
        for name in (
            "payroll:worker-pay",
            "devices:worker-days",
            "registration:worker-me",
            "registration:worker-contract",
            "registration:worker-trainings",
            "registration:worker-citizen-card",
        ):
            page = stage.ask("sun", "GET", reverse(name))
            assert page.status_code == 200
            text = page.content.decode()
            assert [word for word in strange if word in text] == [], name


def test_parameters_do_not_name_another_worker(db: None) -> None:
    with on_stage() as stage:
        zhou = stage.cast.zhou.pk
        for name in ("payroll:worker-pay", "devices:worker-days", "registration:worker-me"):
            plain = stage.ask("sun", "GET", reverse(name)).content
            asked = stage.ask(
                "sun", "GET", f"{reverse(name)}?worker={zhou}&worker_pk={zhou}&id={zhou}"
            ).content
            assert stage.cast.zhou.name.encode() not in asked
            assert len(asked) == pytest.approx(len(plain), abs=400)


def test_the_public_page_of_a_receipt_tells_nothing_of_its_record(db: None) -> None:
    with on_stage() as stage:
        cast = stage.cast
        slips = PaySlip.objects.filter(sheet=stage.paid_sheet.pk)
        secrets = {
            cast.sun.name, cast.zhou.name, cast.sun.id_number, cast.zhou.id_number, cast.sun_phone, cast.zhou_phone,
            cast.sun_card.number, cast.zhou_card.number, *(slip.reference for slip in slips),
            *(f"{slip.net_fen / 100:,.2f}" for slip in slips), *(str(slip.net_fen) for slip in slips),
        }  # fmt: skip
        entries = list(Entry.objects.all())
        assert {e.kind for e in entries} >= {
            "slip.confirmed",
            "slip.objected",
            "sheet.approved",
            "order.instructed",
        }
        for entry in entries:
            for name in ("evidence:receipt", "evidence:entry"):
                text = stage.ask("anon", "GET", reverse(name, kwargs={"pk": entry.pk})).content.decode()
                assert [s for s in secrets if s in text] == [], (entry.kind, name)
        leaves = stage.ask("anon", "GET", reverse("evidence:leaves", kwargs={"start": 0})).content.decode()
        assert [s for s in secrets if s in leaves] == []


def test_only_the_worker_gets_the_file_with_the_record(db: None) -> None:
    with on_stage() as stage:
        reference = payroll.slip_of(stage.paid_sheet, stage.cast.sun).reference
        path = reverse("payroll:worker-receipt-file", kwargs={"reference": reference})
        mine = stage.ask("sun", "GET", path)
        assert mine.status_code == 200
        bundle = json.loads(b"".join(mine) if mine.streaming else mine.content)
        assert bundle["record"]["net_fen"] == payroll.slip_of(stage.paid_sheet, stage.cast.sun).net_fen
        salt = bundle["salt"]
        for role in ROLES:
            if role == "sun":
                continue
            answer = stage.ask(role, "GET", path)
            assert answer.status_code in {302, 404}
            assert salt.encode() not in answer.content
        public = stage.ask("anon", "GET", reverse("evidence:receipt", kwargs={"pk": bundle_number(bundle)}))
        assert public.status_code == 200
        assert salt.encode() not in public.content


def bundle_number(bundle: dict[str, dict[str, str]]) -> str:
    """The receipt number within a bundle."""
    return bundle["leaf"]["receipt"]


def test_a_code_opens_once(cast: Cast) -> None:
    from registration.models import SmsMessage

    request_code(cast.sun_phone, address="10.0.0.1", now=cast.now)
    text = SmsMessage.objects.get().text
    code = "".join(c for c in text if c.isdigit())[:6]
    assert check_code(cast.sun_phone, code, now=cast.now) == (cast.sun.pk,)
    with pytest.raises(RuleViolation):
        check_code(cast.sun_phone, code, now=cast.now)
    assert LoginCode.objects.get().used_at == cast.now


def test_a_code_of_one_phone_opens_no_other(cast: Cast) -> None:
    from registration.models import SmsMessage

    request_code(cast.sun_phone, address="10.0.0.1", now=cast.now)
    code = "".join(c for c in SmsMessage.objects.get().text if c.isdigit())[:6]
    with pytest.raises(RuleViolation):
        check_code(cast.zhou_phone, code, now=cast.now)


def test_a_session_ends_when_the_phone_on_record_changes(db: None) -> None:
    with on_stage() as stage:
        client = stage.clients["sun"]
        session = client.session
        session[WORKER_PHONE_KEY] = bytes(stage.cast.sun.phone_index or b"").hex()
        session.save()
        assert stage.ask("sun", "GET", reverse("payroll:worker-pay")).status_code == 200
        stage.cast.sun.phone_index = b"\x07" * 32
        stage.cast.sun.save(update_fields=["phone_index"])
        assert stage.ask("sun", "GET", reverse("payroll:worker-pay")).status_code == 302


def test_a_gate_reads_and_writes_its_own_project_only(db: None) -> None:
    with on_stage() as stage:
        allowed = json.loads(stage.ask("g1", "GET", "/api/v1/allow-list/").content)
        others = json.loads(stage.ask("g9", "GET", "/api/v1/allow-list/").content)
        assert allowed != others
        before = fingerprint()
        with undone():
            path, body = "/api/v1/passages/", b'{"batch": "p1", "events": []}'
            key, secret = "g1", stage.gates["g9"][1]
            stage.gates["g1"] = (key, secret)
            assert stage.ask("g1", "POST", path, body).status_code == 401
            assert fingerprint() == before
