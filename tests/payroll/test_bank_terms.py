"""Orders by a bank's terms: forms, limits, days; files carried by hand and their results; decisions by people."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from django.urls import reverse

from payroll.bank import shapes
from payroll.bank.simulator.counter import answer_table
from payroll.models import BankMessage, BankTerms, LineDecision, PaymentLine, PaymentOrder, PaySlip, SubLedger
from payroll.services import bank_results, orders, returned, sending, statements, terms
from registration.models import Parameter
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_orders import FUNDS, balances_hold
from tests.payroll.test_statements import ROWS, xlsx
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, TryLater

pytestmark = pytest.mark.django_db


def agree(cast: Cast, **changes: object) -> BankTerms:
    """Terms of the cast's bank from today on: an .xlsx batch carried by hand."""
    form = str(changes.pop("form", "xlsx"))
    columns, results, encoding, separator = shapes.PROPOSALS.get(form, ("", "", "utf-8", "comma"))
    draft = BankTerms(
        bank=cast.bank, valid_from=cast.now.date(), form=form, columns=columns, result_columns=results,
        result_states=shapes.RESULT_STATES if columns else "", encoding=encoding, separator=separator,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(draft, name, value)
    return terms.save_terms(draft, actor=cast.actor(cast.officer), now=cast.now)


def by_hand(cast: Cast, **changes: object) -> PaymentOrder:
    """Both wages instructed in the bank's table, and the file fetched by the manager."""
    agree(cast, **changes)
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    return sending.fetch_file(order.pk, actor=cast.actor(cast.he), now=cast.now)


def answer(order: PaymentOrder, form: str = "xlsx", fault: str = "") -> bytes:
    columns, results, encoding, separator = shapes.PROPOSALS[form]
    shape = shapes.batch_shape(form, columns, encoding, separator)
    result = shapes.result_shape(results, shapes.RESULT_STATES, "", encoding, separator)
    return answer_table(order.file, shape, result, fault=fault)


def bring(cast: Cast, order: PaymentOrder, data: bytes, who=None) -> tuple[BankMessage, bool]:
    return bank_results.receive_result(
        order.pk, filename="回单.xlsx", data=data, actor=cast.actor(who or cast.officer), now=cast.now
    )


def states(order: PaymentOrder) -> set[str]:
    return set(PaymentLine.objects.filter(order=order.pk).values_list("state", flat=True))


@pytest.mark.parametrize("form", ["xlsx", "csv", "txt"])
def test_a_table_goes_to_the_bank_and_its_result_pays(cast: Cast, form: str) -> None:
    order = by_hand(cast, form=form)
    assert (order.form, order.by_hand, order.state, order.fetched_by_id) == (form, True, "sent", cast.he.pk)
    message, new = bring(cast, order, answer(order, form))
    assert (new, message.state, message.source) == (True, "done", "bank")
    order.refresh_from_db()
    assert (order.state, states(order)) == ("done", {"paid"})
    assert SubLedger.objects.get(project=cast.project).balance_fen == FUNDS - 1_506_000
    balances_hold(cast)


def test_the_same_result_twice_changes_nothing(cast: Cast) -> None:
    order = by_hand(cast)
    data = answer(order)
    bring(cast, order, data)
    before = Entry.objects.count()
    _message, new = bring(cast, order, data)
    assert not new
    assert (Entry.objects.count(), BankMessage.objects.count()) == (before, 1)
    balances_hold(cast)


def test_a_row_that_stands_twice_pays_once(cast: Cast) -> None:
    order = by_hand(cast)
    bring(cast, order, answer(order, fault="twice"))
    assert states(order) == {"paid"}
    balances_hold(cast)


def test_what_the_contractor_brings_is_no_proof_of_payment(cast: Cast) -> None:
    order = by_hand(cast)
    data = answer(order)
    bring(cast, order, data, cast.he)
    assert states(order) == {"received"}
    assert SubLedger.objects.get(project=cast.project).balance_fen == FUNDS
    _message, new = bring(cast, order, data, cast.officer)
    assert (new, states(order)) == (True, {"paid"})
    balances_hold(cast)


def test_a_partial_result_leaves_the_rest_waiting(cast: Cast) -> None:
    order = by_hand(cast)
    bring(cast, order, answer(order, fault="partial"))
    assert states(order) == {"paid", "sent"}
    order.refresh_from_db()
    assert order.state == "sent"
    bring(cast, order, answer(order))
    assert states(order) == {"paid"}


def test_short_of_funds_keeps_the_order_whole(cast: Cast) -> None:
    order = by_hand(cast)
    bring(cast, order, answer(order, fault="short_of_funds"))
    assert states(order) == {"returned"}
    again = orders.resend_returned(
        order.sheet_id, worker_ids=[cast.sun.pk, cast.zhou.pk], actor=cast.actor(cast.he), now=cast.now
    )
    assert (again.line_count, again.total_fen) == (2, 1_506_000)
    assert {x.attempt for x in PaymentLine.objects.filter(order=again.pk)} == {2}


def test_nobody_else_fetches_or_answers(cast: Cast) -> None:
    agree(cast)
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    with pytest.raises(RuleViolation) as refusal:
        bring(cast, order, b"x")
    assert refusal.value.code == "result.not_sent"
    with pytest.raises(NotPermitted):
        sending.fetch_file(order.pk, actor=cast.actor(cast.qian), now=cast.now)
    with pytest.raises(NotFound):
        sending.fetch_file(order.pk, actor=cast.actor(cast.kong), now=cast.now)
    order.refresh_from_db()
    assert (order.state, order.sent_at) == ("ready", None)


def test_no_sender_takes_what_a_person_carries(cast: Cast) -> None:
    agree(cast)
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))

    class Never:
        def send(self, _message_id: str, _data: bytes) -> None:
            raise AssertionError("sent")

    assert orders.send_ready_orders(Never(), now=cast.now) == 0
    order.refresh_from_db()
    assert (order.state, order.send_tries) == ("ready", 0)


def test_a_file_that_cannot_be_read_is_kept_and_said(cast: Cast) -> None:
    order = by_hand(cast)
    message, _new = bring(cast, order, b"a|b\r\n1|2")
    assert message.state == "unreadable"
    assert "处理状态" in message.error_text
    assert states(order) == {"sent"}


def test_a_result_of_another_order_is_refused(cast: Cast) -> None:
    order = by_hand(cast)
    first = answer(order, fault="reject_file")
    bring(cast, order, first)
    stage.change_card(cast.sun, "6222020000000099901", cast.now)
    again = orders.resend_returned(
        order.sheet_id, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now
    )
    sending.fetch_file(again.pk, actor=cast.actor(cast.he), now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        bring(cast, again, first)
    assert refusal.value.code == "result.other_order"
    # The rows of another order name none of this one's payments.
    message, _new = bring(cast, again, answer(order))
    assert message.summary["strange"] == [2, 3]
    assert states(again) == {"sent"}


def test_limits_make_several_files(cast: Cast) -> None:
    agree(cast, form="csv", line_limit=1)
    stage.account(cast, FUNDS)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    found = list(PaymentOrder.objects.filter(sheet=sheet.pk).order_by("pk"))
    assert [o.line_count for o in found] == [1, 1]
    assert sum(o.total_fen for o in found) == 1_506_000
    assert len({o.message_id for o in found}) == 2
    assert {s.payment for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"instructed"}


def test_a_wage_above_the_ceiling_stays_and_the_others_go(cast: Cast) -> None:
    agree(cast, line_ceiling_fen=720_000)
    stage.account(cast, FUNDS)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    assert (order.line_count, order.total_fen) == (1, 714_000)
    with pytest.raises(RuleViolation) as refusal:
        stage.instructed(cast, sheet)
    assert refusal.value.code == "order.too_large"
    assert stage.slip_of(sheet, cast.sun).payment == "none"


def test_the_file_ceiling_splits_by_sum(cast: Cast) -> None:
    agree(cast, file_ceiling_fen=1_000_000)
    stage.account(cast, FUNDS)
    stage.instructed(cast, stage.approved_sheet(cast))
    assert [o.total_fen for o in PaymentOrder.objects.order_by("pk")] == [792_000, 714_000]


def test_after_cut_off_the_order_is_for_the_next_working_day(cast: Cast) -> None:
    agree(cast, cut_off=time(0, 1), working_days_only=True)
    stage.account(cast, FUNDS)
    friday = datetime(2026, 11, 27, 17, 0, tzinfo=SITE_TZ)
    order = orders.instruct_bank(stage.approved_sheet(cast).pk, actor=cast.actor(cast.he), now=friday)
    assert order.execute_on == date(2026, 11, 30)
    assert order.answer_due_at == datetime(2026, 12, 1, 0, 0, tzinfo=SITE_TZ)


def test_terms_hold_from_their_day_and_keep_their_past(cast: Cast) -> None:
    agree(cast, form="csv")
    later = cast.now + timedelta(days=10)
    draft = terms.terms_of(cast.bank, cast.now.date())
    assert draft is not None
    draft.valid_from, draft.line_limit = later.date(), 500
    terms.save_terms(draft, actor=cast.actor(cast.officer), now=cast.now)
    assert terms.profile_of(cast.bank, cast.now.date()).line_limit is None
    assert terms.profile_of(cast.bank, later.date()).line_limit == 500
    assert BankTerms.objects.count() == 2
    agree(cast, form="csv", line_limit=7)  # the same day once more
    assert (BankTerms.objects.count(), BankTerms.history.count()) == (2, 3)


def test_only_the_banks_officer_sets_terms_and_never_for_the_past(cast: Cast) -> None:
    draft = BankTerms(bank=cast.bank, valid_from=cast.now.date() - timedelta(days=1), form="pain001")
    with pytest.raises(RuleViolation) as refusal:
        terms.save_terms(draft, actor=cast.actor(cast.officer), now=cast.now)
    assert refusal.value.code == "terms.past"
    draft.valid_from = cast.now.date()
    for who in (cast.he, cast.zhao, cast.li):
        with pytest.raises(NotPermitted):
            terms.save_terms(draft, actor=cast.actor(who), now=cast.now)
    draft.form, draft.columns, draft.result_states = "csv", "卡号", "成功 = ACSC"
    with pytest.raises(Malformed):
        terms.save_terms(draft, actor=cast.actor(cast.officer), now=cast.now)
    assert BankTerms.objects.count() == 0


@pytest.fixture
def unread(cast: Cast) -> Iterator[PaymentOrder]:
    """Sun's wage came back in words that nobody can map."""
    stage.change_card(cast.sun, "6222020000000006666", cast.now)
    order = by_hand(cast)
    bring(cast, order, answer(order))
    return order


def test_a_person_says_what_the_words_mean(cast: Cast, unread: PaymentOrder) -> None:
    [line] = bank_results.undecided_lines(cast.actor(cast.he))
    assert (line.worker_id, line.reason_text, line.reason_code) == (
        cast.sun.pk,
        "业务处理未成功，详询客户经理",
        "",
    )
    bank_results.decide_line(
        line.end_to_end_id, outcome="refused", code="AC04", note="电话问过客户经理", remember=True,
        actor=cast.actor(cast.officer), now=cast.now,
    )  # fmt: skip
    assert list(bank_results.undecided_lines(cast.actor(cast.he))) == []
    sun = PaySlip.objects.get(sheet=unread.sheet_id, worker=cast.sun)
    assert (sun.payment, sun.return_code) == ("returned", "AC04")
    decision = LineDecision.objects.get()
    assert (decision.verbatim, decision.made_by_id) == (line.reason_text, cast.officer.pk)
    learned = terms.profile_of(cast.bank, cast.now.date()).texts
    assert learned == (("业务处理未成功，详询客户经理", "AC04"),)


def test_a_contractor_cannot_decide_what_may_still_be_paid(cast: Cast) -> None:
    order = by_hand(cast)
    text = "客户流水号,收款账号,处理状态\r\n" + "".join(
        f"{x.end_to_end_id},{x.card_number},待复核\r\n" for x in PaymentLine.objects.filter(order=order.pk)
    )
    bring(cast, order, text.encode())
    lines = list(bank_results.undecided_lines(cast.actor(cast.he)))
    assert {x.state for x in lines} == {"sent"}
    for outcome in ("refused", "paid"):
        with pytest.raises(RuleViolation) as refusal:
            bank_results.decide_line(
                lines[0].end_to_end_id,
                outcome=outcome,
                code="AC04",
                note="x",
                actor=cast.actor(cast.he),
                now=cast.now,
            )
        assert refusal.value.code == "decision.bank_only"
    assert LineDecision.objects.count() == 0
    for line, outcome in zip(lines, ("paid", "refused"), strict=True):
        bank_results.decide_line(
            line.end_to_end_id, outcome=outcome, code="AC06", note="柜面核实",
            actor=cast.actor(cast.officer), now=cast.now,
        )  # fmt: skip
    assert states(order) == {"paid", "returned"}
    balances_hold(cast)
    with pytest.raises(RuleViolation) as refusal:
        bank_results.decide_line(
            lines[0].end_to_end_id, outcome="refused", code="AC06", note="x",
            actor=cast.actor(cast.officer), now=cast.now,
        )  # fmt: skip
    assert refusal.value.code == "decision.settled"


def test_all_corrected_wages_go_again_in_one_act(cast: Cast) -> None:
    for worker in (cast.sun, cast.zhou):
        stage.change_card(worker, f"622202000000{worker.pk:03d}2222", cast.now)
    order = by_hand(cast)
    bring(cast, order, answer(order))
    he = cast.actor(cast.he)
    [item] = returned.returned_sheets(actor=he, now=cast.now)
    assert (len(item.lines), item.ready, item.late) == (2, [], False)
    assert returned.returned_sheets(actor=he, now=cast.now + timedelta(days=7))[0].late
    stage.change_card(cast.sun, "6222020000000099901", cast.now)
    [item] = returned.returned_sheets(actor=he, now=cast.now)
    assert [slip.worker_id for slip in item.ready] == [cast.sun.pk]
    made, refused = returned.send_again([order.sheet_id], actor=he, now=cast.now)
    assert ([o.line_count for o in made], refused) == ([1], [])
    assert len(returned.returned_sheets(actor=he, now=cast.now)[0].lines) == 1


class Away:
    """A bank that cannot be reached."""

    tries = 0

    def send(self, _message_id: str, _data: bytes) -> None:
        self.tries += 1
        raise TryLater("bank.unreachable")


def test_pauses_grow_then_a_person_is_asked(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    Parameter.objects.filter(key="pay.send_tries").delete()
    away, now, waits = Away(), cast.now, []
    for _round in range(12):
        orders.send_ready_orders(away, now=now)
        orders.send_ready_orders(away, now=now)  # not due yet: nothing happens
        order.refresh_from_db()
        if order.next_try_at:
            waits.append(order.next_try_at - now)
            now = order.next_try_at
    assert (away.tries, order.state, order.send_tries, order.next_try_at) == (12, "stuck", 12, None)
    assert len(waits) == 11
    assert timedelta(seconds=10) <= waits[0] <= timedelta(seconds=20)
    assert timedelta(minutes=30) <= waits[-1] <= timedelta(hours=1)
    assert {s.payment for s in PaySlip.objects.filter(sheet=order.sheet_id)} == {"instructed"}
    with pytest.raises(NotFound):
        sending.try_again(order.pk, actor=cast.actor(cast.kong), now=now)
    again = sending.try_again(order.pk, actor=cast.actor(cast.he), now=now)
    assert (again.state, again.send_tries) == ("ready", 0)
    assert io.BytesIO(again.file).read() == order.file


def test_asks_the_bank_about_orders_without_an_answer_once_an_hour(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))

    class Silent:
        asked: list[str] = []

        def send(self, *_given: object) -> None:
            return None

        def request_report(self, account: str) -> None:
            self.asked.append(account)

    silent = Silent()
    orders.send_ready_orders(silent, now=cast.now)
    assert sending.ask_about_overdue(silent, now=cast.now + timedelta(hours=23)) == 0
    later = cast.now + timedelta(hours=25)
    assert sending.ask_about_overdue(silent, now=later) == 1
    assert sending.ask_about_overdue(silent, now=later + timedelta(minutes=30)) == 0
    assert sending.ask_about_overdue(silent, now=later + timedelta(hours=2)) == 1
    assert silent.asked == [stage.ACCOUNT_NUMBER] * 2
    assert PaymentOrder.objects.filter(sending.overdue_orders(later)).get().pk == order.pk


def test_the_desk_names_what_waits_for_the_officers_answer(cast: Cast) -> None:
    """A statement that the contractor brought waits for the bank: its first page must not say that nothing does."""
    ledger = stage.account(cast)
    client = cast.client(cast.officer)
    page = client.get(reverse("payroll:bank-desk"))
    assert page.context["answers"] == []
    statements.upload_statement(
        ledger.account_id, filename="对账单.xlsx", data=xlsx(ROWS), actor=cast.actor(cast.zhao), now=cast.now
    )
    page = client.get(reverse("payroll:bank-desk"))
    assert [url for _text, url in page.context["answers"]] == [reverse("payroll:accounts")]
    listed = client.get(reverse("payroll:accounts")).content.decode()
    assert reverse("payroll:statement", kwargs={"pk": ledger.account.statements.get().pk}) in listed
    assert cast.client(cast.zhao).get(reverse("payroll:bank-desk")).status_code == 404
