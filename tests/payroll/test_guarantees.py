"""The owner's payment guarantee: states by date, who may enter, corrections, early ends, two at once, the pages."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.utils import InternalError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from payroll.guarantee_rules import COVERED, Asked, Paper, standing, state_of
from payroll.models import PaymentGuarantee
from payroll.services.guarantee_facts import Guarantee, load_guarantee
from payroll.services.guarantees import correct_guarantee, end_guarantee, enter_guarantee
from registration.models import Participation, Project
from tests.cast import NOW, TODAY, Cast, build_cast
from tests.inspection.permits import ask_for_guarantee
from tests.payroll.deposit_papers import deposit_scan
from tests.payroll.guarantee_papers import AMOUNT, PAPER, end_early, give_guarantee
from wagewatch.evidence.models import Entry
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

SIGNED = date(2026, 3, 2)
ASKED = Asked(date(2020, 5, 1), 0, 30, 30)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def code(*papers: Paper, today: date, asked: Asked = ASKED, sum_fen: int = 100) -> str:
    return state_of(papers, asked=asked, sum_fen=sum_fen, signed_on=SIGNED, today=today).code


def held(cast: Cast) -> Guarantee:
    project = Project.objects.select_related("region").get(pk=cast.project.pk)
    return load_guarantee(project, today=cast.today)


def test_the_state_follows_the_days() -> None:
    last = SIGNED + 30 * DAY
    one = Paper(1, date(2026, 6, 1), date(2026, 12, 31), 10)
    assert [code(today=day) for day in (last, last + DAY)] == ["missing", "late"]
    days = (one.valid_from - DAY, one.valid_from, date(2026, 11, 30), date(2026, 12, 1), one.valid_until)
    assert [code(one, today=day) for day in days] == ["later", "holds", "holds", "ending", "ending"]
    assert code(one, today=one.valid_until + DAY) == "over"
    found = state_of([one], asked=ASKED, sum_fen=100, signed_on=SIGNED, today=one.valid_until + DAY)
    assert (found.until, found.due_on, found.lacks) == (one.valid_until, one.valid_until, True)


def test_a_renewal_without_a_gap_goes_on_and_a_gap_does_not() -> None:
    one = Paper(1, date(2026, 6, 1), date(2026, 12, 31), 10)
    today = date(2026, 12, 20)
    assert code(one, Paper(2, date(2027, 1, 1), date(2027, 6, 30), 10), today=today) == "holds"
    assert code(one, Paper(2, date(2027, 1, 2), date(2027, 6, 30), 10), today=today) == "ending"
    both = [one, Paper(2, date(2026, 9, 1), date(2027, 9, 1), 7)]
    assert state_of(both, asked=ASKED, sum_fen=100, signed_on=SIGNED, today=today).amount_fen == 17


def test_regions_say_of_which_works_it_is_asked() -> None:
    late = SIGNED + 90 * DAY
    assert code(today=late, asked=replace(ASKED, since=SIGNED)) == "late"
    assert code(today=late, asked=replace(ASKED, since=SIGNED + DAY)) == "not_asked"
    assert code(today=late, asked=replace(ASKED, since=None)) == "not_asked"
    assert code(today=late, asked=replace(ASKED, from_fen=100)) == "late"
    assert code(today=late, asked=replace(ASKED, from_fen=101)) == "not_asked"
    given = Paper(1, SIGNED, late, 10)
    assert code(given, today=late, asked=replace(ASKED, since=None)) == "ending"


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 6)), max_size=7),
    st.integers(-3, 90),
)
def test_covered_is_exactly_what_a_standing_paper_covers(
    rows: list[tuple[int, int, int]], offset: int
) -> None:
    papers = [
        Paper(
            n, SIGNED + start * DAY, SIGNED + (start + length) * DAY, 1, replaces=old if 0 < old < n else None
        )
        for n, (start, length, old) in enumerate(rows, 1)
    ]
    today = SIGNED + offset * DAY
    covered = any(p.valid_from <= today <= p.valid_until for p in standing(papers))
    assert (code(*papers, today=today) in COVERED) == covered


def test_owner_and_general_contractor_enter_and_the_log_has_it(cast: Cast) -> None:
    ask_for_guarantee()
    assert held(cast).state.code == "late"
    entry = give_guarantee(cast)
    assert (entry.number, entry.kind, entry.organisation, entry.made_by) == (1, "given", cast.owner, cast.ye)
    state = held(cast).state
    assert (state.code, state.amount_fen, state.until) == ("holds", AMOUNT, PAPER.valid_until)
    second = enter_guarantee(
        cast.project.pk,
        replace(PAPER, paper_number="BX-9", form="insurance"),
        scan=deposit_scan(),
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
    assert (second.number, second.organisation) == (2, cast.gc)
    log = Entry.objects.filter(kind="guarantee.entry")
    assert set(log.values_list("subject", flat=True)) == {
        f"guarantee:{cast.project.pk}.1",
        f"guarantee:{cast.project.pk}.2",
    }
    kind = kind_named("guarantee.entry")
    assert kind is not None
    assert kind.expected_subjects is not None
    subjects = list(kind.expected_subjects(cast.project.pk))
    assert kind.load_many(subjects)[f"guarantee:{cast.project.pk}.1"]["amount_fen"] == AMOUNT


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"form": "promise"}, "guarantee.form"),
        ({"issuer": " "}, "guarantee.issuer"),
        ({"paper_number": ""}, "guarantee.paper"),
        ({"amount_fen": 0}, "guarantee.amount"),
        ({"valid_from": date(2005, 1, 1)}, "guarantee.valid_from"),
        (
            {"valid_from": TODAY + timedelta(days=367), "valid_until": date(2029, 1, 1)},
            "guarantee.valid_from",
        ),
        ({"valid_until": date(2026, 3, 11)}, "guarantee.valid_until"),
        ({"valid_until": date(2126, 3, 11)}, "guarantee.valid_until"),
    ],
)
def test_refuses_what_cannot_be_right(cast: Cast, change: dict[str, object], wanted: str) -> None:
    with pytest.raises(Malformed) as problem:
        give_guarantee(cast, replace(PAPER, **change))  # type: ignore[arg-type]
    assert problem.value.code == wanted
    with pytest.raises(Malformed, match=r"guarantee\.scan"):
        enter_guarantee(cast.project.pk, PAPER, scan=None, actor=cast.actor(cast.ye), now=cast.now)
    assert not PaymentGuarantee.objects.exists()
    assert not Entry.objects.filter(kind="guarantee.entry").exists()


def test_the_same_paper_is_entered_once(cast: Cast) -> None:
    give_guarantee(cast)
    with pytest.raises(RuleViolation, match=r"guarantee\.known"):
        give_guarantee(cast, replace(PAPER, issuer=" 金华商贸银行 "))
    assert PaymentGuarantee.objects.count() == 1


def test_outsiders_and_former_parties_enter_nothing(cast: Cast) -> None:
    for who, error in (
        (cast.qian, NotPermitted),
        (cast.li, NotPermitted),
        (cast.guard, NotPermitted),
        (cast.kong, NotFound),
        (cast.wang, NotFound),
    ):
        with pytest.raises(error):
            enter_guarantee(cast.project.pk, PAPER, scan=deposit_scan(), actor=cast.actor(who), now=cast.now)
    Participation.objects.filter(pk=cast.owner_part.pk).update(left_on=cast.today)
    with pytest.raises(NotPermitted):
        give_guarantee(cast)
    assert not PaymentGuarantee.objects.exists()


def test_a_correction_counts_and_the_wrong_entry_stays(cast: Cast) -> None:
    give_guarantee(cast, replace(PAPER, valid_until=date(2026, 10, 31)))
    ask_for_guarantee()
    assert held(cast).state.code == "over"
    with pytest.raises(Malformed, match=r"guarantee\.note"):
        correct_guarantee(cast.project.pk, 1, PAPER, actor=cast.actor(cast.zhao), now=cast.now)
    right = replace(PAPER, note="到期日录错")
    entry = correct_guarantee(cast.project.pk, 1, right, actor=cast.actor(cast.zhao), now=cast.now)
    first = PaymentGuarantee.objects.get(number=1)
    assert (entry.number, entry.replaces, entry.file_id) == (2, 1, first.file_id)
    found = held(cast)
    assert (found.state.code, [e.number for e in found.standing]) == ("holds", [2])
    with pytest.raises(RuleViolation, match=r"guarantee\.replaced"):
        correct_guarantee(cast.project.pk, 1, right, actor=cast.actor(cast.ye), now=cast.now)
    with pytest.raises(NotFound):
        correct_guarantee(cast.project.pk, 7, right, actor=cast.actor(cast.ye), now=cast.now)
    assert PaymentGuarantee.objects.count() == 2


def test_an_early_end_counts_from_the_day_after(cast: Cast) -> None:
    ask_for_guarantee()
    give_guarantee(cast)
    for day in (PAPER.valid_from - DAY, cast.today + DAY):
        with pytest.raises(RuleViolation, match=r"guarantee\.end_day"):
            end_guarantee(
                cast.project.pk, 1, ended_on=day, reason="银行解除", actor=cast.actor(cast.ye), now=cast.now
            )
    end_early(cast)
    state = held(cast).state
    assert (state.code, state.until, state.lacks) == ("over", cast.today - DAY, True)
    with pytest.raises(RuleViolation, match=r"guarantee\.over"):
        end_early(cast, 2)
    assert PaymentGuarantee.objects.count() == 2


def test_an_entry_cannot_be_changed_or_deleted(cast: Cast) -> None:
    give_guarantee(cast)
    for act in (
        lambda: PaymentGuarantee.objects.update(amount_fen=1),
        lambda: PaymentGuarantee.objects.all().delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    assert PaymentGuarantee.objects.get().amount_fen == AMOUNT


@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_one_counts() -> None:
    cast = build_cast()
    give_guarantee(cast)
    barrier = Barrier(2)

    def correct(who: str) -> str:
        try:
            barrier.wait(timeout=20)
            correct_guarantee(
                cast.project.pk,
                1,
                replace(PAPER, note="到期日录错"),
                actor=cast.actor(getattr(cast, who)),
                now=cast.now,
            )
        except RuleViolation as refusal:
            return refusal.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(correct, ["ye", "zhao"]))
    assert results == ["done", "guarantee.replaced"]
    assert PaymentGuarantee.objects.filter(replaces=1).count() == 1


def body(**changes: object) -> dict[str, object]:
    return {
        "form": "bank",
        "issuer": "金华商贸银行",
        "paper_number": "BH-2026-0312",
        "amount_fen": "18600000",
        "valid_from": "2026-03-12",
        "valid_until": "2027-12-31",
        "scan": SimpleUploadedFile("保函.png", deposit_scan().data),
    } | changes


def test_the_pages_lead_from_nothing_to_a_guarantee_that_holds(cast: Cast) -> None:
    ask_for_guarantee()
    owner, page = cast.client(cast.ye), reverse("payroll:guarantee", args=[cast.project.pk])
    assert "建设单位没有提供工程款支付担保" in owner.get(page).content.decode()
    assert owner.get(reverse("payroll:owner-today")).context["unguaranteed"] == 2
    enter = reverse("payroll:guarantee-enter", args=[cast.project.pk])
    for change, field in (
        ({"valid_until": "2026-03-01"}, "valid_until"),
        ({"amount_fen": "-5"}, "amount_fen"),
        ({"scan": ""}, "scan"),
        ({"scan": SimpleUploadedFile("a.png", b"no picture")}, "scan"),
    ):
        refused = owner.post(enter, body(**change))
        assert (refused.status_code, list(refused.context["form"].errors)) == (400, [field])
    assert not PaymentGuarantee.objects.exists()
    assert owner.post(enter, body()).status_code == 302
    assert owner.get(reverse("payroll:owner-today")).context["unguaranteed"] == 1
    text = cast.client(cast.zhao).get(page).content.decode()
    assert "¥18,600,000.00" in text
    assert "合同价的 10.0%" in text
    file = owner.get(reverse("payroll:guarantee-file", args=[cast.project.pk, 1]))
    assert (file.status_code, file.content) == (200, deposit_scan().data)
    end = reverse("payroll:guarantee-end", args=[cast.project.pk, 1])
    assert list(owner.post(end, {"ended_on": "2026-11-17", "note": "银行解除"}).context["form"].errors) == [
        "ended_on"
    ]
    assert owner.post(end, {"ended_on": "2026-11-15", "note": "银行解除保函"}).status_code == 302
    assert owner.get(end).status_code == 404
    assert "工程款支付担保已于 2026-11-15 到期" in owner.get(page).content.decode()


def test_outsiders_see_nothing_and_the_inspector_looks(cast: Cast) -> None:
    give_guarantee(cast)
    page = reverse("payroll:guarantee", args=[cast.project.pk])
    for who in (cast.kong, cast.qian, cast.officer, cast.guard, cast.li):
        assert cast.client(who).get(page).status_code == 404
    seen = reverse("inspection:guarantee", args=[cast.project.pk])
    li = cast.client(cast.li)
    assert "BH-2026-0312" in li.get(seen).content.decode()
    assert li.get(reverse("inspection:guarantee-file", args=[cast.project.pk, 1])).status_code == 200
    assert cast.client(cast.wang).get(seen).status_code == 404
    assert seen in li.get(reverse("inspection:project", args=[cast.project.pk])).content.decode()
    assert (
        page
        in cast.client(cast.ye).get(reverse("registration:project", args=[cast.project.pk])).content.decode()
    )
