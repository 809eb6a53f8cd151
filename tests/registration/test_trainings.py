"""Recording trainings: who may, whom, what is refused, what the history keeps."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from registration.models import Posting, StoredFile, Training, TrainingAttendance
from registration.rules.people_list import read_text
from registration.services import trainings
from registration.services.people_lists import find_people, read_file
from registration.services.trainings import Result, Scan, TrainingFacts
from tests.cast import NOW, TODAY, Cast, make_posting, make_worker
from tests.registration.papers import FACTS, png, sheet, train
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation


def record(
    cast: Cast, people: dict[int, Result], who: Any = None, part: int | None = 0, **changes: Any
) -> Training:
    facts = TrainingFacts(**({k: getattr(FACTS, k) for k in FACTS.__dataclass_fields__} | changes))
    return trainings.record_training(
        cast.project.pk,
        facts,
        people,
        participation_id=cast.sc_part.pk if part == 0 else part,
        actor=cast.actor(who or cast.qian),
        now=NOW,
    ).training


def history() -> list[tuple[str, int, bool]]:
    model = TrainingAttendance.history.model
    return list(model.objects.order_by("history_id").values_list("history_type", "worker_id", "passed"))


def test_records_a_training_with_its_people_and_the_signed_sheet(cast: Cast) -> None:
    done = trainings.record_training(
        cast.project.pk,
        FACTS,
        {cast.sun.pk: Result(True, Decimal("92.0")), cast.zhou.pk: Result(False)},
        participation_id=cast.sc_part.pk,
        scan=Scan("签到表.png", png()),
        actor=cast.actor(cast.qian),
        now=NOW,
    )
    assert done.added == 2
    found = Training.objects.get()
    assert (found.name, found.held_on, found.minutes, found.trainer, found.recorded_by) == (
        "入场三级安全教育", date(2026, 11, 10), 120, "秦安", cast.qian,
    )  # fmt: skip
    assert set(found.attendances.values_list("worker_id", "passed", "score")) == {
        (cast.sun.pk, True, Decimal("92.0")),
        (cast.zhou.pk, False, None),
    }
    assert StoredFile.objects.get(pk=found.record_id).content_type == "image/png"
    assert sorted(history()) == sorted([("+", cast.sun.pk, True), ("+", cast.zhou.pk, False)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"held_on": TODAY + timedelta(days=1)}, "training.day"),
        ({"held_on": date(2014, 12, 31)}, "training.day"),
        ({"minutes": 0}, "training.minutes"),
        ({"minutes": 1441}, "training.minutes"),
        ({"name": "  "}, "training.name"),
        ({"kind": "003009"}, "training.kind"),
    ],
)
def test_refuses_what_cannot_be(cast: Cast, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        record(cast, {cast.sun.pk: Result()}, **changes)
    assert caught.value.code == code
    assert not Training.objects.exists()


def test_refuses_a_training_of_nobody(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as caught:
        record(cast, {})
    assert caught.value.code == "training.nobody"
    assert not Training.objects.exists()


def test_outsiders_managers_and_other_parts_may_not(cast: Cast) -> None:
    people = {cast.sun.pk: Result()}
    for who, part, error in (
        (cast.kong, 0, NotFound),
        (cast.guard, 0, NotPermitted),
        (cast.he, 0, NotPermitted),
        (cast.li, 0, NotPermitted),
        (cast.qian, cast.gc_part.pk, NotFound),
        (cast.qian, None, NotPermitted),
    ):
        with pytest.raises(error):
            record(cast, people, who, part)
    assert not Training.objects.exists()
    assert record(cast, people, cast.zhao, None).participation_id is None


def test_people_out_of_reach_do_not_exist_and_nothing_is_written(cast: Cast) -> None:
    other, _card = make_worker("何小满", seq=777)
    make_posting(other, cast.gc_team, pin=77)
    for stranger in (cast.wu.pk, other.pk, 99_999_999):
        with pytest.raises(NotFound):
            record(cast, {cast.sun.pk: Result(), stranger: Result()})
    assert not Training.objects.exists()
    assert not TrainingAttendance.objects.exists()


def test_adds_changes_and_removes_people_with_history(cast: Cast) -> None:
    training = train(cast, cast.sun)
    act = {"actor": cast.actor(cast.qian), "now": NOW}
    people = {cast.sun.pk: Result(), cast.zhou.pk: Result()}
    assert trainings.add_people(cast.project.pk, training.pk, people, **act) == 1
    assert trainings.add_people(cast.project.pk, training.pk, {cast.sun.pk: Result(False)}, **act) == 0
    assert trainings.remove_people(cast.project.pk, training.pk, [cast.zhou.pk, cast.wu.pk], **act) == 1
    assert list(TrainingAttendance.objects.values_list("worker_id", "passed")) == [(cast.sun.pk, False)]
    assert history() == [
        ("+", cast.sun.pk, True),
        ("+", cast.zhou.pk, True),
        ("~", cast.sun.pk, False),
        ("-", cast.zhou.pk, True),
    ]


def test_corrects_and_takes_back_with_history(cast: Cast) -> None:
    training = train(cast, cast.sun)
    act = {"actor": cast.actor(cast.qian), "now": NOW}
    facts = TrainingFacts("003002", "入场教育", date(2026, 11, 9), 60)
    trainings.correct_training(cast.project.pk, training.pk, facts, **act)
    training.refresh_from_db()
    assert (training.kind, training.held_on, training.minutes, training.trainer) == (
        "003002", date(2026, 11, 9), 60, "",
    )  # fmt: skip
    trainings.delete_training(cast.project.pk, training.pk, **act)
    assert (Training.objects.count(), TrainingAttendance.objects.count()) == (0, 0)
    assert [h.history_type for h in Training.history.order_by("history_id")] == ["+", "~", "-"]
    assert history() == [("+", cast.sun.pk, True), ("-", cast.sun.pk, True)]


def test_a_subcontractor_sees_what_its_people_attended_and_changes_only_its_own(cast: Cast) -> None:
    whole = record(cast, {cast.sun.pk: Result()}, cast.zhao, None)
    other, _card = make_worker("何小满", seq=777)
    make_posting(other, cast.gc_team, pin=77)
    foreign = record(cast, {other.pk: Result()}, cast.zhao, cast.gc_part.pk)
    qian = cast.actor(cast.qian)
    assert set(trainings.trainings_for(qian, cast.project)) == {whole}
    with pytest.raises(NotPermitted):
        trainings.remove_people(cast.project.pk, whole.pk, [cast.sun.pk], actor=qian, now=NOW)
    with pytest.raises(NotFound):
        trainings.add_people(cast.project.pk, foreign.pk, {cast.sun.pk: Result()}, actor=qian, now=NOW)
    assert TrainingAttendance.objects.count() == 2
    assert set(trainings.trainings_for(cast.actor(cast.zhao), cast.project)) == {whole, foreign}


def test_finds_people_by_number_and_name_and_says_why_not(cast: Cast) -> None:
    twin, _card = make_worker("周长根", seq=881)
    make_posting(twin, cast.team, pin=81)
    left, _card = make_worker("冯早", seq=883)
    make_posting(left, cast.team, pin=83, left_on=date(2026, 11, 9))
    lines = read_text(
        f"孙德旺 95\n周长根\n{cast.zhou.id_number} 不合格\n{cast.wu.id_number}\n孙德旺\n冯早\n张无人\n王错 {twin.id_number}\n12345678"
    )
    parts = [cast.sc_part]
    found = find_people(lines, cast.project, parts, day=date(2026, 11, 10))
    assert {w: (line.passed, line.score) for w, line in found.people.items()} == {
        cast.sun.pk: (None, Decimal("95.0")),
        cast.zhou.pk: (False, None),
    }
    assert [(r.line, r.shown, r.problem.code) for r in found.refused] == [
        (2, "周**", "list.ambiguous"),
        (4, f"…{cast.wu.id_tail}", "list.unknown"),
        (5, "孙**", "list.twice"),
        (6, "冯**", "list.unknown"),
        (7, "张**", "list.unknown"),
        (8, "王**", "list.other_name"),
        (9, "…5678", "id.length"),
    ]
    assert find_people(read_text("冯早"), cast.project, parts, day=date(2026, 11, 9)).people


def test_reads_a_spreadsheet_and_sees_numbers_that_lost_their_end(cast: Cast) -> None:
    data = sheet(
        ("序号", "姓名", "身份证号", "考核结果"),
        [(1, "孙德旺", cast.sun.id_number, "合格"), (2, "周长根", "", "不合格")],
        {"序号": "number"},
    )
    lines = read_file(data, "名单.xlsx")
    assert [(line.number, line.name, line.passed, line.problem) for line in lines] == [
        (2, "孙德旺", True, None),
        (3, "周长根", False, None),
    ]
    spoilt = sheet(
        ("姓名", "身份证号"), [("周长根", int(cast.zhou.id_number[:15]) * 1000)], {"身份证号": "number"}
    )
    (line,) = read_file(spoilt, "名单.xlsx")
    assert (line.number, line.shown, line.problem.code) == (2, "周**", "id.number_cell")
    with pytest.raises(Malformed):
        read_file(b"%PDF-1.4 nothing", "名单.pdf")


def test_a_leaver_can_still_be_named_for_the_days_before(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=TODAY)
    assert train(cast, cast.sun).attendances.count() == 1
