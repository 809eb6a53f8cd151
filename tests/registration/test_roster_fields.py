"""What a roster says of a person beyond name and number: codes, emergency contact, contract dates, units."""

from datetime import date
from typing import Any

import pytest

from registration.models import Posting, RosterRow, Worker
from registration.rules.roster_words import EDUCATION, POLITICS, code_of
from registration.services.roster_apply import apply_roster
from tests.cast import NOW, Cast
from tests.registration.rosters import HEADINGS, applied, codes, person, staged, verdicts, xlsx

MORE = (
    "户口性质", "文化程度", "政治面貌", "紧急联系人", "紧急联系人电话", "民族", "家庭住址", "岗位类别", "合同签订日期",
    "合同终止日期", "计件单位", "工程量单价", "小时工资",
)  # fmt: skip
FULL = {
    "户口性质": "农业",
    "文化程度": "初中",
    "政治面貌": "群众",
    "紧急联系人": "李秀英",
    "紧急联系人电话": "13900009999",
    "民族": "汉族",
    "家庭住址": "浙江省金华市金东区某村 1 号",
    "岗位类别": "管理人员",
}


def wide(*rows: dict[str, Any]) -> bytes:
    return xlsx(rows, headings=(*HEADINGS, *MORE))


def test_writes_what_the_file_says_of_a_new_person(cast: Cast) -> None:
    upload = applied(cast, wide(person(1, **FULL)))
    assert upload.summary["written"] == 1
    made = Worker.objects.latest("pk")
    assert (made.household, made.education, made.politics) == ("rural", "02", "13")
    assert (made.emergency_name, made.emergency_phone) == ("李秀英", "13900009999")
    assert (made.ethnicity, made.address) == ("汉族", "浙江省金华市金东区某村 1 号")
    assert (made.registered_by, made.updated_at) == ("roster", NOW)
    posting = Posting.objects.latest("pk")
    assert (posting.work_role, posting.registered_by, posting.acknowledged_at) == ("10", "roster", None)
    assert made.history.latest("history_id").education == "02"


def test_fills_what_is_empty_and_shows_what_differs_of_somebody_known(cast: Cast) -> None:
    cast.sun.education, cast.sun.politics = "01", "13"
    cast.sun.save()
    row = {"姓名": cast.sun.name, "身份证号": cast.sun.id_number} | FULL
    upload = staged(cast, wide(row))
    assert verdicts(upload) == ["changed"]
    assert RosterRow.objects.get(upload_id=upload.pk).changes == [
        {"field": "household", "old": None, "new": "rural"},
        {"field": "education", "old": "01", "new": "02"},
        {"field": "emergency_contact", "old": None, "new": "李**"},
        {"field": "emergency_phone", "old": None, "new": "139****9999"},
        {"field": "address", "old": None, "new": ""},
        {"field": "work_role", "old": "20", "new": "10"},
    ]
    apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    sun = Worker.objects.get(pk=cast.sun.pk)
    assert (sun.household, sun.education, sun.politics) == ("rural", "02", "13")
    assert (sun.emergency_name, sun.phone) == ("李秀英", cast.sun_phone)
    assert Posting.objects.get(pk=cast.sun_posting.pk).work_role == "10"
    assert Posting.objects.get(pk=cast.sun_posting.pk).rate_fen == 36000
    again = staged(cast, wide(row))
    assert verdicts(again) == ["unchanged"]


def test_a_roster_never_writes_over_the_address_on_record(cast: Cast) -> None:
    cast.sun.address = "安徽省六安市（身份证上的住址）"
    cast.sun.save()
    row = {"姓名": cast.sun.name, "身份证号": cast.sun.id_number, "家庭住址": "工地宿舍"}
    assert verdicts(staged(cast, wide(row))) == ["unchanged"]


@pytest.mark.parametrize(
    ("column", "typed", "code"),
    [
        ("文化程度", "不详", "education.unknown"),
        ("政治面貌", "88", "politics.unknown"),
        ("户口性质", "居民", "household.unknown"),
        ("岗位类别", "特种", "work_role.unknown"),
        ("紧急联系人电话", "1390000", "emergency.phone.length"),
        ("合同签订日期", "2026-11", "date.no_day"),
    ],
)
def test_leaves_out_what_it_does_not_know_and_says_so(cast: Cast, column: str, typed: str, code: str) -> None:
    upload = staged(cast, wide(person(1, **{column: typed})))
    assert verdicts(upload) == ["new"]
    assert codes(upload, kind="warn") == [code]


@pytest.mark.parametrize(
    ("word", "code"),
    [("3", "03"), ("03", "03"), ("99", "99"), ("大 专", "05"), ("初中毕业", "02"), ("０６", "06"), ("9", None), ("", None)],
)  # fmt: skip
def test_levels_of_education_by_word_and_code(word: str, code: str | None) -> None:
    assert code_of(word, EDUCATION) == code


def test_every_code_of_the_model_has_a_word() -> None:
    from registration.models.people import Education, Politics

    assert set(EDUCATION.values()) == set(Education.values)
    assert set(POLITICS.values()) == set(Politics.values)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"日工资": None, "工程量单价": "25", "计件单位": "平方米"}, ("piece", 2500, "m2")),
        ({"日工资": None, "工程量单价": "25元/㎡"}, ("piece", 2500, "m2")),
        ({"日工资": None, "工程量单价": "480元/吨"}, ("piece", 48000, "t")),
        ({"日工资": None, "小时工资": "45"}, ("hour", 4500, "")),
        ({"计件单位": "平方米"}, ("day", 36000, "")),
    ],
)
def test_units_of_piece_work_and_hours(cast: Cast, changes: dict[str, Any], expected: Any) -> None:
    applied(cast, wide(person(1, **changes)))
    made = Posting.objects.latest("pk")
    assert (made.pay_basis, made.rate_fen, made.piece_unit) == expected


def test_the_unit_may_stand_in_the_heading(cast: Cast) -> None:
    headings = ("姓名", "身份证号", "班组", "工种", "工程量单价（元/m³）")
    applied(cast, xlsx([person(1, **{"工程量单价（元/m³）": "32.5"})], headings=headings))
    made = Posting.objects.latest("pk")
    assert (made.pay_basis, made.rate_fen, made.piece_unit) == ("piece", 3250, "m3")


def test_contract_dates_are_told_until_a_contract_is_recorded(cast: Cast) -> None:
    dates = {"合同签订日期": "2026-11-01", "合同终止日期": "2027-10-31"}
    row = {"姓名": cast.sun.name, "身份证号": cast.sun.id_number} | dates
    upload = staged(cast, wide(row))
    kept = RosterRow.objects.get(upload_id=upload.pk)
    assert kept.verdict == "unchanged"
    assert [(m["code"], m["facts"]) for m in kept.messages if m["kind"] == "note"] == [
        ("contract.dates", {"signed": "2026-11-01", "ends": "2027-10-31"})
    ]
    from registration.models import LabourContract

    LabourContract.objects.create(
        project=cast.project,
        posting=cast.sun_posting,
        participation=cast.sc_part,
        worker=cast.sun,
        number="JH-1",
        form="paper",
        state="in_force",
        period="1",
        starts_on=date(2026, 8, 3),
        made_at=NOW,
    )
    kept = RosterRow.objects.get(upload_id=staged(cast, wide(row)).pk)
    assert [m for m in kept.messages if m["kind"] == "note"] == []


def test_refused_rows_come_back_with_all_that_was_typed(cast: Cast) -> None:
    from django.urls import reverse

    from wagewatch.lib.sheets import read_workbook

    upload = staged(
        cast, wide(person(1, 身份证号="330723198001020014", 文化程度="初中", 紧急联系人="李秀英"))
    )
    saved = cast.client(cast.zhao).get(
        reverse("registration:roster-refused", args=[cast.project.pk, upload.pk])
    )
    rows = [[c.text for c in row] for row in read_workbook(saved.content, "a.xlsx").sheets[0].rows]
    found = dict(zip(rows[0], rows[1], strict=True))
    assert (found["文化程度"], found["紧急联系人"]) == ("初中", "李秀英")
    assert found["身份证号"] == "330723198001020014"
    assert "户口性质" not in found
