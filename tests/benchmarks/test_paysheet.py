"""A 500-person pay sheet from attendance, against one aggregate statement over the same rows.

The limit is `SELECT worker, sum(days), sum(days) * rate … GROUP BY` with nothing written. Ours also writes 500
slips into the partitioned table, checks access, refuses a second sheet, keeps history. Beside the making, the
time of submitting (500 text messages) and of approving and instructing (locks, evidence, encrypted lines, the
bank's file) is printed. Medians of interleaved rounds and their ratio are kept; only the sums are asserted.
"""

import statistics
import time
from decimal import Decimal

import pytest
from django.db import connection

from devices.models import AttendanceDay
from payroll.models import PaySlip
from payroll.services import approvals, orders, sheets
from registration.models import Posting
from registration.services import parameters
from tests.benchmarks.results import keep
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.stage import MONTH

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

PEOPLE = 500
DAYS = 26
ROUNDS = 7
LIMIT = """
SELECT a.worker_id, sum(a.days), round(sum(a.days) * max(p.rate_fen))::bigint
FROM devices_attendanceday a JOIN registration_posting p ON p.id = a.posting_id AND p.project_id = a.project_id
WHERE a.project_id = %s AND a.day BETWEEN '2026-10-01' AND '2026-10-31' AND p.participation_id = %s
GROUP BY a.worker_id
"""


def _people(cast: Cast) -> None:
    postings = stage.crew(cast, PEOPLE, first=10_000)
    for posting in postings:
        stage.attend(posting, DAYS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE devices_attendanceday; ANALYZE registration_posting")


def test_pay_sheet_against_one_aggregate(cast: Cast) -> None:
    parameters.forget()
    _people(cast)
    qian, he = cast.actor(cast.qian), cast.actor(cast.he)
    limit, made = [], []
    for _round in range(ROUNDS):
        with connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(LIMIT, [cast.project.pk, cast.sc_part.pk])
            rows = cursor.fetchall()
            limit.append(time.perf_counter() - started)
        started = time.perf_counter()
        sheet = sheets.make_sheet_from_attendance(
            cast.project.pk, cast.sc_part.pk, MONTH, actor=qian, now=cast.now
        )
        made.append(time.perf_counter() - started)
        assert (sheet.people, sheet.gross_fen) == (PEOPLE, sum(row[2] for row in rows))
        if _round < ROUNDS - 1:
            sheets.discard_sheet(sheet.pk, actor=qian, now=cast.now)
    assert AttendanceDay.objects.count() == PEOPLE * DAYS
    started = time.perf_counter()
    sheets.submit_sheet(sheet.pk, actor=qian, now=cast.now)
    submitted = time.perf_counter() - started
    PaySlip.objects.filter(sheet=sheet.pk).update(confirmation="confirmed", confirmed_at=cast.now)
    started = time.perf_counter()
    approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)
    approved = time.perf_counter() - started
    stage.account(cast, sheet.net_fen)
    started = time.perf_counter()
    order = orders.instruct_bank(sheet.pk, actor=he, now=cast.now)
    instructed = time.perf_counter() - started
    assert (order.line_count, order.total_fen) == (PEOPLE, sheet.net_fen)
    assert Posting.objects.filter(participation=cast.sc_part).count() == PEOPLE + 2
    best, ours = statistics.median(limit), statistics.median(made)
    keep(
        "paysheet",
        {
            "people": PEOPLE,
            "attendance_days": PEOPLE * DAYS,
            "limit_ms": round(best * 1000, 2),
            "made_ms": round(ours * 1000, 2),
            "ratio": round(best / ours, 3),
            "submit_ms": round(submitted * 1000, 1),
            "approve_ms": round(approved * 1000, 1),
            "instruct_ms": round(instructed * 1000, 1),
        },
    )
    assert Decimal(DAYS) == PaySlip.objects.filter(sheet=sheet.pk).values_list("days", flat=True)[0]
