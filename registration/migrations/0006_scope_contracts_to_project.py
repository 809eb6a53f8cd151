"""Keys that carry the project for contracts, trainings and requests to join."""

from django.db import migrations

from wagewatch.lib.schema import scope_to_project

_PARTICIPATION, _POSTING = "registration_participation", "registration_posting"


class Migration(migrations.Migration):
    dependencies = [("registration", "0005_people_contracts_trainings_cards")]

    operations = [
        scope_to_project(
            "registration_labourcontract",
            {
                "posting_id": _POSTING,
                "participation_id": _PARTICIPATION,
                "renews_id": "registration_labourcontract",
            },
        ),
        scope_to_project("registration_contractsignature", {"contract_id": "registration_labourcontract"}),
        scope_to_project("registration_training", {"participation_id": _PARTICIPATION}),
        scope_to_project("registration_trainingattendance", {"training_id": "registration_training"}),
        scope_to_project("registration_cardread"),
        scope_to_project(
            "registration_joinrequest",
            {"employer_id": _PARTICIPATION, "team_id": "registration_team", "posting_id": _POSTING},
        ),
    ]
