"""The list of serious dishonesty: conditions, hearing, decision, effects, removal, end; and grades of credit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from inspection.credit_rules import Record, grade_of
from inspection.list_rules import Owed, months_after, reaches_amount
from inspection.models import Alarm, CreditGrade, Listing, ListingStep
from inspection.services.credit import PROPOSED, establish_grade, grade_now, grades_now, records_of
from inspection.services.listing import end_terms, on_list, owed_by, take_step
from inspection.services.permits import points_now
from payroll.models import ArrearsRecord, PaySlip
from payroll.services.deposit_facts import load_deposit
from registration.models import Project
from tests.cast import NOW, TODAY, Cast
from tests.inspection.listing import ORDER, notice, three_months
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

ONE, MANY = {"months": 3, "fen": 500_000}, {"people": 10, "fen": 3_000_000}
AFTER_HEARING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""Five working days after Monday the 16th end on the 23rd."""


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def step(cast: Cast, listing: Listing, kind: str, now: datetime = NOW, **more: object) -> Listing:
    facts: dict[str, object] = {"on": None, "document": "金人社决〔2026〕3号", "reason": "事实清楚，证据充分"}
    return take_step(listing.pk, kind, **(facts | more), actor=cast.actor(cast.li), now=now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("owed", "reached"),
    [
        ([(3, 500_000)], True),
        ([(3, 499_999)], False),
        ([(2, 900_000)], False),
        ([(1, 300_000)] * 10, True),
        ([(1, 299_999)] * 10, False),
        ([(1, 400_000)] * 9, False),
        ([], False),
    ],
)
def test_the_amount_of_the_criminal_law(owed: list[tuple[int, int]], reached: bool) -> None:
    assert reaches_amount([Owed(*one) for one in owed], ONE, MANY) is reached


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-60, 60))
def test_months_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_what_a_firm_owes_is_counted_by_person_from_slips_past_their_day(cast: Cast) -> None:
    sheets = three_months(cast)
    assert owed_by(cast.sc.pk, today=TODAY) == [Owed(3, 600_000)]
    assert owed_by(cast.gc.pk, today=TODAY) == [Owed(3, 600_000)], "the general contractor pays first"
    assert owed_by(cast.rival.pk, today=TODAY) == []
    PaySlip.objects.filter(sheet_id=sheets[0].pk).update(payment="paid")
    assert owed_by(cast.sc.pk, today=TODAY) == [Owed(2, 400_000)]


def test_notice_needs_the_amount_or_an_incident_and_a_lapsed_order(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refused:
        notice(cast, ground="amount")
    assert refused.value.code == "list.amount"
    with pytest.raises(RuleViolation) as refused:
        notice(cast, order_due_on=TODAY)
    assert refused.value.code == "list.order_runs"
    for changes, code in (
        ({"ground": "roof"}, "list.ground"),
        ({"responsible": ""}, "list.responsible"),
        ({"order_document": " "}, "list.order"),
        ({"reason": "x"}, "list.reason"),
    ):
        with pytest.raises(Malformed) as wrong:
            notice(cast, **changes)
        assert wrong.value.code == code
    assert not Listing.objects.exists()
    three_months(cast)
    made = notice(cast, ground="amount")
    assert (made.amount_fen, made.people, made.months) == (600_000, 1, 3)
    assert (made.object_until, made.decide_until) == (date(2026, 11, 23), date(2026, 12, 14))
    with pytest.raises(RuleViolation) as twice:
        notice(cast)
    assert twice.value.code == "list.open"
    assert Entry.objects.filter(kind="listing.step").count() == 1


def test_the_firm_is_heard_before_the_decision(cast: Cast) -> None:
    listing = notice(cast)
    with pytest.raises(RuleViolation) as early:
        step(cast, listing, "listed")
    assert early.value.code == "list.hear_first"
    step(cast, listing, "objection", document="")
    with pytest.raises(RuleViolation) as unanswered:
        step(cast, listing, "listed", AFTER_HEARING)
    assert unanswered.value.code == "list.not_now"
    step(cast, listing, "answered", AFTER_HEARING, document="")
    with pytest.raises(RuleViolation) as late:
        step(cast, listing, "objection", AFTER_HEARING, on=date(2026, 11, 24))
    assert late.value.code == "list.objection_late"
    with pytest.raises(Malformed):
        step(cast, listing, "listed", AFTER_HEARING, document=" ")
    step(cast, listing, "listed", AFTER_HEARING)
    listing.refresh_from_db()
    assert (listing.state, listing.listed_on, listing.ends_on) == (
        "listed",
        date(2026, 11, 24),
        date(2029, 11, 24),
    )
    assert list(listing.steps.order_by("number").values_list("kind", flat=True)) == [
        "notice", "objection", "answered", "listed",
    ]  # fmt: skip


def test_the_time_to_decide_ends_and_is_extended_once(cast: Cast) -> None:
    listing = notice(cast)
    late = datetime(2026, 12, 15, 1, 0, tzinfo=UTC)
    for kind in ("listed", "extended"):
        with pytest.raises(RuleViolation) as over:
            step(cast, listing, kind, late)
        assert over.value.code == "list.time_over"
    step(cast, listing, "extended", AFTER_HEARING)
    with pytest.raises(RuleViolation) as again:
        step(cast, listing, "extended", AFTER_HEARING)
    assert again.value.code == "list.not_now"
    step(cast, listing, "listed", late)


def test_who_paid_before_the_decision_is_not_listed(cast: Cast) -> None:
    three_months(cast)
    listing = notice(cast, ground="amount")
    PaySlip.objects.update(payment="paid")
    with pytest.raises(RuleViolation) as corrected:
        step(cast, listing, "listed", AFTER_HEARING)
    assert corrected.value.code == "list.corrected"
    assert step(cast, listing, "spared", AFTER_HEARING).state == "spared"
    assert not ArrearsRecord.objects.exists()


def listed_contractor(cast: Cast) -> Listing:
    """The general contractor, on the list since the 24th."""
    from inspection.services.listing import give_notice

    listing = give_notice(cast.gc.pk, ground="mass", **ORDER, actor=cast.actor(cast.li), now=NOW)  # type: ignore[arg-type]
    return step(cast, listing, "listed", AFTER_HEARING)


def test_listing_raises_the_deposit_and_stops_the_permit_and_removal_undoes_it(cast: Cast) -> None:
    project = Project.objects.select_related("region").get(pk=cast.project.pk)
    project.contract_signed_on = date(2026, 12, 1)
    plain = load_deposit(project, today=TODAY).due.amount_fen
    listing = listed_contractor(cast)
    record = ArrearsRecord.objects.get(organisation=cast.gc)
    assert (record.kind, record.since) == ("listed", date(2026, 11, 24))
    assert load_deposit(project, today=date(2026, 12, 1)).due.amount_fen > plain
    assert {p.code: p.state for p in points_now(project, today=date(2026, 12, 1))}["listed"] == "missing"
    with pytest.raises(RuleViolation) as soon:
        step(cast, listing, "asked", datetime(2027, 5, 31, 1, tzinfo=UTC), on=date(2026, 12, 1))
    assert soon.value.code == "list.too_soon"
    half_a_year = datetime(2027, 6, 1, 1, tzinfo=UTC)
    step(cast, listing, "asked", half_a_year, on=date(2026, 12, 1), document="")
    step(cast, listing, "removed", half_a_year)
    assert ArrearsRecord.objects.order_by("-pk")[0].kind == "arrears"
    assert on_list([cast.gc.pk], today=date(2027, 6, 1)) == {}
    assert {p.code: p.state for p in points_now(project, today=date(2027, 6, 1))}["listed"] == "met"


def test_the_term_ends_by_itself_after_three_years(cast: Cast) -> None:
    listing = listed_contractor(cast)
    assert end_terms(now=datetime(2029, 11, 22, 1, tzinfo=UTC)) == 0
    assert end_terms(now=datetime(2029, 11, 24, 1, tzinfo=UTC)) == 1
    assert end_terms(now=datetime(2029, 11, 25, 1, tzinfo=UTC)) == 0
    listing.refresh_from_db()
    assert listing.state == "ended"
    assert [r.kind for r in ArrearsRecord.objects.order_by("pk")] == ["listed", "arrears"]


def test_others_neither_notice_nor_decide(cast: Cast) -> None:
    listing = notice(cast)
    for who, error in ((cast.wang, NotFound), (cast.qian, NotPermitted)):
        with pytest.raises(error):
            take_step(
                listing.pk,
                "spared",
                on=None,
                document="1",
                reason="不应列入名单",
                actor=cast.actor(who),
                now=NOW,
            )
    assert ListingStep.objects.count() == 1


def test_a_step_cannot_be_changed(cast: Cast) -> None:
    notice(cast)
    with pytest.raises(DatabaseError), transaction.atomic():
        ListingStep.objects.update(reason="另一个理由")


def test_pages_lead_through_the_proceeding_and_the_public_sees_only_what_is_published(cast: Cast) -> None:
    three_months(cast)
    client = cast.client(cast.li)
    page = client.get(reverse("inspection:listing-new", args=[cast.sc.pk])).content.decode()
    assert "¥6,000.00" in page
    body = {"ground": "amount"} | ORDER | {"order_due_on": "2026-11-16"}
    answer = client.post(reverse("inspection:listing-new", args=[cast.sc.pk]), body)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["order_due_on"])
    assert client.post(reverse("inspection:listing-new", args=[cast.sc.pk]), body | {"order_due_on": "2026-11-02"}).status_code == 302  # fmt: skip
    listing = Listing.objects.get()
    one = client.get(reverse("inspection:listing", args=[listing.pk])).content.decode()
    assert "2026-11-23" in one
    assert "金华沐川建筑劳务有限公司" not in Client().get(reverse("supervised:wage-list")).content.decode()
    own = cast.client(cast.qian).get(reverse("supervised:credit")).content.decode()
    assert "2026-11-23" in own
    with time_machine.travel(AFTER_HEARING, tick=False):
        client = cast.client(cast.li)  # the session of last week is over
        step_page = reverse("inspection:listing-step", args=[listing.pk, "listed"])
        assert client.post(step_page, {"document": "", "reason": "证据充分"}).status_code == 400
        sent = client.post(step_page, {"document": "金人社名单〔2026〕1号", "reason": "期满仍未支付"})
        assert sent.status_code == 302
        public = Client().get(reverse("supervised:wage-list")).content.decode()
        assert "金华沐川建筑劳务有限公司" in public
        assert "2026-11-24 – 2029-11-24" in public
        assert "期满仍未支付" not in public
        found = Client().get(reverse("supervised:wage-list"), {"q": cast.sc.uscc})
        assert len(found.context["page"]) == 1
        assert len(client.get(reverse("inspection:credit"), {"show": "listed"}).context["rows"]) == 1


def test_a_reason_too_long_is_refused_whole(cast: Cast) -> None:
    listing = notice(cast)
    step = reverse("inspection:listing-step", args=[listing.pk, "objection"])
    client = cast.client(cast.li)
    assert 'maxlength="500"' not in client.get(step).content.decode()
    text = "拖" * 501
    refused = client.post(step, {"reason": text, "on": "2026-11-16"})
    assert (refused.status_code, text in refused.content.decode()) == (400, True)
    with pytest.raises(Malformed):
        take_step(
            listing.pk, "objection", on=None, document="", reason=text, actor=cast.actor(cast.li), now=NOW
        )
    assert listing.steps.count() == 1


def test_every_reason_takes_its_points_and_no_more_than_its_most() -> None:
    assert grade_of(Record(), PROPOSED).known is False
    clean = grade_of(Record(slips=100, registered=10, attended=8), PROPOSED)
    assert (clean.letter, clean.points, clean.reasons) == ("A", 100, ())
    grade = grade_of(Record(red=9, orange=1, slips=1000, late_slips=1, registered=10, attended=6), PROPOSED)
    assert [(r.code, r.count, r.points) for r in grade.reasons] == [
        ("red", 9, 40), ("orange", 1, 4), ("late_percent", 1, 1), ("absent_percent", 40, 10),
    ]  # fmt: skip
    assert (grade.letter, grade.points) == ("C", 45)
    assert grade_of(Record(on_list=True, slips=1), PROPOSED).letter == "C"


def test_a_grade_counts_alarms_pay_and_the_list_of_the_firms_own_parts(cast: Cast) -> None:
    three_months(cast)
    for rule, level, part in (("D3", 3, cast.sc_part), ("C3", 1, None)):
        Alarm.objects.create(
            project=cast.project, participation=part, rule=rule, period="2026-08", level=level,
            opened_at=NOW, changed_at=NOW,
        )  # fmt: skip
    records = records_of([cast.sc.pk, cast.gc.pk, cast.rival.pk], today=TODAY, months=12)
    assert records[cast.sc.pk] == Record(red=1, slips=3, late_slips=3, arrears=False)
    assert records[cast.gc.pk] == Record(yellow=1, slips=3, late_slips=3, arrears=False)
    assert records[cast.rival.pk].slips == 0
    grades = grades_now([cast.sc, cast.gc], today=TODAY)
    assert (grades[cast.sc.pk].letter, grades[cast.sc.pk].points) == ("B", 60)
    notice(cast)
    assert grade_now(cast.sc, today=TODAY)[0].letter == "B", "a notice is no listing"


def test_a_grade_is_kept_once_a_day_by_the_labour_office(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as nothing:
        establish_grade(cast.sc.pk, actor=cast.actor(cast.li), now=NOW)
    assert nothing.value.code == "credit.nothing"
    three_months(cast)
    kept = establish_grade(cast.sc.pk, actor=cast.actor(cast.li), now=NOW)
    assert (kept.grade, kept.points, kept.reasons) == (
        "B", 70, [{"code": "late_percent", "count": 100, "points": 30}],
    )  # fmt: skip
    with pytest.raises(RuleViolation):
        establish_grade(cast.sc.pk, actor=cast.actor(cast.li), now=NOW)
    with pytest.raises(NotFound):
        establish_grade(cast.sc.pk, actor=cast.actor(cast.wang), now=NOW)
    assert CreditGrade.objects.count() == 1
    page = cast.client(cast.li).get(reverse("inspection:firm-credit", args=[cast.sc.pk])).content.decode()
    assert "100%" in page
    own = cast.client(cast.kong).get(reverse("supervised:credit"))
    assert own.context["firm"] == cast.rival


@pytest.mark.django_db(transaction=True)
def test_two_notices_at_once_make_one_proceeding(cast: Cast, transactional_db: None) -> None:
    together = Barrier(2)

    def act() -> str:
        try:
            together.wait(10)
            notice(cast)
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(f.result() for f in [pool.submit(act) for _ in range(2)]) == ["list.open", "made"]
    assert Listing.objects.count() == 1
