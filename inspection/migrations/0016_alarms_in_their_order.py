"""The queue of alarms in its order: a page of it is read, not all of it sorted."""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.expressions import OrderBy


class Migration(migrations.Migration):

    dependencies = [("inspection", "0015_closed_alarms_by_day")]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                OrderBy(F("paused_until"), nulls_first=True),
                OrderBy(F("level"), descending=True),
                F("handle_by"),
                F("due_on"),
                OrderBy(F("amount_fen"), descending=True),
                F("id"),
                condition=Q(("state", "open")),
                name="alarm_queue",
            ),
        ),
    ]
