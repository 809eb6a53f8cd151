"""Uploaded pay sheets: columns that a person names, and drafts that the worker process writes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import wagewatch.lib.fields


class Migration(migrations.Migration):

    dependencies = [
        ('payroll', '0003_team_sheets_and_checked_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='sheetupload',
            name='applied_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='applied_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='samples',
            field=wagewatch.lib.fields.EncryptedTextField(context='sheet.samples', null=True, verbose_name='各列样例'),
        ),
        migrations.AlterField(
            model_name='sheetupload',
            name='state',
            field=models.CharField(choices=[('reading', 'Being read'), ('naming', 'Columns to be named'), ('staged', 'Waiting for your decision'), ('refused', 'Cannot be read'), ('applying', 'Being written'), ('applied', 'Written'), ('discarded', 'Discarded')], max_length=12),
        ),
    ]
