from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "监察"

    def ready(self) -> None:
        from inspection import listing_records, permit_records
        from inspection.alarm_counts import open_wage_alarms
        from inspection.proof import expected_changes, expected_flips, load_changes, load_flips
        from inspection.services.parameter_changes import CHANGED
        from inspection.sides import grant_sides
        from payroll.services.account_closing import COUNTERS
        from wagewatch.evidence.registry import register_kind

        register_kind(
            "alarm.flip",
            load_many=load_flips,
            expected_subjects=expected_flips,
            label=_("Alarm opened or changed"),
        )
        COUNTERS.append(open_wage_alarms)
        register_kind(
            CHANGED,
            load_many=load_changes,
            expected_subjects=expected_changes,
            label=_("Figure of a rule set for a region"),
        )
        permit_records.register()
        listing_records.register()
        post_migrate.connect(grant_sides, sender=self, dispatch_uid="inspection.grant_sides")
