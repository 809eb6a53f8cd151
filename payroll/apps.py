from django.apps import AppConfig


class PayrollConfig(AppConfig):
    name = "payroll"
    verbose_name = "工资与资金"

    def ready(self) -> None:
        import payroll.checks  # noqa: F401 registers itself
        from devices.month_notes import register_notes
        from payroll import (
            advance_records,
            allocation_records,
            board_records,
            confirming_records,
            deposit_records,
            guarantee_records,
            late_worker,
            records,
        )

        records.register()
        advance_records.register()
        confirming_records.register()
        deposit_records.register()
        guarantee_records.register()
        allocation_records.register()
        board_records.register()
        register_notes(late_worker.calendar_notes)
