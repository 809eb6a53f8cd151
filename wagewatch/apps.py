"""The project as an app: template tags, commands and what every app stands on."""

from django.apps import AppConfig


class WagewatchConfig(AppConfig):
    name = "wagewatch"
    verbose_name = "薪安"

    def ready(self) -> None:
        """Load the Celery application, so that `shared_task` finds it in every process."""
        from wagewatch import celery  # noqa: F401 - imported for its effect
