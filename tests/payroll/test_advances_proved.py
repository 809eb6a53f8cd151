"""Advances in the evidence log and on the worker's own page; the contractor's task about labour cost."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from payroll.models import Advance
from payroll.services import advances, allocations
from payroll.services.allocation_facts import load_allocation
from payroll.services.allocations import PlanFacts
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.dates import site_date

pytestmark = pytest.mark.django_db


def record(cast: Cast) -> Advance:
    return advances.record_advance(
        cast.project.pk, cast.sun.pk, amount_fen=50_000, paid_on=cast.today, method="cash", reason="回家",
        signature_png=stage.signature(), actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip


def test_an_advance_and_its_withdrawal_are_in_the_log(cast: Cast) -> None:
    made = record(cast)
    entry = Entry.objects.get(kind="advance.recorded")
    assert entry.subject == f"advance:{cast.project.pk}.{made.pk}"
    assert record_matches(entry, rebuilt_record(entry))
    Advance.objects.filter(pk=made.pk).update(amount_fen=5_000)
    assert not record_matches(entry, rebuilt_record(entry))
    Advance.objects.filter(pk=made.pk).update(amount_fen=50_000)
    advances.withdraw_advance(made.pk, reason="重复登记", actor=cast.actor(cast.qian), now=cast.now)
    gone = Entry.objects.get(kind="advance.withdrawn")
    assert record_matches(gone, rebuilt_record(gone))
    assert record_matches(entry, rebuilt_record(entry))


def test_the_worker_sees_advances_and_what_is_left(cast: Cast) -> None:
    record(cast)
    url = reverse("payroll:worker-pay")
    page = cast.client(cast.sun).get(url).content.decode()
    assert page.count("¥500.00") == 2
    assert "¥500.00" not in cast.client(cast.zhou).get(url).content.decode()


def test_the_contractor_is_told_what_the_owner_did_not_allocate(cast: Cast) -> None:
    parameters.forget()
    url = reverse("payroll:today")

    def titles(who) -> list[str]:
        return [t["url"] for t in cast.client(who).get(url).context["tasks"] if "/allocation/" in t["url"]]

    assert len(titles(cast.he)) == 1
    assert titles(cast.qian) == []
    facts = PlanFacts("amount", 20, date(2026, 9, 1), "合同第 12 条", amount_fen=10_000_000)
    allocations.agree_plan(cast.project.pk, facts, actor=cast.actor(cast.zhao), now=cast.now)
    short = load_allocation(cast.project, today=site_date(timezone.now())).account.short_fen
    (task,) = [t for t in cast.client(cast.he).get(url).context["tasks"] if "/allocation/" in t["url"]]
    assert (task["due_on"], task["late"], task["fen"]) == (date(2026, 9, 20), True, short)
    stage.account(cast, short)
    assert titles(cast.he) == []
