"""Slips are found by the day on which they were paid."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payroll', '0006_accounts_opened_again'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='payslip',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['paid_at'], name='slip_paid_at'),
        ),
    ]
