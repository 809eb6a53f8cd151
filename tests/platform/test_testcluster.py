"""The kept test database: known by its migrations, never mistaken for that of others."""

from pathlib import Path

from wagewatch.servers.postgres import Postgres
from wagewatch.testcluster import PREFIX, restore, schema_digest


def test_every_change_of_a_migration_asks_for_a_new_database(tmp_path: Path) -> None:
    migration = tmp_path / "payroll" / "migrations" / "0001_first.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("one", encoding="utf-8")
    first = schema_digest(tmp_path)
    assert schema_digest(tmp_path) == first
    migration.write_text("two", encoding="utf-8")
    second = schema_digest(tmp_path)
    migration.rename(migration.with_name("0002_first.py"))
    assert len({first, second, schema_digest(tmp_path)}) == 3


def test_puts_back_only_a_complete_copy_of_these_migrations(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "var")
    kept = tmp_path / f"{PREFIX}{schema_digest()}"
    assert not restore(postgres, tmp_path)
    kept.mkdir()
    assert not restore(postgres, tmp_path)
    (kept / "PG_VERSION").write_text("18\n", encoding="ascii")
    (kept / "postmaster.pid").write_text("1\n", encoding="ascii")
    assert restore(postgres, tmp_path)
    assert (postgres.data / "PG_VERSION").read_text(encoding="ascii") == "18\n"
    assert not (postgres.data / "postmaster.pid").exists()
