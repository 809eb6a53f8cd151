"""`manage.py verify_evidence`: rebuild the whole log and say what was changed behind the system's back."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagewatch.evidence.audit import Finding, Report, audit
from wagewatch.evidence.wording import PROBLEM_SAYS
from wagewatch.lib.dates import SITE_TZ

SHOWN = 200


class Command(BaseCommand):
    """Exit code 0: everything agrees. 1: something was changed; each finding is a line. 2: it could not be checked."""

    help = str(gettext_lazy("Rebuild the evidence log from its entries and compare the data with it."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments narrow the comparison of data; the tree is always rebuilt whole."""
        parser.add_argument("--project", type=int, help="compare the data of this project only")
        parser.add_argument(
            "--since", type=_day, help="compare what was recorded from this day on: 2026-10-01"
        )
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint kept elsewhere that the log must still agree with; may be repeated",
        )
        parser.add_argument("--language", choices=["zh-hans", "en"], help="language of the report")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the audit on one snapshot of the database."""
        try:
            saved = [Path(name).read_text(encoding="utf-8") for name in options["checkpoint"]]
        except (OSError, UnicodeDecodeError) as problem:
            raise CommandError(f"--checkpoint: {problem}", returncode=2) from None
        language = options["language"]
        with translation.override(language) if language else nullcontext():
            try:
                report = self._audit(options["project"], options["since"], saved)
            except OperationalError as problem:
                raise CommandError(str(problem), returncode=2) from problem
            self._print(report)
        if not report.clean:
            sys.exit(1)

    def _audit(self, project_id: int | None, since: datetime | None, saved: list[str]) -> Report:
        """On one snapshot, so that a log that goes on growing does not look damaged."""
        with transaction.atomic():
            if not connection.savepoint_ids:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return audit(project_id=project_id, since=since, saved=saved)

    def _print(self, report: Report) -> None:
        say = self.stdout.write
        say(
            _("%(leaves)d entries in the log, %(checkpoints)d checkpoints, %(records)d records compared.")
            % {"leaves": report.leaves, "checkpoints": report.checkpoints, "records": report.records}
        )
        if report.superseded:
            say(_("%(count)d entries have a later one on the same subject.") % {"count": report.superseded})
        if report.waiting:
            say(_("%(count)d entries wait for their place in the log.") % {"count": report.waiting})
        for kind, count in report.unknown_kinds.items():
            say(
                _("Kind %(kind)s: nobody rebuilds its records, %(count)d not compared.")
                % {"kind": kind, "count": count}
            )
        if report.clean:
            say(_("Everything agrees."))
            return
        say(_("%(count)d findings:") % {"count": len(report.findings)})
        for finding in report.findings[:SHOWN]:
            say(_line(finding))
        if len(report.findings) > SHOWN:
            say(_("… and %(count)d more.") % {"count": len(report.findings) - SHOWN})


def _line(finding: Finding) -> str:
    parts = [f"[{finding.problem}] {PROBLEM_SAYS[finding.problem]}"]
    if finding.where:
        parts.append(_("place %(where)s") % {"where": finding.where})
    if finding.subject:
        parts.append(f"{finding.kind} {finding.subject}")
    if finding.entry:
        parts.append(_("receipt %(number)s") % {"number": finding.entry})
    return "  " + "; ".join(parts)


def _day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise argparse.ArgumentTypeError(f"{text!r}: write a day like 2026-10-01")
    return datetime.combine(day, time(), SITE_TZ)
