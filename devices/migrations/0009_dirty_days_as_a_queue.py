"""Days to be computed again become a queue that is only added to; what waits in it is kept."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from wagewatch.lib.schema import scope_to_project


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0008_gates_of_other_systems"),
        ("registration", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE TEMP TABLE dirty_before ON COMMIT DROP AS SELECT project_id, day, worker_id FROM devices_dirtyday",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel("DirtyDay"),
        migrations.CreateModel(
            name="DirtyDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("day", models.DateField()),
                (
                    "worker_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="registration.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "待重算考勤日",
                "verbose_name_plural": "待重算考勤日",
                "indexes": [models.Index(fields=["project", "day"], name="dirty_project_day")],
            },
        ),
        scope_to_project("devices_dirtyday"),
        migrations.RunSQL(
            "INSERT INTO devices_dirtyday (project_id, day, worker_ids) "
            "SELECT project_id, day, array_agg(worker_id) FROM dirty_before GROUP BY 1, 2",
            migrations.RunSQL.noop,
        ),
    ]
