"""D5, D6: wages below the law or the contract, and payments that look wrong."""

from django.utils.translation import gettext_lazy as _

from inspection.alarms.parts import calendar, places, since_month, step, worked_since
from inspection.alarms.rule import Rule, Setting

# One person's month is the sum of all sheets that hold it; a supplement repeats the days of the sheet before, so
# the days of a posting count once. Compared are the money against the region's minimum
# wage for the days on the sheet, and the gross wage against the agreed rate for the days the gates counted;
# where a month had several rates, its parts are the agreement. Piece work has no rate per day.
# Nobody's month is low whose slips each reach both marks by themselves: days and agreements of several slips add up to
# their sums at most. So one look at each slip leaves a few people (`doubtful`), whose whole months are then judged.
_DAYS = "CASE p.pay_basis WHEN 'hour' THEN p.days / 8 ELSE p.days END"
_AGREED = """CASE
           WHEN jsonb_array_length(p.parts) > 0 THEN 0
           WHEN p.pay_basis = 'month' THEN least(coalesce(o.rate_fen, p.rate_fen),
             round(coalesce(o.rate_fen, p.rate_fen) * p.gate_days / figure.month_days))
           ELSE round(coalesce(o.rate_fen, p.rate_fen) * p.gate_days) END"""
LOW = f"""
WITH {
    places(
        ladder="alarm.D5.shortfall_percent", month_days="pay.month_days", wage="pay.minimum_wage_month_fen"
    )
}, figure AS MATERIALIZED (
  SELECT region_id, ladder, (month_days #>> '{{}}')::numeric AS month_days, (wage #>> '{{}}')::numeric AS wage FROM place
), doubtful AS MATERIALIZED (
  SELECT DISTINCT p.project_id, p.month, p.worker_id
  FROM payroll_payslip p
  JOIN registration_project pr ON pr.id = p.project_id
  JOIN figure ON figure.region_id = pr.region_id
  LEFT JOIN registration_posting o ON o.id = p.posting_id AND o.project_id = p.project_id
  WHERE p.month >= {since_month("D5")}
    AND (figure.wage * least({_DAYS}, figure.month_days) > p.net_fen * figure.month_days
         OR p.pay_basis <> 'piece' AND {_AGREED} > p.gross_fen OR p.net_fen < 0 OR p.gross_fen < 0)
), piece AS (
  SELECT p.project_id, p.month, p.worker_id, min(s.participation_id) AS participation_id, min(pr.region_id) AS region_id,
         sum(p.net_fen) AS net_fen, sum(p.gross_fen) AS gross_fen, max({_DAYS}) AS days,
         bool_or(p.pay_basis = 'piece') AS is_piece, max({_AGREED}) AS agreed_fen
  FROM doubtful d
  JOIN payroll_payslip p ON p.project_id = d.project_id AND p.month = d.month AND p.worker_id = d.worker_id
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  JOIN registration_project pr ON pr.id = p.project_id
  JOIN figure ON figure.region_id = pr.region_id
  LEFT JOIN registration_posting o ON o.id = p.posting_id AND o.project_id = p.project_id
  WHERE p.month >= {since_month("D5")}
  GROUP BY p.project_id, p.month, p.worker_id, p.posting_id
), slip AS (
  SELECT project_id, month, worker_id, min(participation_id) AS participation_id, min(region_id) AS region_id,
         sum(net_fen) AS net_fen, sum(gross_fen) AS gross_fen, sum(days) AS days, bool_or(is_piece) AS is_piece,
         sum(agreed_fen) AS agreed_fen
  FROM piece GROUP BY 1, 2, 3
), judged AS (
  SELECT k.project_id, k.month, k.participation_id, figure.ladder,
         greatest(0, floor(figure.wage * least(k.days, figure.month_days) / figure.month_days) - k.net_fen)::bigint
           AS below_minimum_fen,
         CASE WHEN k.is_piece OR k.agreed_fen <= 0 THEN 0 ELSE greatest(0, k.agreed_fen - k.gross_fen) END::bigint
           AS below_rate_fen,
         k.agreed_fen, k.is_piece
  FROM slip k JOIN figure ON figure.region_id = k.region_id
  WHERE k.days > 0
), low AS (
  SELECT j.*, j.below_minimum_fen > 0 AS is_below_minimum,
         CASE WHEN j.below_rate_fen > 0
              THEN {step("100.0 * j.below_rate_fen / j.agreed_fen", "j.ladder", ">")} END AS rate_level
  FROM judged j
)
SELECT l.project_id, mode() WITHIN GROUP (ORDER BY l.participation_id) AS participation_id,
       to_char(l.month, 'YYYY-MM') AS period, max(greatest(l.rate_level, CASE WHEN l.is_below_minimum THEN 2 END)) AS level,
       NULL::date AS due_on,
       sum(greatest(l.below_minimum_fen, CASE WHEN l.rate_level IS NULL THEN 0 ELSE l.below_rate_fen END))::bigint
         AS amount_fen,
       count(*)::int AS people,
       jsonb_build_object('below_minimum', count(*) FILTER (WHERE l.is_below_minimum),
         'below_rate', count(*) FILTER (WHERE l.rate_level IS NOT NULL)) AS facts
FROM low l WHERE l.is_below_minimum OR l.rate_level IS NOT NULL
GROUP BY l.project_id, l.month
"""  # noqa: S608 constants only; every value is a parameter

# Returns are few and have an index of their own; a card that went from one person to another is found by its
# blind index, never by its number.
ODD_PAYMENT = f"""
WITH {places(retry="alarm.D6.retry_wd", largest="pay.largest_line_fen")}, large AS (
  SELECT p.project_id, p.month, p.worker_id, p.net_fen AS fen, 'large' AS what, s.participation_id
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  JOIN registration_project pr ON pr.id = p.project_id
  JOIN place ON place.region_id = pr.region_id
  WHERE p.month >= {since_month("D6")}
    AND p.net_fen > (place.largest #>> '{{}}')::bigint
), passed_on AS (
  SELECT DISTINCT h.worker_id, h.tail FROM (
    SELECT a.worker_id, a.tail FROM registration_bankcard a
    JOIN registration_bankcard b ON b.number_index = a.number_index AND b.worker_id <> a.worker_id AND b.is_current
    WHERE NOT a.is_current
    UNION ALL
    SELECT b.worker_id, b.tail FROM registration_bankcard a
    JOIN registration_bankcard b ON b.number_index = a.number_index AND b.worker_id <> a.worker_id AND b.is_current
    WHERE NOT a.is_current) h
), card AS (
  SELECT p.project_id, p.month, p.worker_id, p.net_fen, 'card', s.participation_id
  FROM passed_on h
  JOIN payroll_payslip p ON p.worker_id = h.worker_id AND p.paid_card_tail = h.tail AND p.payment = 'paid'
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id
  WHERE p.month >= {since_month("D6")}
), returned AS (
  SELECT n.project_id, n.month, n.worker_id, n.amount_fen, 'returned', s.participation_id
  FROM payroll_paymentline n
  JOIN payroll_paysheet s ON s.id = n.sheet_id AND s.project_id = n.project_id AND s.state <> 'settled'
  JOIN payroll_payslip p ON p.project_id = n.project_id AND p.month = n.month AND p.sheet_id = n.sheet_id
   AND p.worker_id = n.worker_id AND p.payment = 'returned'
  JOIN registration_project pr ON pr.id = n.project_id
  JOIN place ON place.region_id = pr.region_id
  {calendar("start", "(n.settled_at AT TIME ZONE 'Asia/Shanghai')::date")}
  WHERE n.state = 'returned' AND {step(worked_since("start"), "place.retry", ">")} IS NOT NULL
    AND NOT EXISTS (SELECT FROM payroll_paymentline x WHERE x.project_id = n.project_id AND x.sheet_id = n.sheet_id
                      AND x.worker_id = n.worker_id AND x.attempt > n.attempt)
), refused AS (
  SELECT w.worker_id, w.tail FROM (
    SELECT DISTINCT ON (k.worker_id, k.number_index) k.worker_id, k.number_index, k.tail, a.is_own
    FROM registration_cardanswer a JOIN registration_bankcard k ON k.id = a.card_id
    ORDER BY k.worker_id, k.number_index, a.id DESC) w
  JOIN registration_bankcard c ON c.worker_id = w.worker_id AND c.number_index = w.number_index AND c.is_current
  WHERE NOT w.is_own
), denied AS (
  SELECT p.project_id, p.month, p.worker_id, p.net_fen, 'denied', s.participation_id
  FROM refused r
  JOIN payroll_payslip p ON p.worker_id = r.worker_id
   AND (p.payment IN ('none', 'returned') OR p.payment = 'paid' AND p.paid_card_tail = r.tail)
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  WHERE p.month >= {since_month("D6")}
), odd AS (
  SELECT * FROM large UNION ALL SELECT * FROM card UNION ALL SELECT * FROM returned UNION ALL SELECT * FROM denied
)
SELECT o.project_id, mode() WITHIN GROUP (ORDER BY o.participation_id) AS participation_id,
       to_char(o.month, 'YYYY-MM') AS period, 2 AS level, NULL::date AS due_on, sum(o.fen)::bigint AS amount_fen,
       count(DISTINCT o.worker_id)::int AS people,
       jsonb_build_object('large', count(*) FILTER (WHERE o.what = 'large'),
         'card', count(*) FILTER (WHERE o.what = 'card'),
         'denied', count(*) FILTER (WHERE o.what = 'denied'),
         'returned', count(*) FILTER (WHERE o.what = 'returned')) AS facts
FROM odd o GROUP BY o.project_id, o.month
"""  # noqa: S608

RULES = (
    Rule(
        code="D5",
        title=_("Wage below minimum or contract"),
        explanation=_(
            "A month's wage is below the minimum wage for the days worked, or lower than the agreed rate for the "
            "days the gates counted by more than the share set for the region: part of it may be paid in cash."
        ),
        law=_("Labour Law, article 48; order 724, articles 6 and 31"),
        sql=LOW,
        settings=(Setting("alarm.D5.shortfall_percent", "percent", _("per cent below the agreed rate")),),
        reads=("pay.month_days",),
        levels=(2,),
        monthly=True,
        wide=True,
        after=frozenset({"sheet.submitted"}),
    ),
    Rule(
        code="D6",
        title=_("Payment that looks wrong"),
        explanation=_(
            "One line is larger than a month's wage can be, one card took the wages of several people, or a wage "
            "that the bank returned was not sent again within the working days set for the region."
        ),
        law=_("Order 724, article 31"),
        sql=ODD_PAYMENT,
        settings=(Setting("alarm.D6.retry_wd", "wd", _("working days after the bank returned it")),),
        reads=("pay.largest_line_fen",),
        levels=(2,),
        monthly=True,
        after=frozenset({"sheet.submitted", "line.result"}),
    ),
)
