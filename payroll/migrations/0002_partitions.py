"""Monthly partitions for slips; keys that carry the project; account entries that cannot be rewritten."""

from django.db import migrations

from wagewatch.lib.schema import (
    partition_by_month,
    refer_within_project,
    scope_to_project,
)


class Migration(migrations.Migration):
    dependencies = [("payroll", "0001_initial"), ("registration", "0002_scope_to_project")]

    operations = [
        scope_to_project("payroll_paysheet", {"participation_id": "registration_participation"}),
        scope_to_project("payroll_objection", {"sheet_id": "payroll_paysheet"}),
        scope_to_project(
            "payroll_sheetupload",
            {"participation_id": "registration_participation", "sheet_id": "payroll_paysheet"},
        ),
        scope_to_project("payroll_paymentorder", {"sheet_id": "payroll_paysheet"}),
        migrations.RunSQL(
            [
                refer_within_project("payroll_paymentline", "order_id", "payroll_paymentorder"),
                refer_within_project("payroll_paymentline", "sheet_id", "payroll_paysheet"),
            ],
            migrations.RunSQL.noop,
        ),
        partition_by_month(
            "payroll_payslip",
            "month",
            "month, project_id, sheet_id, worker_id",
            {"slip_worker": "worker_id, month", "slip_sheet": "project_id, sheet_id"},
        ),
    ]
