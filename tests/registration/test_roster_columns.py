"""Columns that a clerk names: asked for, remembered for the company, shown, forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from registration.models import ColumnMapping, Posting, RosterRow, RosterUpload, Worker
from registration.services.roster_staging import read_upload
from registration.services.rosters import choose_columns, forget_columns
from tests.cast import NOW, Cast
from tests.lib import make_sheets
from tests.registration.rosters import applied, person, staged, verdicts
from wagewatch.lib.errors import Malformed, NotFound, RuleViolation
from wagewatch.lib.identity import mask_id

STRANGE = ("人员", "证件", "班", "活", "每日", "卡")


def strange(*numbers: int, headings: tuple[str, ...] = STRANGE) -> bytes:
    """A roster whose headings no dictionary knows."""
    rows: list[list[Any]] = [["某某项目人员一览"], list(headings)]
    for number in numbers:
        one = person(number)
        rows.append([one["姓名"], one["身份证号"], one["班组"], one["工种"], one["日工资"], one["银行卡号"]])
    return make_sheets.xlsx(rows)


CHOSEN = {0: {0: "name", 1: "id_number", 2: "team", 3: "trade", 4: "day_rate", 5: "card_number"}}


def named(cast: Cast, upload: RosterUpload, chosen: Any = None, *, who: Any = None) -> RosterUpload:
    choose_columns(cast.project.pk, upload.pk, chosen or CHOSEN, actor=cast.actor(who or cast.zhao), now=NOW)
    read_upload(upload.pk, now=NOW)
    upload.refresh_from_db()
    return upload


def test_asks_for_the_columns_of_a_table_with_unknown_headings(cast: Cast) -> None:
    upload = staged(cast, strange(1, 2))
    assert upload.state == "naming"
    assert upload.content is not None
    sheet = upload.reading["sheets"][0]
    assert (sheet["read"], sheet["heading_rows"]) == (False, [2])
    assert [(c["heading"], c["field"]) for c in sheet["columns"]] == [(h, "") for h in STRANGE]
    assert RosterRow.objects.count() == 0
    number = str(person(1)["身份证号"])
    assert number in str(upload.samples)
    assert number not in str(upload.reading)


def test_named_columns_are_read_and_remembered_for_the_company(cast: Cast) -> None:
    upload = named(cast, staged(cast, strange(1, 2)))
    assert (upload.state, verdicts(upload)) == ("staged", ["new", "new"])
    assert ColumnMapping.objects.filter(organisation=cast.sc).count() == 6
    assert set(ColumnMapping.objects.values_list("chosen_by_id", "chosen_at")) == {(cast.zhao.pk, NOW)}
    done = applied(cast, strange(3), who=cast.qian)
    assert done.summary["written"] == 1
    assert done.reading["sheets"][0]["chosen_at"][:10] == "2026-11-16"
    made = Posting.objects.latest("pk")
    assert (made.worker.name, made.trade, made.team.name, made.rate_fen) == (
        "孔丁",
        "木工",
        "木工一班",
        36000,
    )


def test_the_same_headings_in_another_order_are_read_by_what_they_say(cast: Cast) -> None:
    named(cast, staged(cast, strange(1)))
    one = person(2)
    rows = [
        ["卡", "证件", "每日", "活", "班", "人员"],
        [one["银行卡号"], one["身份证号"], one["日工资"], one["工种"], one["班组"], one["姓名"]],
    ]
    assert verdicts(staged(cast, make_sheets.xlsx(rows))) == ["new"]


def test_unknown_headings_of_one_table_are_known_in_the_next(cast: Cast) -> None:
    """Another layout of the same company: what no dictionary knows is still taken from the clerk."""
    named(cast, staged(cast, strange(1)))
    one = person(2)
    rows = [
        ["人员", "证件", "工种", "班组", "日工资"],
        [one["姓名"], one["身份证号"], "木工", "木工一班", 360],
    ]
    upload = staged(cast, make_sheets.xlsx(rows))
    assert (upload.state, verdicts(upload)) == ("staged", ["new"])
    assert upload.reading["sheets"][0]["chosen_at"] == ""


def test_another_company_is_asked_itself(cast: Cast) -> None:
    named(cast, staged(cast, strange(1)))
    from registration.rules.roster_row import Defaults
    from registration.services.rosters import receive_roster

    theirs = receive_roster(
        cast.other_project.pk, cast.other_part.pk, "a.xlsx", strange(2),
        defaults=Defaults(), actor=cast.actor(cast.kong), now=NOW,
    )  # fmt: skip
    read_upload(theirs.pk, now=NOW)
    theirs.refresh_from_db()
    assert theirs.state == "naming"


def test_a_known_column_can_be_given_another_meaning_or_none(cast: Cast) -> None:
    rows = [
        ["姓名", "身份证号", "班组", "工种", "日工资", "工资标准"],
        [person(1)["姓名"], person(1)["身份证号"], "木工一班", "木工", 360, 400],
    ]
    upload = staged(cast, make_sheets.xlsx(rows))
    fields = {c["heading"]: c["field"] for c in upload.reading["sheets"][0]["columns"]}
    assert (fields["日工资"], fields["工资标准"]) == ("day_rate", "")
    chosen = {0: {0: "name", 1: "id_number", 2: "", 3: "trade", 4: "", 5: "day_rate"}}
    upload = named(cast, upload, chosen)
    assert list(ColumnMapping.objects.order_by("heading").values_list("heading", "field")) == [
        ("工资标准", "day_rate"), ("日工资", ""), ("班组", ""),
    ]  # fmt: skip
    row = RosterRow.objects.get(upload_id=upload.pk)
    assert [m["code"] for m in row.messages if m["kind"] == "stop"] == ["team.missing"]
    assert '"rate_fen":40000' in str(row.data)


def test_two_columns_with_the_same_heading_are_told_apart(cast: Cast) -> None:
    rows = [
        ["姓名", "身份证号", "班组", "工种", "日工资", "日工资"],
        [person(1)["姓名"], person(1)["身份证号"], "木工一班", "木工", 360, 400],
    ]
    upload = staged(cast, make_sheets.xlsx(rows))
    fields = {0: "name", 1: "id_number", 2: "team", 3: "trade", 4: "", 5: "day_rate"}
    upload = named(cast, upload, {0: fields})
    assert '"rate_fen":40000' in str(RosterRow.objects.get(upload_id=upload.pk).data)
    assert {(m.heading, m.nth, m.field) for m in ColumnMapping.objects.all()} == {
        ("日工资", 1, ""), ("日工资", 2, "day_rate"),
    }  # fmt: skip


def test_of_sheets_with_the_same_headings_the_one_that_was_changed_counts(cast: Cast) -> None:
    heads = ["姓名", "身份证号", "班组", "工种", "日工资", "工资标准"]

    def fill(workbook: Any) -> None:
        for number in (1, 2):
            page = workbook.add_worksheet(f"{number}班")
            page.write_row(0, 0, heads)
            one = person(number)
            page.write_row(1, 0, [one["姓名"], one["身份证号"], "木工一班", "木工", 360, 400])

    upload = staged(cast, make_sheets.book(fill))
    kept = {0: "name", 1: "id_number", 2: "team", 3: "trade", 4: "day_rate", 5: ""}
    upload = named(cast, upload, {0: {**kept, 4: "", 5: "day_rate"}, 1: kept})
    rates = [str(row.data) for row in RosterRow.objects.filter(upload_id=upload.pk)]
    assert ['"rate_fen":40000' in data for data in rates] == [True, True]


def test_forgotten_columns_are_asked_for_again(cast: Cast) -> None:
    upload = named(cast, staged(cast, strange(1)))
    forget_columns(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    read_upload(upload.pk, now=NOW)
    upload.refresh_from_db()
    assert upload.state == "naming"
    assert ColumnMapping.objects.count() == 0
    assert RosterRow.objects.count() == 0


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({0: {0: "name", 2: "team"}}, "mapping.required"),
        ({0: {0: "name", 1: "id_number", 2: "name"}}, "mapping.twice"),
        ({0: {0: "name", 1: "id_number", 2: "net"}}, "mapping.unknown"),
        ({}, "mapping.required"),
        ({7: {0: "name", 1: "id_number"}}, "mapping.required"),
    ],
)
def test_refuses_choices_that_cannot_be_read(cast: Cast, chosen: Any, code: str) -> None:
    upload = staged(cast, strange(1))
    with pytest.raises(Malformed) as refused:
        choose_columns(cast.project.pk, upload.pk, chosen, actor=cast.actor(cast.zhao), now=NOW)
    assert refused.value.code == code
    upload.refresh_from_db()
    assert upload.state == "naming"
    assert ColumnMapping.objects.count() == 0


def test_others_cannot_name_columns_and_a_written_roster_keeps_its_own(cast: Cast) -> None:
    upload = staged(cast, strange(1))
    with pytest.raises(NotFound):
        choose_columns(cast.project.pk, upload.pk, CHOSEN, actor=cast.actor(cast.kong), now=NOW)
    assert ColumnMapping.objects.count() == 0
    done = applied(cast, make_sheets.xlsx([["姓名", "身份证号"], [cast.sun.name, cast.sun.id_number]]))
    with pytest.raises(RuleViolation, match=r"roster\.done"):
        choose_columns(cast.project.pk, done.pk, CHOSEN, actor=cast.actor(cast.zhao), now=NOW)
    assert ColumnMapping.objects.count() == 0


def test_a_table_without_any_id_numbers_is_refused_with_the_column_that_is_missing(cast: Cast) -> None:
    upload = staged(cast, make_sheets.xlsx([["姓名", "电话"], ["孙德旺", "13857906017"]]))
    assert (upload.state, upload.error_code) == ("refused", "sheet.missing_columns")


def test_the_page_names_the_columns_and_shows_masked_values(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    upload = staged(cast, strange(1, 2))
    page = client.get(reverse("registration:roster", args=[cast.project.pk, upload.pk])).content.decode()
    number, card = str(person(1)["身份证号"]), str(person(1)["银行卡号"])
    assert number not in page
    assert card not in page
    assert "孔乙" not in page
    assert "孔**" in page
    assert 'name="s0-c1"' in page
    url = reverse("registration:roster-columns", args=[cast.project.pk, upload.pk])
    twice = client.post(url, {"s0-c0": "name", "s0-c1": "name"})
    assert twice.status_code == 400
    assert '<option value="name" selected>' in twice.content.decode()
    sent = client.post(url, {f"s0-c{c}": field for c, field in CHOSEN[0].items()})
    assert sent.status_code == 302
    page = client.get(sent.url).content.decode()
    assert "按您在" in page
    assert mask_id(number) in page
    forgot = client.post(reverse("registration:roster-columns-forget", args=[cast.project.pk, upload.pk]))
    assert forgot.status_code == 302
    assert ColumnMapping.objects.count() == 0


def test_what_is_written_is_the_same_whoever_named_the_columns(cast: Cast) -> None:
    upload = named(cast, staged(cast, strange(1)), who=cast.qian)
    before = Worker.objects.count()
    from registration.services.roster_apply import apply_roster

    apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.qian), now=NOW + timedelta(minutes=1))
    assert Worker.objects.count() == before + 1
    upload.refresh_from_db()
    assert upload.samples is None
