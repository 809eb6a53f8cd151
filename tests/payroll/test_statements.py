"""Bank statements: read in every shape, told once however often, joined to a chain, proved to the fen."""

import io
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payroll.bank.camt053 import Balance, Detail, Entry, Statement
from payroll.models import (
    AccountEntry,
    AccountEvent,
    BankMessage,
    BankStatement,
    PaymentLine,
    SpecialAccount,
    StatementLine,
    SubLedger,
)
from payroll.services import accounts, statement_lines, statements
from payroll.services.account_proof import prove
from payroll.services.statement_lines import Part
from payroll.statement_reader import read_table_statement
from tests.cast import Cast, make_project
from tests.payroll import stage
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation
from wagewatch.lib.sheets import read_workbook

pytestmark = pytest.mark.django_db
HEADS = ["交易日期", "借方发生额", "贷方发生额", "余额", "对方户名", "对方账号", "摘要", "流水号"]


def xlsx(rows: list[list[object]], heads: list[str] = HEADS, above: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("明细")
    for n, text in enumerate(above):
        sheet.write(n, 0, text)
    for r, row in enumerate([heads, *rows], start=len(above)):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    book.close()
    return out.getvalue()


ROWS: list[list[object]] = [
    ["2026-11-09", "", "100000.00", "100000.00", "金华多湖置业有限公司", "3301", "十月人工费", "B1"],
    ["2026-11-10", "500.00", "", "99500.00", "路人甲", "6222", "取现", "B2"],
]


def upload(cast: Cast, data: bytes, who: object = None, name: str = "明细.xlsx") -> BankStatement:
    account = SpecialAccount.objects.get()
    return statements.upload_statement(
        account.pk,
        filename=name,
        data=data,
        actor=cast.actor(who or cast.officer),
        now=cast.now,  # type: ignore[arg-type]
    )[0]


def proof_holds(account: SpecialAccount) -> None:
    """Shares are the sums of their entries; shares + unassigned = what the lines tell."""
    for share in account.sub_ledgers.all():
        entries = list(AccountEntry.objects.filter(project=share.project_id).order_by("number"))
        running = 0
        for entry in entries:
            running += entry.amount_fen
            assert entry.balance_fen == running
        assert share.balance_fen == running
    assert prove(account).reported_fen == 0


def test_an_export_of_the_bank_is_taken_in_once(cast: Cast) -> None:
    share = stage.account(cast)
    record = upload(cast, xlsx(ROWS, above=("账号：3300017190000968", "起止日期：2026-11-01 至 2026-11-10")))
    assert (record.opening_fen, record.entries_fen, record.closing_fen) == (0, 9_950_000, 9_950_000)
    assert (record.differs_fen, record.line_count, record.state) == (0, 2, "applied")
    share.refresh_from_db()
    assert share.balance_fen == 9_950_000
    lines = {line.bank_reference: line for line in StatementLine.objects.all()}
    assert (lines["B1"].state, lines["B2"].state, lines["B2"].is_foreign) == ("matched", "unmatched", True)
    assert AccountEntry.objects.get(bank_reference="B1").kind == "allocation"
    assert AccountEntry.objects.get(bank_reference="B2").kind == "other_out"
    again = upload(cast, xlsx(ROWS, above=("账号：3300017190000968", "起止日期：2026-11-01 至 2026-11-10")))
    assert StatementLine.objects.count() == 2 or again.pk == record.pk
    share.refresh_from_db()
    assert share.balance_fen == 9_950_000
    proof = prove(share.account)
    assert (proof.proved, proof.difference_fen) == (True, 0)
    proof_holds(share.account)


@pytest.mark.parametrize(
    ("heads", "rows"),
    [
        (["日期", "交易金额", "账户余额", "对方名称"], [["2026-11-09", 1000, 1000, "甲"], ["2026-11-10", -400, 600, "乙"]]),
        (["交易时间", "借贷标志", "发生额", "余额"], [["2026-11-10 09:10:11", "借", 400, 600], ["2026-11-09 08:00:00", "贷", 1000, 1000]]),
        (["记账日期", "支出金额(元)", "收入金额(元)", "余额(元)"], [["20261109", "", "1,000.00", "1,000.00"], ["20261110", "400.00", "", "600.00"]]),
    ],
)  # fmt: skip
def test_amounts_stand_in_columns_of_every_kind(heads: list[str], rows: list[list[object]]) -> None:
    read = read_table_statement(
        read_workbook(xlsx(rows, heads), "a.xlsx"), account_number="3300017190000968"
    ).statement
    assert [e.amount_fen for e in read.entries] == [100_000, -40_000]
    assert (read.opening_fen, read.closing_fen, read.differs_fen) == (0, 60_000, 0)


def test_a_gb18030_csv_is_read() -> None:
    text = "交易日期,借方发生额,贷方发生额,余额,对方户名,摘要\r\n2026-11-09,,1000.00,1000.00,金华多湖置业有限公司,人工费\r\n"
    read = read_table_statement(
        read_workbook(text.encode("gb18030"), "流水.csv"), account_number="3300017190000968"
    ).statement
    assert (read.entries[0].amount_fen, read.entries[0].details[0].payer_name) == (
        100_000,
        "金华多湖置业有限公司",
    )


@pytest.mark.parametrize(
    ("heads", "rows", "code"),
    [
        (["日期", "金额"], [["2026-11-09", 1000], ["2026-11-10", 400]], "statement.no_direction"),
        (["日期", "借方发生额", "贷方发生额"], [["2026-11-09", 10, 20]], "statement.both"),
        (["日期", "借贷标志", "金额"], [["2026-11-09", "?", 20]], "statement.direction"),
        (["日期", "借方发生额", "贷方发生额", "余额"], [["2026-11-09", 10, "", 10], ["2026-11-10", 5, "", 15]], "statement.swapped"),
    ],
)  # fmt: skip
def test_refuses_what_cannot_be_told(heads: list[str], rows: list[list[object]], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_table_statement(read_workbook(xlsx(rows, heads), "a.xlsx"), account_number="1" * 16)
    assert refusal.value.code == code


def test_a_statement_of_another_account_is_refused(cast: Cast) -> None:
    stage.account(cast)
    with pytest.raises(Malformed) as refusal:
        upload(cast, xlsx(ROWS, above=("账号：3300017190000999",)))
    assert refusal.value.code == "statement.other_account"
    assert not BankMessage.objects.exists()


def test_a_contractors_statement_moves_nothing_until_the_bank_says_so(cast: Cast) -> None:
    share = stage.account(cast)
    record = upload(cast, xlsx(ROWS), cast.zhao)
    assert record.state == "waiting"
    assert not StatementLine.objects.exists()
    with pytest.raises(NotPermitted):
        statements.answer_statement(record.pk, confirm=True, actor=cast.actor(cast.zhao), now=cast.now)
    for who in (cast.ye, cast.kong, cast.li):
        with pytest.raises(NotFound):
            statements.answer_statement(record.pk, confirm=True, actor=cast.actor(who), now=cast.now)
    with pytest.raises(Malformed):
        statements.answer_statement(record.pk, confirm=False, actor=cast.actor(cast.officer), now=cast.now)
    statements.answer_statement(record.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now)
    share.refresh_from_db()
    assert share.balance_fen == 9_950_000
    with pytest.raises(RuleViolation):
        statements.answer_statement(record.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now)


def told(account: SpecialAccount, n: int, opening: int, amounts: list[tuple[str, int]], *, closing: int | None = None,
         kind: str = "camt.053") -> tuple[Statement, BankMessage]:  # fmt: skip
    """A statement of one day as the bank's interface gives it."""
    day = datetime(2026, 11, 1, 18, tzinfo=SITE_TZ) + timedelta(days=n)
    entries = tuple(
        Entry(str(i), ref, "BOOK", fen, "CNY", day.date(), None, False,
              (Detail("", abs(fen), payer_name="金华多湖置业有限公司" if fen > 0 else "", payee_name="" if fen > 0 else "路人"),))
        for i, (ref, fen) in enumerate(amounts)
    )  # fmt: skip
    total = sum(fen for _ref, fen in amounts)
    balances = (
        Balance("OPBD", opening, day.date()),
        Balance("CLBD", opening + total if closing is None else closing, day.date()),
    )
    message = BankMessage.objects.create(
        account=account, name=f"{kind}-{n}-{BankMessage.objects.count()}.xml", kind=kind, content=b"<x/>",
        sha256=(BankMessage.objects.count() + 1).to_bytes(32, "big"), received_at=day, state="done",
    )  # fmt: skip
    statement = Statement(
        kind,
        "",
        "",
        f"S{n}",
        n,
        day,
        "x",
        "CNY",
        day - timedelta(hours=20),
        day,
        balances if kind == "camt.053" else (),
        entries,
    )
    return statement, message


def take(
    account: SpecialAccount,
    n: int,
    opening: int,
    amounts: list[tuple[str, int]],
    now: datetime,
    **more: object,
) -> dict[str, object]:
    statement, message = told(account, n, opening, amounts, **more)  # type: ignore[arg-type]
    return statements.take_statement(statement, account, message, 0, now=now)


def test_a_gap_is_a_finding_and_stays_one_when_it_is_closed(cast: Cast) -> None:
    account = stage.account(cast).account
    take(account, 1, 0, [("A", 1000)], cast.now)
    found = take(account, 3, 1700, [("C", 50)], cast.now)
    assert found["gap"] == {"missing_fen": 700, "missing_statements": 1}
    proof = prove(account)
    assert (proof.difference_fen, proof.gaps_fen, proof.unexplained_fen, proof.proved) == (
        -700,
        700,
        0,
        False,
    )
    take(account, 2, 1000, [("B", 700)], cast.now)
    assert prove(account).proved
    kinds = list(AccountEvent.objects.order_by("pk").values_list("kind", "amount_fen"))
    assert kinds == [("gap_found", 700), ("gap_closed", 0)]


def test_a_notification_and_a_statement_tell_one_line(cast: Cast) -> None:
    share = stage.account(cast)
    take(share.account, 1, 0, [("A", 1000)], cast.now, kind="camt.054")
    assert prove(share.account).since_fen == 1000
    found = take(share.account, 1, 0, [("A", 1000)], cast.now)
    assert (found["known"], StatementLine.objects.count()) == (1, 1)
    assert prove(share.account).proved
    proof_holds(share.account)


def shared(cast: Cast) -> tuple[SpecialAccount, SubLedger, SubLedger]:
    first = stage.account(cast)
    project, _owner, _gc = make_project("JH330703099", "江北安置房", "330703", cast.owner, cast.gc)
    return first.account, first, accounts.share_account(first.account, project)


def test_money_that_names_no_project_is_assigned_split_and_undone(cast: Cast) -> None:
    account, one, two = shared(cast)
    take(account, 1, 0, [("A", 1000)], cast.now)
    line = StatementLine.objects.get()
    assert (line.state, line.assigned_fen, prove(account).unassigned_fen) == ("unmatched", 0, 1000)
    parts = [Part(one.project_id, "allocation", 600), Part(two.project_id, "allocation", 300)]
    clerk = cast.actor(cast.zhao)
    with pytest.raises(Malformed) as short:
        statement_lines.assign_line(line.pk, parts, version=0, actor=clerk, now=cast.now)
    assert short.value.code == "line.sum"
    parts[1] = Part(two.project_id, "allocation", 400)
    line = statement_lines.assign_line(line.pk, parts, version=0, actor=clerk, now=cast.now)
    one.refresh_from_db(), two.refresh_from_db()
    assert (one.balance_fen, two.balance_fen, prove(account).unassigned_fen) == (600, 400, 0)
    with pytest.raises(RuleViolation) as stale:
        statement_lines.undo_line(line.pk, version=0, actor=clerk, now=cast.now)
    assert stale.value.code == "line.changed"
    line = statement_lines.undo_line(line.pk, version=line.version, actor=clerk, now=cast.now)
    assert (line.state, line.assigned_fen) == ("unmatched", 0)
    with pytest.raises(RuleViolation) as nothing:
        statement_lines.undo_line(line.pk, version=line.version, actor=clerk, now=cast.now)
    assert nothing.value.code == "line.nothing"
    for who in (cast.ye, cast.kong, cast.qian):
        with pytest.raises(NotFound):
            statement_lines.assign_line(line.pk, parts, version=2, actor=cast.actor(who), now=cast.now)
    proof_holds(account)


def test_only_the_bank_says_that_an_outflow_was_its_own(cast: Cast) -> None:
    share = stage.account(cast)
    take(share.account, 1, 0, [("A", 1000), ("F", -20)], cast.now)
    line = StatementLine.objects.get(bank_reference="F")
    assert (line.state, line.is_foreign) == ("unmatched", True)
    with pytest.raises(RuleViolation) as refusal:
        statement_lines.dismiss_line(
            line.pk, "fee", "账户管理费", version=line.version, actor=cast.actor(cast.zhao), now=cast.now
        )
    assert refusal.value.code == "line.bank_only"
    line = statement_lines.dismiss_line(
        line.pk, "explained", "误转已说明", version=line.version, actor=cast.actor(cast.zhao), now=cast.now
    )
    assert (line.state, line.is_foreign) == ("dismissed", True)
    line = statement_lines.undo_line(line.pk, version=line.version, actor=cast.actor(cast.zhao), now=cast.now)
    line = statement_lines.dismiss_line(
        line.pk, "fee", "账户管理费", version=line.version, actor=cast.actor(cast.officer), now=cast.now
    )
    assert (line.state, line.is_foreign) == ("dismissed", False)


def test_an_export_pays_by_card_or_by_the_orders_sum(cast: Cast) -> None:
    share = stage.account(cast, 10_000_000)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    row = ["2026-11-16", order.total_fen / 100, "", "", "", "", "代发工资 2 笔", "P1"]
    upload(cast, xlsx([row]))
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    line = StatementLine.objects.get()
    assert (line.state, line.is_foreign, line.assigned_fen) == ("matched", False, -order.total_fen)
    share.refresh_from_db()
    assert share.balance_fen == 10_000_000 - order.total_fen
    with pytest.raises(RuleViolation) as refusal:
        statement_lines.undo_line(line.pk, version=line.version, actor=cast.actor(cast.officer), now=cast.now)
    assert refusal.value.code in ("line.nothing", "line.wage")
    later = cast.now + timedelta(days=1)
    _statement, message = told(share.account, 16, 0, [])
    one = PaymentLine.objects.order_by("end_to_end_id").first()
    assert one is not None
    entry = Entry(
        "1",
        "X",
        "BOOK",
        -one.amount_fen,
        "CNY",
        date(2026, 11, 16),
        None,
        False,
        (Detail(one.end_to_end_id, one.amount_fen),),
    )
    statements.take_statement(
        Statement("camt.054", "", "", "N", None, later, "x", "CNY", None, None, (), (entry,)),
        share.account,
        message,
        0,
        now=later,
    )
    assert StatementLine.objects.get(bank_reference="X").state == "duplicate"
    share.refresh_from_db()
    assert share.balance_fen == 10_000_000 - order.total_fen


def test_a_line_is_matched_with_a_wage_by_hand_only_for_its_worker(cast: Cast) -> None:
    share = stage.account(cast, 10_000_000)
    stage.instructed(cast, stage.approved_sheet(cast))
    payment = PaymentLine.objects.get(worker=cast.sun)
    rows = [["2026-11-16", payment.amount_fen / 100, "", "", "路人甲", "", "转账", "P7"]]
    upload(cast, xlsx(rows))
    line = StatementLine.objects.get()
    assert (line.state, line.is_foreign) == ("unmatched", True)
    with pytest.raises(RuleViolation) as refusal:
        statement_lines.match_wage(
            line.pk, payment.end_to_end_id, version=line.version, actor=cast.actor(cast.he), now=cast.now
        )
    assert refusal.value.code == "line.name"
    line = statement_lines.match_wage(
        line.pk, payment.end_to_end_id, version=line.version, actor=cast.actor(cast.officer), now=cast.now
    )
    payment.refresh_from_db()
    share.refresh_from_db()
    assert (line.state, line.is_foreign, payment.state) == ("matched", False, "paid")
    assert share.balance_fen == 10_000_000 - payment.amount_fen
    with pytest.raises(RuleViolation) as undone:
        statement_lines.undo_line(line.pk, version=line.version, actor=cast.actor(cast.officer), now=cast.now)
    assert undone.value.code == "line.wage"


STEP = st.tuples(
    st.sampled_from(["tell", "again", "assign", "split", "dismiss", "duplicate", "undo"]),
    st.integers(0, 5),
    st.integers(-900, 900),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
def test_no_sequence_of_acts_makes_a_balance_wrong(cast: Cast, steps: list[tuple[str, int, int]]) -> None:
    from django.db import transaction

    with transaction.atomic():
        account, one, two = shared(cast)
        actor, opening, day, files = cast.actor(cast.officer), 0, 1, []
        for act, pick, fen in steps:
            lines = list(StatementLine.objects.order_by("pk"))
            line = lines[pick % len(lines)] if lines else None
            try:
                with transaction.atomic():
                    if act == "tell" and fen:
                        words = [(f"R{day}", fen), (f"Q{day}", fen)][: 1 + pick % 2]
                        take(account, day, opening, words, cast.now)
                        files.append((day, opening, words))
                        opening, day = opening + sum(f for _r, f in words), day + 1
                    elif act == "again" and files:
                        again = files[pick % len(files)]
                        take(account, *again, cast.now, kind="camt.054")
                    elif line and act in ("assign", "split"):
                        kind = "allocation" if line.amount_fen > 0 else "other_out"
                        first = line.amount_fen if act == "assign" else int(line.amount_fen / 3)
                        parts = [
                            Part(one.project_id, kind, first),
                            Part(two.project_id, kind, line.amount_fen - first),
                        ]
                        statement_lines.assign_line(
                            line.pk,
                            [p for p in parts if p.amount_fen],
                            version=line.version,
                            actor=actor,
                            now=cast.now,
                        )
                    elif line and act == "dismiss":
                        statement_lines.dismiss_line(
                            line.pk, "fee", "手续费一笔", version=line.version, actor=actor, now=cast.now
                        )
                    elif line and act == "duplicate":
                        other = next(
                            (x for x in lines if x.pk != line.pk and x.amount_fen == line.amount_fen), line
                        )
                        statement_lines.call_duplicate(
                            line.pk, other.pk, version=line.version, actor=actor, now=cast.now
                        )
                    elif line and act == "undo":
                        statement_lines.undo_line(line.pk, version=line.version, actor=actor, now=cast.now)
            except (RuleViolation, Malformed):
                pass
            proof_holds(account)
        twice = sum(x.amount_fen for x in StatementLine.objects.filter(state="duplicate"))
        proof = prove(account)
        assert proof.balance_fen == opening - twice
        assert proof.difference_fen in (None, -twice)
        transaction.set_rollback(True)


def test_pages_of_statements_and_lines(cast: Cast) -> None:
    stage.account(cast)
    clerk, officer = cast.client(cast.zhao), cast.client(cast.officer)
    account = SpecialAccount.objects.get()
    page = reverse("payroll:statements", args=[account.pk])
    bad = clerk.post(page, {"file": SimpleUploadedFile("a.xlsx", b"nothing")})
    assert bad.status_code == 400
    sent = clerk.post(page, {"file": SimpleUploadedFile("明细.xlsx", xlsx(ROWS))}, follow=True)
    assert "等待银行确认" in sent.content.decode()
    record = BankStatement.objects.get()
    answer = reverse("payroll:statement-answer", args=[record.pk])
    assert clerk.post(answer, {"verdict": "confirm"}).status_code == 403
    assert officer.post(answer, {"verdict": "confirm"}).status_code == 302
    line = StatementLine.objects.get(bank_reference="B2")
    one = reverse("payroll:statement-line", args=[line.pk])
    for client in (clerk, officer):
        for path in (
            page,
            one,
            reverse("payroll:statement", args=[record.pk]),
            reverse("payroll:account-lines", args=[account.pk]) + "?show=foreign",
        ):
            assert client.get(path).status_code == 200
    body = {"act": "dismiss", "version": line.version, "reason": "fee", "note": "手续费"}
    assert clerk.post(one, body).status_code == 409
    assert officer.post(one, body | {"note": ""}).status_code == 400
    assert officer.post(one, body | {"note": "账户管理费"}).status_code == 302
    line.refresh_from_db()
    assert (line.state, line.is_foreign) == ("dismissed", False)
    for who in (cast.ye, cast.kong, cast.qian, cast.li):
        assert cast.client(who).get(page).status_code == 404
        assert cast.client(who).get(one).status_code == 404
