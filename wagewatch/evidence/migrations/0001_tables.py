"""All tables; entries that cannot be rewritten or taken away."""

import pgtrigger.compiler
import wagewatch.evidence.models
from django.db import migrations, models

from wagewatch.lib.schema import CreateTables


class Migration(migrations.Migration):

    replaces = [
        ('evidence', '0001_initial'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Checkpoint',
                fields=[
                    ('size', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='entries')),
                    ('root', models.BinaryField(max_length=32)),
                    ('note', models.TextField(verbose_name='signed note')),
                    ('key_id', models.CharField(max_length=8, verbose_name='signing key')),
                    ('algorithm', models.CharField(choices=[('sha256', 'sha256'), ('sm3', 'sm3')], max_length=8)),
                    ('at', models.DateTimeField(verbose_name='published at')),
                ],
                options={
                    'verbose_name': 'checkpoint',
                    'verbose_name_plural': 'checkpoints',
                    'get_latest_by': 'size',
                    'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='39ef38d8b8135b119e5e0db5c4f270c8e1ba8ec6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_78c0e', table='evidence_checkpoint', when='BEFORE'))],
                },
            ),
            migrations.CreateModel(
                name='Entry',
                fields=[
                    ('id', models.UUIDField(default=wagewatch.evidence.models.new_entry_id, editable=False, primary_key=True, serialize=False, verbose_name='receipt number')),
                    ('kind', models.CharField(max_length=60, verbose_name='kind')),
                    ('project_id', models.BigIntegerField(null=True, verbose_name='project')),
                    ('subject', models.CharField(help_text='payslip:2026-10:3:17:55', max_length=120, verbose_name='subject')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                    ('actor_kind', models.CharField(max_length=16, verbose_name='who acted')),
                    ('actor_ref', models.BinaryField(max_length=32)),
                    ('subject_hash', models.BinaryField(max_length=32)),
                    ('record_hash', models.BinaryField(max_length=32)),
                    ('salt', models.BinaryField(max_length=32)),
                    ('algorithm', models.CharField(choices=[('sha256', 'sha256'), ('sm3', 'sm3')], max_length=8)),
                    ('leaf_index', models.BigIntegerField(null=True, unique=True, verbose_name='place in the log')),
                ],
                options={
                    'verbose_name': 'evidence entry',
                    'verbose_name_plural': 'evidence entries',
                    'indexes': [models.Index(condition=models.Q(('leaf_index__isnull', True)), fields=['recorded_at', 'id'], name='evidence_entry_waiting'), models.Index(fields=['subject', 'kind'], name='evidence_entry_subject'), models.Index(fields=['project_id', 'recorded_at'], name='evidence_entry_project')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('leaf_index__isnull', True), ('leaf_index__gte', 0), _connector='OR'), name='evidence_entry_leaf_index_not_negative')],
                    'triggers': [pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='4402c2ea479f03ce2c1d537aee053bfafed891f5', operation='DELETE', pgid='pgtrigger_no_delete_efe65', table='evidence_entry', when='BEFORE')), pgtrigger.compiler.Trigger(name='number_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF OLD.leaf_index IS NULL AND NEW.leaf_index IS NOT NULL THEN\n    OLD.leaf_index := NEW.leaf_index;\n    IF OLD IS NOT DISTINCT FROM NEW THEN\n        RETURN NEW;\n    END IF;\nEND IF;\nRAISE EXCEPTION 'evidence entries are append-only';\n", hash='bd662c59de6647af3b171cbc550cc912e2c7ec67', operation='UPDATE', pgid='pgtrigger_number_once_1d701', table='evidence_entry', when='BEFORE'))],
                },
            ),
            migrations.CreateModel(
                name='Subtree',
                fields=[
                    ('pk', models.CompositePrimaryKey('level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('level', models.SmallIntegerField()),
                    ('index', models.BigIntegerField()),
                    ('hash', models.BinaryField(max_length=32)),
                ],
                options={
                    'verbose_name': 'subtree hash',
                    'verbose_name_plural': 'subtree hashes',
                    'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='72d21e406cbec2b89f26500b52b730a4dfa1a98c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f4c2f', table='evidence_subtree', when='BEFORE'))],
                },
            ),
        ]),
    ]
