from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "监察"

    def ready(self) -> None:
        from inspection import (
            case_records,
            check_records,
            data_records,
            firm_records,
            listing_records,
            permit_records,
            proof,
        )
        from inspection.alarm_counts import open_wage_alarms
        from inspection.firm_counts import waiting_for
        from inspection.services.answers import ANSWER
        from inspection.services.notices import unread
        from inspection.services.parameter_changes import CHANGED
        from inspection.services.pauses import PAUSE
        from inspection.services.steps import STEP
        from inspection.sides import grant_sides
        from payroll.services.account_closing import COUNTERS
        from wagewatch.context import COUNTERS as NAV_COUNTERS
        from wagewatch.evidence.registry import register_kind

        register_kind(
            "alarm.flip",
            load_many=proof.load_flips,
            expected_subjects=proof.expected_flips,
            label=_("Alarm opened or changed"),
        )
        register_kind(
            STEP,
            load_many=proof.load_steps,
            expected_subjects=proof.expected_steps,
            label=_("What was done about an alarm"),
        )
        register_kind(
            ANSWER,
            load_many=proof.load_answers,
            expected_subjects=proof.expected_answers,
            label=_("A firm's answer to an alarm"),
        )
        register_kind(
            PAUSE,
            load_many=proof.load_pauses,
            expected_subjects=proof.expected_pauses,
            label=_("A pause of alarms"),
        )
        COUNTERS.append(open_wage_alarms)
        register_kind(
            CHANGED,
            load_many=proof.load_changes,
            expected_subjects=proof.expected_changes,
            label=_("Figure of a rule set for a region"),
        )
        permit_records.register()
        listing_records.register()
        NAV_COUNTERS.update(notices=unread, warnings=unread, authority=waiting_for)
        case_records.register()
        data_records.register()
        firm_records.register()
        register_kind(
            check_records.DRAWN,
            load_many=check_records.load_draws,
            expected_subjects=check_records.expected_draws,
            label=_("Random check drawn"),
        )
        register_kind(
            check_records.RESULT,
            load_many=check_records.load_results,
            expected_subjects=check_records.expected_results,
            label=_("Result of a random check"),
        )
        post_migrate.connect(grant_sides, sender=self, dispatch_uid="inspection.grant_sides")
