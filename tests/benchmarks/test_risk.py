"""The risk score on simulated history: precision, recall, days ahead. WAGEWATCH_RISK_PROJECTS, …_MONTHS, …_SEED."""

import os
import time
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from registration.models import Project
from tests.benchmarks.results import keep

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
PROJECTS = int(os.environ.get("WAGEWATCH_RISK_PROJECTS", "300"))
MONTHS = int(os.environ.get("WAGEWATCH_RISK_MONTHS", "10"))
SEED = int(os.environ.get("WAGEWATCH_RISK_SEED", "7"))


def test_the_score_speaks_before_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    out = StringIO()
    start = time.perf_counter()
    call_command(
        "replay_risk", projects=PROJECTS, months=MONTHS, seed=SEED, start=date(2025, 9, 1), stdout=out
    )
    seconds = time.perf_counter() - start
    assert not Project.objects.exists()
    with capsys.disabled():
        print("\n" + out.getvalue())
        keep("risk", {"projects": PROJECTS, "months": MONTHS, "seed": SEED, "seconds": round(seconds, 1)})
