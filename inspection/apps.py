from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "监察"

    def ready(self) -> None:
        from inspection.proof import expected_flips, load_flips
        from wagewatch.evidence.registry import register_kind

        register_kind(
            "alarm.flip",
            load_many=load_flips,
            expected_subjects=expected_flips,
            label=_("Alarm opened or changed"),
        )
