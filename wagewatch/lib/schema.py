"""Migration operations for tables that grow with projects: keys that carry the project, partitions.

Django keeps its single-column `id`; the database's own primary and foreign keys also hold
`project_id`, so that the tables can be sharded by project without a redesign.
"""

from collections.abc import Mapping
from typing import Any

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION wagewatch_make_partition(target regclass, month date)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', month);
  beyond date := (date_trunc('month', month) + interval '1 month')::date;
  part text := target::text || '_' || to_char(first, 'YYYY_MM');
  key text := (SELECT attname FROM pg_attribute a JOIN pg_partitioned_table p ON p.partrelid = a.attrelid
               WHERE a.attrelid = target AND a.attnum = p.partattrs[0]);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('wagewatch_make_partition'));
  IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, target);
  -- Rows that came before their partition wait in the default one: move them first.
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                 target::text || '_default', key, first, key, beyond, part);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', target, part, first, beyond);
  RETURN true;
END $$;
"""

Statement = str | tuple[str, dict[str, Any] | list[Any] | tuple[Any, ...] | None]
"""What RunSQL takes a list of."""

PARTITIONS_AROUND_NOW = (
    "SELECT wagewatch_make_partition('%s', (date_trunc('month', now()) + make_interval(months => n))::date) "
    "FROM generate_series(-6, 3) AS n;"
)


def install_function() -> migrations.RunSQL:
    """The database function that the partition task and `partition_by_month` call."""
    return migrations.RunSQL(
        FUNCTION,
        "DROP FUNCTION wagewatch_make_partition(regclass, date);",
    )


def scope_to_project(table: str, references: Mapping[str, str] | None = None) -> migrations.RunSQL:
    """Make (id, project_id) the primary key; each `references` column → table gets a
    foreign key with the project in it. Declare those columns `db_constraint=False` in the model."""
    statements: list[Statement] = [
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey;",
        f"ALTER TABLE {table} ADD PRIMARY KEY (id, project_id);",
    ]
    for column, target in (references or {}).items():
        statements.append(refer_within_project(table, column, target))
    return migrations.RunSQL(statements, migrations.RunSQL.noop)


def refer_within_project(table: str, column: str, target: str) -> str:
    """SQL: a foreign key that carries the project."""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_in_project "
        f"FOREIGN KEY ({column}, project_id) REFERENCES {target} (id, project_id) DEFERRABLE INITIALLY DEFERRED;"
    )


def partition_by_month(table: str, column: str, key: str, indexes: Mapping[str, str]) -> migrations.RunSQL:
    """Turn an empty table into one partitioned by RANGE(column), with a default partition and, from
    six months back to three ahead, a partition for each month."""
    statements: list[Statement] = [
        f"ALTER TABLE {table} RENAME TO {table}_plain;",
        (
            f"CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
            f"PARTITION BY RANGE ({column});"
        ),
        f"DROP TABLE {table}_plain;",
        f"ALTER TABLE {table} ADD PRIMARY KEY ({key});",
        *(f"CREATE INDEX {name} ON {table} ({fields});" for name, fields in indexes.items()),
        f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;",
        PARTITIONS_AROUND_NOW % table,
    ]
    return migrations.RunSQL(statements, migrations.RunSQL.noop)
