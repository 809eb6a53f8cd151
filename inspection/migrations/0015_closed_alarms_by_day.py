"""What was closed lately is counted on the first page: found by day, not by reading every alarm there was."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("inspection", "0014_history_of_office_leads")]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(condition=models.Q(("state", "closed")), fields=["-closed_at"], name="alarm_closed"),
        ),
    ]
