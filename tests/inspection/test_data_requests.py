"""Data for other departments: two persons, scope, marked files on record, expiry; and conspicuous looks."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from python_calamine import CalamineWorkbook

from inspection.looks import warnings_for
from inspection.models import DataExtract, DataRequest
from inspection.services.data_requests import ask_for_data, decide_request, rows_of, take_out
from payroll.models import CashPayment, PaySheet
from registration.models import SensitiveView, User
from registration.seed.standing import standing_rows
from tests.cast import NOW, Cast, make_user
from tests.inspection.stage import paid_in_cash, sent_sheet
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

LIMITS = next(row.value for row in standing_rows() if row.key == "looks.limits")


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def second(cast: Cast) -> User:
    """Chen works in Li's office."""
    return make_user("chen", "陈立", "inspector", cast.authority)


def asked(cast: Cast, **changes: object) -> DataRequest:
    facts: dict[str, object] = {
        "department": "金东区税务局",
        "contact": "方志",
        "purpose": "核对个人所得税代扣",
        "basis": "金税函〔2026〕15号",
        "fields": ["project", "month", "people", "net_fen", "paid_fen", "unpaid_fen"],
        "region_code": "330703",
        "first_month": date(2026, 9, 1),
        "last_month": date(2026, 10, 1),
    }
    return ask_for_data(**(facts | changes), actor=cast.actor(cast.li), now=NOW)  # type: ignore[arg-type]


def approved(cast: Cast, second: User, **changes: object) -> DataRequest:
    made = asked(cast, **changes)
    return decide_request(made.pk, approve=True, decision="同意", actor=cast.actor(second), now=NOW)


def two_sheets(cast: Cast) -> None:
    sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, 720_000), (cast.zhou_posting, 680_000)])
    sheet.slips.filter(worker=cast.sun).update(payment="paid")
    sent_sheet(cast.other_part, [(cast.wu_posting, 500_000)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"department": " "}, "data.department"),
        ({"purpose": "查看"}, "data.purpose"),
        ({"basis": ""}, "data.basis"),
        ({"fields": ["id_number"]}, "data.fields"),
        ({"region_code": "330702"}, "data.region"),
        ({"first_month": date(2026, 11, 1)}, "data.months"),
        ({"last_month": date(2026, 12, 1)}, "data.months"),
        ({"first_month": date(2023, 10, 1)}, "data.months"),
    ],
)
def test_refuses_a_request_without_purpose_or_scope(
    cast: Cast, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Malformed) as refused:
        asked(cast, **changes)
    assert refused.value.code == code
    assert not DataRequest.objects.exists()


def test_a_second_person_decides_once(cast: Cast, second: User) -> None:
    made = asked(cast)
    act = {"approve": True, "decision": "同意", "now": NOW}
    with pytest.raises(RuleViolation) as same:
        decide_request(made.pk, actor=cast.actor(cast.li), **act)  # type: ignore[arg-type]
    assert same.value.code == "data.same_person"
    with pytest.raises(NotFound):
        decide_request(made.pk, actor=cast.actor(cast.wang), **act)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted):
        decide_request(made.pk, actor=cast.actor(cast.zhao), **act)  # type: ignore[arg-type]
    with pytest.raises(RuleViolation) as early:
        take_out(made.pk, file_format="xlsx", actor=cast.actor(second), now=NOW)
    assert early.value.code == "data.not_approved"
    decide_request(made.pk, actor=cast.actor(second), **act)  # type: ignore[arg-type]
    with pytest.raises(RuleViolation) as again:
        decide_request(made.pk, actor=cast.actor(second), **act)  # type: ignore[arg-type]
    assert again.value.code == "data.decided"
    made.refresh_from_db()
    assert (made.state, made.expires_at) == ("approved", NOW + timedelta(days=7))
    assert Entry.objects.filter(kind="data.decided").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        DataRequest.objects.filter(pk=made.pk).update(decided_by=cast.li)


def test_the_file_holds_the_scope_and_is_marked(cast: Cast, second: User) -> None:
    two_sheets(cast)
    made = approved(cast, second)
    _request, data = take_out(made.pk, file_format="xlsx", actor=cast.actor(cast.li), now=NOW)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert made.number in str(rows[0][0])
    assert "金东区税务局" in str(rows[0][0])
    assert "李敏" in str(rows[0][0])
    body = [row for row in rows if row[0] == cast.project.name]
    assert body == [[cast.project.name, "2026-10", 2.0, 14000.0, 7200.0, 6800.0, made.number]]
    assert not any(cast.other_project.name in str(cell) for row in rows for cell in row)
    extract = DataExtract.objects.get()
    assert (extract.rows, extract.taken_by, bytes(extract.sha256)) == (
        1,
        cast.li,
        hashlib.sha256(data).digest(),
    )
    assert Entry.objects.filter(kind="data.extract").count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        DataExtract.objects.update(rows=0)


def test_an_opinion_that_is_too_long_is_refused_with_both_counts_and_stays_in_the_form(
    cast: Cast, second: User
) -> None:
    made, text = asked(cast), "可" * 301
    decide = reverse("inspection:data-request-decide", args=[made.pk])
    refused = cast.client(second).post(decide, {"act": "approve", "decision": text})
    assert refused.status_code == 400
    shown = refused.content.decode()
    assert "这里最多写 300 个字，现在有 301 个" in shown
    assert text in shown
    assert DataRequest.objects.get().state == "asked"


def test_cash_that_the_worker_denies_is_no_wage_paid(cast: Cast, second: User) -> None:
    two_sheets(cast)
    sheet = PaySheet.objects.get(project=cast.project)
    given = paid_in_cash(cast, sheet, cast.zhou)
    made = approved(cast, second)
    row = rows_of(made, cast.actor(cast.li))[0]
    assert row[-3:] == (1_400_000, 1_400_000, 0)
    CashPayment.objects.filter(pk=given.pk).update(denied_at=NOW)
    assert rows_of(made, cast.actor(cast.li))[0][-3:] == (1_400_000, 720_000, 680_000)


def test_people_are_named_masked_only(cast: Cast, second: User) -> None:
    two_sheets(cast)
    made = approved(cast, second, fields=["name", "id_tail", "net_fen"])
    assert rows_of(made, cast.actor(cast.li)) == [
        (720_000, "孙**", cast.sun.id_tail),
        (680_000, "周**", cast.zhou.id_tail),
    ]
    _request, data = take_out(made.pk, file_format="csv", actor=cast.actor(cast.li), now=NOW)
    text = data.decode("utf-8-sig")
    assert text.splitlines()[2:] == [
        f"7200.00,孙**,{cast.sun.id_tail},{made.number}",
        f"6800.00,周**,{cast.zhou.id_tail},{made.number}",
    ]
    assert cast.sun.name not in text


def test_it_can_be_taken_out_for_seven_days(cast: Cast, second: User) -> None:
    made = approved(cast, second)
    take_out(made.pk, file_format="csv", actor=cast.actor(cast.li), now=NOW + timedelta(days=6, hours=23))
    with pytest.raises(RuleViolation) as late:
        take_out(made.pk, file_format="csv", actor=cast.actor(cast.li), now=NOW + timedelta(days=7))
    assert late.value.code == "data.expired"
    assert DataExtract.objects.count() == 1


def test_pages_lead_from_the_request_to_the_file(cast: Cast, second: User) -> None:
    two_sheets(cast)
    client, other = cast.client(cast.li), cast.client(second)
    body = {
        "department": "金东区税务局", "contact": "方志", "purpose": "核对个人所得税代扣", "basis": "金税函〔2026〕15号",
        "content": ["project", "net_fen"], "region_code": "330703", "first_month": "2026-10", "last_month": "2026-10",
    }  # fmt: skip
    new = reverse("inspection:data-request-new")
    wrong = client.post(new, body | {"last_month": "2026-13", "purpose": ""})
    assert (wrong.status_code, set(wrong.context["form"].errors)) == (400, {"last_month", "purpose"})
    assert client.post(new, body).status_code == 302
    made = DataRequest.objects.get()
    page = reverse("inspection:data-request", args=[made.pk])
    decide = reverse("inspection:data-request-decide", args=[made.pk])
    assert decide not in client.get(page).content.decode()
    assert client.post(decide, {"act": "approve", "decision": "同意"}).status_code == 409
    assert other.post(decide, {"act": "approve", "decision": ""}).status_code == 400
    assert other.post(decide, {"act": "approve", "decision": "同意"}).status_code == 302
    taken = client.post(reverse("inspection:data-request-file", args=[made.pk]), {"format": "xlsx"})
    assert (taken.status_code, f"{made.number}.xlsx" in taken["Content-Disposition"]) == (200, True)
    assert DataExtract.objects.get().request == made
    assert client.get(reverse("inspection:data-requests")).status_code == 200
    assert cast.client(cast.wang).get(page).status_code == 404


def test_two_decisions_at_once_make_one(cast: Cast, transactional_db: None) -> None:
    made = asked(cast)
    people = [make_user(f"second{n}", "陈立", "inspector", cast.authority) for n in (1, 2)]
    actors = [cast.actor(one) for one in people]
    together = Barrier(2)

    def act(number: int) -> str:
        try:
            together.wait(10)
            found = decide_request(
                made.pk, approve=number == 0, decision="同意", actor=actors[number], now=NOW
            )
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connection.close()
        return found.number

    with ThreadPoolExecutor(2) as pool:
        got = [f.result() for f in [pool.submit(act, n) for n in range(2)]]
    assert sorted(got) == sorted([made.number, "data.decided"])


def look(cast: Cast, who: User, at: datetime, worker: object = None) -> None:
    SensitiveView.objects.create(
        user=who,
        worker=worker or cast.sun,
        project=cast.project,
        fields="id_number",
        purpose="contract",
        at=at,
    )  # type: ignore[misc]


def test_many_people_in_a_day_and_odd_hours_are_conspicuous(cast: Cast) -> None:
    limits = LIMITS | {"people_a_day": 1, "odd_looks": 2}
    yesterday = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
    look(cast, cast.zhao, yesterday)
    look(cast, cast.zhao, yesterday)
    assert warnings_for(cast.actor(cast.li), limits, now=NOW) == []
    look(cast, cast.zhao, yesterday, cast.zhou)
    night = datetime(2026, 11, 13, 18, 30, tzinfo=UTC)
    for _n in range(2):
        look(cast, cast.qian, night)
    found = warnings_for(cast.actor(cast.li), limits, now=NOW)
    assert [(w.user, w.day, w.people, w.looks, w.odd_looks, w.many, w.odd) for w in found] == [
        (cast.zhao, date(2026, 11, 15), 2, 3, 0, True, False),
        (cast.qian, date(2026, 11, 14), 1, 2, 2, False, True),
    ]
    assert [w.place for w in found] == ["岑岭建设", "沐川劳务"]
    assert warnings_for(cast.actor(cast.wang), limits, now=NOW) == []
    assert warnings_for(cast.actor(cast.li), limits, now=NOW + timedelta(days=40)) == []


def test_the_page_shows_a_day_look_by_look_and_names_nobody_in_full(cast: Cast) -> None:
    for n in range(LIMITS["odd_looks"]):
        look(cast, cast.zhao, datetime(2026, 11, 15, 15, n, tzinfo=UTC))
    page = reverse("inspection:looks")
    client = cast.client(cast.li)
    assert "赵春燕" in client.get(page).content.decode()
    day = client.get(page, {"user": cast.zhao.pk, "day": "2026-11-15"}).content.decode()
    assert "孙**" in day
    assert cast.sun.name not in day
    for query in ({"user": cast.zhao.pk, "day": "x"}, {"user": cast.kong.pk, "day": "2026-11-15"}):
        assert client.get(page, query).status_code == 404
    assert client.get(page, {"user": "x"}).status_code == 200
