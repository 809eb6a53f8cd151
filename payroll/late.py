"""Attendance that changed after it stood on a slip: read from the facts, never written into the slip.

A slip holds what the gates counted when its sheet was made (`gate_days`) and what it pays (`days`). Late stamps,
corrections and days computed anew change what the gates count; the slip stays. Here the two are compared: whoever
has another figure now than on all sheets of the month together is listed, until a supplement sheet pays the rest
or a clerk says why it stays (LateDismissal).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext, ngettext

from devices.models import DayCorrection
from payroll.labels import UNITS
from payroll.models import LateDismissal, PaySheet
from payroll.wage_months import wage_months
from registration.models import Project
from wagewatch.lib.dates import SITE_TZ

# A month whose days were all sealed before its sheet was made, and none sealed again since, cannot have changed:
# some thirty probes by key tell, and spare reading the month's attendance.
TOUCHED = """
SELECT s.participation_id, s.month
FROM unnest(%(parts)s::bigint[], %(months)s::date[], %(firsts)s::date[], %(lasts)s::date[], %(mades)s::timestamptz[])
  AS s (participation_id, month, first, last, made_at)
WHERE EXISTS (SELECT FROM devices_dayseal k WHERE k.project_id = %(project)s AND k.day BETWEEN s.first AND s.last
                AND k.sealed_at > s.made_at)
   OR EXISTS (
     SELECT FROM generate_series(s.first::timestamp, s.last::timestamp, interval '1 day') n
     WHERE EXISTS (SELECT FROM devices_attendanceday a WHERE a.day = n::date AND a.project_id = %(project)s)
       AND NOT EXISTS (SELECT FROM devices_dayseal k WHERE k.project_id = %(project)s AND k.day = n::date))
"""

# The month is summed once whatever number of parts has a sheet in it; quantities as attendance_lines.PERSONS
# counts them. "told" adds up the month's own sheet and its supplements.
CHANGED = """
WITH sheet AS (
  SELECT * FROM unnest(%(parts)s::bigint[], %(months)s::date[], %(firsts)s::date[], %(lasts)s::date[],
                       %(mades)s::timestamptz[]) AS s (participation_id, month, first, last, made_at)
), worked AS (
  SELECT p.month, p.first, p.last, a.worker_id, a.posting_id, sum(a.days) AS days, sum(a.minutes) AS minutes
  FROM (SELECT DISTINCT month, first, last FROM sheet) p
  JOIN devices_attendanceday a ON a.project_id = %(project)s AND a.day BETWEEN p.first AND p.last
   AND a.day BETWEEN %(low)s AND %(high)s
  GROUP BY 1, 2, 3, 4, 5
), part AS (
  SELECT w.month, o.participation_id, w.worker_id, o.pay_basis,
         CASE o.pay_basis WHEN 'hour' THEN round(w.minutes / 60.0, 2) ELSE w.days END AS quantity,
         first_value(o.pay_basis) OVER (PARTITION BY w.month, o.participation_id, w.worker_id
                                        ORDER BY o.joined_on DESC, o.id DESC) AS basis_now
  FROM worked w
  JOIN registration_posting o ON o.id = w.posting_id AND o.project_id = %(project)s
  JOIN sheet s ON s.participation_id = o.participation_id AND s.month = w.month
   AND s.first = w.first AND s.last = w.last
), gates AS (
  SELECT month, participation_id, worker_id, basis_now AS pay_basis,
         coalesce(sum(quantity) FILTER (WHERE pay_basis = basis_now), 0)::numeric(8, 2) AS quantity
  FROM part GROUP BY 1, 2, 3, 4
), told AS (
  SELECT k.month, k.participation_id, l.worker_id, max(l.pay_basis) AS pay_basis, sum(l.days) AS days,
         sum(l.gate_days) AS gate_days, max(k.made_at) AS made_at, min(k.id) AS sheet_id,
         (array_agg(l.confirmation ORDER BY k.id))[1] AS confirmation
  FROM sheet s
  JOIN payroll_paysheet k ON k.project_id = %(project)s AND k.participation_id = s.participation_id AND k.month = s.month
   AND (%(drafts)s OR k.state <> 'draft')
  JOIN payroll_payslip l ON l.month = k.month AND l.project_id = %(project)s AND l.sheet_id = k.id
   AND l.month = ANY(%(months)s::date[])
  WHERE %(worker)s::bigint IS NULL OR l.worker_id = %(worker)s
  GROUP BY 1, 2, 3
), compared AS (
  SELECT month, participation_id, worker_id, coalesce(t.pay_basis, g.pay_basis) AS pay_basis,
         coalesce(t.days, 0) AS days, coalesce(t.gate_days, 0) AS gate_days, coalesce(g.quantity, 0) AS quantity,
         coalesce(t.made_at, s.made_at) AS since, t.sheet_id, coalesce(t.confirmation, '') AS confirmation
  FROM told t FULL JOIN gates g USING (month, participation_id, worker_id)
  JOIN sheet s USING (month, participation_id)
  WHERE coalesce(g.quantity, 0) <> coalesce(t.gate_days, 0) AND coalesce(g.quantity, 0) <> coalesce(t.days, 0)
    AND (%(worker)s::bigint IS NULL OR worker_id = %(worker)s)
)
SELECT c.month, c.participation_id, c.worker_id, c.pay_basis, c.days, c.gate_days, c.quantity, c.since, c.sheet_id,
       c.confirmation, w.name, w.id_tail, org.name,
       (SELECT d.id FROM payroll_latedismissal d
        WHERE d.project_id = %(project)s AND d.month = c.month AND d.participation_id = c.participation_id
          AND d.worker_id = c.worker_id AND d.quantity = c.quantity AND d.listed = c.days
        ORDER BY d.id DESC LIMIT 1) AS dismissal_id
FROM compared c
JOIN registration_worker w ON w.id = c.worker_id
JOIN registration_participation p ON p.id = c.participation_id AND p.project_id = %(project)s
JOIN registration_organisation org ON org.id = p.organisation_id
ORDER BY c.month DESC, org.name, c.participation_id, c.days - c.quantity, c.worker_id
"""

# By equality on every day, so that the key (day, project, worker) is probed and no month is read.
CAUSES = """
WITH asked AS (
  SELECT n, worker_id, since, d::date AS day
  FROM unnest(%(numbers)s::int[], %(workers)s::bigint[], %(firsts)s::date[], %(lasts)s::date[], %(sinces)s::timestamptz[])
    AS a (n, worker_id, first, last, since),
    generate_series(first::timestamp, last::timestamp + interval '1 day', interval '1 day') d
)
SELECT a.n, 'late' AS kind, count(*), min(b.received_at), max(b.received_at),
       array_agg(DISTINCT a.day ORDER BY a.day), '' AS reason, '' AS who
FROM asked a
JOIN devices_passage p ON p.day = a.day AND p.project_id = %(project)s AND p.worker_id = a.worker_id
 AND p.day BETWEEN %(low)s AND %(high)s
JOIN devices_batch b ON b.id = p.batch_pk AND b.project_id = %(project)s AND b.received_at > a.since
GROUP BY a.n
UNION ALL
SELECT a.n, c.kind, 1, m.at, m.at, ARRAY[c.day], CASE WHEN m.undone THEN 'withdrawn' ELSE c.reason END, u.name
FROM asked a
JOIN devices_daycorrection c ON c.project_id = %(project)s AND c.worker_id = a.worker_id AND c.day = a.day
CROSS JOIN LATERAL (VALUES (c.made_at, false, c.made_by_id), (c.withdrawn_at, true, c.withdrawn_by_id))
  AS m (at, undone, by_id)
JOIN registration_user u ON u.id = m.by_id
WHERE m.at > a.since AND c.kind <> 'leave'
ORDER BY 1, 4
"""


@dataclass(frozen=True)
class Cause:
    """Something that happened after the sheet was made: late stamps of some days, or a correction."""

    kind: str
    count: int
    first_at: datetime
    last_at: datetime
    days: list[date]
    reason: str
    who: str

    @property
    def words(self) -> str:
        """In a sentence, with the days."""
        days = gettext(", ").join(f"{day:%m-%d}" for day in self.days[:6]) + (
            "…" if len(self.days) > 6 else ""
        )
        when = f"{self.first_at.astimezone(SITE_TZ):%Y-%m-%d %H:%M}"
        facts = {"count": self.count, "days": days, "when": when, "who": self.who}
        if self.kind == "late":
            text = ngettext(
                "%(count)d stamp of %(days)s arrived late, from %(when)s on",
                "%(count)d stamps of %(days)s arrived late, from %(when)s on",
                self.count,
            )
        elif self.reason == "withdrawn":
            text = gettext("%(who)s took a correction of %(days)s back, %(when)s")
        elif self.kind == DayCorrection.Kind.ADD:
            text = gettext("%(who)s added a stamp for %(days)s, %(when)s: %(why)s")
        else:
            text = gettext("%(who)s took a stamp of %(days)s out of the count, %(when)s: %(why)s")
        if "%(why)s" in text:
            facts["why"] = str(DayCorrection.Reason(self.reason).label)
        return text % facts


@dataclass
class LateChange:
    """One person's month: what its sheets list and what the gates count now, in days, or hours for pay by the hour.

    `days` is what the sheets pay, `gate_days` what the gates counted when they were made, `since` that moment.
    `sheet_id` is None for somebody who is on no sheet of the month.
    """

    month: date
    participation_id: int
    worker_id: int
    pay_basis: str
    days: Decimal
    gate_days: Decimal
    quantity: Decimal
    since: datetime
    sheet_id: int | None
    confirmation: str
    name: str
    id_tail: str
    organisation: str
    dismissal_id: int | None
    causes: list[Cause] = field(default_factory=list)
    dismissal: LateDismissal | None = None

    @property
    def difference(self) -> Decimal:
        """What the gates count beyond the sheets; negative if they count less."""
        return self.quantity - self.days

    @property
    def began(self) -> datetime | None:
        """When the first of the causes happened; None where none is on record (a rule of counting was changed)."""
        return min((cause.first_at for cause in self.causes), default=None)

    @property
    def unit(self) -> str:
        """Days or hours, as the person is paid."""
        return str(UNITS[self.pay_basis])


def late_changes(
    project: Project,
    parts: Iterable[int] | None = None,
    *,
    months: Collection[date] | None = None,
    worker_id: int | None = None,
    count_drafts: bool = True,
) -> list[LateChange]:
    """Everybody whose month at the gates is another now than on its sheets; the newest month first, those who are
    owed more first. Three statements at most, whatever the number of people.

    Only months whose own sheet was sent: a draft is simply made again. `count_drafts`: whether a supplement that
    is still a draft counts as an answer (it does for the clerk, not yet for the inspector).
    """
    sheets = PaySheet.objects.filter(project=project, kind=PaySheet.Kind.MONTHLY).exclude(
        state=PaySheet.State.DRAFT
    )
    if parts is not None:
        sheets = sheets.filter(participation__in=list(parts))
    if months is not None:
        sheets = sheets.filter(month__in=list(months))
    sent = list(
        sheets.order_by("month", "made_at", "pk").values_list(
            "participation_id", "month", "made_at", "team_id"
        )
    )
    # One row a firm and month, however many teams have a sheet of their own: the earliest tells since when.
    earliest = {(part, month): made for part, month, made, _team in reversed(sent)}
    whole = {(part, month) for part, month, _made, team in sent if team is None}
    asked = [(part, month, made) for (part, month), made in reversed(earliest.items())]
    if not asked:
        return []
    found = _rows(TOUCHED, _arguments(project, asked))
    touched = {(part, month) for part, month in found}
    asked = [row for row in asked if (row[0], row[1]) in touched]
    if not asked:
        return []
    rows = _rows(CHANGED, {**_arguments(project, asked), "worker": worker_id, "drafts": count_drafts})
    changes = [LateChange(*row) for row in rows]
    # While only teams have sent theirs, who is on none is not forgotten: the firm's sheet is still to come.
    return [c for c in changes if c.sheet_id is not None or (c.participation_id, c.month) in whole]


def of_sheet(sheet: PaySheet, changes: list[LateChange]) -> list[LateChange]:
    """Those who stand on this sheet, and on no other of the month's own; on the firm's also who stands on none."""
    elsewhere = {c.sheet_id for c in changes if c.sheet_id is not None and c.sheet_id != sheet.pk}
    others: set[int] = (
        set()
        if not elsewhere
        else set(
            PaySheet.objects.filter(
                project=sheet.project_id,
                participation=sheet.participation_id,
                month=sheet.month,
                kind=PaySheet.Kind.MONTHLY,
            )
            .filter(pk__in=elsewhere)
            .values_list("pk", flat=True)
        )
    )
    return [c for c in changes if c.sheet_id not in others and (c.sheet_id or sheet.team_id is None)]


def _arguments(project: Project, asked: list[tuple[int, date, datetime]]) -> dict[str, Any]:
    months = wage_months(project)
    spans = {(part, month): months.span(part, month) for part, month, _made in asked}
    return {
        "project": project.pk,
        "parts": [part for part, _month, _made in asked],
        "months": [month for _part, month, _made in asked],
        "firsts": [spans[part, month][0] for part, month, _made in asked],
        "lasts": [spans[part, month][1] for part, month, _made in asked],
        "mades": [made for _part, _month, made in asked],
        "low": min(first for first, _last in spans.values()),
        "high": max(last for _first, last in spans.values()),
    }


def explain(project: Project, changes: list[LateChange]) -> list[LateChange]:
    """The same changes with their causes and decisions: for the rows of one page. Two statements."""
    if not changes:
        return changes
    months = wage_months(project)
    spans = [months.span(change.participation_id, change.month) for change in changes]
    rows = _rows(
        CAUSES,
        {
            "project": project.pk,
            "numbers": list(range(len(changes))),
            "workers": [change.worker_id for change in changes],
            "firsts": [first for first, _last in spans],
            "lasts": [last for _first, last in spans],
            "sinces": [change.since for change in changes],
            "low": min(first for first, _last in spans),
            "high": max(last for _first, last in spans) + timedelta(days=1),
        },
    )
    for number, *cause in rows:
        changes[number].causes.append(Cause(*cause))
    decided = LateDismissal.objects.select_related("made_by").in_bulk(
        [change.dismissal_id for change in changes if change.dismissal_id]
    )
    for change in changes:
        change.dismissal = decided.get(change.dismissal_id or 0)
    return changes


def _rows(sql: str, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchall()
