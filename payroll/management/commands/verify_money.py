"""`manage.py verify_money`: prove that every fen of the books has its other half, and name what has not."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payroll.money_checks import CHECKS
from payroll.services.money_check import SHOWN, Report, check_snapshot, run_nightly


class Command(BaseCommand):
    """Exit code 0: everything agrees. 1: something does not; each broken row is a line. 2: it could not be checked."""

    help = str(
        gettext_lazy("Check all money by double entry: accounts, orders, sheets, slips, deposits, loans.")
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--project` narrows, `--keep` stores the result for the inspectors' page as the nightly run does."""
        parser.add_argument("--project", type=int, help="check this project only")
        parser.add_argument("--keep", action="store_true", help="keep the result as the nightly check does")
        parser.add_argument("--language", choices=["zh-hans", "en"], help="language of the report")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check on one snapshot."""
        language = options["language"]
        started = time.monotonic()
        with translation.override(language) if language else nullcontext():
            if options["keep"]:
                run = run_nightly(now=timezone.now())
                if run.error:
                    raise CommandError(run.error, returncode=2)
            try:
                report = check_snapshot(project_id=options["project"], limit=SHOWN)
            except OperationalError as problem:
                raise CommandError(str(problem), returncode=2) from problem
            self._print(report, time.monotonic() - started)
        if report.found:
            sys.exit(1)

    def _print(self, report: Report, seconds: float) -> None:
        self.stdout.write(
            _("%(rows)d rows, %(checks)d checks, %(seconds).1f seconds.")
            % {"rows": report.rows, "checks": len(CHECKS), "seconds": seconds}
        )
        if not report.found:
            self.stdout.write(_("Everything agrees."))
            return
        self.stdout.write(_("%(count)d findings:") % {"count": report.found})
        for f in report.findings:
            self.stdout.write(
                f"  [{f.check.code}] {f.check.title}: "
                + _("project %(project)d, %(row)s: expected %(expected)d, found %(found)d")
                % {"project": f.project_id, "row": f.row, "expected": f.expected, "found": f.found}
            )
        if report.found > len(report.findings):
            self.stdout.write(_("… and %(count)d more.") % {"count": report.found - len(report.findings)})
