"""Sheets of one team, pay sheet files that are read later, and banks that must keep to the schema."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from wagewatch.lib.schema import refer_within_project


class Migration(migrations.Migration):

    dependencies = [
        ('payroll', '0002_owners_payment_guarantees'),
        ('registration', '0002_codes_before_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='bankterms',
            name='strict_schema',
            field=models.BooleanField(db_default=True, default=True, verbose_name='不合报文标准的文件不入账'),
        ),
        migrations.AddField(
            model_name='historicalbankterms',
            name='strict_schema',
            field=models.BooleanField(db_default=True, default=True, verbose_name='不合报文标准的文件不入账'),
        ),
        migrations.AddField(
            model_name='historicalpaysheet',
            name='team',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registration.team'),
        ),
        migrations.AddField(
            model_name='historicalpaysheet',
            name='team_name',
            field=models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='班组'),
        ),
        migrations.AddField(
            model_name='paysheet',
            name='team',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sheets', to='registration.team'),
        ),
        migrations.AddField(
            model_name='paysheet',
            name='team_name',
            field=models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='班组'),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='content',
            field=models.BinaryField(null=True, verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='read_tries',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='读取次数'),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='rows_total',
            field=models.PositiveIntegerField(default=0, verbose_name='行数'),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='size',
            field=models.PositiveIntegerField(default=0, verbose_name='字节'),
        ),
        migrations.AddField(
            model_name='sheetupload',
            name='team',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.team'),
        ),
        migrations.AlterField(
            model_name='sheetupload',
            name='state',
            field=models.CharField(choices=[('reading', 'Being read'), ('staged', 'Waiting for your decision'), ('refused', 'Cannot be read'), ('applied', 'Written'), ('discarded', 'Discarded')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='paysheet',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'monthly')), fields=('project', 'participation', 'month', 'team'), name='team_sheet_once'),
        ),
        migrations.RunSQL(
            [
                refer_within_project("payroll_paysheet", "team_id", "registration_team"),
                refer_within_project("payroll_sheetupload", "team_id", "registration_team"),
            ],
            migrations.RunSQL.noop,
        ),
    ]
