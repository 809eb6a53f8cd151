"""Citizen cards: the steps, their deadlines in working days, the result file, the counts, two clicks at once."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import translation

from registration.models import CalendarDay, CitizenCard, CitizenCardStep, Parameter, Posting
from registration.rules.citizen_cards import NEXT, Deadlines, due_on
from registration.services import citizen_cards
from registration.services.card_statistics import registered_against_carded
from registration.services.citizen_card_import import import_results
from registration.services.parameters import forget
from tests.cast import NOW, TODAY, Cast, make_posting, make_worker
from tests.registration.papers import Nanjing, apply_for, move, nanjing, seed_conditions, sheet
from wagewatch.lib.dates import Calendar
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, WagewatchError

MONDAY = date(2026, 11, 2)
TO_ISSUED = (("submitted", date(2026, 11, 4)), ("issued", date(2026, 11, 11)))
HEADINGS = ("姓名", "身份证号", "卡号", "发卡日期")


@pytest.fixture
def site(cast: Cast) -> Nanjing:
    seed_conditions()
    return nanjing(cast)


def states(card: CitizenCard) -> list[tuple[str, date]]:
    return list(card.steps.values_list("state", "on"))


# ---- steps and deadlines ----


def test_the_whole_way_of_a_card(cast: Cast, site: Nanjing) -> None:
    (card,) = apply_for(cast, site, site.wang)
    assert (card.state, card.applied_on, card.due_on) == ("applied", date(2026, 11, 3), date(2026, 11, 9))
    card = move(cast, site, card, ("submitted", date(2026, 11, 4)))
    assert card.due_on == date(2026, 11, 12), "six working days after Wednesday"
    card = move(cast, site, card, ("made", date(2026, 11, 10)))
    assert card.due_on == date(2026, 11, 12), "making it moves no deadline"
    card = move(cast, site, card, ("issued", date(2026, 11, 11)), number="nj 2100 0012 3456")
    assert (card.number, card.number_tail, card.due_on) == ("NJ210000123456", "3456", date(2026, 11, 26))
    card = move(cast, site, card, ("collected", date(2026, 11, 12)))
    assert card.due_on == date(2026, 12, 12)
    card = move(cast, site, card, ("active", TODAY))
    assert (card.state, card.due_on, card.bank_opened_on) == ("active", None, TODAY)
    assert [state for state, _on in states(card)] == [
        "applied",
        "submitted",
        "made",
        "issued",
        "collected",
        "active",
    ]
    assert [h.state for h in CitizenCard.history.order_by("history_id")] == [s for s, _on in states(card)]


def test_deadlines_skip_the_national_day_holidays() -> None:
    holidays = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
    calendar = Calendar(holidays)
    due = due_on("submitted", date(2026, 9, 30), Deadlines(), calendar)
    assert due == date(2026, 10, 14)
    assert due_on(
        "applied", date(2026, 9, 30), Deadlines(submit=7), calendar, joined_on=date(2026, 9, 25)
    ) == date(2026, 10, 2)
    assert [due_on(s, TODAY, Deadlines(), calendar) for s in ("made", "active", "returned")] == [None] * 3
    assert due_on("lost", TODAY, Deadlines(), calendar) == TODAY + timedelta(days=3)


def test_the_calendar_table_counts(cast: Cast, site: Nanjing) -> None:
    CalendarDay.objects.create(day=date(2026, 11, 6), is_working=False, name="停工", source="test")
    forget()
    (card,) = apply_for(cast, site, site.wang)
    assert move(cast, site, card, ("submitted", date(2026, 11, 4))).due_on == date(2026, 11, 13)


@pytest.mark.parametrize(
    ("to", "on", "code"),
    [
        ("issued", date(2026, 11, 4), "card.step"),
        ("applied", date(2026, 11, 4), "card.step"),
        ("submitted", date(2026, 11, 2), "card.day"),
        ("submitted", TODAY + timedelta(days=1), "card.day"),
    ],
)
def test_refuses_steps_out_of_order_and_days_that_cannot_be(
    cast: Cast, site: Nanjing, to: str, on: date, code: str
) -> None:
    (card,) = apply_for(cast, site, site.wang)
    with pytest.raises(WagewatchError) as caught:
        move(cast, site, card, (to, on))
    assert caught.value.code == code
    assert states(card) == [("applied", date(2026, 11, 3))]


def test_a_card_in_hand_has_a_number_and_a_number_has_one_holder(cast: Cast, site: Nanjing) -> None:
    wang, ma = apply_for(cast, site, site.wang, site.ma)
    wang = move(cast, site, wang, *TO_ISSUED)
    with pytest.raises(RuleViolation) as caught:
        move(cast, site, wang, ("collected", TODAY))
    assert caught.value.code == "card.number_missing"
    ma = move(cast, site, ma, *TO_ISSUED, number="NJ0001")
    act = {"on": TODAY, "actor": cast.actor(cast.zhao), "now": NOW}
    for number, code in (("NJ-0001", "card.number_taken"), ("12", "card.citizen_number")):
        with pytest.raises(WagewatchError) as caught:
            citizen_cards.take_step(site.project.pk, wang.pk, "collected", number=number, **act)
        assert caught.value.code == code
    wang.refresh_from_db()
    assert (wang.state, wang.number_index) == ("issued", None)
    assert citizen_cards.worker_of_card("nj 0001") == site.ma.pk
    move(cast, site, ma, ("lost", TODAY))
    assert citizen_cards.worker_of_card("NJ0001") is None
    assert (
        citizen_cards.take_step(site.project.pk, wang.pk, "collected", number="NJ0001", **act).state
        == "collected"
    )


def test_after_a_lost_card_comes_the_application_for_the_next(cast: Cast, site: Nanjing) -> None:
    (card,) = apply_for(cast, site, site.wang)
    again = citizen_cards.apply_for_cards(
        site.project.pk, [site.wang.pk], on=TODAY, actor=cast.actor(cast.zhao), now=NOW
    )
    assert (again.taken, [r.worker_id for r in again.refused]) == (0, [site.wang.pk])
    card = move(cast, site, card, *TO_ISSUED, ("lost", date(2026, 11, 12)), number="NJ0001")
    assert card.due_on == date(2026, 11, 15)
    assert apply_for(cast, site, site.wang, on=TODAY)[-1].state == "applied"
    assert CitizenCard.objects.filter(worker=site.wang).count() == 2
    assert all(NEXT[state] == () for state in ("lost", "returned"))


def test_who_may_and_where(cast: Cast, site: Nanjing) -> None:
    def apply(who: Any, project: Any, worker: Any) -> None:
        citizen_cards.apply_for_cards(project.pk, [worker.pk], on=MONDAY, actor=cast.actor(who), now=NOW)

    for who, project, worker, error in (
        (cast.kong, site.project, site.wang, NotFound),
        (cast.he, site.project, site.wang, NotPermitted),
        (cast.zhao, site.project, cast.sun, NotFound),
        (cast.zhao, cast.project, cast.sun, RuleViolation),
    ):
        with pytest.raises(error):
            apply(who, project, worker)
    assert not CitizenCard.objects.exists()


def test_the_scheme_is_switched_by_a_parameter(cast: Cast, site: Nanjing) -> None:
    assert citizen_cards.has_scheme("320115", on=TODAY)
    assert not citizen_cards.has_scheme("330703", on=TODAY)
    Parameter.objects.create(
        key="card.scheme", region_id="330703", value=True, valid_from=MONDAY, source="test"
    )
    Parameter.objects.create(
        key="card.scheme", region_id="320100", value=False, valid_from=TODAY, source="test"
    )
    forget()
    assert citizen_cards.has_scheme("330703", on=TODAY)
    assert not citizen_cards.has_scheme("330703", on=MONDAY - timedelta(days=1))
    assert not citizen_cards.has_scheme("320115", on=TODAY)


def test_the_same_step_for_many_tells_who_stayed(cast: Cast, site: Nanjing) -> None:
    wang, ma = apply_for(cast, site, site.wang, site.ma)
    move(cast, site, ma, ("submitted", date(2026, 11, 4)))
    act = {"on": date(2026, 11, 5), "actor": cast.actor(cast.zhao), "now": NOW}
    workers = [site.wang.pk, site.ma.pk]
    with translation.override("en"):
        done = citizen_cards.take_steps(site.project.pk, workers, "submitted", **act)
    with translation.override("en"):
        stayed = [(r.worker_id, str(r.message)) for r in done.refused]
    assert (done.taken, stayed) == (
        1, [(site.ma.pk, "This step does not follow here. Look at the card again.")],
    )  # fmt: skip
    wang.refresh_from_db()
    assert (wang.state, wang.due_on) == ("submitted", date(2026, 11, 13))
    with pytest.raises(NotFound):
        citizen_cards.take_steps(site.project.pk, [*workers, cast.sun.pk], "issued", **act)
    assert CitizenCardStep.objects.filter(state="issued").count() == 0


def test_the_worklist_puts_overdue_steps_first(cast: Cast, site: Nanjing) -> None:
    late, _card = make_worker("冯迟", seq=405)
    make_posting(late, site.team, pin=3, joined_on=date(2026, 11, 10))
    (wang,) = apply_for(cast, site, site.wang)
    move(cast, site, wang, *TO_ISSUED, number="NJ0001")
    rows = citizen_cards.card_rows(site.project, [site.part], on=TODAY)
    assert [(r.posting.worker_id, r.due_on, r.is_overdue(TODAY)) for r in rows] == [
        (site.ma.pk, date(2026, 11, 9), True),
        (late.pk, date(2026, 11, 17), False),
        (site.wang.pk, date(2026, 11, 26), False),
    ]


# ---- two at once ----


def at_once(*acts: Callable[[], Any]) -> list[str]:
    outcomes: list[str] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
            outcomes.append("done")
        except WagewatchError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_clicks_takes_the_step(transactional_db: None, cast: Cast) -> None:
    seed_conditions()
    site = nanjing(cast)
    (card,) = apply_for(cast, site, site.wang)

    def click() -> None:
        move(cast, site, card, ("submitted", date(2026, 11, 4)))

    outcomes = at_once(click, click)
    assert outcomes[1] == "done"
    assert outcomes[0] in {"card.step_taken", "card.step"}
    assert [state for state, _on in states(card)] == ["applied", "submitted"]
    forget()


@pytest.mark.django_db(transaction=True)
def test_one_of_two_applications_makes_the_card(transactional_db: None, cast: Cast) -> None:
    seed_conditions()
    site = nanjing(cast)
    taken: list[int] = []

    def apply() -> None:
        done = citizen_cards.apply_for_cards(
            site.project.pk, [site.wang.pk, site.ma.pk], on=MONDAY, actor=cast.actor(cast.zhao), now=NOW
        )
        taken.append(done.taken)

    assert at_once(apply, apply) == ["done", "done"]
    assert sorted(taken) == [0, 2]
    assert CitizenCard.objects.count() == 2
    forget()


# ---- the card centre's file ----


def load(cast: Cast, site: Nanjing, rows: list[Any], kinds: dict[str, str] | None = None) -> Any:
    data = sheet(HEADINGS, rows, kinds)
    return import_results(site.project.pk, data, "制卡结果.xlsx", actor=cast.actor(cast.zhao), now=NOW)


def test_good_rows_are_issued_and_every_other_says_why(cast: Cast, site: Nanjing) -> None:
    wang, ma = apply_for(cast, site, site.wang, site.ma)
    move(cast, site, wang, ("submitted", date(2026, 11, 4)))
    none, _card = make_worker("冯迟", seq=405)
    make_posting(none, site.team, pin=3, joined_on=MONDAY)
    rows = [
        ("王二", site.wang.id_number, "NJ21000001", "2026-11-10"),
        ("王二", site.wang.id_number, "NJ21000009", "2026-11-10"),
        ("马三", site.ma.id_number, "NJ21000002", "2026-11-10"),
        ("冯迟", none.id_number, "NJ21000003", "2026-11-10"),
        ("孙德旺", cast.sun.id_number, "NJ21000004", "2026-11-10"),
        ("错", "320102199001010011", "NJ21000005", "2026-11-10"),
        ("短", site.ma.id_number, "1", "2026-11-10"),
    ]
    done = load(cast, site, rows)
    assert (done.issued, done.unchanged) == (1, 0)
    assert [(r.line, r.problem.code) for r in done.refused] == [
        (3, "list.twice"),
        (4, "card.step"),
        (5, "card.not_applied"),
        (6, "card.not_applied"),
        (7, "id.checksum"),
        (8, "card.citizen_number"),
    ]
    assert all(site.wang.id_number not in r.shown for r in done.refused)
    wang.refresh_from_db()
    assert (wang.state, wang.state_on, wang.number, wang.due_on) == (
        "issued", date(2026, 11, 10), "NJ21000001", date(2026, 11, 25),
    )  # fmt: skip
    assert states(wang)[-1] == ("issued", date(2026, 11, 10))
    ma.refresh_from_db()
    assert ma.state == "applied"
    again = load(cast, site, rows[:1])
    assert (again.issued, again.unchanged, again.refused) == (0, 1, [])


def test_a_number_of_somebody_else_and_an_id_kept_as_a_number_are_refused(cast: Cast, site: Nanjing) -> None:
    for card in apply_for(cast, site, site.wang, site.ma):
        move(cast, site, card, ("submitted", date(2026, 11, 4)))
    assert load(cast, site, [("王二", site.wang.id_number, "NJ21000001", "")]).issued == 1
    done = load(cast, site, [("马三", site.ma.id_number, "NJ21000001", "")])
    assert [r.problem.code for r in done.refused] == ["card.number_taken"]
    done = load(
        cast, site, [("马三", int(site.ma.id_number[:15]) * 1000, "NJ21000002", "")], {"身份证号": "number"}
    )
    assert [r.problem.code for r in done.refused] == ["id.number_cell"]
    assert CitizenCard.objects.get(worker=site.ma).state == "submitted"


def test_a_file_without_the_columns_is_refused_whole(cast: Cast, site: Nanjing) -> None:
    data = sheet(("姓名", "工种"), [("王二", "木工")])
    with pytest.raises(Malformed):
        import_results(site.project.pk, data, "x.xlsx", actor=cast.actor(cast.zhao), now=NOW)
    with pytest.raises(NotFound):
        import_results(site.project.pk, data, "x.xlsx", actor=cast.actor(cast.kong), now=NOW)


# ---- counts ----


def test_registered_against_carded_counts_people_on_the_day(cast: Cast, site: Nanjing) -> None:
    third, _card = make_worker("冯迟", seq=405)
    make_posting(third, site.team, pin=3, joined_on=MONDAY)
    gone, _card = make_worker("蒋去", seq=407)
    left = make_posting(gone, site.team, pin=4, joined_on=MONDAY)
    cards = apply_for(cast, site, site.wang, site.ma, gone)
    for card, number in zip(cards, ("NJ0001", "NJ0002", "NJ0003"), strict=True):
        move(cast, site, card, *TO_ISSUED, number=number)
    by_worker = {card.worker_id: card for card in cards}
    move(cast, site, by_worker[site.wang.pk], ("collected", date(2026, 11, 12)))
    move(cast, site, by_worker[gone.pk], ("collected", date(2026, 11, 12)))
    Posting.objects.filter(pk=left.pk).update(left_on=date(2026, 11, 13))
    projects = [cast.project, site.project]
    (all_of_it,) = registered_against_carded(projects, on=TODAY)
    assert (all_of_it.registered, all_of_it.carded, all_of_it.on_the_way, all_of_it.without, all_of_it.percent) == (
        3, 1, 1, 1, 33,
    )  # fmt: skip
    (region,) = registered_against_carded(projects, on=TODAY, by="region")
    assert (region.key, region.name, region.registered, region.carded) == ("320100", "南京市", 3, 1)
    (firm,) = registered_against_carded(projects, on=TODAY, by="organisation")
    assert (firm.name, firm.registered) == (cast.gc.name, 3)
    assert registered_against_carded(projects, on=TODAY, parts=[cast.sc_part.pk]) == []
    assert registered_against_carded([cast.project], on=TODAY) == []
    before = registered_against_carded(projects, on=date(2026, 11, 13))[0]
    assert (before.registered, before.carded) == (4, 2)
