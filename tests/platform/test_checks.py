"""A database that an older version left half-way is refused in words; a whole one passes."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from wagewatch.checks import check_age


@pytest.mark.django_db
def test_passes_a_database_of_today() -> None:
    assert check_age(databases=["default"]) == []
    assert check_age(databases=None) == []


@pytest.mark.django_db
def test_passes_one_that_the_version_before_brought_to_its_end() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="payroll", name="0001_tables").delete()
    assert check_age(databases=["default"]) == []


@pytest.mark.django_db
def test_refuses_one_left_half_way_before_anything_is_done() -> None:
    recorded = MigrationRecorder(connection).migration_qs.filter(app="payroll")
    recorded.filter(name__in=["0001_tables", "0017_notice_boards"]).delete()
    (problem,) = check_age(databases=["default"])
    assert problem.id == "wagewatch.E001"
    assert "payroll has 16 of the 17 steps" in problem.msg
    with pytest.raises(SystemCheckError, match="older version"):
        call_command("migrate", verbosity=0, skip_checks=False)
    assert not recorded.filter(name="0001_tables").exists()
