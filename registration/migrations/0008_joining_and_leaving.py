"""What workers say about postings, and histories they share."""

import django.db.models.deletion
import wagewatch.lib.fields
from wagewatch.lib.schema import scope_to_project
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registration', "0007_codes_have_a_purpose"),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoryShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', wagewatch.lib.fields.EncryptedTextField(context='share.token', verbose_name='链接码')),
                ('token_index', models.BinaryField(max_length=32, unique=True)),
                ('facts', wagewatch.lib.fields.EncryptedTextField(context='share.facts', verbose_name='内容')),
                ('sha256', models.BinaryField(max_length=32)),
                ('made_at', models.DateTimeField(verbose_name='时间')),
                ('expires_at', models.DateTimeField(verbose_name='有效期至')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='收回时间')),
            ],
            options={
                'verbose_name': '履历分享',
                'verbose_name_plural': '履历分享',
            },
        ),
        migrations.CreateModel(
            name='PostingNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('right', 'Yes, that is right'), ('not_me', 'That is not me'), ('wrong', 'Something is wrong'), ('leaving', 'I am leaving')], max_length=8, verbose_name='内容')),
                ('reason', models.CharField(blank=True, choices=[('never', 'I never worked there'), ('firm', 'I work for another firm'), ('id_used', 'Somebody used my ID card'), ('pay', 'The pay is wrong'), ('trade', 'The trade is wrong'), ('day', 'The day is wrong'), ('other', 'Something else')], max_length=8, verbose_name='原因')),
                ('terms', models.JSONField(default=dict, verbose_name='当时的用工信息')),
                ('text', wagewatch.lib.fields.EncryptedTextField(blank=True, context='notice.text', null=True, verbose_name='原话')),
                ('last_day', models.DateField(blank=True, null=True, verbose_name='最后一天')),
                ('made_at', models.DateTimeField(verbose_name='时间')),
                ('handled_at', models.DateTimeField(blank=True, null=True, verbose_name='处理时间')),
                ('answer', models.CharField(blank=True, max_length=200, verbose_name='答复')),
            ],
            options={
                'verbose_name': '本人反馈',
                'verbose_name_plural': '本人反馈',
            },
        ),
        migrations.AddField(
            model_name='posting',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='请本人确认时间'),
        ),
        migrations.AddField(
            model_name='posting',
            name='reminded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='提醒时间'),
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(condition=models.Q(('acknowledged_at__isnull', True), ('denied_at__isnull', True), ('left_on__isnull', True), models.Q(('registered_by', 'self'), _negated=True)), fields=['project'], name='posting_to_acknowledge'),
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(condition=models.Q(('left_on__isnull', False)), fields=['project', 'left_on'], name='posting_leavers'),
        ),
        migrations.AddField(
            model_name='historyshare',
            name='worker',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='registration.worker'),
        ),
        migrations.AddField(
            model_name='postingnotice',
            name='handled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='postingnotice',
            name='posting',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='registration.posting'),
        ),
        migrations.AddField(
            model_name='postingnotice',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='registration.project'),
        ),
        migrations.AddField(
            model_name='postingnotice',
            name='worker',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='registration.worker'),
        ),
        migrations.AddIndex(
            model_name='historyshare',
            index=models.Index(fields=['worker', '-made_at'], name='share_of_worker'),
        ),
        migrations.AddIndex(
            model_name='postingnotice',
            index=models.Index(condition=models.Q(('handled_at__isnull', True), models.Q(('kind', 'right'), _negated=True)), fields=['project', 'made_at'], name='notice_open'),
        ),
        migrations.AddIndex(
            model_name='postingnotice',
            index=models.Index(fields=['worker', '-made_at'], name='notice_of_worker'),
        ),
        migrations.AddConstraint(
            model_name='postingnotice',
            constraint=models.UniqueConstraint(condition=models.Q(('handled_at__isnull', True), models.Q(('kind', 'right'), _negated=True)), fields=('project', 'posting', 'kind'), name='one_open_notice_of_a_kind'),
        ),
        scope_to_project("registration_postingnotice", {"posting_id": "registration_posting"}),
    ]
