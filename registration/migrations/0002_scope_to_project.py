"""Keys that carry the project, so that the tables can be sharded by project."""

from django.db import migrations

from wagewatch.lib.schema import install_function, refer_within_project, scope_to_project


class Migration(migrations.Migration):
    dependencies = [("registration", "0001_initial")]

    operations = [
        install_function(),
        scope_to_project("registration_participation", {"parent_id": "registration_participation"}),
        scope_to_project("registration_team", {"participation_id": "registration_participation"}),
        scope_to_project(
            "registration_posting",
            {"participation_id": "registration_participation", "team_id": "registration_team"},
        ),
        scope_to_project("registration_rosterupload", {"participation_id": "registration_participation"}),
        migrations.RunSQL(
            refer_within_project("registration_rosterrow", "upload_id", "registration_rosterupload"),
            migrations.RunSQL.noop,
        ),
    ]
