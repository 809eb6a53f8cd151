"""Pages by key: every row once in both directions, whatever leaves the list meanwhile; nonsense is the first page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from inspection import dashboard
from inspection.models import Alarm
from inspection.paging import Beyond, _parse, by, day, day_falling, falling, key_page, moment, rising
from inspection.standing import IN_QUEUE
from tests.cast import Cast
from tests.inspection.stage import DUE, at

NOW = at(DUE)
ORDERS = {
    "queue": dashboard.QUEUE,
    "due": (day("due_on"), rising("id")),
    "due, latest first": (day_falling("due_on"), rising("id")),
    "amount": (falling("amount_fen"), rising("id")),
}


def make_alarms(cast: Cast, count: int, *, state: str = "open") -> list[Alarm]:
    """Alarms with every mixture of level, deadline, day and amount, some of them alike."""
    return Alarm.objects.bulk_create(
        Alarm(
            project=cast.project,
            rule="D3",
            period=f"{2010 + n // 12}-{1 + n % 12:02d}",
            level=1 + n % 3,
            state=state,
            due_on=DUE - timedelta(days=n % 4) if n % 5 else None,
            handle_by=DUE + timedelta(days=n % 3) if n % 2 else None,
            paused_until=DUE if n % 7 == 3 else None,
            amount_fen=1000 * (n % 6),
            opened_at=NOW,
            changed_at=NOW,
            closed_at=NOW - timedelta(hours=n // 2) if state == "closed" else None,
        )
        for n in range(count)
    )


def walk(found, order, *, key: str = "", size: int = 7, **more) -> list[int]:
    """All rows, page by page: forward, or from the last page back."""
    rows, address = [], QueryDict("end=1" if key == "before" else "")
    while True:
        page = key_page(found, order, address, size, **more)
        pks = [row.pk for row in page]
        rows = pks + rows if key == "before" else rows + pks
        next_one = page.previous_key if key == "before" else page.next_key
        if not next_one:
            return rows
        address = QueryDict(mutable=True)
        address[key or "after"] = next_one


@pytest.mark.django_db
@pytest.mark.parametrize("name", ORDERS)
def test_every_row_stands_on_one_page_in_its_order(cast, name):
    make_alarms(cast, 40)
    found, order = Alarm.objects.all(), ORDERS[name]
    whole = [alarm.pk for alarm in found.order_by(*by(order))]
    assert walk(found, order) == whole
    # Back from the end the pages are cut elsewhere; the first is always a whole one.
    back = walk(found, order, key="before")
    assert list(dict.fromkeys(back)) == whole
    assert len(key_page(found, order, QueryDict(""), 7)) == 7


@pytest.mark.django_db
def test_the_queue_stands_as_it_always_did(cast):
    make_alarms(cast, 40)
    far = DUE + timedelta(days=9999)
    asked = list(Alarm.objects.order_by(*by(dashboard.QUEUE)))
    assert asked == sorted(
        asked,
        key=lambda a: (
            a.paused_until is not None, -a.level, a.handle_by or far, a.due_on or far, -a.amount_fen, a.pk,
        ),
    )  # fmt: skip


@pytest.mark.django_db
def test_a_row_that_leaves_moves_no_later_page(cast):
    make_alarms(cast, 40)
    found = Alarm.objects.filter(state="open")
    first = key_page(found, dashboard.QUEUE, QueryDict(""), 10)
    address = QueryDict(mutable=True)
    address["after"] = first.next_key
    second = [row.pk for row in key_page(found, dashboard.QUEUE, address, 10)]
    Alarm.objects.filter(pk__in=[row.pk for row in first][:4]).update(state="closed")
    assert [row.pk for row in key_page(found, dashboard.QUEUE, address, 10)] == second


@pytest.mark.django_db
def test_newest_first_turns_the_order_round(cast):
    make_alarms(cast, 30, state="closed")
    order = (moment("closed_at"), rising("id"))
    whole = list(Alarm.objects.order_by("-closed_at", "-pk").values_list("pk", flat=True))
    assert walk(Alarm.objects.all(), order, newest_first=True) == whole
    assert list(dict.fromkeys(walk(Alarm.objects.all(), order, key="before", newest_first=True))) == whole


@pytest.mark.django_db
def test_the_index_answers_where_a_page_begins(cast):
    make_alarms(cast, 3)
    key = _parse(key_page(Alarm.objects.all(), dashboard.QUEUE, QueryDict(""), 1).next_key, dashboard.QUEUE)
    assert key is not None
    asked = Alarm.objects.filter(IN_QUEUE).order_by(*by(dashboard.QUEUE))
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )
    plan = asked.filter(Beyond(dashboard.QUEUE, key, ">")).explain()
    assert "Index Cond: (ROW(" in plan
    assert "alarm_queue" in plan
    assert "Sort" not in plan


@given(st.text(max_size=60) | st.from_regex(r"[0-9_+:T.-]{0,60}", fullmatch=True))
def test_nonsense_is_no_key(text):
    for order in (*ORDERS.values(), (moment("closed_at"), rising("id"))):
        found = _parse(text, order)
        assert found is None or len(found) == len(order)


@pytest.mark.django_db
def test_pages_of_the_queue_lead_on_and_back(cast):
    make_alarms(cast, 120)
    client = cast.client(cast.li)
    first = client.get(reverse("inspection:alarms"), {"rule": "D3"})
    assert (len(first.context["page"]), first.context["page"].count) == (50, 120)
    assert 'rel="prev"' not in first.content.decode()
    second = client.get(reverse("inspection:alarms"), {"rule": "D3", "after": first.context["page"].next_key})
    assert len(second.context["page"]) == 50
    back = client.get(
        reverse("inspection:alarms"), {"rule": "D3", "before": second.context["page"].previous_key}
    )
    assert [a.pk for a in back.context["page"]] == [a.pk for a in first.context["page"]]
    last = client.get(reverse("inspection:alarms"), {"end": "1"})
    assert last.context["page"].next_key == ""
    assert last.context["page"].previous_key
    # A filter or another order begins with the first page.
    assert 'name="after"' not in second.content.decode()
    assert "sort=amount&amp;after" not in second.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["after", "before"])
@pytest.mark.parametrize(
    "text",
    ["x", "1_2", "0001-01-01_-3_2026-11-13_x_0_1", f"0001-01-01_-3_9999-12-31_9999-12-31_0_{10**30}", "%00"],
)
def test_a_broken_key_is_the_first_page(cast, key, text):
    make_alarms(cast, 60)
    client = cast.client(cast.li)
    page = client.get(reverse("inspection:alarms"), {key: text}).context["page"]
    assert [a.pk for a in page] == [a.pk for a in client.get(reverse("inspection:alarms")).context["page"]]


@pytest.mark.django_db
def test_counts_of_the_filters_are_those_of_the_rows(cast):
    make_alarms(cast, 30)
    Alarm.objects.filter(period="2010-06").update(stage=Alarm.Stage.ANSWERED)
    client = cast.client(cast.li)
    for query in (
        {},
        {"level": "red"},
        {"rule": "D3"},
        {"group": "D"},
        {"group": "A"},
        {"region": "3307"},
        {"q": "多湖"},
    ):
        page = client.get(reverse("inspection:alarms"), query).context["page"]
        assert page.count == len(page), query
    assert client.get(reverse("inspection:alarms")).context["page"].count == 29
