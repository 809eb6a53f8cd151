"""Keys that carry the project for the tables of 0005, and the triggers that tell when an allow-list changed."""

from django.db import migrations

from devices.list_changes_sql import BEFORE_BADGES, install, remove
from wagewatch.lib.schema import refer_within_project, scope_to_project


class Migration(migrations.Migration):
    dependencies = [("devices", "0005_enrolment_devices_photos")]

    operations = [
        scope_to_project("devices_enrolmentcode", {"terminal_id": "devices_terminal"}),
        scope_to_project("devices_allowlistversion"),
        scope_to_project("devices_gatephoto", {"terminal_id": "devices_terminal"}),
        scope_to_project("devices_timedecision"),
        migrations.RunSQL(
            [
                refer_within_project("devices_terminal", "agent_id", "devices_terminal"),
                refer_within_project("devices_batch", "device_id", "devices_terminal"),
                refer_within_project("devices_terminalfacts", "terminal_id", "devices_terminal"),
            ],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(install(BEFORE_BADGES), remove(BEFORE_BADGES)),
    ]
