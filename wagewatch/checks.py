"""A check of the database's age before anything is migrated."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader


@register(Tags.database)
def check_age(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a database that has some, but not all of the migrations that today's `0001_tables` replaced.

    Django would leave such an app alone without a word. `migrate` runs this check first.
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        loader = MigrationLoader(connections[alias])
        for (app, name), migration in loader.replacements.items():
            old = {key for key in migration.replaces if key in loader.applied_migrations}
            if (app, name) not in loader.applied_migrations and old and len(old) < len(migration.replaces):
                found.append(
                    Error(
                        f"数据库“{alias}”由较旧的版本建立，应用 {app} 只有 {len(old)}/{len(migration.replaces)} 步  "
                        f"(this database was made by an older version: {app} has {len(old)} of the "
                        f"{len(migration.replaces)} steps that {name} stands for)",
                        hint="先用上一个版本运行 migrate；演示数据可加 --fresh 重建  "
                        "(run `migrate` of the version before this one first; the demo: --fresh)",
                        id="wagewatch.E001",
                    )
                )
    return found
