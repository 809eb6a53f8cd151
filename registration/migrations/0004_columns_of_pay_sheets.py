"""What columns mean is remembered for pay sheets as it is for rosters."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registration', '0003_codes_of_one_browser'),
    ]

    operations = [
        migrations.RenameModel(old_name='RosterMapping', new_name='ColumnMapping'),
        migrations.AlterModelOptions(
            name='columnmapping',
            options={'verbose_name': '列对应', 'verbose_name_plural': '列对应'},
        ),
        migrations.AddField(
            model_name='columnmapping',
            name='kind',
            field=models.CharField(choices=[('roster', 'Roster'), ('pay', 'Pay sheet')], db_default='roster', default='roster', max_length=10, verbose_name='表的种类'),
        ),
        migrations.RemoveConstraint(
            model_name='columnmapping',
            name='roster_mapping_once',
        ),
        migrations.AddConstraint(
            model_name='columnmapping',
            constraint=models.UniqueConstraint(fields=('organisation', 'kind', 'layout', 'heading', 'group', 'nth'), name='column_mapping_once'),
        ),
    ]
