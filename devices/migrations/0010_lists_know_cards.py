"""Allow-lists name citizen cards: a card issued, lost or returned makes another list."""

from django.db import migrations

from devices.list_changes_sql import install, remove

CARDS = ["registration_citizencard"]


class Migration(migrations.Migration):
    dependencies = [("devices", "0009_dirty_days_as_a_queue")]

    operations = [
        migrations.RunSQL([*remove(CARDS), *install(CARDS)], remove(CARDS)),
    ]
