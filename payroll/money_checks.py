"""The double-entry checks of all money, one set-based statement each over many projects.

Every statement gives (project, row, expected, found) for what does not agree, and nothing when all is well.
`{here}` narrows each table to one project, or is true. Amounts are fen. A check reads each table once; none asks
per row, so that a province's month is a matter of seconds (tests/benchmarks/test_bank_files.py).
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Check:
    """One promise of the books."""

    code: str
    title: Any
    sql: str


LEDGER = Check(
    "ledger.sum",
    _("A project's balance is the sum of its entries"),
    """
WITH e AS (SELECT project_id, sum(amount_fen) AS total FROM payroll_accountentry WHERE {here} GROUP BY project_id),
l AS (SELECT project_id, balance_fen FROM payroll_subledger WHERE {here})
SELECT project_id, 'balance of project ' || project_id, coalesce(e.total, 0), coalesce(l.balance_fen, 0)
FROM l FULL JOIN e USING (project_id) WHERE coalesce(e.total, 0) <> coalesce(l.balance_fen, 0)
""",
)
COUNT = Check(
    "ledger.count",
    _("Entries are numbered without a gap, and counted"),
    """
WITH e AS (
  SELECT project_id, count(*) AS n, max(number) AS last FROM payroll_accountentry WHERE {here} GROUP BY project_id),
l AS (SELECT project_id, entry_count FROM payroll_subledger WHERE {here})
SELECT project_id, 'entries of project ' || project_id, coalesce(l.entry_count, 0), coalesce(e.n, 0)
FROM l FULL JOIN e USING (project_id)
WHERE coalesce(l.entry_count, 0) <> coalesce(e.n, 0) OR coalesce(e.last, 0) <> coalesce(e.n, 0)
""",
)
CHAIN = Check(
    "ledger.chain",
    _("Each balance is the one before plus the entry"),
    """
SELECT project_id, 'entry ' || project_id || '/' || number, before + amount_fen, balance_fen FROM (
  SELECT project_id, number, amount_fen, balance_fen,
         coalesce(lag(balance_fen) OVER (PARTITION BY project_id ORDER BY number), 0) AS before
  FROM payroll_accountentry WHERE {here}) e
WHERE before + amount_fen <> balance_fen
""",
)
_BOOKED = """
WITH e AS (
  SELECT project_id, substr(bank_reference, 3) AS ref, sum(amount_fen) AS fen, count(*) AS n
  FROM payroll_accountentry WHERE {{here}} AND kind = '{kind}' GROUP BY project_id, substr(bank_reference, 3)),
l AS (
  SELECT project_id, end_to_end_id AS ref, {sign}amount_fen AS fen FROM payroll_paymentline
  WHERE {{here}} AND ({state}))
SELECT project_id, 'line ' || ref, coalesce(l.fen, 0), coalesce(e.fen, 0)
FROM l FULL JOIN e USING (project_id, ref)
WHERE coalesce(l.fen, 0) <> coalesce(e.fen, 0) OR coalesce(e.n, 1) <> 1
"""
WAGES = Check(
    "wages.line",
    _("Each wage that left the account is one paid line of the same amount"),
    _BOOKED.format(
        kind="wages", sign="-", state="state = 'paid' OR state = 'returned' AND bank_status = 'RTRN'"
    ),
)
RETURNS = Check(
    "return.line",
    _("Each wage that came back is one returned line of the same amount"),
    _BOOKED.format(kind="return", sign="", state="state = 'returned' AND bank_status = 'RTRN'"),
)
_SLIPS = """
WITH s AS (
  SELECT project_id, sheet_id, worker_id, net_fen FROM payroll_payslip WHERE {{here}} AND payment = '{payment}'),
l AS (
  SELECT project_id, sheet_id, worker_id, sum(amount_fen) AS fen, count(*) AS n FROM payroll_paymentline
  WHERE {{here}} AND state IN ({states}) GROUP BY project_id, sheet_id, worker_id)
SELECT project_id, 'slip ' || sheet_id || '.' || worker_id, coalesce(s.net_fen, 0), coalesce(l.fen, 0)
FROM s FULL JOIN l USING (project_id, sheet_id, worker_id)
WHERE coalesce(s.net_fen, -1) <> coalesce(l.fen, -1)
"""
PAID = Check(
    "slip.paid",
    _("Each paid slip has one paid line of its net amount, and each paid line its slip"),
    _SLIPS.format(payment="paid", states="'paid'"),
)
WAITING = Check(
    "slip.instructed",
    _("Each instructed slip has one line with the bank of its net amount"),
    _SLIPS.format(payment="instructed", states="'sent', 'received'"),
)
TWICE = Check(
    "slip.twice",
    _("No slip is paid twice"),
    """
SELECT project_id, 'slip ' || sheet_id || '.' || worker_id, 1, count(*)
FROM payroll_paymentline WHERE {here} AND state <> 'returned'
GROUP BY project_id, sheet_id, worker_id HAVING count(*) > 1
""",
)
ORDERS = Check(
    "order.total",
    _("An order's total and number of lines are those of its lines"),
    """
WITH o AS (SELECT project_id, id AS order_id, total_fen, line_count FROM payroll_paymentorder WHERE {here}),
l AS (
  SELECT project_id, order_id, sum(amount_fen) AS fen, count(*) AS n FROM payroll_paymentline WHERE {here}
  GROUP BY project_id, order_id)
SELECT project_id, 'order ' || order_id, coalesce(l.fen, 0), coalesce(o.total_fen, 0)
FROM o FULL JOIN l USING (project_id, order_id)
WHERE coalesce(o.total_fen, -1) <> coalesce(l.fen, -1) OR coalesce(o.line_count, 0) <> coalesce(l.n, 0)
""",
)
SHEETS = Check(
    "sheet.total",
    _("A sheet's people and sums are those of its slips"),
    """
WITH h AS (
  SELECT project_id, id AS sheet_id, month, people, gross_fen, deduction_fen, net_fen FROM payroll_paysheet
  WHERE {here}),
s AS (
  SELECT project_id, sheet_id, month, count(*) AS people, sum(gross_fen) AS gross_fen,
         sum(deduction_fen) AS deduction_fen, sum(net_fen) AS net_fen
  FROM payroll_payslip WHERE {here} GROUP BY project_id, sheet_id, month)
SELECT project_id, 'sheet ' || sheet_id, coalesce(s.net_fen, 0), coalesce(h.net_fen, 0)
FROM h FULL JOIN s USING (project_id, sheet_id, month)
WHERE (coalesce(h.people, 0), coalesce(h.gross_fen, 0), coalesce(h.deduction_fen, 0), coalesce(h.net_fen, 0))
   <> (coalesce(s.people, 0), coalesce(s.gross_fen, 0), coalesce(s.deduction_fen, 0), coalesce(s.net_fen, 0))
""",
)
SLIPS = Check(
    "slip.net",
    _("A slip's net pay is its gross pay less its deductions, and its lines add up to both"),
    """
WITH s AS (
  SELECT project_id, sheet_id, worker_id, gross_fen, extra_fen, deduction_fen, net_fen, items,
         wagewatch_items_sum(items, false) AS earned_fen, wagewatch_items_sum(items, true) AS taken_fen
  FROM payroll_payslip WHERE {here}),
w AS (
  SELECT *, gross_fen - extra_fen + earned_fen
         - CASE WHEN items = '[]'::jsonb THEN deduction_fen ELSE taken_fen END AS expected_fen
  FROM s)
SELECT project_id, 'slip ' || sheet_id || '.' || worker_id, expected_fen, net_fen
FROM w
WHERE expected_fen <> net_fen OR net_fen <> gross_fen - deduction_fen OR extra_fen <> earned_fen
   OR items <> '[]'::jsonb AND deduction_fen <> taken_fen OR net_fen < 0 OR extra_fen > gross_fen
""",
)
DEPOSITS = Check(
    "deposit.chain",
    _("A wage deposit's cover is the one before plus the entry"),
    """
SELECT project_id, 'deposit ' || project_id || '/' || number, before + amount_fen, balance_fen FROM (
  SELECT project_id, number, amount_fen, balance_fen,
         coalesce(lag(balance_fen) OVER (PARTITION BY project_id ORDER BY number), 0) AS before
  FROM payroll_depositentry WHERE {here}) e
WHERE before + amount_fen <> balance_fen
""",
)
LOANS = Check(
    "loan.booked",
    _("Each wage loan that arrived, and each repayment, is one entry of the account"),
    """
WITH e AS (
  SELECT project_id, bank_reference AS ref, sum(amount_fen) AS fen FROM payroll_accountentry
  WHERE {here} AND kind IN ('loan', 'loan_back') GROUP BY project_id, bank_reference),
l AS (
  SELECT project_id, 'L:ZXD' || project_id || '-' || number AS ref, amount_fen AS fen FROM payroll_loandraw
  WHERE {here} AND state = 'arrived'
  UNION ALL
  SELECT project_id, 'L:ZXH' || project_id || '-' || number, -amount_fen FROM payroll_loanrepayment
  WHERE {here} AND state = 'booked')
SELECT project_id, 'loan ' || ref, coalesce(l.fen, 0), coalesce(e.fen, 0)
FROM l FULL JOIN e USING (project_id, ref) WHERE coalesce(l.fen, 0) <> coalesce(e.fen, 0)
""",
)
OWED = Check(
    "loan.owed",
    _("What was repaid of a wage loan is the sum of its repayments"),
    """
WITH d AS (SELECT project_id, id AS draw_id, number, repaid_fen FROM payroll_loandraw WHERE {here}),
r AS (
  SELECT project_id, draw_id, sum(amount_fen) AS fen FROM payroll_loanrepayment WHERE {here} AND state = 'booked'
  GROUP BY project_id, draw_id)
SELECT project_id, 'loan ZXD' || project_id || '-' || coalesce(number, 0), coalesce(r.fen, 0), coalesce(repaid_fen, 0)
FROM d FULL JOIN r USING (project_id, draw_id) WHERE coalesce(repaid_fen, 0) <> coalesce(r.fen, 0)
""",
)
LIMIT = Check(
    "loan.limit",
    _("No more is drawn than a wage loan's limit"),
    """
WITH f AS (SELECT project_id, id AS facility_id, limit_fen FROM payroll_loanfacility WHERE {here}),
d AS (
  SELECT project_id, facility_id, sum(amount_fen - repaid_fen) AS fen FROM payroll_loandraw
  WHERE {here} AND state IN ('asked', 'confirmed', 'arrived') GROUP BY project_id, facility_id)
SELECT project_id, 'credit line ' || facility_id, coalesce(f.limit_fen, 0), d.fen
FROM d LEFT JOIN f USING (project_id, facility_id) WHERE d.fen > coalesce(f.limit_fen, 0)
""",
)
ALLOCATIONS = Check(
    "allocation.used",
    _("What was repaid or named by hand rests on an allocation of the owner, and on no more than it"),
    """
WITH u AS (
  SELECT project_id, entry_number AS number, sum(amount_fen) AS fen FROM payroll_loanrepayment
  WHERE {here} AND state <> 'withdrawn' GROUP BY project_id, entry_number
  UNION ALL
  SELECT DISTINCT project_id, entry_number, 0::bigint FROM payroll_allocationchoice WHERE {here}),
e AS (
  SELECT project_id, number, amount_fen FROM payroll_accountentry WHERE {here} AND kind = 'allocation')
SELECT project_id, 'entry ' || project_id || '/' || number, coalesce(e.amount_fen, 0), u.fen
FROM u LEFT JOIN e USING (project_id, number) WHERE e.number IS NULL OR u.fen > e.amount_fen
""",
)
REQUESTS = Check(
    "allocation.arrived",
    _("A request to the owner that is closed as paid was covered by allocations"),
    """
WITH t AS (
  SELECT project_id, number, entries_before, amount_fen FROM payroll_topuprequest WHERE {here} AND state = 'arrived')
SELECT t.project_id, 'request ' || t.project_id || '/' || t.number, t.amount_fen, coalesce(sum(e.amount_fen), 0)
FROM t LEFT JOIN payroll_accountentry e
  ON e.project_id = t.project_id AND e.kind = 'allocation' AND e.number > t.entries_before
GROUP BY t.project_id, t.number, t.amount_fen HAVING coalesce(sum(e.amount_fen), 0) < t.amount_fen
""",
)
TOLD = Check(
    "line.entry",
    _("What a statement line books in a project is one entry of the account, of the same amount"),
    """
WITH s AS (SELECT id AS sub_ledger_id, project_id FROM payroll_subledger WHERE {here}),
v AS (
  SELECT s.project_id, CASE WHEN v.kind = 'booked' THEN v.reference ELSE 'L' || v.line_id || '.' || v.number END AS ref,
         v.amount_fen AS fen, count(*) AS n
  FROM payroll_lineevent v JOIN s USING (sub_ledger_id)
  WHERE v.amount_fen <> 0 AND NOT (v.kind = 'booked' AND v.entry_kind IN ('loan', 'loan_back'))
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT s.project_id, 'L:' || substring(l.text || ' ' || l.end_to_end_id FROM 'ZX[DH][0-9]+-[0-9]+'), v.amount_fen, count(*)
  FROM payroll_lineevent v JOIN s USING (sub_ledger_id) JOIN payroll_statementline l ON l.id = v.line_id
  WHERE v.kind = 'booked' AND v.entry_kind IN ('loan', 'loan_back')
    AND l.text || ' ' || l.end_to_end_id ~ 'ZX[DH][0-9]+-[0-9]+' GROUP BY 1, 2, 3),
e AS (SELECT project_id, bank_reference AS ref, amount_fen AS fen FROM payroll_accountentry WHERE {here})
SELECT v.project_id, 'statement line ' || v.ref, v.fen * v.n, coalesce(e.fen, 0)
FROM v LEFT JOIN e USING (project_id, ref, fen) WHERE e.fen IS NULL OR v.n > 1
""",
)
CHECKS: tuple[Check, ...] = (
    LEDGER, COUNT, CHAIN, TOLD, WAGES, RETURNS, PAID, WAITING, TWICE, ORDERS, SHEETS, SLIPS, DEPOSITS, LOANS, OWED,
    LIMIT, ALLOCATIONS, REQUESTS,
)  # fmt: skip
"""Every check, in the order in which money moves."""

ROWS = """
SELECT (SELECT count(*) FROM payroll_accountentry WHERE {here}) + (SELECT count(*) FROM payroll_paymentline WHERE {here})
     + (SELECT count(*) FROM payroll_payslip WHERE {here})
"""
