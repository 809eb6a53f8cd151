"""Monthly partitions for what grows every day; keys that carry the project."""

from django.db import migrations

from wagewatch.lib.schema import partition_by_month, scope_to_project


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_initial"), ("registration", "0002_scope_to_project")]

    operations = [
        scope_to_project("devices_terminal"),
        scope_to_project("devices_batch", {"terminal_id": "devices_terminal"}),
        partition_by_month(
            "devices_passage",
            "day",
            "day, project_id, worker_id, at, direction",
            {"passage_recent": "project_id, day, at"},
        ),
        partition_by_month(
            "devices_refusedentry",
            "day",
            "day, project_id, terminal_id, event_id",
            {"refused_recent": "project_id, day, at"},
        ),
        partition_by_month(
            "devices_attendanceday",
            "day",
            "day, project_id, worker_id",
            {"attendance_worker": "project_id, worker_id, day"},
        ),
    ]
