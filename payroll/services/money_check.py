"""Running the checks of all money, by hand and every night; the night's result is kept and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import DatabaseError, connection, transaction

from payroll.models import MoneyCheck
from payroll.money_checks import CHECKS, ROWS, Check

log = structlog.get_logger(__name__)
SHOWN = 100
KEPT_RUNS = 60


@dataclass(frozen=True)
class Finding:
    """One broken row; fen, or a number of rows."""

    check: Check
    project_id: int
    row: str
    expected: int
    found: int


@dataclass
class Report:
    """What was looked at and what does not agree; `counts` holds all, `findings` the first of each check."""

    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        return sum(self.counts.values())


def check_money(
    *, project_id: int | None = None, checks: Sequence[Check] = CHECKS, limit: int = SHOWN
) -> Report:
    """Run the checks in the caller's transaction; for a growing system that is one snapshot (see `snapshot`)."""
    here = "true" if project_id is None else f"project_id = {int(project_id)}"
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(here=here))
        report.rows = cursor.fetchone()[0]
        for check in checks:
            sql = check.sql.format(here=here)
            cursor.execute(
                f"SELECT q.*, count(*) OVER () FROM ({sql}) q(a, b, c, d) ORDER BY a, b LIMIT {int(limit)}"  # noqa: S608 our own text
            )
            for project, row, expected, found, count in cursor.fetchall():
                report.counts[check.code] = count
                report.findings.append(Finding(check, project, row, int(expected), int(found)))
    return report


def check_snapshot(*, project_id: int | None = None, limit: int = SHOWN) -> Report:
    """The checks on one snapshot of the database, so that money that moves meanwhile does not look broken."""
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return check_money(project_id=project_id, limit=limit)


def run_nightly(*, now: datetime) -> MoneyCheck:
    """Check everything and keep the result, also when the check itself fails: silence is no proof."""
    run = MoneyCheck.objects.create(started_at=now)
    try:
        report = check_snapshot()
    except DatabaseError as problem:
        run.error = type(problem).__name__
        log.exception("money.check_failed", run=run.pk)
    else:
        run.rows, run.found = report.rows, report.found
        run.findings = [
            {
                "check": f.check.code,
                "project": f.project_id,
                "row": f.row,
                "expected": f.expected,
                "found": f.found,
            }
            for f in report.findings
        ]
        if report.found:
            log.error("money.does_not_agree", run=run.pk, found=report.found, counts=report.counts)
    run.finished_at = now
    run.save()
    old = MoneyCheck.objects.order_by("-started_at").values_list("pk", flat=True)[KEPT_RUNS:]
    MoneyCheck.objects.filter(pk__in=list(old), found=0, error="").delete()
    return run


def last_check() -> MoneyCheck | None:
    """The newest run that ended."""
    return MoneyCheck.objects.filter(finished_at__isnull=False).order_by("-started_at", "-pk").first()


_TITLES = {check.code: check.title for check in CHECKS}


def within_reach(check: MoneyCheck, project_ids: set[int]) -> tuple[list[dict[str, object]], int]:
    """The findings of a run in some projects, with their titles, and how many there are beside them."""
    seen = [
        {**f, "title": _TITLES.get(str(f["check"]), f["check"])}
        for f in check.findings
        if f["project"] in project_ids
    ]
    return seen, check.found - len(seen)
