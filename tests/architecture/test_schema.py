"""What the database itself promises: keys that carry the project, composite foreign keys, monthly partitions."""

import itertools
import re

import pytest
from django.apps import apps
from django.db import connection, models

OURS = {"registration", "devices", "payroll", "inspection", "evidence"}
HISTORY = re.compile(r"_historical")
WITHOUT_PROJECT = {
    "devices_terminal": "the serial is unique in the world, the key id is looked up before the project is known",
    "devices_enrolmentcode": "a code is looked up before the project is known",
    "evidence_entry": "one log for the installation; stays on the coordinator",
    "registration_complaint": "a complaint may name no project; it is looked up by its reference",
    "inspection_case": "a complaint may name no project; its office finds it later",
    "registration_sensitiveview": "a log of looks at people; the project may be none",
    "inspection_projectstat": "one row per project: the project is its key",
}
"""Tables with a project whose keys may lack it, each with its reason."""
PLAIN_KEYS = {
    ("inspection_case", "complaint_id"): "a complaint may name no project, its case does later",
    ("inspection_casealarm", "case_id"): "a case has a plain key, since it may have no project yet",
    (
        "payroll_accountentry",
        "sub_ledger_id",
    ): "a share is one row per project and has no composite key to point at",
}
"""Foreign keys that do not carry the project, each with its reason."""
MONTHLY = {
    "devices_passage": "day",
    "devices_attendanceday": "day",
    "devices_monthtotal": "month",
    "devices_refusedentry": "day",
    "payroll_payslip": "month",
}

WITH_PROJECT = """
SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND EXISTS (SELECT 1 FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attname = 'project_id' AND NOT a.attisdropped)
ORDER BY c.relname
"""
UNIQUE = """
SELECT i.indexrelid::regclass::text, i.indisprimary, array(
  SELECT a.attname::text FROM unnest(i.indkey) k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)
FROM pg_index i WHERE i.indrelid = %s AND i.indisunique
"""


def test_every_key_carries_the_project(db: None) -> None:
    without, unneeded = [], set(WITHOUT_PROJECT)
    with connection.cursor() as cursor:
        cursor.execute(WITH_PROJECT)
        tables = [(oid, name) for oid, name in cursor.fetchall() if not HISTORY.search(name)]
        assert len(tables) > 15
        for oid, table in tables:
            cursor.execute(UNIQUE, [oid])
            indexes = cursor.fetchall()
            assert any(primary for _name, primary, _columns in indexes), f"{table} has no primary key"
            lacking = [name for name, _primary, columns in indexes if "project_id" not in columns]
            if lacking and table in WITHOUT_PROJECT:
                unneeded.discard(table)
            elif lacking:
                without.append((table, lacking))
    assert without == []
    assert unneeded <= {"inspection_projectstat"}, "these no longer need their exception"


def composite_keys() -> list[tuple[str, str, str]]:
    """(table, column, table pointed at) of every foreign key between two tables that have a project."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in OURS or HISTORY.search(model._meta.db_table):
            continue
        names = {f.column for f in model._meta.concrete_fields}
        if "project_id" not in names or model._meta.db_table in MONTHLY:
            continue
        for field in model._meta.concrete_fields:
            if (model._meta.db_table, field.column) in PLAIN_KEYS:
                continue
            if not isinstance(field, models.ForeignKey) or field.column == "project_id":
                continue
            target = field.remote_field.model
            if "project_id" in {f.column for f in target._meta.concrete_fields}:
                found.append((model._meta.db_table, field.column, target._meta.db_table))
    return found


@pytest.mark.parametrize(("table", "column", "target"), composite_keys(), ids=lambda value: str(value))
def test_a_foreign_key_carries_the_project(db: None, table: str, column: str, target: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = %s::regclass AND confrelid = %s::regclass",
            [table, target],
        )
        definitions = [definition for (definition,) in cursor.fetchall()]
    wanted = {f"FOREIGN KEY ({column}, project_id)", f"FOREIGN KEY (project_id, {column})"}
    assert any(d.startswith(tuple(wanted)) for d in definitions), definitions


@pytest.mark.parametrize(("table", "column"), MONTHLY.items())
def test_a_growing_table_is_partitioned_by_month_with_a_default(db: None, table: str, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_partkeydef(%s::regclass)", [table])
        assert cursor.fetchone() == (f"RANGE ({column})",)
        cursor.execute(
            "SELECT pg_get_expr(p.relpartbound, p.oid) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhrelid"
            " WHERE h.inhparent = %s::regclass",
            [table],
        )
        bounds = [bound for (bound,) in cursor.fetchall()]
    assert bounds.count("DEFAULT") == 1
    ranges = sorted(
        tuple(re.findall(r"'(\d{4}-\d{2}-\d{2})'", bound)) for bound in bounds if bound != "DEFAULT"
    )
    assert all(day.endswith("-01") for bound in ranges for day in bound)
    for (_first, end), (start, _last) in itertools.pairwise(ranges):
        assert end == start, "no month may be missing between two"
    assert len(ranges) >= 6


@pytest.mark.parametrize("table", MONTHLY)
def test_a_unique_index_of_a_partitioned_table_holds_partition_and_project(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::regclass::oid", [table])
        cursor.execute(UNIQUE, [cursor.fetchone()[0]])
        for _name, _primary, columns in cursor.fetchall():
            assert {"project_id", MONTHLY[table]} <= set(columns)


def test_money_is_whole_fen() -> None:
    """No column of money is anything but a big integer, and nothing is a float."""
    wrong = []
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for field in model._meta.concrete_fields:
            kind = field.get_internal_type()
            if kind == "FloatField" or (field.name.endswith("_fen") and kind != "BigIntegerField"):
                wrong.append(f"{model.__name__}.{field.name}: {kind}")
    assert wrong == []


def test_personal_data_is_kept_encrypted_only() -> None:
    """A field of this name that is not encrypted would be readable in any dump."""
    names = {"id_number", "phone", "address", "number", "card_number", "secret"}
    allowed = {
        ("Project", "address"): "a building site's address is public",
        ("PaySheet", "number"): "which sheet of the month",
        ("Approval", "number"): "which approval of the sheet",
        ("AccountEntry", "number"): "which entry of the account",
        ("AllocationPlan", "number"): "which version of the agreement",
        ("ProgressPayment", "number"): "which progress payment of the project",
        ("AllocationChoice", "number"): "which decision about a receipt",
        ("TopUpRequest", "number"): "which request to the owner",
        ("LoanDraw", "number"): "which draw of the project",
        ("LoanRepayment", "number"): "which repayment of the project",
        ("DepositEntry", "number"): "which entry of the deposit",
        ("DepositRuling", "number"): "which ruling about the deposit",
        ("PaymentGuarantee", "number"): "which entry of the guarantee",
        ("AccountEvent", "number"): "the filing's or the statement's own number",
        ("AccountAgreement", "number"): "the agreement's own number",
        ("LineEvent", "number"): "which event of the statement line",
        ("DataRequest", "number"): "what the asking department quotes",
        ("ListingStep", "number"): "which step of the proceeding",
        ("PermitAnswer", "number"): "what the permit office quotes",
        ("Case", "number"): "the case's own number",
        ("CaseStep", "number"): "which step of the case",
        ("CasePaper", "number"): "the document's own number",
        ("CorrectionOrder", "number"): "the order's own number",
        ("Sanction", "number"): "the decision's own number",
        ("NoticeBoard", "number"): "which version of the board",
        ("BoardCheck", "number"): "which look at the board",
        ("BoardPhoto", "number"): "the look that the picture belongs to",
        ("CheckDraw", "number"): "which draw of the office",
        ("CheckPhoto", "number"): "which photo of the check",
        ("InspectorCertificate", "number"): "an official's certificate, published with each result",
        ("SiteBadge", "number"): "what is printed on a piece of plastic; it says nothing of a person",
        ("BadgeUse", "number"): "what is printed on a piece of plastic",
        ("LabourContract", "number"): "the employer's own number of the contract",
    }
    plain = set()
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for field in model._meta.concrete_fields:
            owner = model.__name__.removeprefix("Historical")
            if (
                field.name in names
                and type(field).__name__ != "EncryptedTextField"
                and (owner, field.name) not in allowed
            ):
                plain.add(f"{model.__name__}.{field.name}")
    assert plain == set()
