"""Two people at once with a third who changes what they look at: what was approved and sent is what stands there."""

from datetime import timedelta
from decimal import Decimal

import pytest

from payroll.models import Approval, FirstApproval, PaymentLine, PaymentOrder, PaySheet
from payroll.services import approvals, confirmations, corrections, orders
from registration.models import Role
from tests.cast import Cast, make_user
from tests.payroll import stage
from tests.payroll.test_races import at_once, real_cast  # noqa: F401 a fixture
from tests.payroll.test_two_approvals import limit
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches


def ready(cast: Cast) -> PaySheet:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    return sheet


def object_(cast: Cast, sheet: PaySheet) -> int:
    slip = stage.slip_of(sheet, cast.zhou)
    objection = confirmations.object_to_slip(
        slip.reference, reason="days", claimed_fen=748_000, version=slip.version, actor=cast.actor(cast.zhou), now=cast.now
    )  # fmt: skip
    return objection.pk


def accept(cast: Cast, objection: int) -> None:
    confirmations.answer_objection(
        objection,
        accept=True,
        answer="少记一天，已改。",
        days=Decimal(22),
        actor=cast.actor(cast.qian),
        now=cast.now,
    )


@pytest.mark.parametrize("turn", range(3))
def test_an_approval_and_a_correction_at_once_never_mix(real_cast: Cast, turn: int) -> None:  # noqa: F811
    """Whoever comes first: an approved slip holds the figures that its approval's record names."""
    cast = real_cast
    sheet = ready(cast)
    objection = object_(cast, sheet)
    he = cast.actor(cast.he)
    later = cast.now + timedelta(days=turn * 5)  # at 5 days and more a silent slip may be approved too
    approve = lambda: approvals.approve_sheet(sheet.pk, actor=he, now=later)  # noqa: E731
    results = at_once(approve, lambda: accept(cast, objection), approve)
    assert results.count("ok") >= 2
    assert set(results) <= {"ok", "sheet.already_approved", "sheet.nothing_ready"}
    zhou = stage.slip_of(sheet, cast.zhou)
    assert (zhou.net_fen, zhou.version) == (748_000, 2)
    for entry in Entry.objects.filter(kind="sheet.approved"):
        assert record_matches(entry, rebuilt_record(entry) or {})
    assert sum(a.people for a in Approval.objects.all()) == 1 + zhou.is_approved
    assert sum(a.net_fen for a in Approval.objects.all()) == 792_000 + 748_000 * zhou.is_approved


def test_a_correction_between_two_approvers_leaves_its_slip_out(real_cast: Cast) -> None:  # noqa: F811
    """The first saw 7,140; before the second came it became 7,480: that slip waits for a first approval of its own."""
    cast = real_cast
    sheet = ready(cast)
    stage.confirm(cast, sheet, cast.zhou)
    limit(1)
    second, third = (make_user(n, w, Role.GC_MANAGER, cast.gc) for n, w in (("lin", "林海"), ("shu", "舒岚")))
    first = approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    assert isinstance(first, FirstApproval)
    assert first.people == 2
    slip = stage.slip_of(sheet, cast.zhou)
    slip.version, slip.confirmation = 2, "waiting"
    slip.save(update_fields=["version", "confirmation"])  # as an accepted objection leaves it
    acts = [
        lambda who=who: approvals.approve_sheet(sheet.pk, actor=cast.actor(who), now=cast.now)
        for who in (second, third)
    ]
    results = at_once(*acts)
    assert results.count("ok") == 1
    approval = Approval.objects.get()
    assert (approval.people, approval.net_fen, approval.first_by_id) == (1, 792_000, cast.he.pk)
    assert not stage.slip_of(sheet, cast.zhou).is_approved


def test_a_correction_and_an_instruction_at_once(real_cast: Cast) -> None:  # noqa: F811
    """More pay for a slip that is going to the bank comes on a sheet of its own; the order holds what was approved."""
    cast = real_cast
    stage.account(cast, 10_000_000)
    sheet = stage.approved_sheet(cast)
    he, qian = cast.actor(cast.he), cast.actor(cast.qian)
    slip = stage.slip_of(sheet, cast.zhou)
    instruct = lambda: orders.instruct_bank(sheet.pk, actor=he, now=cast.now)  # noqa: E731
    correct = lambda: corrections.correct_upwards(  # noqa: E731
        slip.reference, amount_fen=34_000, reason="少记一天", actor=qian, now=cast.now
    )
    assert at_once(instruct, correct, instruct, correct) == ["ok", "ok", "ok", "order.nothing"]
    order = PaymentOrder.objects.get()
    assert (order.total_fen, order.line_count) == (1_506_000, 2)
    assert sorted(PaymentLine.objects.values_list("amount_fen", flat=True)) == [714_000, 792_000]
    draft = PaySheet.objects.get(kind="correction")
    assert (draft.people, draft.net_fen, draft.state) == (1, 68_000, "draft")
