"""Keys that carry the project."""

from django.db import migrations

from wagewatch.lib.schema import scope_to_project


class Migration(migrations.Migration):
    dependencies = [("inspection", "0001_initial"), ("registration", "0003_parameter_function")]

    operations = [
        scope_to_project("inspection_alarm", {"participation_id": "registration_participation"}),
        scope_to_project("inspection_alarmflip", {"alarm_id": "inspection_alarm"}),
    ]
