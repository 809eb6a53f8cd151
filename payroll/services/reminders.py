"""Reminders to workers who have not answered: by themselves on the days the parameter names, or by hand."""

from collections import defaultdict
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_sheet
from payroll.models import PaySheet, PaySlip, Reminder
from payroll.services.sheets import tell_workers
from registration.actors import Actor
from registration.models import Worker
from wagewatch.lib.dates import SITE_TZ, site_date
from wagewatch.lib.errors import RuleViolation

# Of several steps that are due at once (nothing ran for days) only the latest is sent. What a region says is
# read once for each region, not once for each slip.
DUE = """
WITH place AS MATERIALIZED (
  SELECT r.region_id, step::int AS step
  FROM (SELECT DISTINCT region_id FROM registration_project) r,
       jsonb_array_elements_text(wagewatch_parameter('pay.reminder_days', r.region_id, %(today)s)) AS step,
       LATERAL (SELECT wagewatch_parameter('pay.reminder_hours', r.region_id, %(today)s) AS hours) h
  WHERE %(hour)s >= (h.hours ->> 0)::int AND %(hour)s < (h.hours ->> 1)::int
), due AS (
  SELECT p.project_id, p.sheet_id, p.worker_id, p.month, p.version, max(place.step) AS step
  FROM payroll_payslip p
  JOIN payroll_paysheet s ON s.id = p.sheet_id AND s.project_id = p.project_id AND s.state <> 'draft'
  JOIN registration_project pr ON pr.id = p.project_id
  JOIN place ON place.region_id = pr.region_id
   AND (p.sent_at AT TIME ZONE %(zone)s)::date + place.step <= %(today)s
  WHERE p.month >= (%(today)s::date - interval '6 months')::date
    AND p.confirmation = 'waiting' AND NOT p.is_approved AND p.payment = 'none'
  GROUP BY 1, 2, 3, 4, 5
)
INSERT INTO payroll_reminder (project_id, sheet_id, worker_id, month, version, kind, step, has_phone, sent_at)
SELECT d.project_id, d.sheet_id, d.worker_id, d.month, d.version, 'auto', d.step,
       w.phone_index IS NOT NULL, %(now)s
FROM due d JOIN registration_worker w ON w.id = d.worker_id
WHERE NOT EXISTS (SELECT 1 FROM payroll_reminder r WHERE r.project_id = d.project_id
  AND r.sheet_id = d.sheet_id AND r.worker_id = d.worker_id AND r.version = d.version
  AND r.kind = 'auto' AND r.step >= d.step)
ORDER BY d.project_id, d.sheet_id, d.worker_id
ON CONFLICT DO NOTHING
RETURNING sheet_id, worker_id, version, step
"""


@transaction.atomic
def remind_silent(*, now: datetime) -> int:
    """Remind everybody who has not answered on the days `pay.reminder_days` names after the slip was sent.

    Each step goes out once, however often and in how many processes this runs, and only within
    `pay.reminder_hours` of the site's day. Returns how many people were reminded.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "today": site_date(now),
                "hour": now.astimezone(SITE_TZ).hour,
                "zone": SITE_TZ.key,
                "now": now,
            },
        )
        rows = cursor.fetchall()
    by_sheet: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for sheet_id, worker_id, version, step in rows:
        by_sheet[sheet_id][version, step].append(worker_id)
    for sheet in PaySheet.objects.filter(pk__in=by_sheet).order_by("pk"):
        for (version, step), workers in by_sheet[sheet.pk].items():
            tell_workers(sheet, workers, now=now, kind="slip.reminder", round_=f"{version}.{step}")
    return len(rows)


@transaction.atomic
def remind_workers(sheet_id: int, *, actor: Actor, now: datetime) -> int:
    """The clerk reminds those who have not answered, at most once a day each. Returns how many have a phone.

    Raises RuleViolation `sheet.nobody_waiting`.
    """
    sheet = access_sheet(sheet_id, actor, permission="sheet.prepare", for_write=True)
    waiting = list(
        PaySlip.objects.filter(
            month=sheet.month,
            project=sheet.project_id,
            sheet=sheet.pk,
            confirmation=PaySlip.Confirmation.WAITING,
        )
    )
    if not waiting:
        raise RuleViolation("sheet.nobody_waiting", _("Everybody has answered. Nobody needs a reminder."))
    today = site_date(now)
    with_phone = set(
        Worker.objects.filter(
            pk__in=[slip.worker_id for slip in waiting], phone_index__isnull=False
        ).values_list("pk", flat=True)
    )
    Reminder.objects.bulk_create(
        [
            Reminder(
                project_id=slip.project_id,
                sheet_id=slip.sheet_id,
                worker_id=slip.worker_id,
                month=slip.month,
                version=slip.version,
                kind=Reminder.Kind.BY_HAND,
                step=max((today - site_date(slip.sent_at)).days, 0) if slip.sent_at else 0,
                has_phone=slip.worker_id in with_phone,
                sent_at=now,
            )
            for slip in waiting
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    return tell_workers(
        sheet, [slip.worker_id for slip in waiting], now=now, kind="slip.reminder", round_=today.isoformat()
    )
