from django.apps import AppConfig


class PayrollConfig(AppConfig):
    name = "payroll"
    verbose_name = "工资与资金"

    def ready(self) -> None:
        from payroll import confirming_records, deposit_records, records

        records.register()
        confirming_records.register()
        deposit_records.register()
