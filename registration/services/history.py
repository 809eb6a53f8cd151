"""History rows for changes made by set-based statements, which simple-history cannot see."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models

from registration.actors import Actor

_OWN = frozenset(("history_id", "history_date", "history_change_reason", "history_type", "history_user_id"))


def record_history(
    model: type[models.Model],
    ids: Iterable[int],
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    reason: str,
    project_id: int | None = None,
) -> None:
    """Copy the rows as they are now into the model's history; `kind` is + (made), ~ (changed)
    or - (about to be deleted by a statement that follows).

    One statement for any number of rows; call it in the transaction of the change. `project_id` where
    the table is keyed by project.
    """
    wanted = list(ids)
    if not wanted:
        return
    table, listed = _history_of(model)
    scope = " AND project_id = %s" if project_id is not None else ""
    scoped = [project_id] if project_id is not None else []
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({listed}, history_date, history_type,'  # noqa: S608 names of our own tables
            " history_change_reason, history_user_id)"
            f' SELECT {listed}, %s, %s, %s, %s FROM "{model._meta.db_table}" WHERE id = ANY(%s){scope}',
            [now, kind, reason[:100], _user_of(actor), wanted, *scoped],
        )


def change_and_record(
    model: type[models.Model],
    change: str,
    params: dict[str, Any],
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    reason: str,
) -> int:
    """Run an INSERT or UPDATE and keep the rows it returns in the history, all in one statement.

    `change` ends with RETURNING and all columns of the table (`RETURNING p.*`). Says how many rows.
    """
    table, listed = _history_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH changed AS ({change}), kept AS ("  # noqa: S608 statements of our own services
            f'INSERT INTO "{table}" ({listed}, history_date, history_type, history_change_reason, history_user_id)'
            f" SELECT {listed}, %(history_now)s, %(history_kind)s, %(history_reason)s, %(history_user)s FROM changed)"
            " SELECT count(*) FROM changed",
            {
                **params,
                "history_now": now,
                "history_kind": kind,
                "history_reason": reason[:100],
                "history_user": _user_of(actor),
            },
        )
        return int(cursor.fetchone()[0])


def _history_of(model: type[models.Model]) -> tuple[str, str]:
    """The history's table, and the columns it copies."""
    history: Any = model.history.model  # type: ignore[attr-defined]
    columns = (f.column for f in history._meta.concrete_fields if f.column not in _OWN)
    return history._meta.db_table, ", ".join(f'"{column}"' for column in columns)


def _user_of(actor: Actor) -> int | None:
    return actor.id if actor.kind == "user" else None
