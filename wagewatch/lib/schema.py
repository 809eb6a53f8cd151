"""Migration operations: many tables at once; keys that carry the project and partitions for what grows.

Django keeps its single-column `id`; the database's own primary and foreign keys also hold
`project_id`, so that the tables can be sharded by project without a redesign.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

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


class CreateTables(Operation):
    """Create many tables in one operation, in their order.

    After each operation Django renders again every model that the changed one reaches; with two hundred tables
    that all reach the user, that is minutes. Here the models are rendered once, when all are known.
    """

    reduces_to_sql = True

    def __init__(self, tables: Sequence[migrations.CreateModel]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # a cached property: rendered when it is next asked for
        for table in self.tables:
            table.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table in self.tables:
            table.database_forwards(app_label, schema_editor, from_state, to_state)
        # Indexes and references at once and not at the migration's end: what follows here changes these tables.
        for statement in schema_editor.deferred_sql:
            schema_editor.execute(statement, None)
        schema_editor.deferred_sql.clear()

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table in reversed(self.tables):
            table.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.tables)} tables"
