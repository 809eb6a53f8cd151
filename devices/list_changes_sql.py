"""Triggers that note what changes who may enter, for the versions of allow-lists; put in place by a migration.

One trigger for each table and kind of statement, once per statement, over the rows it changed. They only add rows
to devices_allowlistchange: no lock is shared, and no writer waits for another. What a list is made of stands in
`allow_list.py` and `registration/services/entry.py`; a test changes each of these tables and looks.
"""

from collections.abc import Iterable

_BY_PROJECT = "SELECT DISTINCT project_id AS scope FROM {rows}"
_BY_WORKER = "SELECT DISTINCT p.project_id AS scope FROM {rows} r JOIN registration_posting p ON p.worker_id = r.{worker}"
_BY_TRAINING = (
    "SELECT DISTINCT p.project_id AS scope FROM {rows} r"
    " JOIN registration_trainingattendance a ON a.training_id = r.id AND a.project_id = r.project_id"
    " JOIN registration_posting p ON p.worker_id = a.worker_id"
)
SOURCES = {
    # A posting elsewhere counts as a sign of work (entry.stale), so the person's other projects are told too.
    "registration_posting": _BY_WORKER.replace("{worker}", "worker_id") + " UNION " + _BY_PROJECT,
    "registration_worker": _BY_WORKER.replace("{worker}", "id"),
    "registration_trainingattendance": _BY_WORKER.replace("{worker}", "worker_id"),
    "registration_training": _BY_TRAINING,
    "registration_certificate": _BY_WORKER.replace("{worker}", "worker_id"),
    "registration_citizencard": _BY_WORKER.replace("{worker}", "worker_id"),
    "registration_labourcontract": _BY_PROJECT,
    "registration_parameter": "SELECT 0 AS scope WHERE EXISTS (SELECT FROM {rows})",
    "registration_project": "SELECT DISTINCT id AS scope FROM {rows}",
    "devices_sitebadge": _BY_PROJECT,
    "registration_workerphoto": _BY_WORKER.replace("{worker}", "worker_id"),
    "devices_faceconsent": _BY_PROJECT,
}
"""Table to the projects that its changed rows concern (0: all)."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO devices_allowlistchange (scope, at) SELECT scope, now() FROM ({query}) concerned;
  RETURN NULL;
END $$
"""


def install(tables: Iterable[str] = SOURCES) -> list[str]:
    """Statements that make functions and triggers."""
    made = []
    for table in tables:
        query = SOURCES[table]
        for event in ("INSERT", "UPDATE", "DELETE"):
            name = _name(table, event)
            rows, which = ("before_rows", "OLD") if event == "DELETE" else ("after_rows", "NEW")
            made.append(_FUNCTION.format(name=name, query=query.format(rows=rows)))
            made.append(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {which} TABLE AS {rows}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
    return made


def remove(tables: Iterable[str] = SOURCES) -> list[str]:
    """Statements that take them away again."""
    return [
        f"DROP FUNCTION IF EXISTS {_name(table, event)}() CASCADE"
        for table in tables
        for event in ("INSERT", "UPDATE", "DELETE")
    ]


def _name(table: str, event: str) -> str:
    return f"note_{table.removeprefix('registration_')}_{event.lower()}"
