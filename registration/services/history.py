"""History rows for changes made by set-based statements, which simple-history cannot see."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models

from registration.actors import Actor


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
    history: Any = model.history.model  # type: ignore[attr-defined]
    own = {"history_id", "history_date", "history_change_reason", "history_type", "history_user_id"}
    columns = [f.column for f in history._meta.concrete_fields if f.column not in own]
    listed = ", ".join(f'"{c}"' for c in columns)
    scope = " AND project_id = %s" if project_id is not None else ""
    scoped = [project_id] if project_id is not None else []
    user_id = actor.id if actor.kind == "user" else None
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{history._meta.db_table}" ({listed}, history_date, history_type,'  # noqa: S608 names of our own tables
            " history_change_reason, history_user_id)"
            f' SELECT {listed}, %s, %s, %s, %s FROM "{model._meta.db_table}" WHERE id = ANY(%s){scope}',
            [now, kind, reason[:100], user_id, wanted, *scoped],
        )
