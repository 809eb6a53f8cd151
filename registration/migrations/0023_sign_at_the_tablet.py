"""A worker without a phone signs the contract at the site's tablet: the visit that proved who they are."""

import django.db.models.deletion
from django.db import migrations, models

from wagewatch.lib.schema import refer_within_project


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0022_card_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='contractsignature',
            name='visit',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registration.tabletvisit', verbose_name='平板使用记录'),
        ),
        migrations.AddConstraint(
            model_name='contractsignature',
            constraint=models.CheckConstraint(condition=models.Q(('visit__isnull', True), models.Q(('by_code', False), ('party', 'worker')), _connector='OR'), name='contract_signed_by_code_or_at_a_tablet'),
        ),
        migrations.RunSQL(
            refer_within_project('registration_contractsignature', 'visit_id', 'registration_tabletvisit'),
            migrations.RunSQL.noop,
        ),
    ]
