"""Two sides (source 1, 3.2.4): what one serves and writes, the other neither shows nor can write."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client, override_settings
from django.urls import NoReverseMatch, resolve, reverse
from django.urls.exceptions import Resolver404

from inspection.models import Alarm, AlarmAnswer, AlarmFlip, AlarmStep, Notice, NoticeChoice, Pause
from inspection.sides import grant_sides
from payroll.models import PaymentOrder, PaySheet, PaySlip, SpecialAccount
from registration.models import Organisation, Participation, Posting, Worker
from registration.services.firms import StandingFacts, record_standing
from registration.services.projects import find_planning_breach
from registration.services.staff import open_first_account
from tests.cast import Cast
from tests.permissions.addresses import PARTS
from tests.permissions.stage import on_stage
from tests.permissions.test_matrix import url_names
from wagewatch.lib.identity import make_uscc

ENTERPRISE = {"registration", "devices", "payroll", "supervised", "warnings"}
SUPERVISION = {"inspection", "permits"}


def test_the_other_sides_names_and_paths_do_not_exist(db: None) -> None:
    for urlconf, absent in (
        ("wagewatch.enterprise_urls", SUPERVISION),
        ("wagewatch.supervision_urls", ENTERPRISE),
    ):
        with on_stage() as stage:
            paths = {
                name: reverse(
                    name, urlconf="wagewatch.urls", kwargs=PARTS.get(name, lambda _stage: {})(stage)
                )
                for name in url_names()
                if name.partition(":")[0] in absent
            }
            assert paths
            client = stage.clients["li" if absent == ENTERPRISE else "zhao"]
            with override_settings(ROOT_URLCONF=urlconf):
                for name, path in paths.items():
                    with pytest.raises(NoReverseMatch):
                        reverse(name, kwargs=PARTS.get(name, lambda _stage: {})(stage))
                    with pytest.raises(Resolver404):
                        resolve(path)
                    assert client.get(path).status_code == 404, path
                    assert client.post(path, {}).status_code == 404, path


@pytest.mark.parametrize(
    ("side", "role", "names"),
    [
        ("supervision", "li", ["today", "alarms", "projects", "people", "rules"]),
        ("enterprise", "zhao", ["payroll:today", "registration:projects", "devices:sites", "payroll:sheets"]),
        ("enterprise", "bank", ["payroll:orders", "payroll:accounts"]),
    ],
)
def test_a_side_serves_its_first_pages_alone(db: None, side: str, role: str, names: list[str]) -> None:
    with on_stage() as stage, override_settings(ROOT_URLCONF=f"wagewatch.{side}_urls"):
        for name in names:
            path = reverse(name if ":" in name else f"inspection:{name}")
            assert stage.ask(role, "GET", path).status_code == 200, path


def test_every_page_of_one_project_needs_no_name_of_the_other_side(db: None) -> None:
    """Links to the other side would be a NoReverseMatch in a process that serves one side."""
    with on_stage() as stage:
        for urlconf, role, areas in (
            ("wagewatch.supervision_urls", "li", SUPERVISION),
            ("wagewatch.enterprise_urls", "zhao", ENTERPRISE),
        ):
            names = [n for n in url_names() if n.partition(":")[0] in areas]
            with override_settings(ROOT_URLCONF=urlconf):
                for name in names:
                    path = reverse(name, kwargs=PARTS.get(name, lambda _stage: {})(stage))
                    assert stage.ask(role, "GET", path).status_code < 500, path
                    assert stage.ask("sun", "GET", path).status_code < 500, path


def test_workers_have_no_entrance_on_the_supervision_side(db: None) -> None:
    with override_settings(ROOT_URLCONF="wagewatch.supervision_urls"):
        assert Client().get("/my/pay/").status_code == 404
        assert Client().get("/me/").status_code == 404


def refused(model: type, act: str) -> bool:
    """Whether the database refuses the act to the role in force."""
    table = connection.ops.quote_name(model._meta.db_table)  # type: ignore[attr-defined]
    column = connection.ops.quote_name(
        next(f.column for f in model._meta.concrete_fields if f.column)  # type: ignore[attr-defined]
    )
    sql = {
        "INSERT": f"INSERT INTO {table} SELECT * FROM {table} WHERE false",  # noqa: S608 names of our tables
        "UPDATE": f"UPDATE {table} SET {column} = {column} WHERE false",  # noqa: S608
        "DELETE": f"DELETE FROM {table} WHERE false",  # noqa: S608
    }[act]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except ProgrammingError as problem:
        return "permission denied" in str(problem)
    return False


ACTS = ("INSERT", "UPDATE", "DELETE")
OF_SUPERVISION: list[type] = [Alarm, AlarmFlip, AlarmStep]
OF_ENTERPRISE: list[type] = [PaySheet, PaySlip, PaymentOrder, SpecialAccount, Posting, Worker]


@pytest.mark.parametrize(
    ("role", "own", "others"),
    [
        ("wagewatch_enterprise", OF_ENTERPRISE, OF_SUPERVISION),
        ("wagewatch_supervision", OF_SUPERVISION, OF_ENTERPRISE),
    ],
)
def test_the_database_role_of_a_side_writes_its_own_tables_only(
    cast: Cast, role: str, own: list[type], others: list[type]
) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
        assert [m.__name__ for m in own for act in ACTS if refused(m, act)] == []
        assert [m.__name__ for m in others for act in ACTS if not refused(m, act)] == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM registration_project")
            assert cursor.fetchone() == (2,), "both sides read everything"
            cursor.execute("RESET ROLE")


def test_firms_answer_ask_and_read_but_decide_nothing(cast: Cast) -> None:
    """Of what the office keeps about alarms the enterprise side adds answers and requests, and reads its notices."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
        may = {
            model.__name__: [act for act in ACTS if not refused(model, act)]
            for model in (AlarmAnswer, Pause, Notice, NoticeChoice)
        }
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    # `refused` tries to change a row's first column, which of a notice is not among those that may change.
    assert may == {
        "AlarmAnswer": ["INSERT"],
        "Pause": ["INSERT"],
        "Notice": ["INSERT"],
        "NoticeChoice": ["INSERT", "UPDATE"],
    }


def test_an_authority_writes_what_it_finds_and_no_other_column(cast: Cast) -> None:
    """Article 37 of a project, 20 to 22 of a firm; their other facts belong to the enterprise side."""
    may = {
        "registration_project": {"planning_breach"},
        "registration_organisation": {
            "legal_form", "standing", "standing_since", "successor_id", "investors",
        },
        "registration_participation": set(),
        "registration_team": set(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for table, expected in may.items():
            cursor.execute(
                "SELECT a.attname FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0"
                " AND NOT a.attisdropped AND has_column_privilege('wagewatch_supervision', %s, a.attname, 'UPDATE')",
                [table, table],
            )
            assert {name for (name,) in cursor.fetchall()} == expected, table
    newcomer = Organisation.objects.create(
        uscc=make_uscc("330703", "MA28AAA77"), name="周册劳务", kind="contractor", region_id="330703"
    )
    Participation.objects.create(
        project=cast.project, organisation=newcomer, role="subcontractor", parent=cast.gc_part
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_supervision")
        li = {"actor": cast.actor(cast.li), "now": cast.now}
        find_planning_breach(cast.project.pk, True, "金资规罚 2026-7", **li)
        record_standing(cast.sc.pk, StandingFacts("company", "revoked", cast.today), "企业信用公示", **li)
        made = open_first_account(newcomer.pk, "zhou-ce", "周册", "sc_clerk", **li)
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    assert made.token
    cast.project.refresh_from_db()
    assert cast.project.planning_breach is True


def test_a_new_months_partition_obeys_the_sides_too(db: None) -> None:
    """Rights are looked up on the table named in a statement, so a partition must not be a way round."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_inherits h ON h.inhrelid = c.oid"
            " WHERE h.inhparent = 'payroll_payslip'::regclass"
        )
        partitions = [name for (name,) in cursor.fetchall()]
        assert partitions
        for name in partitions:
            cursor.execute(
                "SELECT has_table_privilege('wagewatch_supervision', %s, 'INSERT, UPDATE, DELETE')", [name]
            )
            assert cursor.fetchone() == (False,), name


@pytest.mark.django_db(transaction=True)
def test_rights_are_given_also_when_several_migrate_at_once() -> None:
    together = Barrier(4)

    def give() -> None:
        try:
            together.wait(10)
            for _ in range(5):
                grant_sides()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(give) for _ in range(4)]:
            done.result()
