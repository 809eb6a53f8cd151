from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "registration"
    verbose_name = "实名登记"

    def ready(self) -> None:
        from registration.notice_records import register

        register()
