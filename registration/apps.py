from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "registration"
    verbose_name = "实名登记"

    def ready(self) -> None:
        from registration import card_records, notice_records, records

        card_records.register()
        notice_records.register()
        records.register()
