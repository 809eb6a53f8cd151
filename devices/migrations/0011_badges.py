"""Badges handed out on a site, and who was seen with which; a change makes another allow-list."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from devices.list_changes_sql import install, remove
from wagewatch.lib.schema import scope_to_project


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0010_lists_know_cards'),
        ('registration', '0021_bulletin_office'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='refusedentry',
            name='reason',
            field=models.CharField(choices=[('unregistered', 'Not registered'), ('left', 'Has left'), ('not_yet', 'Not yet joined'), ('bad_time', 'Time cannot be right'), ('device', 'Device did not open'), ('badge_lost', 'Badge reported lost')], max_length=20, verbose_name='原因'),
        ),
        migrations.CreateModel(
            name='BadgeUse',
            fields=[
                ('pk', models.CompositePrimaryKey('project_id', 'number', 'worker_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=12, verbose_name='卡号')),
                ('worker_id', models.BigIntegerField()),
                ('terminal_id', models.BigIntegerField()),
                ('first_at', models.DateTimeField(verbose_name='首次使用')),
                ('last_at', models.DateTimeField(verbose_name='最近使用')),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
            ],
            options={
                'verbose_name': '门禁卡使用',
                'verbose_name_plural': '门禁卡使用',
            },
        ),
        migrations.CreateModel(
            name='HistoricalSiteBadge',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('number', models.CharField(max_length=12, verbose_name='卡号')),
                ('state', models.CharField(choices=[('issued', 'Carried'), ('lost', 'Lost'), ('returned', 'Returned')], default='issued', max_length=8, verbose_name='状态')),
                ('issued_at', models.DateTimeField(verbose_name='发放时间')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='挂失或交回时间')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('ended_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issued_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registration.project')),
                ('worker', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registration.worker')),
            ],
            options={
                'verbose_name': 'historical 工地门禁卡',
                'verbose_name_plural': 'historical 工地门禁卡',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='SiteBadge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=12, verbose_name='卡号')),
                ('state', models.CharField(choices=[('issued', 'Carried'), ('lost', 'Lost'), ('returned', 'Returned')], default='issued', max_length=8, verbose_name='状态')),
                ('issued_at', models.DateTimeField(verbose_name='发放时间')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='挂失或交回时间')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='badges', to='registration.project')),
                ('worker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='badges', to='registration.worker')),
            ],
            options={
                'verbose_name': '工地门禁卡',
                'verbose_name_plural': '工地门禁卡',
                'indexes': [models.Index(fields=['project', 'number'], name='badge_number')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['issued', 'lost'])), fields=('project', 'number'), name='badge_number_once'), models.UniqueConstraint(condition=models.Q(('state', 'issued')), fields=('project', 'worker'), name='badge_of_a_person_once'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'issued')), models.Q(models.Q(('state', 'issued'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='badge_ended_has_a_time')],
            },
        ),
        scope_to_project('devices_sitebadge'),
        migrations.RunSQL(install(['devices_sitebadge']), remove(['devices_sitebadge'])),
    ]
