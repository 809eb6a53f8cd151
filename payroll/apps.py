from django.apps import AppConfig


class PayrollConfig(AppConfig):
    name = "payroll"
    verbose_name = "工资与资金"

    def ready(self) -> None:
        from payroll.records import register

        register()
