"""A person's month at the gates in one row, kept by triggers of the days; what is there is summed once.

Making a trigger keeps others from writing days until this is committed, so none falls between.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from wagewatch.lib.schema import partition_by_month

PARTITIONS = """
SELECT wagewatch_make_partition('devices_monthtotal', month)
FROM (SELECT DISTINCT day - extract(day FROM day)::int + 1 AS month FROM devices_attendanceday) m
"""
SUM = """
INSERT INTO devices_monthtotal (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)
SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(days),
       count(*) FILTER (WHERE days = 0.5), sum(minutes), count(*)
FROM devices_attendanceday GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0011_badges'),
        ('registration', '0021_bulletin_office'),
    ]

    operations = [
        migrations.CreateModel(
            name='MonthTotal',
            fields=[
                ('pk', models.CompositePrimaryKey('month', 'project_id', 'worker_id', 'posting_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField(verbose_name='月份')),
                ('worker_id', models.BigIntegerField()),
                ('posting_id', models.BigIntegerField()),
                ('days', models.DecimalField(decimal_places=1, max_digits=5, verbose_name='工日')),
                ('half_days', models.SmallIntegerField(verbose_name='半天数')),
                ('minutes', models.IntegerField(verbose_name='在场分钟')),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ('dates', models.SmallIntegerField(verbose_name='考勤日数')),
            ],
            options={
                'verbose_name': '月度考勤合计',
                'verbose_name_plural': '月度考勤合计',
            },
        ),
        partition_by_month(
            "devices_monthtotal", "month", "month, project_id, worker_id, posting_id", {}
        ),
        migrations.RunSQL(PARTITIONS, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name='attendanceday',
            trigger=pgtrigger.compiler.Trigger(name='month_total_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n  INSERT INTO devices_monthtotal AS t (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)\n  SELECT * FROM (\n    SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(sign * days) AS days,\n           sum(CASE WHEN days = 0.5 THEN sign ELSE 0 END) AS half_days, sum(sign * minutes) AS minutes, sum(sign) AS dates\n    FROM (SELECT *, 1 AS sign FROM new_days) changed GROUP BY 1, 2, 3, 4) difference\n  WHERE (days, half_days, minutes, dates) <> (0, 0, 0, 0)\n  ORDER BY 1, 2, 3, 4\n  ON CONFLICT (month, project_id, worker_id, posting_id) DO UPDATE SET\n    days = t.days + excluded.days, half_days = t.half_days + excluded.half_days,\n    minutes = t.minutes + excluded.minutes, dates = t.dates + excluded.dates;\n  RETURN NULL;', hash='04c0edb4dfaa82697add24f03b7ea15c2846cdab', level='STATEMENT', operation='INSERT', pgid='pgtrigger_month_total_insert_d6b80', referencing='REFERENCING NEW TABLE AS new_days ', table='devices_attendanceday', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attendanceday',
            trigger=pgtrigger.compiler.Trigger(name='month_total_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n  INSERT INTO devices_monthtotal AS t (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)\n  SELECT * FROM (\n    SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(sign * days) AS days,\n           sum(CASE WHEN days = 0.5 THEN sign ELSE 0 END) AS half_days, sum(sign * minutes) AS minutes, sum(sign) AS dates\n    FROM (SELECT *, 1 AS sign FROM new_days UNION ALL SELECT *, -1 FROM old_days) changed GROUP BY 1, 2, 3, 4) difference\n  WHERE (days, half_days, minutes, dates) <> (0, 0, 0, 0)\n  ORDER BY 1, 2, 3, 4\n  ON CONFLICT (month, project_id, worker_id, posting_id) DO UPDATE SET\n    days = t.days + excluded.days, half_days = t.half_days + excluded.half_days,\n    minutes = t.minutes + excluded.minutes, dates = t.dates + excluded.dates;\n  DELETE FROM devices_monthtotal t USING (\n    SELECT DISTINCT day - extract(day FROM day)::int + 1 AS month, project_id, worker_id, posting_id FROM old_days) gone\n  WHERE t.month = gone.month AND t.project_id = gone.project_id AND t.worker_id = gone.worker_id\n    AND t.posting_id = gone.posting_id AND t.dates = 0;\n  RETURN NULL;', hash='19b6929b2afc0a31a53f7db484058f8e3320c5cd', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_month_total_update_35268', referencing='REFERENCING OLD TABLE AS old_days  NEW TABLE AS new_days ', table='devices_attendanceday', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attendanceday',
            trigger=pgtrigger.compiler.Trigger(name='month_total_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n  INSERT INTO devices_monthtotal AS t (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)\n  SELECT * FROM (\n    SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(sign * days) AS days,\n           sum(CASE WHEN days = 0.5 THEN sign ELSE 0 END) AS half_days, sum(sign * minutes) AS minutes, sum(sign) AS dates\n    FROM (SELECT *, -1 AS sign FROM old_days) changed GROUP BY 1, 2, 3, 4) difference\n  WHERE (days, half_days, minutes, dates) <> (0, 0, 0, 0)\n  ORDER BY 1, 2, 3, 4\n  ON CONFLICT (month, project_id, worker_id, posting_id) DO UPDATE SET\n    days = t.days + excluded.days, half_days = t.half_days + excluded.half_days,\n    minutes = t.minutes + excluded.minutes, dates = t.dates + excluded.dates;\n  DELETE FROM devices_monthtotal t USING (\n    SELECT DISTINCT day - extract(day FROM day)::int + 1 AS month, project_id, worker_id, posting_id FROM old_days) gone\n  WHERE t.month = gone.month AND t.project_id = gone.project_id AND t.worker_id = gone.worker_id\n    AND t.posting_id = gone.posting_id AND t.dates = 0;\n  RETURN NULL;', hash='d40c1e17f9411f8fcc742f2ebb9761b7eced7d5f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_month_total_delete_1d5af', referencing='REFERENCING OLD TABLE AS old_days ', table='devices_attendanceday', when='AFTER')),
        ),
        migrations.RunSQL(SUM, migrations.RunSQL.noop),
    ]
