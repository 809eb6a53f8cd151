"""The bank's files at size: an order and a statement of 100,000 lines, a province's month of orders.

Limits: lxml writing the same elements with nothing checked, COPY of the statement's lines into a bare table,
and set-based SQL that makes the month's slips and lines without access, evidence, encryption or files.
`--projects 1000` is a whole province's month; `--lines 1000 --projects 10 --crew 20` are small ones. Figures are kept; only sums are asserted.
"""

import hashlib
import io
import resource
import statistics
import time
import tracemalloc
from typing import Any

import pytest
from django.db import connection, transaction
from lxml import etree

from payroll.bank.batch import write_batch
from payroll.bank.camt053 import read_statement
from payroll.bank.pain001 import OrderOut, write_pain001
from payroll.bank.shapes import CSV_COLUMNS, batch_shape
from payroll.models import BankMessage, PaymentLine, PaySheet, PaySlip, StatementLine
from payroll.services import approvals, messages, orders, sheets
from payroll.services.money_check import check_money
from payroll.services.statement_matching import apply_statement
from registration.services import parameters
from tests.benchmarks.results import keep
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.bank import samples
from tests.payroll.stage import MONTH

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


def timed(act: Any, rounds: int = 3) -> tuple[float, Any]:
    times, found = [], None
    for _round in range(rounds):
        started = time.perf_counter()
        found = act()
        times.append(time.perf_counter() - started)
    return statistics.median(times), found


def bare(order: OrderOut) -> bytes:
    """The same elements from lxml alone: no checks, no profile, one fixed shape."""
    out = io.BytesIO()
    with etree.xmlfile(out, encoding="UTF-8") as file, file.element("Document", nsmap={None: NAMESPACE}):
        for line in order.lines:
            one = etree.Element("CdtTrfTxInf")
            ids = etree.SubElement(one, "PmtId")
            etree.SubElement(ids, "InstrId").text = etree.SubElement(ids, "EndToEndId").text = (
                line.end_to_end_id
            )
            amount = etree.SubElement(etree.SubElement(one, "Amt"), "InstdAmt", Ccy="CNY")
            amount.text = f"{line.amount_fen // 100}.{line.amount_fen % 100:02d}"
            agent = etree.SubElement(etree.SubElement(one, "CdtrAgt"), "FinInstnId")
            member = etree.SubElement(agent, "ClrSysMmbId")
            etree.SubElement(etree.SubElement(member, "ClrSysId"), "Cd").text = "CNAPS"
            etree.SubElement(member, "MmbId").text = line.payee.bank_code
            etree.SubElement(agent, "Nm").text = line.payee.bank_name
            etree.SubElement(etree.SubElement(one, "Cdtr"), "Nm").text = line.payee.name
            other = etree.SubElement(etree.SubElement(etree.SubElement(one, "CdtrAcct"), "Id"), "Othr")
            etree.SubElement(other, "Id").text = line.payee.number
            etree.SubElement(etree.SubElement(other, "SchmeNm"), "Cd").text = "BBAN"
            etree.SubElement(etree.SubElement(one, "Purp"), "Cd").text = "SALA"
            etree.SubElement(etree.SubElement(one, "RmtInf"), "Ustrd").text = line.remittance
            file.write(one)
    return out.getvalue()


def test_order_of_many_lines(pytestconfig: pytest.Config) -> None:
    count = int(pytestconfig.getoption("--lines"))
    order = samples.order(
        *(samples.line(f"P{n}-1", 600_000 + n, card=f"6222020{n:012d}") for n in range(1, count + 1))
    )
    limit, _bytes = timed(lambda: bare(order))
    ours, file = timed(lambda: write_pain001(order))
    table, _csv = timed(
        lambda: write_batch(order, batch_shape("csv", CSV_COLUMNS, "utf-8-sig", "comma")), rounds=1
    )
    schema = samples.schema("pain.001.001.09")
    checked, parsed = timed(lambda: etree.fromstring(file, etree.XMLParser(huge_tree=True)), rounds=1)
    started = time.perf_counter()
    assert schema.validate(parsed), schema.error_log
    validated = time.perf_counter() - started
    del parsed
    tracemalloc.start()
    write_pain001(order)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    keep(
        "pain001",
        {
            "lines": count,
            "file_mb": round(len(file) / 1e6, 1),
            "limit_s": round(limit, 3),
            "write_s": round(ours, 3),
            "ratio": round(limit / ours, 3),
            "csv_s": round(table, 3),
            "parse_s": round(checked, 3),
            "validate_s": round(validated, 3),
            "peak_python_mb": round(peak / 1e6, 1),
        },
    )


def statement_of(count: int, number: str, references: list[tuple[str, int]]) -> bytes:
    """A camt.053 with one entry per payment, that adds up."""
    total = sum(fen for _ref, fen in references)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        "<BkToCstmrStmt><GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-11-16T18:00:00+08:00</CreDtTm></GrpHdr><Stmt>"
        f"<Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-11-16T18:00:00+08:00</CreDtTm><Acct><Id><Othr>"
        f"<Id>{number}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    )
    balance = (
        '<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-11-16</Dt></Dt></Bal>"
    )
    parts = [head, balance.format("OPBD", f"{total / 100:.2f}"), balance.format("CLBD", "0.00")]
    parts += [
        f'<Ntry><NtryRef>{n}</NtryRef><Amt Ccy="CNY">{fen // 100}.{fen % 100:02d}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-16</Dt></BookgDt><AcctSvcrRef>B{n}</AcctSvcrRef><NtryDtls>"
        f"<TxDtls><Refs><EndToEndId>{ref}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for n, (ref, fen) in enumerate(references, start=1)
    ]
    return "".join([*parts, "</Stmt></BkToCstmrStmt></Document>"]).encode()


def fill_lines(cast: Cast, count: int) -> tuple[PaySheet, list[tuple[str, int]]]:
    """An order of `count` payments with the bank; people are numbers, for the statement knows none."""
    ledger = stage.account(cast, count * 700_000)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    with connection.cursor() as cursor:
        # The workers are numbers alone; this database is thrown away afterwards.
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'payroll_paymentline'::regclass AND contype = 'f'"
            " AND confrelid = 'registration_worker'::regclass"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE payroll_paymentline DROP CONSTRAINT "{name}"')
        cursor.execute(
            "INSERT INTO payroll_paymentline (project_id, end_to_end_id, order_id, sheet_id, worker_id, month, attempt,"
            " amount_fen, card_number, card_tail, state, bank_status, reason_code, reason_text)"
            " SELECT %s, %s || n, %s, %s, 1000000 + n, %s, 1, 600000 + n, t.card_number, '0000', 'sent', '', '', ''"
            " FROM generate_series(1, %s) n,"
            " (SELECT card_number FROM payroll_paymentline WHERE order_id = %s LIMIT 1) t",
            [order.project_id, f"{order.project_id}-{sheet.pk}-", order.pk, sheet.pk, sheet.month, count, order.pk],
        )  # fmt: skip
        cursor.execute(
            "DELETE FROM payroll_paymentline WHERE order_id = %s AND worker_id < 1000000", [order.pk]
        )
        cursor.execute("ANALYZE payroll_paymentline")
    assert ledger.balance_fen >= 0
    return sheet, [(f"{order.project_id}-{sheet.pk}-{n}", 600_000 + n) for n in range(1, count + 1)]


def test_statement_of_many_lines(cast: Cast, pytestconfig: pytest.Config) -> None:
    count = int(pytestconfig.getoption("--lines"))
    _sheet, references = fill_lines(cast, count)
    data = statement_of(count, stage.ACCOUNT_NUMBER, references)
    message = BankMessage.objects.create(
        name="S1", content=data, sha256=hashlib.sha256(data).digest(), received_at=cast.now
    )
    read, [statement] = timed(lambda: read_statement(data), rounds=1)
    assert statement.differs_fen == 0
    rows = "".join(f"{n}\tB{n}\t2026-11-16\t{-fen}\t{ref}\n" for n, (ref, fen) in enumerate(references))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_copy (n int, ref text, at date, fen bigint, e2e text PRIMARY KEY)")
        started = time.perf_counter()
        cursor.copy_expert("COPY bench_copy FROM STDIN", io.StringIO(rows))
        copied = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_copy")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    messages.take_message(message.pk, now=cast.now)
    taken = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    started = time.perf_counter()
    checked = check_money()
    verified = time.perf_counter() - started
    assert {f.check.code for f in checked.findings} <= {"slip.paid", "slip.instructed", "order.total"}
    assert StatementLine.objects.filter(state="matched").count() == count
    assert PaymentLine.objects.filter(state="paid").count() == count
    account = message.__class__.objects.get(pk=message.pk).account
    assert account is not None
    with transaction.atomic():
        again, _found = timed(lambda: apply_statement(statement, account, message, now=cast.now), rounds=1)
    assert StatementLine.objects.count() == count
    keep(
        "statement",
        {
            "lines": count,
            "file_mb": round(len(data) / 1e6, 1),
            "copy_s": round(copied, 3),
            "read_s": round(read, 3),
            "reconcile_s": round(taken, 3),
            "lines_per_s": round(count / taken),
            "ratio_to_copy": round(copied / taken, 4),
            "again_s": round(again, 3),
            "peak_growth_mb": round(peak / 1024),
            "verify_s": round(verified, 2),
        },
    )


SET_BASED = """
WITH made AS (
  SELECT p.project_id, p.participation_id, a.worker_id, sum(a.days) AS days, max(p.rate_fen) AS rate,
         round(sum(a.days) * max(p.rate_fen))::bigint AS net
  FROM devices_attendanceday a JOIN registration_posting p ON p.id = a.posting_id AND p.project_id = a.project_id
  WHERE a.day BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1, 2, 3
), slips AS (
  INSERT INTO bench_slip SELECT project_id, participation_id, worker_id, days, rate, net, 'confirmed', true FROM made
  RETURNING project_id, worker_id, net
)
INSERT INTO bench_line SELECT project_id, worker_id, project_id || '-' || worker_id, net, 'sent' FROM slips
"""


def test_a_provinces_month(cast: Cast, pytestconfig: pytest.Config) -> None:
    """Sheets of `--projects` sites with `--crew` people: made, submitted, confirmed, approved, instructed.

    One site is worked again and again, its earlier sheets parked as supplements: slips, lines, orders and evidence
    pile up in the same tables as with so many sites, while 7.7 million attendance days need not be made first.
    """
    projects, crew = int(pytestconfig.getoption("--projects")), int(pytestconfig.getoption("--crew"))
    parameters.forget()
    for posting in [*stage.crew(cast, crew - 2, first=20_000), cast.sun_posting, cast.zhou_posting]:
        stage.attend(posting, 22)
    stage.account(cast, projects * crew * 2_000_000)
    qian, he = cast.actor(cast.qian), cast.actor(cast.he)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            "CREATE UNLOGGED TABLE bench_slip (project_id bigint, part bigint, worker_id bigint, days numeric,"
            " rate bigint, net bigint, state text, approved bool, PRIMARY KEY (project_id, worker_id));"
            " CREATE UNLOGGED TABLE bench_line (project_id bigint, worker_id bigint, ref text PRIMARY KEY, net bigint, state text)"
        )
        best = []
        for _round in range(5):
            cursor.execute("TRUNCATE bench_slip, bench_line")
            started = time.perf_counter()
            cursor.execute(SET_BASED)
            best.append(time.perf_counter() - started)
    steps = dict.fromkeys(("make", "submit", "confirm", "approve", "instruct"), 0.0)
    people = fen = 0
    for site in range(projects):
        clock = time.perf_counter()

        def lap(name: str) -> None:
            nonlocal clock
            now = time.perf_counter()
            steps[name] += now - clock
            clock = now

        sheet = sheets.make_sheet_from_attendance(
            cast.project.pk, cast.sc_part.pk, MONTH, actor=qian, now=cast.now
        )
        lap("make")
        sheets.submit_sheet(sheet.pk, actor=qian, now=cast.now)
        lap("submit")
        PaySlip.objects.filter(month=MONTH, sheet=sheet.pk).update(
            confirmation="confirmed", confirmed_at=cast.now
        )
        lap("confirm")
        approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)
        lap("approve")
        order = orders.instruct_bank(sheet.pk, actor=he, now=cast.now)
        lap("instruct")
        people += order.line_count
        fen += order.total_fen
        park_sheet(sheet, site + 1)
    book_all()
    started = time.perf_counter()
    checked = check_money()
    verified = time.perf_counter() - started
    assert checked.findings == []
    assert (people, fen) == (projects * crew, projects * sheet.net_fen)
    total = sum(steps.values())
    set_based = statistics.median(best) * projects
    keep(
        "province_month",
        {
            "projects": projects,
            "crew": crew,
            "slips": people,
            **{f"{name}_s": round(value, 2) for name, value in steps.items()},
            "total_s": round(total, 2),
            "ms_per_project": round(total / projects * 1000, 1),
            "set_based_s": round(set_based, 3),
            "ratio": round(set_based / total, 4),
            "verify_s": round(verified, 2),
        },
    )


BOOK_ALL = """
UPDATE payroll_paymentline SET state = 'paid', bank_status = 'BOOK';
UPDATE payroll_payslip SET payment = 'paid' WHERE payment = 'instructed';
INSERT INTO payroll_accountentry (project_id, number, sub_ledger_id, at, kind, amount_fen, balance_fen, cause, bank_reference)
SELECT l.project_id, s.entry_count + row_number() OVER w, s.id, now(), 'wages', -l.amount_fen,
       s.balance_fen - sum(l.amount_fen) OVER w, '', 'W:' || l.end_to_end_id
FROM payroll_paymentline l JOIN payroll_subledger s USING (project_id)
WINDOW w AS (PARTITION BY l.project_id ORDER BY l.end_to_end_id);
UPDATE payroll_subledger s SET balance_fen = e.balance_fen, entry_count = e.number
FROM (SELECT DISTINCT ON (project_id) project_id, number, balance_fen FROM payroll_accountentry
      ORDER BY project_id, number DESC) e WHERE e.project_id = s.project_id;
"""


def book_all() -> None:
    """The bank has paid everything: lines, slips and the account's book, set-based, for the checks of all money."""
    with connection.cursor() as cursor:
        cursor.execute(BOOK_ALL)
        cursor.execute("ANALYZE")


def park_sheet(sheet: PaySheet, number: int) -> None:
    """Make room for the next site's sheet of the month; its slips, lines and orders stay in the tables."""
    PaySheet.objects.filter(pk=sheet.pk).update(kind="supplement", number=number)
