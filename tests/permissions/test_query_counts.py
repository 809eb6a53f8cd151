"""No page's query count grows with its rows; the counts are on file, so that a new query is seen in a review.

Refresh on purpose: WAGEWATCH_REFRESH_COUNTS=1 pytest tests/permissions/test_query_counts.py
"""

import json
import os
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from devices.services.terminals import forget_terminals
from registration.services import parameters
from tests.cast import NOW
from tests.permissions.crowd import Crowd, build_crowd
from tests.permissions.stage import undone

FILE = Path(__file__).resolve().parents[1] / "golden" / "query_counts.json"
SMALL = 4
MONTH = "2026-08"


def addresses(crowd: Crowd) -> dict[str, tuple[str, str]]:
    """Every page that lists something: name to (who looks, address)."""
    cast = crowd.cast
    project = {"pk": cast.project.pk}
    people = {"project_pk": cast.project.pk}
    pages: dict[str, tuple[str, dict[str, object], str]] = {
        "registration:projects": ("zhao", {}, ""),
        "registration:project": ("zhao", project, ""),
        "registration:chain": ("zhao", project, ""),
        "registration:part": ("zhao", {**project, "part_pk": cast.sc_part.pk}, ""),
        "registration:team": ("zhao", {**project, "team_pk": cast.team.pk}, ""),
        "registration:staff": ("he", {}, ""),
        "registration:people": ("zhao", {}, ""),
        "devices:sources": ("zhao", {}, ""),
        "devices:source": ("zhao", {"pk": crowd.source.pk}, ""),
        "registration:people-export": ("zhao", people, ""),
        "registration:people-files": ("zhao", people, ""),
        "registration:person-new": ("zhao", people, ""),
        "inspection:person": ("li", {**people, "worker_pk": cast.sun.pk}, ""),
        "registration:person": ("zhao", {**people, "worker_pk": cast.sun.pk}, ""),
        "registration:roster-upload": ("zhao", people, ""),
        "registration:roster": ("zhao", {**people, "pk": crowd.roster.pk}, ""),
        "registration:site-joins": ("zhao", people, ""),
        "registration:tablets": ("zhao", people, ""),
        "registration:notices": ("zhao", people, ""),
        "registration:people-leave": ("zhao", people, ""),
        "registration:worker-posting": ("sun", {**people, "pk": cast.sun_posting.pk}, ""),
        "registration:trainings": ("zhao", people, ""),
        "registration:trainings-lacking": ("zhao", people, ""),
        "registration:training-new": ("zhao", people, ""),
        "registration:training": ("qian", {**people, "pk": crowd.training.pk}, ""),
        "registration:certificates": ("zhao", people, "?show=all"),
        "registration:citizen-cards": ("zhao", {"project_pk": crowd.nanjing.project.pk}, "?show=all"),
        "registration:citizen-card": (
            "zhao",
            {"project_pk": crowd.nanjing.project.pk, "pk": crowd.citizen_card.pk},
            "",
        ),
        "registration:worker-trainings": ("sun", {}, ""),
        "registration:worker-citizen-card": ("sun", {}, ""),
        "devices:site-barred": ("zhao", project, ""),
        "devices:site-live": ("zhao", project, ""),
        "devices:site-refused": ("zhao", project, ""),
        "devices:site-may-enter": ("zhao", project, ""),
        "devices:badges": ("zhao", project, ""),
        "devices:oddities": ("qian", project, "?from=2026-10-01&to=2026-10-31"),
        "payroll:sheet-changes": ("he", {"pk": crowd.sheet.pk}, ""),
        "inspection:changed-days": ("li", project, ""),
        "inspection:oddities": ("li", {}, "?from=2026-10-01&to=2026-10-31"),
        "inspection:citizen-cards": ("li", {}, ""),
        "registration:roster-columns": ("zhao", {**people, "pk": crowd.roster.pk}, ""),
        "registration:worker-me": ("sun", {}, ""),
        "registration:worker-phones": ("sun", {}, ""),
        "registration:worker-notices": ("sun", {}, ""),
        "registration:worker-help": ("sun", {}, ""),
        "inspection:bulletins": ("li", {}, ""),
        "registration:worker-contract": ("sun", {}, ""),
        "registration:contracts": ("zhao", people, ""),
        "registration:contract": ("zhao", {**people, "pk": crowd.contract_pk}, ""),
        "registration:contracts-draft": ("zhao", people, "?show=without&all=1"),
        "registration:worker-contract-read": ("sun", {**people, "pk": crowd.contract_pk}, ""),
        "devices:sites": ("zhao", {}, ""),
        "devices:site": ("zhao", project, ""),
        "devices:site-inside": ("zhao", project, ""),
        "devices:site-days": ("zhao", project, "?month=2026-10"),
        "devices:site-days-sheet": ("zhao", project, "?month=2026-10"),
        "devices:open-days": ("zhao", project, "?month=2026-10"),
        "devices:worker-face": ("sun", {**people, "pk": cast.sun_posting.pk}, ""),
        "devices:worker-days": ("sun", {}, "?month=2026-09"),
        "payroll:today": ("zhao", {}, ""),
        "payroll:sheet-upload": ("qian", {}, ""),
        "payroll:sheet-staged": ("qian", {"pk": crowd.upload_pk}, ""),
        "payroll:sheet-columns": ("qian", {"pk": crowd.upload_pk}, ""),
        "payroll:sheets": ("zhao", {}, ""),
        "payroll:sheet-new": ("zhao", {}, ""),
        "payroll:sheet": ("he", {"pk": crowd.sheet.pk}, ""),
        "payroll:sheet-silent": ("qian", {"pk": crowd.sheet.pk}, ""),
        "inspection:pay-watch-on-site": ("li", {}, ""),
        "inspection:pay-watch-mediations": ("li", {}, ""),
        "inspection:pay-watch-cash": ("li", {}, ""),
        "inspection:pay-watch-part-cash": ("li", {}, ""),
        "payroll:sheet-export": ("he", {"pk": crowd.sheet.pk}, ""),
        "payroll:orders": ("he", {}, ""),
        "payroll:returned": ("he", {}, ""),
        "payroll:undecided": ("he", {}, ""),
        "payroll:bank-desk": ("officer", {}, ""),
        "payroll:order": ("he", {"pk": crowd.order.pk}, ""),
        "payroll:order-export": ("he", {"pk": crowd.order.pk}, ""),
        "payroll:accounts": ("officer", {}, ""),
        "payroll:account": ("officer", {"pk": crowd.account_pk}, ""),
        "payroll:account-export": ("officer", {"pk": crowd.account_pk}, ""),
        "payroll:statements": ("officer", {"pk": crowd.account_pk}, ""),
        "payroll:account-lines": ("officer", {"pk": crowd.account_pk}, ""),
        "payroll:project-account": ("zhao", project, ""),
        "payroll:account-closing": ("zhao", project, ""),
        "inspection:accounts": ("li", {}, ""),
        "inspection:accounts-export": ("li", {}, ""),
        "inspection:account": ("li", project, ""),
        "payroll:leavers": ("zhao", {}, ""),
        "payroll:deposit": ("zhao", project, ""),
        "payroll:guarantee": ("ye", project, ""),
        "payroll:owner-today": ("ye", {}, ""),
        "payroll:allocation": ("zhao", project, ""),
        "payroll:loans": ("zhao", {}, ""),
        "payroll:loan": ("zhao", project, ""),
        "payroll:flow": ("zhao", project, ""),
        "inspection:money": ("li", {}, ""),
        "inspection:money-export": ("li", {}, ""),
        "inspection:money-check": ("li", {}, ""),
        "inspection:allocation": ("li", project, ""),
        "inspection:flow": ("li", project, ""),
        "inspection:deposits": ("li", {}, ""),
        "inspection:deposits-export": ("li", {}, ""),
        "inspection:deposit": ("li", project, ""),
        "inspection:guarantee": ("li", project, ""),
        "payroll:worker-history": ("sun", {}, ""),
        "payroll:worker-pay": ("sun", {}, ""),
        "inspection:today": ("li", {}, ""),
        "inspection:wall": ("li", {}, ""),
        "inspection:risk": ("li", {}, ""),
        "inspection:risk-export": ("li", {}, ""),
        "inspection:cases": ("li", {}, ""),
        "inspection:cases-export": ("li", {}, ""),
        "inspection:cases-workload": ("li", {}, ""),
        "inspection:case": ("li", {"pk": crowd.case_pk}, ""),
        "inspection:alarms": ("li", {}, ""),
        "inspection:alarms-export": ("li", {}, ""),
        "inspection:alarm": ("li", {"pk": crowd.alarm.pk}, ""),
        "inspection:pauses": ("li", {}, ""),
        "inspection:notice-log": ("li", {}, ""),
        "notices:list": ("zhao", {}, ""),
        "warnings:list": ("zhao", {}, ""),
        "warnings:pauses": ("zhao", {}, ""),
        "supervised:orders": ("qian", {}, ""),
        "inspection:projects": ("li", {}, ""),
        "inspection:projects-export": ("li", {}, ""),
        "inspection:project": ("li", project, ""),
        "inspection:project-month": ("li", {**project, "month": MONTH}, ""),
        "inspection:project-month-export": ("li", {**project, "month": MONTH}, ""),
        "inspection:contracts": ("li", project, ""),
        "inspection:contract": ("li", {**people, "pk": crowd.contract_pk}, ""),
        "inspection:templates": ("li", {}, ""),
        "inspection:firm": ("li", {"pk": cast.sc.pk}, ""),
        "inspection:people": ("li", {}, ""),
        "inspection:reports": ("li", {}, "?by=trade"),
        "inspection:reports-export": ("li", {}, ""),
        "inspection:wage-report": ("li", {}, ""),
        "inspection:wage-report-export": ("li", {}, ""),
        "inspection:wage-report-pdf": ("li", {}, ""),
        "inspection:rules": ("li", {}, ""),
        "inspection:rule": ("li", {"code": "D3"}, ""),
        "inspection:rule-figure": ("li", {"code": "D3", "key": "alarm.D3.days"}, ""),
        "inspection:worker-month": ("li", {**people, "month": "2026-10", "worker_pk": cast.sun.pk}, ""),
    }
    people_list = reverse("registration:people", kwargs=people)
    found = {name: (who, reverse(name, kwargs=parts) + query) for name, (who, parts, query) in pages.items()}
    contracts = reverse("registration:contracts", kwargs=people)
    shown = {f"registration:contracts {n}": ("zhao", f"{contracts}?show={n}") for n in ("in_force", "signed")}
    return found | {"registration:people of one project": ("zhao", people_list)} | shown


def counts(size: int) -> dict[str, int]:
    """Queries per page at a size; everything is undone."""
    found: dict[str, int] = {}
    with undone(), time_machine.travel(NOW, tick=False):
        cache.clear()
        parameters.forget()
        forget_terminals()
        crowd = build_crowd(size)
        for name, (who, path) in addresses(crowd).items():
            client = crowd.cast.client(getattr(crowd.cast, who))
            client.get(path)  # what is remembered between requests is remembered now
            with CaptureQueriesContext(
                connection,
            ) as queries:
                response = client.get(path)
                assert response.status_code in {200, 302}, (name, response.status_code)
                if response.streaming:
                    b"".join(response)
            found[name] = len(queries)
    return found


@pytest.fixture
def few_and_many(db: None, remembered_for_good: None) -> tuple[dict[str, int], dict[str, int]]:
    return counts(SMALL), counts(3 * SMALL)


def test_counts_do_not_grow_with_rows_and_equal_those_on_file(
    few_and_many: tuple[dict[str, int], dict[str, int]],
) -> None:
    few, many = few_and_many
    assert {name: (few[name], n) for name, n in many.items() if n != few[name]} == {}
    if os.environ.get("WAGEWATCH_REFRESH_COUNTS") == "1":
        FILE.write_text(
            json.dumps(few, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    assert few == json.loads(FILE.read_text(encoding="utf-8"))
