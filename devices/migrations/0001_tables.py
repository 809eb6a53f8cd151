"""All tables; keys that carry the project, monthly partitions, and what keeps allow-lists and month totals current."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.migrations
import pgtrigger.compiler
import simple_history.models
import wagewatch.lib.fields
from django.conf import settings
from django.db import migrations, models

from devices.list_changes_sql import install, remove
from wagewatch.lib.schema import CreateTables, partition_by_month, refer_within_project, scope_to_project

KEYS = {
    "devices_terminal": {"agent_id": "devices_terminal"},
    "devices_batch": {"terminal_id": "devices_terminal", "device_id": "devices_terminal"},
    "devices_daycorrection": {},
    "devices_enrolmentcode": {"terminal_id": "devices_terminal"},
    "devices_allowlistversion": {},
    "devices_gatephoto": {"terminal_id": "devices_terminal"},
    "devices_timedecision": {},
    "devices_dirtyday": {},
    "devices_sitebadge": {},
}
"""Tables whose keys carry the project, and what their columns refer to within it."""

LISTENED_TO = (
    "registration_posting",
    "registration_worker",
    "registration_trainingattendance",
    "registration_training",
    "registration_certificate",
    "registration_citizencard",
    "registration_labourcontract",
    "registration_parameter",
    "registration_project",
    "devices_sitebadge",
)
"""Tables of which a change makes another allow-list; a table made later comes with its own migration."""


class Migration(migrations.Migration):

    replaces = [
        ('devices', '0001_initial'),
        ('devices', '0002_partitions'),
        ('devices', '0003_seal_days'),
        ('devices', '0004_day_corrections'),
        ('devices', '0005_enrolment_devices_photos'),
        ('devices', '0006_keys_carry_the_project'),
        ('devices', '0007_lists_held'),
        ('devices', '0008_gates_of_other_systems'),
        ('devices', '0009_dirty_days_as_a_queue'),
        ('devices', '0010_lists_know_cards'),
        ('devices', '0011_badges'),
        ('devices', '0012_month_totals'),
    ]

    initial = True

    dependencies = [
        ('registration', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='AllowListChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('scope', models.BigIntegerField()),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': '放行名单变动',
                    'verbose_name_plural': '放行名单变动',
                    'indexes': [models.Index(fields=['scope'], include=('id',), name='allow_list_change_scope')],
                },
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
                name='DayCorrection',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField(verbose_name='考勤日')),
                    ('kind', models.CharField(choices=[('add', 'Stamp added'), ('shift', 'Time of the gate corrected'), ('void', 'Stamp not counted'), ('leave', 'Left as it is')], max_length=5, verbose_name='类别')),
                    ('at', models.DateTimeField(null=True, verbose_name='时间')),
                    ('direction', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'In'), (2, 'Out')], null=True, verbose_name='方向')),
                    ('reason', models.CharField(choices=[('forgot', 'Forgot to stamp'), ('gate_down', 'The gate was out of order'), ('other_way', 'Went in or out by another way'), ('wrong_person', 'Stamped by or for somebody else'), ('wrong_direction', 'In and out were mixed up'), ('unknown', 'Nobody can say when'), ('clock', 'The clock of the gate was wrong')], max_length=16, verbose_name='原因')),
                    ('note', models.CharField(max_length=200, verbose_name='说明')),
                    ('made_at', models.DateTimeField(verbose_name='更正时间')),
                    ('withdrawn_at', models.DateTimeField(null=True, verbose_name='撤销时间')),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.project')),
                    ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('worker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.worker')),
                ],
                options={
                    'verbose_name': '考勤更正',
                    'verbose_name_plural': '考勤更正',
                    'indexes': [models.Index(fields=['project', 'worker', 'day'], name='day_correction_of_person')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('project', 'worker', 'day', 'kind', 'at', 'direction'), name='day_correction_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('at__isnull', True), ('kind', 'leave')), models.Q(models.Q(('kind', 'leave'), _negated=True), ('at__isnull', False)), _connector='OR'), name='day_correction_has_a_time')],
                },
            ),
            migrations.CreateModel(
                name='DaySeal',
                fields=[
                    ('pk', models.CompositePrimaryKey('project_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('day', models.DateField()),
                    ('sealed_at', models.DateTimeField(verbose_name='存证时间')),
                    ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '考勤日存证',
                    'verbose_name_plural': '考勤日存证',
                    'indexes': [models.Index(fields=['day'], name='day_seal_day')],
                },
            ),
            migrations.CreateModel(
                name='DirtyDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField()),
                    ('worker_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '待重算考勤日',
                    'verbose_name_plural': '待重算考勤日',
                    'indexes': [models.Index(fields=['project', 'day'], name='dirty_project_day')],
                },
            ),
            migrations.CreateModel(
                name='EnrolmentTry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address_index', models.BinaryField(max_length=32)),
                    ('at', models.DateTimeField(verbose_name='时间')),
                ],
                options={
                    'verbose_name': '注册码试错',
                    'verbose_name_plural': '注册码试错',
                    'indexes': [models.Index(fields=['address_index', 'at'], name='enrolment_try_address')],
                },
            ),
            migrations.CreateModel(
                name='ListHeld',
                fields=[
                    ('pk', models.CompositePrimaryKey('project_id', 'terminal_id', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('terminal_id', models.BigIntegerField()),
                    ('version', models.CharField(max_length=16, verbose_name='版本')),
                    ('said_at', models.DateTimeField(verbose_name='报告时间')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '终端持有的名单版本',
                    'verbose_name_plural': '终端持有的名单版本',
                },
            ),
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
                    ('dates', models.SmallIntegerField(verbose_name='考勤日数')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '月度考勤合计',
                    'verbose_name_plural': '月度考勤合计',
                },
            ),
            migrations.CreateModel(
                name='Passage',
                fields=[
                    ('pk', models.CompositePrimaryKey('day', 'project_id', 'worker_id', 'at', 'direction', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('day', models.DateField(verbose_name='考勤日')),
                    ('worker_id', models.BigIntegerField()),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('direction', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'In'), (2, 'Out')], verbose_name='方向')),
                    ('terminal_id', models.BigIntegerField()),
                    ('batch_pk', models.BigIntegerField()),
                    ('attend_type', models.SmallIntegerField(default=11, verbose_name='识别方式')),
                    ('event_id', models.CharField(max_length=64, verbose_name='终端记录号')),
                    ('is_repeat', models.BooleanField(default=False, verbose_name='重复刷')),
                    ('is_void', models.BooleanField(db_default=False, default=False, verbose_name='不计')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '通行记录',
                    'verbose_name_plural': '通行记录',
                    'indexes': [models.Index(fields=['project', 'day', 'at'], name='passage_recent')],
                },
            ),
            migrations.CreateModel(
                name='RefusedEntry',
                fields=[
                    ('pk', models.CompositePrimaryKey('day', 'project_id', 'terminal_id', 'event_id', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('day', models.DateField(verbose_name='考勤日')),
                    ('terminal_id', models.BigIntegerField()),
                    ('event_id', models.CharField(max_length=64, verbose_name='终端记录号')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('direction', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'In'), (2, 'Out')], verbose_name='方向')),
                    ('reason', models.CharField(choices=[('unregistered', 'Not registered'), ('left', 'Has left'), ('not_yet', 'Not yet joined'), ('bad_time', 'Time cannot be right'), ('device', 'Device did not open'), ('badge_lost', 'Badge reported lost')], max_length=20, verbose_name='原因')),
                    ('worker_id', models.BigIntegerField(null=True)),
                    ('person_key', wagewatch.lib.fields.EncryptedTextField(context='refused.person', null=True, verbose_name='出示的编号')),
                    ('person_index', models.BinaryField(max_length=32, null=True)),
                    ('was_let_in', models.BooleanField(default=False, verbose_name='闸机放行了')),
                    ('batch_pk', models.BigIntegerField()),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '拒入记录',
                    'verbose_name_plural': '拒入记录',
                    'indexes': [models.Index(fields=['project', 'day', 'at'], name='refused_recent')],
                },
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
            migrations.CreateModel(
                name='Terminal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('serial', models.CharField(max_length=40, unique=True, verbose_name='序列号')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('lane', models.CharField(choices=[('in', 'Entrance'), ('out', 'Exit'), ('both', 'Both ways')], default='both', max_length=4, verbose_name='通道')),
                    ('kind', models.CharField(choices=[('gate', 'Gate with a key of its own'), ('agent', 'Site agent on a PC'), ('adms', 'Face terminal, ZKTeco push'), ('hikvision', 'Face terminal, Hikvision'), ('uface', 'Face terminal, uface'), ('relay', 'Turnstile on a relay board'), ('wiegand', 'Card reader, Wiegand'), ('osdp', 'Card reader, OSDP')], default='gate', max_length=12, verbose_name='类型')),
                    ('networks', models.JSONField(default=list, verbose_name='来源网段')),
                    ('key_id', models.CharField(max_length=32, null=True, unique=True, verbose_name='密钥编号')),
                    ('secret', wagewatch.lib.fields.EncryptedTextField(context='terminal.secret', null=True, verbose_name='密钥')),
                    ('key_made_at', models.DateTimeField(null=True, verbose_name='密钥生成时间')),
                    ('key_used_at', models.DateTimeField(null=True, verbose_name='新密钥首次使用')),
                    ('former_key_id', models.CharField(max_length=32, null=True, unique=True, verbose_name='原密钥编号')),
                    ('former_secret', wagewatch.lib.fields.EncryptedTextField(context='terminal.secret', null=True, verbose_name='原密钥')),
                    ('former_until', models.DateTimeField(null=True, verbose_name='原密钥有效至')),
                    ('rotate_wanted_at', models.DateTimeField(null=True, verbose_name='要求换密钥')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('last_seen_at', models.DateTimeField(null=True, verbose_name='最近联系')),
                    ('clock_skew_ms', models.BigIntegerField(null=True, verbose_name='时钟偏差（毫秒）')),
                    ('queue_length', models.PositiveIntegerField(null=True, verbose_name='待传条数')),
                    ('agent', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='devices.terminal')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terminals', to='registration.project')),
                    ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='gates', to='registration.sourcesystem', verbose_name='对接系统')),
                ],
                options={
                    'verbose_name': '终端',
                    'verbose_name_plural': '终端',
                    'constraints': [models.CheckConstraint(condition=models.Q(('agent__isnull', True), models.Q(('former_key_id__isnull', True), ('key_id__isnull', True)), _connector='OR'), name='terminal_of_an_agent_has_no_key')],
                },
            ),
            migrations.CreateModel(
                name='SeenNonce',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('nonce', models.CharField(max_length=64)),
                    ('at', models.DateTimeField()),
                    ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to='devices.terminal')),
                ],
                options={
                    'indexes': [models.Index(fields=['at'], name='nonce_age')],
                    'constraints': [models.UniqueConstraint(fields=('terminal', 'nonce'), name='nonce_once')],
                },
            ),
            migrations.CreateModel(
                name='GatePhoto',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('event_id', models.CharField(max_length=64, verbose_name='终端记录号')),
                    ('day', models.DateField(verbose_name='考勤日')),
                    ('worker_id', models.BigIntegerField(null=True)),
                    ('received_at', models.DateTimeField(verbose_name='收到时间')),
                    ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.storedfile')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.project')),
                    ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.terminal')),
                ],
                options={
                    'verbose_name': '闸机照片',
                    'verbose_name_plural': '闸机照片',
                    'indexes': [models.Index(fields=['project', 'day'], name='gate_photo_day'), models.Index(fields=['received_at'], name='gate_photo_age')],
                    'constraints': [models.UniqueConstraint(fields=('project', 'terminal', 'event_id'), name='gate_photo_once')],
                },
            ),
            migrations.CreateModel(
                name='EnrolmentCode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code_index', models.BinaryField(max_length=32, unique=True)),
                    ('made_at', models.DateTimeField(verbose_name='生成时间')),
                    ('expires_at', models.DateTimeField(verbose_name='有效至')),
                    ('used_at', models.DateTimeField(null=True, verbose_name='使用时间')),
                    ('claim_index', models.BinaryField(max_length=32, null=True)),
                    ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.project')),
                    ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='devices.terminal')),
                ],
                options={
                    'verbose_name': '终端注册码',
                    'verbose_name_plural': '终端注册码',
                },
            ),
            migrations.CreateModel(
                name='Batch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('batch_id', models.CharField(max_length=64, verbose_name='批号')),
                    ('body_sha256', models.BinaryField(max_length=32)),
                    ('body', models.BinaryField(help_text='zlib, sealed with context batch.body', verbose_name='原始内容')),
                    ('received_at', models.DateTimeField(verbose_name='收到时间')),
                    ('event_count', models.PositiveIntegerField(default=0)),
                    ('answer', models.JSONField(default=dict)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registration.project')),
                    ('device', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.terminal')),
                    ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='devices.terminal')),
                ],
                options={
                    'verbose_name': '上传批次',
                    'verbose_name_plural': '上传批次',
                    'indexes': [models.Index(fields=['project', '-received_at'], name='batch_recent')],
                    'constraints': [models.UniqueConstraint(fields=('project', 'terminal', 'batch_id', 'device'), name='batch_once', nulls_distinct=False)],
                },
            ),
            migrations.CreateModel(
                name='TerminalFacts',
                fields=[
                    ('pk', models.CompositePrimaryKey('project_id', 'terminal_id', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('said_at', models.DateTimeField(verbose_name='报告时间')),
                    ('devices', models.JSONField(default=list, verbose_name='设备')),
                    ('disk_percent', models.PositiveSmallIntegerField(null=True, verbose_name='磁盘占用（%）')),
                    ('trouble', models.CharField(default='', max_length=300, verbose_name='故障')),
                    ('clock_wrong_ms', models.BigIntegerField(null=True, verbose_name='电脑时钟偏差（毫秒）')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                    ('terminal', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='devices.terminal')),
                ],
                options={
                    'verbose_name': '终端状况',
                    'verbose_name_plural': '终端状况',
                },
            ),
            migrations.CreateModel(
                name='TimeDecision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('terminal_id', models.BigIntegerField()),
                    ('event_id', models.CharField(max_length=64, verbose_name='终端记录号')),
                    ('day', models.DateField(verbose_name='收到日')),
                    ('worker_id', models.BigIntegerField(null=True)),
                    ('at', models.DateTimeField(verbose_name='原时间')),
                    ('kind', models.CharField(choices=[('shift', 'Time corrected'), ('dismiss', 'Not counted')], max_length=8, verbose_name='决定')),
                    ('minutes', models.BigIntegerField(null=True, verbose_name='移动分钟')),
                    ('note', models.CharField(max_length=200, verbose_name='说明')),
                    ('made_at', models.DateTimeField(verbose_name='决定时间')),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.project')),
                ],
                options={
                    'verbose_name': '时间异常处理',
                    'verbose_name_plural': '时间异常处理',
                    'constraints': [models.UniqueConstraint(fields=('project', 'terminal_id', 'event_id'), name='time_decided_once'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'shift'), ('minutes__isnull', False)), models.Q(('kind', 'dismiss'), ('minutes__isnull', True)), _connector='OR'), name='time_shift_has_minutes')],
                },
            ),
            migrations.CreateModel(
                name='AllowListVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.CharField(max_length=16, verbose_name='版本')),
                    ('made_at', models.DateTimeField(verbose_name='时间')),
                    ('pins', models.JSONField(verbose_name='各编号摘要')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='registration.project')),
                ],
                options={
                    'verbose_name': '放行名单版本',
                    'verbose_name_plural': '放行名单版本',
                    'indexes': [models.Index(fields=['project', '-made_at'], name='allow_list_version_recent')],
                    'constraints': [models.UniqueConstraint(fields=('project', 'version'), name='allow_list_version_once')],
                },
            ),
            migrations.CreateModel(
                name='AttendanceDay',
                fields=[
                    ('pk', models.CompositePrimaryKey('day', 'project_id', 'worker_id', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('day', models.DateField(verbose_name='考勤日')),
                    ('worker_id', models.BigIntegerField()),
                    ('posting_id', models.BigIntegerField()),
                    ('first_in', models.DateTimeField(null=True)),
                    ('last_out', models.DateTimeField(null=True)),
                    ('minutes', models.IntegerField(default=0, verbose_name='在场分钟')),
                    ('days', models.DecimalField(decimal_places=1, max_digits=3, verbose_name='工日')),
                    ('state', models.CharField(choices=[('closed', 'In and out'), ('open', 'Exit missing')], max_length=8)),
                    ('passages', models.SmallIntegerField(default=0, verbose_name='通行次数')),
                    ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='registration.project')),
                ],
                options={
                    'verbose_name': '考勤日',
                    'verbose_name_plural': '考勤日',
                    'indexes': [models.Index(fields=['project', 'worker_id', 'day'], name='attendance_worker')],
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
                name='HistoricalTerminal',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('serial', models.CharField(db_index=True, max_length=40, verbose_name='序列号')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('lane', models.CharField(choices=[('in', 'Entrance'), ('out', 'Exit'), ('both', 'Both ways')], default='both', max_length=4, verbose_name='通道')),
                    ('kind', models.CharField(choices=[('gate', 'Gate with a key of its own'), ('agent', 'Site agent on a PC'), ('adms', 'Face terminal, ZKTeco push'), ('hikvision', 'Face terminal, Hikvision'), ('uface', 'Face terminal, uface'), ('relay', 'Turnstile on a relay board'), ('wiegand', 'Card reader, Wiegand'), ('osdp', 'Card reader, OSDP')], default='gate', max_length=12, verbose_name='类型')),
                    ('networks', models.JSONField(default=list, verbose_name='来源网段')),
                    ('key_id', models.CharField(db_index=True, max_length=32, null=True, verbose_name='密钥编号')),
                    ('key_made_at', models.DateTimeField(null=True, verbose_name='密钥生成时间')),
                    ('former_key_id', models.CharField(db_index=True, max_length=32, null=True, verbose_name='原密钥编号')),
                    ('former_until', models.DateTimeField(null=True, verbose_name='原密钥有效至')),
                    ('rotate_wanted_at', models.DateTimeField(null=True, verbose_name='要求换密钥')),
                    ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('project', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registration.project')),
                    ('source', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='registration.sourcesystem', verbose_name='对接系统')),
                    ('agent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='devices.terminal')),
                ],
                options={
                    'verbose_name': 'historical 终端',
                    'verbose_name_plural': 'historical 终端',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
        ]),
        *(scope_to_project(table, references) for table, references in KEYS.items()),
        migrations.RunSQL(
            [
                refer_within_project("devices_terminalfacts", "terminal_id", "devices_terminal"),
            ],
            migrations.RunSQL.noop,
        ),
        partition_by_month(
            "devices_passage",
            "day",
            "day, project_id, worker_id, at, direction",
            {"passage_recent": "project_id, day, at"},
        ),
        partition_by_month(
            "devices_refusedentry",
            "day",
            "day, project_id, terminal_id, event_id",
            {"refused_recent": "project_id, day, at"},
        ),
        partition_by_month(
            "devices_attendanceday",
            "day",
            "day, project_id, worker_id",
            {"attendance_worker": "project_id, worker_id, day"},
        ),
        partition_by_month(
            "devices_monthtotal",
            "month",
            "month, project_id, worker_id, posting_id",
            {},
        ),
        migrations.RunSQL(install(LISTENED_TO), remove(LISTENED_TO)),
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
    ]
