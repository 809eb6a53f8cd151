from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = "闸机与考勤"

    def ready(self) -> None:
        from devices import face_records
        from devices.services import corrections, quarantine, seals
        from wagewatch.evidence.registry import register_kind

        register_kind(
            seals.KIND,
            load_many=seals.load_many,
            expected_subjects=seals.expected_subjects,
            label=_("Attendance of a day"),
        )
        register_kind(
            corrections.KIND,
            load_many=corrections.load_many,
            expected_subjects=corrections.expected_subjects,
            label=_("Attendance corrected"),
        )
        register_kind(
            quarantine.KIND,
            load_many=quarantine.load_many,
            expected_subjects=quarantine.expected_subjects,
            label=_("Impossible time decided"),
        )
        face_records.register()
        connection_created.connect(forget_session, dispatch_uid="devices.stage")


def forget_session(connection: Any, **_kwargs: Any) -> None:
    """A new connection has no temporary table and no prepared statement yet."""
    connection.has_devices_stage = False
    connection.devices_prepared = set()
