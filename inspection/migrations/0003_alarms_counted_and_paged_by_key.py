"""Open alarms are counted from an index of their own, and pages of the queue begin at a key."""

import datetime
import django.db.models.expressions
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("inspection", "0002_notices_about_firms")]

    operations = [
        migrations.RemoveIndex(
            model_name='alarm',
            name='alarm_closed',
        ),
        migrations.RemoveIndex(
            model_name='alarm',
            name='alarm_queue',
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(condition=models.Q(('state', 'closed')), fields=['-closed_at', '-id'], name='alarm_closed'),
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(django.db.models.functions.comparison.Coalesce('paused_until', models.Value(datetime.date(1, 1, 1), output_field=models.DateField())), django.db.models.expressions.CombinedExpression(models.F('level'), '*', models.Value(-1)), django.db.models.functions.comparison.Coalesce('handle_by', models.Value(datetime.date(9999, 12, 31), output_field=models.DateField())), django.db.models.functions.comparison.Coalesce('due_on', models.Value(datetime.date(9999, 12, 31), output_field=models.DateField())), django.db.models.expressions.CombinedExpression(models.F('amount_fen'), '*', models.Value(-1)), models.F('id'), condition=models.Q(('state', 'open')), name='alarm_queue'),
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['project'], include=('rule', 'level', 'stage', 'period', 'amount_fen', 'holder', 'handle_by', 'tier', 'paused_until'), name='alarm_counts'),
        ),
    ]
