"""Slips are found by the day on which they were paid."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payroll', '0004_columns_and_writing_of_uploads'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='payslip',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['paid_at'], name='slip_paid_at'),
        ),
    ]
