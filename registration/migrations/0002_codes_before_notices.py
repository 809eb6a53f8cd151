"""Codes that somebody waits for are found before notices to thousands."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0001_tables'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='smsmessage',
            name='sms_waiting',
        ),
        migrations.AddIndex(
            model_name='smsmessage',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['tries', 'created_at'], name='sms_waiting'),
        ),
        migrations.AddIndex(
            model_name='smsmessage',
            index=models.Index(condition=models.Q(('kind__in', ('login_code', 'tablet_code')), ('state', 'waiting')), fields=['tries', 'created_at'], name='sms_awaited'),
        ),
    ]
