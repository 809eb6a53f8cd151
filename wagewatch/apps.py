"""The project as an app: template tags, commands and what every app stands on."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created


def take_side(connection: Any, **_kwargs: Any) -> None:
    """A process of one side gives up the other side's rights on every connection it opens."""
    if settings.SIDE != "all" and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE wagewatch_{settings.SIDE}")


class WagewatchConfig(AppConfig):
    name = "wagewatch"
    verbose_name = "薪安"

    def ready(self) -> None:
        import wagewatch.celery  # shared tasks must find our broker, in web processes too
        import wagewatch.checks  # noqa: F401 registers itself

        connection_created.connect(take_side, dispatch_uid="wagewatch.take_side")
