"""What goes wrong in a province, so that every rule finds something: deposits, notice boards, cash, complaints, cases and
orders (A3-A5, D8, E1-E3), missing contracts, odd or no attendance, low and large wages (C2-C4, D5, D6). Leavers (D7) are in
the postings. Needs the temporary tables of province.py."""

from typing import Any

from django.db import connection

from payroll.models import NoticeBoard

TABLES = (
    "payroll_depositentry",
    "payroll_arrearsrecord",
    "payroll_noticeboard",
    "payroll_boardcheck",
    "payroll_cashpayment",
    "payroll_cashreport",
    "registration_complaint",
    "inspection_case",
    "inspection_correctionorder",
)

# One project in ten never lodged a deposit; of the others' guarantees one in 25 was not renewed; from one in 40 wages
# were paid, half of which are filled up again. A third of the firms have a clean record.
DEPOSITS = """
INSERT INTO payroll_depositentry (project_id, number, kind, form, happened_on, amount_fen, balance_fen, due_fen, issuer,
  paper_number, expires_on, note, made_at)
SELECT site.id, e.number, e.kind, 'guarantee', e.day, e.fen, e.rest, 279000000, '某银行', 'B' || site.k || '-' || e.number,
  e.until, '', e.day
FROM site, (VALUES
  (1, 'lodged', date '2023-11-20', 279000000, 279000000, date '2025-11-20', 1),
  (2, 'replaced', '2025-11-10', 0, 279000000, '2027-01-31', 1),
  (3, 'paid_out', '2026-09-01', -50000000, 229000000, NULL, 40),
  (4, 'topped_up', '2026-09-10', 50000000, 279000000, '2027-01-31', 80)) e(number, kind, day, fen, rest, until, every)
WHERE site.k %% 10 <> 3 AND site.k %% e.every = 0 AND (e.number = 1 OR site.k %% 25 <> 4) ORDER BY site.id, e.number;
INSERT INTO payroll_arrearsrecord (organisation_id, kind, since, well_kept, reason, made_at)
SELECT id, 'clean', '2020-01-01', k %% 2 = 0, '', '2023-09-01' FROM firm WHERE k %% 3 = 0 ORDER BY id;
"""

# A board a month for a year, and a look at each. Of thirty sites one shows an old board, of sixty one none, one in ten
# was never looked at.
BOARDS = """
INSERT INTO payroll_noticeboard (project_id, number, edition, wage_month, made_on, people, missing, content, content_sha256,
  made_at)
SELECT site.id, n, m::date, (m - interval '1 month')::date, m::date + 2, 30, '[]', %(board)s, '', m + interval '2 days'
FROM site, generate_series(1, 12) n, LATERAL (SELECT timestamp '2025-11-01' + make_interval(months => n) AS m) t
ORDER BY site.id, n;
INSERT INTO payroll_boardcheck (project_id, number, source, verdict, board_number, edition, made_on, photo_sha256, note, seen_on,
  made_at)
SELECT b.project_id, b.number, 'clerk',
  CASE WHEN b.number = 12 AND site.k %% 60 = 7 THEN 'missing' WHEN site.k %% 30 = 5 THEN 'stale' ELSE 'fresh' END,
  b.number, b.edition, CASE WHEN site.k %% 30 = 5 THEN date '2025-12-03' ELSE b.made_on END,
  decode(lpad(to_hex(b.number), 64, '0'), 'hex'), '', b.made_on + 3, b.made_on + 3
FROM payroll_noticeboard b JOIN site ON site.id = b.project_id WHERE site.k %% 10 <> 6 ORDER BY b.project_id, b.number;
"""

# One wage in two hundred of the last year came in cash, of twenty of them one is denied; one person in a hundred reports.
CASH = """
INSERT INTO payroll_cashpayment (project_id, sheet_id, worker_id, month, amount_fen, reason, text, proof, signature_id, photo,
  photo_sha256, clerk_id, at, denied_at)
SELECT p.project_id, p.sheet_id, p.worker_id, p.month, p.net_fen, 'no_card', '', 'typed', 0, '', '', 0, p.paid_at,
  CASE WHEN p.worker_id %% 20 = 3 THEN p.paid_at + interval '3 days' END
FROM payroll_payslip p JOIN site ON site.id = p.project_id
WHERE p.month >= date '2025-11-01' AND p.payment = 'paid'
  AND (p.worker_id + extract(month FROM p.month)::int) %% 200 = 3 ORDER BY p.month, p.project_id;
UPDATE payroll_payslip p SET payment = 'cash', paid_card_tail = '' FROM payroll_cashpayment c
WHERE c.project_id = p.project_id AND c.month = p.month AND c.sheet_id = p.sheet_id AND c.worker_id = p.worker_id
  AND p.month >= date '2025-11-01';
INSERT INTO payroll_cashreport (project_id, worker_id, month, kind, amount_fen, at)
SELECT o.project_id, o.worker_id, '2026-09-01', (ARRAY['give_back', 'part_cash', 'all_cash', 'card_held'])[1 + o.worker_id %% 4],
  100000, '2026-10-20' FROM registration_posting o JOIN site ON site.id = o.project_id
WHERE o.left_on IS NULL AND o.worker_id %% 100 = 5 ORDER BY o.project_id, o.worker_id;
"""

# Every seventh site had thirty complaints, the last one open; every second open one is a case with an order to pay, and
# every third of these lapsed over what is a crime not to pay.
COMPLAINTS = """
INSERT INTO registration_authority (name, kind, region_id) VALUES ('案件局', 'labour', '340000');
INSERT INTO registration_complaint (reference, secret_hash, topic, text, place, contact, made_at, state, answer, region_id,
  project_id, worker_id)
SELECT 'T' || site.k || '-' || n, decode(lpad(to_hex(site.k), 64, '0'), 'hex'), 'unpaid', '', '', '',
  timestamp '2026-11-05' - make_interval(days => 40 * (n - 1)), CASE n WHEN 1 THEN 'received' ELSE 'answered' END, '',
  pr.region_id, site.id,
  (SELECT min(o.worker_id) FROM registration_posting o WHERE o.project_id = site.id AND o.left_on = '2026-10-20')
FROM site JOIN registration_project pr ON pr.id = site.id, generate_series(1, 30) n WHERE site.k %% 7 = 0 ORDER BY site.id, n;
INSERT INTO inspection_case (number, origin, topic, people, mass, state, outcome, received_on, opened_at, due_on, due_for,
  complaint_id, first_office_id, office_id, project_id, region_id, closed_on)
SELECT c.reference, 'phone', 'unpaid', 1 + site.k %% 3, site.k %% 70 = 0, CASE c.state WHEN 'answered' THEN 'closed' ELSE 'active' END,
  CASE c.state WHEN 'answered' THEN 'corrected' ELSE '' END, c.made_at::date, c.made_at, c.made_at::date + 60, 'finish',
  c.id, a.id, a.id, c.project_id, c.region_id, CASE c.state WHEN 'answered' THEN c.made_at::date + 30 END
FROM registration_complaint c JOIN site ON site.id = c.project_id, registration_authority a
WHERE a.name = '案件局' AND (c.state = 'answered' OR site.k %% 14 = 0) ORDER BY c.id;
INSERT INTO inspection_correctionorder (number, grounds, demand, days, amount_fen, people, most_fen, most_months, rest_fen,
  rest_people, rest_most_fen, issued_on, served_on, served_how, deadline_on, corrected_on, case_id, respondent_id)
SELECT k.number, '[]', '', 5, 30000000, 15, 6000000, 4,
  CASE WHEN k.state = 'closed' THEN 0 ELSE 30000000 END, CASE WHEN k.state = 'closed' THEN 0 ELSE 15 END,
  CASE WHEN k.state = 'closed' THEN 0 ELSE 6000000 END, k.received_on + 5, k.received_on + 6, 'in_person',
  CASE WHEN k.state = 'closed' THEN k.received_on + 20 WHEN k.project_id %% 3 = 0 THEN date '2026-11-12' ELSE '2026-12-01' END,
  CASE k.state WHEN 'closed' THEN k.received_on + 12 END, k.id, gc.organisation_id
FROM inspection_case k JOIN registration_participation gc ON gc.project_id = k.project_id AND gc.role = 'general_contractor'
WHERE k.number LIKE 'T%%' AND (k.state <> 'closed' OR k.id %% 2 = 0) ORDER BY k.id;
"""

# Before the totals of the months are counted: sites whose gates fell silent, and people on two sites at once.
ODD_DAYS = """
DELETE FROM devices_attendanceday a USING site
WHERE site.id = a.project_id AND site.k %% 60 = 17 AND a.day >= date '2026-10-25';
UPDATE devices_attendanceday a SET last_out = a.first_in + interval '20 hours' FROM site
WHERE site.id = a.project_id AND site.k %% 45 = 9 AND a.day >= date '2026-11-09' AND a.worker_id %% 3 = 0;
INSERT INTO devices_attendanceday (day, project_id, worker_id, posting_id, minutes, days, state, passages, first_in, last_out)
SELECT a.day, there.id, a.worker_id, 0, 500, 1, 'closed', 2, a.first_in, a.last_out
FROM devices_attendanceday a JOIN site ON site.id = a.project_id JOIN site there ON there.k = site.k + 1
WHERE site.k %% 55 = 20 AND a.day = date '2026-11-10' AND a.worker_id %% 2 = 0 ON CONFLICT DO NOTHING;
"""

ODD_REST = """
UPDATE devices_passage p SET event_id = 'same' FROM site
WHERE site.id = p.project_id AND site.k %% 65 = 30 AND p.day = date '2026-11-11' AND p.direction = 1;
DELETE FROM registration_labourcontract c USING site WHERE c.project_id = site.id AND site.k %% 40 = 11;
UPDATE payroll_payslip p SET gross_fen = 600000, net_fen = 600000 FROM site
WHERE site.id = p.project_id AND site.k %% 50 = 13 AND p.month = date '2026-09-01' AND p.worker_id %% 2 = 0;
UPDATE payroll_payslip p SET net_fen = 100000, deduction_fen = 692000 FROM site
WHERE site.id = p.project_id AND site.k %% 100 = 14 AND p.month = date '2026-10-01';
UPDATE payroll_payslip p SET gross_fen = 90000000, net_fen = 90000000 FROM site
WHERE site.id = p.project_id AND site.k %% 100 = 15 AND p.month = date '2026-10-01' AND p.worker_id %% 10 = 0;
"""


def fill_odd_days(cursor: Any) -> None:
    """Silent gates, long stays, two sites at once."""
    cursor.execute(ODD_DAYS, {})


def fill_trouble(cursor: Any) -> None:
    """Write all of it; `site` and `firm` must be there."""
    board = NoticeBoard._meta.get_field("content").get_db_prep_save("{}", connection)
    for part in (DEPOSITS, BOARDS, CASH, COMPLAINTS, ODD_REST):
        cursor.execute(part, {"board": board})
