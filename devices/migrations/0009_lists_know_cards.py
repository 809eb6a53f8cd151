"""Allow-lists name citizen cards: a card issued, lost or returned makes another list."""

from django.db import migrations

from devices.list_changes_sql import install, remove

CARDS = ["registration_citizencard"]


class Migration(migrations.Migration):
    dependencies = [("devices", "0008_gates_of_other_systems")]

    operations = [
        migrations.RunSQL([*remove(CARDS), *install(CARDS)], remove(CARDS)),
    ]
