"""The worker's word, the clerk's answer, the manager's approval."""

from datetime import timedelta
from decimal import Decimal

import pytest

from payroll.models import Approval, Objection, PaySlip, Signature
from payroll.services import approvals, confirmations
from registration.models import SmsMessage
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, WagewatchError

pytestmark = pytest.mark.django_db


def test_a_worker_confirms_and_evidence_is_kept(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    slip = stage.slip_of(sheet, cast.sun)
    assert (slip.confirmation, slip.confirmed_at) == ("confirmed", cast.now)
    signature = Signature.objects.get(pk=slip.signature_id)
    assert bytes(signature.image) == stage.signature()
    entry = Entry.objects.get(kind="slip.confirmed")
    assert entry.subject == f"payslip:{slip.reference}"
    record = rebuilt_record(entry)
    assert record is not None
    assert record["net_fen"] == 792_000
    assert record_matches(entry, record)
    PaySlip.objects.filter(sheet=sheet.pk, worker=cast.sun).update(net_fen=692_000, gross_fen=692_000)
    assert not record_matches(entry, rebuilt_record(entry) or {})


def refused(cast: Cast, sheet, worker, error: type[WagewatchError], code: str, **change: object) -> None:
    slip = stage.slip_of(sheet, cast.sun)
    arguments = {
        "signature_png": stage.signature(),
        "version": slip.version,
        "actor": cast.actor(worker),
        "now": cast.now,
    } | change
    before = Entry.objects.count(), Signature.objects.count(), slip.confirmation
    with pytest.raises(error) as refusal:
        confirmations.confirm_slip(slip.reference, **arguments)
    assert refusal.value.code == code
    after = stage.slip_of(sheet, cast.sun)
    assert (Entry.objects.count(), Signature.objects.count(), after.confirmation) == before


def test_refuses_a_second_confirmation(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    refused(cast, sheet, cast.sun, RuleViolation, "slip.already_confirmed")


def test_refuses_what_is_no_signature_or_not_ones_own(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    refused(cast, sheet, cast.sun, NotFound, "not_found")  # still a draft
    stage.submit(cast, sheet)
    refused(cast, sheet, cast.sun, RuleViolation, "signature.blank", signature_png=stage.blank())
    refused(cast, sheet, cast.sun, Malformed, "signature.unreadable", signature_png=b"no picture")
    refused(cast, sheet, cast.sun, Malformed, "signature.unreadable", signature_png=b"")
    refused(cast, sheet, cast.sun, Malformed, "signature.unreadable", signature_png=stage.signature()[:80])
    refused(cast, sheet, cast.sun, RuleViolation, "slip.changed", version=2)
    refused(cast, sheet, cast.zhou, NotFound, "not_found")
    refused(cast, sheet, cast.zhao, NotPermitted, "not_permitted")
    refused(cast, sheet, cast.kong, NotFound, "not_found")


def test_a_worker_who_cannot_draw_confirms_by_name(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    slip = stage.slip_of(sheet, cast.sun)
    confirmations.confirm_slip(
        slip.reference, signature_png=None, version=1, actor=cast.actor(cast.sun), now=cast.now
    )
    assert bytes(Signature.objects.get().image) == b""


def object_(cast: Cast, sheet, **change: object) -> Objection:
    slip = stage.slip_of(sheet, cast.zhou)
    arguments = {
        "reason": "days",
        "claimed_fen": 748_000,
        "text": "10-18 上了一天",
        "version": slip.version,
        "actor": cast.actor(cast.zhou),
        "now": cast.now,
    } | change
    return confirmations.object_to_slip(slip.reference, **arguments)


def test_an_objection_is_accepted_and_the_worker_confirms_the_new_amount(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    objection = object_(cast, sheet)
    assert stage.slip_of(sheet, cast.zhou).confirmation == "objected"
    assert Entry.objects.filter(kind="slip.objected").count() == 1
    confirmations.answer_objection(
        objection.pk,
        accept=True,
        answer="补一天",
        days=Decimal(22),
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    slip = stage.slip_of(sheet, cast.zhou)
    assert (slip.confirmation, slip.version, slip.days, slip.net_fen) == ("waiting", 2, Decimal(22), 748_000)
    sheet.refresh_from_db()
    assert sheet.net_fen == 792_000 + 748_000
    assert SmsMessage.objects.filter(kind="slip.changed").count() == 1
    with pytest.raises(RuleViolation) as refusal:
        confirmations.confirm_slip(
            slip.reference,
            signature_png=stage.signature(),
            version=1,
            actor=cast.actor(cast.zhou),
            now=cast.now,
        )
    assert refusal.value.code == "slip.changed"
    stage.confirm(cast, sheet, cast.zhou)
    entry = Entry.objects.get(kind="slip.confirmed")
    assert (rebuilt_record(entry) or {})["net_fen"] == 748_000


def test_a_rejected_objection_stays_and_the_worker_may_confirm(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    objection = object_(cast, sheet)
    slip = stage.slip_of(sheet, cast.zhou)
    with pytest.raises(RuleViolation, match=r"slip\.objection_open"):
        stage.confirm(cast, sheet, cast.zhou)
    with pytest.raises(RuleViolation, match=r"slip\.objection_open"):
        object_(cast, sheet)
    confirmations.answer_objection(
        objection.pk, accept=False, answer="当天没有出场记录", actor=cast.actor(cast.zhao), now=cast.now
    )
    assert stage.slip_of(sheet, cast.zhou).confirmation == "objected"
    stage.confirm(cast, sheet, cast.zhou)
    after = stage.slip_of(sheet, cast.zhou)
    assert (after.confirmation, after.net_fen, after.version) == ("confirmed", slip.net_fen, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"answer": " "}, "objection.answer"),
        ({"days": None}, "objection.no_change"),
        ({"days": Decimal(40)}, "slip.days"),
        ({"days": None, "deduction_fen": 10**9, "deduction_note": "x"}, "slip.deduction_too_large"),
    ],
)
def test_refuses_a_wrong_answer(cast: Cast, change: dict, code: str) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    objection = object_(cast, sheet)
    arguments = {"accept": True, "answer": "改了", "days": Decimal(22)} | change
    with pytest.raises(RuleViolation) as refusal:
        confirmations.answer_objection(objection.pk, **arguments, actor=cast.actor(cast.qian), now=cast.now)
    assert refusal.value.code == code
    objection.refresh_from_db()
    slip = stage.slip_of(sheet, cast.zhou)
    assert (objection.state, slip.version, slip.days) == ("open", 1, Decimal(21))


def test_answers_once_and_only_within_reach(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    objection = object_(cast, sheet)
    for who, error in ((cast.kong, NotFound), (cast.he, NotPermitted), (cast.li, NotPermitted)):
        with pytest.raises(error):
            confirmations.answer_objection(
                objection.pk, accept=False, answer="不", actor=cast.actor(who), now=cast.now
            )

    def answer() -> None:
        confirmations.answer_objection(
            objection.pk, accept=False, answer="不", actor=cast.actor(cast.qian), now=cast.now
        )

    answer()
    with pytest.raises(RuleViolation, match=r"objection\.answered"):
        answer()


def test_approval_takes_confirmed_and_leaves_the_others(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    he = cast.actor(cast.he)
    with pytest.raises(RuleViolation, match=r"sheet\.nothing_ready"):
        approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)
    stage.confirm(cast, sheet, cast.sun)
    first = approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)
    assert (first.people, first.silent_people, first.net_fen) == (1, 0, 792_000)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.approved_by) == ("approved", cast.he)
    assert not stage.slip_of(sheet, cast.zhou).is_approved
    with pytest.raises(RuleViolation) as refusal:
        approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)
    assert refusal.value.code == "sheet.already_approved"
    assert "何建平" in refusal.value.message
    later = cast.now + timedelta(days=5)
    second = approvals.approve_sheet(sheet.pk, actor=he, now=later)
    assert (second.number, second.people, second.silent_people, second.net_fen) == (2, 1, 1, 714_000)
    zhou = stage.slip_of(sheet, cast.zhou)
    assert (zhou.is_approved, zhou.confirmation) == (True, "waiting")  # silence is never confirmation
    for entry in Entry.objects.filter(kind="sheet.approved"):
        assert record_matches(entry, rebuilt_record(entry) or {})


def test_an_objected_slip_is_not_approved_however_long(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    object_(cast, sheet)
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now + timedelta(days=40))
    assert not stage.slip_of(sheet, cast.zhou).is_approved
    assert stage.slip_of(sheet, cast.sun).is_approved


def test_only_the_general_contractors_manager_approves(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    for who, error in (
        (cast.qian, NotPermitted),
        (cast.zhao, NotPermitted),
        (cast.li, NotPermitted),
        (cast.kong, NotFound),
        (cast.wang, NotFound),
        (cast.sun, NotFound),
    ):
        with pytest.raises(error):
            approvals.approve_sheet(sheet.pk, actor=cast.actor(who), now=cast.now)
    assert Approval.objects.count() == 0


def test_an_approved_slip_takes_no_objection(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now + timedelta(days=6))
    with pytest.raises(RuleViolation, match=r"slip\.approved"):
        object_(cast, sheet)
    stage.confirm(cast, sheet, cast.zhou)  # a late word is still kept
    assert stage.slip_of(sheet, cast.zhou).confirmation == "confirmed"
