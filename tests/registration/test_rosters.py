"""Rosters: what each rule refuses, what is written, and that twice is like once."""

from datetime import date, timedelta
from typing import Any

import pytest

from registration.models import BankCard, Posting, RosterRow, RosterUpload, SmsMessage, Team, Worker
from registration.rules.roster_row import Defaults
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import discard_roster, read_again, receive_roster
from tests.cast import JOINED, NOW, Cast
from tests.registration.rosters import applied, codes, csv_bytes, person, staged, verdicts, xlsx
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_id_number


def suns_row(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Sun as on record."""
    return person(
        0,
        姓名=cast.sun.name,
        身份证号=cast.sun.id_number,
        联系电话=cast.sun_phone,
        银行卡号=cast.sun_card.number,
        进场时间=JOINED.isoformat(),
        **changes,
    )


def counts() -> tuple[int, int, int, int]:
    return Worker.objects.count(), BankCard.objects.count(), Posting.objects.count(), Team.objects.count()


def test_writes_new_people_with_card_posting_team_and_history(cast: Cast) -> None:
    upload = applied(cast, xlsx([person(1), person(2, 班组="钢筋班", 工种="钢筋工", 日工资=400.5)]))
    assert upload.summary["written"] == 2
    assert upload.content is None
    made = Worker.objects.get(name="孔乙")
    assert made.id_number == make_id_number("330723", date(1980, 1, 2), 1)
    assert (made.sex, made.birth_date, made.origin_code) == (1, date(1980, 1, 2), "330723")
    assert made.phone == "13900000001"
    card = made.cards.get()
    assert (card.number, card.tail, card.is_current) == (
        person(1)["银行卡号"],
        person(1)["银行卡号"][-4:],
        True,
    )
    postings = list(Posting.objects.filter(project=cast.project, pin__gt=2).order_by("pin"))
    assert [(p.pin, p.trade, p.rate_fen, p.pay_basis) for p in postings] == [
        (3, "木工", 36000, "day"),
        (4, "钢筋工", 40050, "day"),
    ]
    assert postings[0].team == cast.team
    assert (postings[1].team.name, postings[1].joined_on) == ("钢筋班", date(2026, 11, 16))
    for record in (made, card, postings[1], postings[1].team):
        last = record.history.latest("history_id")
        assert (last.history_type, last.history_user_id) == ("+", cast.zhao.pk)
        assert last.history_change_reason == f"roster {upload.pk}"


def test_doing_it_twice_changes_nothing(cast: Cast) -> None:
    data = xlsx([person(n) for n in range(1, 6)])
    applied(cast, data)
    before = counts()
    histories = Posting.history.count(), Worker.history.count(), BankCard.history.count()
    again = staged(cast, data)
    assert verdicts(again) == ["unchanged"] * 5
    done = apply_roster(cast.project.pk, again.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert done.summary["written"] == 0
    assert counts() == before
    assert (Posting.history.count(), Worker.history.count(), BankCard.history.count()) == histories


def test_the_same_upload_cannot_be_applied_twice(cast: Cast) -> None:
    upload = applied(cast, xlsx([person(1)]))
    before = counts()
    with pytest.raises(RuleViolation, match=r"roster\.applied"):
        apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"身份证号": 330723198001020016.0}, "id.number_cell"),
        ({"身份证号": "330723198001020014"}, "id.checksum"),
        ({"身份证号": "33072319800102"}, "id.length"),
        ({"身份证号": "330723198013020017"}, "id.birth_date"),
        ({"身份证号": ""}, "id.empty"),
        ({"身份证号": make_id_number("330723", date(2011, 4, 1), 17)}, "age.too_young"),
        ({"姓名": "孔甲（班长）"}, "name.hint"),
        ({"姓名": "同上"}, "name.ditto"),
        ({"银行卡号": 6222020000000010016.0}, "card.number_cell"),
        ({"银行卡号": "6222"}, "card.length"),
        ({"联系电话": "1390000"}, "phone.length"),
        ({"联系电话": "13900000001、13900000002"}, "phone.several"),
        ({"进场时间": "2026.13.5"}, "date.impossible"),
        ({"进场时间": "2026-11"}, "date.no_day"),
        ({"进场时间": "2027-11-16"}, "date.ahead"),
        ({"日工资": 0}, "rate.positive"),
        ({"日工资": "三百六"}, "money.chinese_numerals"),
        ({"日工资": -360}, "money.negative"),
        ({"日工资": None}, "rate.missing"),
        ({"班组": None}, "team.missing"),
    ],
)
def test_refuses_the_row_and_writes_nothing_of_it(cast: Cast, changes: dict[str, Any], code: str) -> None:
    before = counts()
    upload = staged(cast, xlsx([person(1, **changes), person(2)]))
    assert code in codes(upload)
    assert verdicts(upload) == ["refused", "new"]
    done = apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert (done.summary["written"], done.summary["refused"]) == (1, 1)
    assert counts() == tuple(n + extra for n, extra in zip(before, (1, 1, 1, 0), strict=True))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"银行卡号": "6222020000000010018"}, "card.luhn"),
        ({"银行卡号": None}, "card.none"),
        ({"联系电话": None}, "phone.none"),
        ({"身份证号": make_id_number("330723", date(1958, 4, 1), 17)}, "age.old"),
        ({"身份证号": make_id_number("330723", date(2009, 4, 1), 17)}, "age.young"),
    ],
)
def test_only_warns(cast: Cast, changes: dict[str, Any], code: str) -> None:
    upload = staged(cast, xlsx([person(1, **changes)]))
    assert codes(upload, kind="warn") == [code]
    assert verdicts(upload) == ["new"]
    assert upload.summary["look"] == 1


def test_warns_of_a_rate_with_one_zero_too_many(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(n) for n in range(1, 7)] + [person(7, 日工资=3600)]))
    assert codes(upload, row=7, kind="warn") == ["rate.high"]


def test_cleans_what_cannot_be_meant_otherwise(cast: Cast) -> None:
    numbers = (make_id_number("330723", date(1980, 1, 2), n) for n in range(999))
    number = next(n for n in numbers if n.endswith("X"))
    row = person(
        1, 姓名="阿 卜 • 都", 身份证号=f" {number[:6]} {number[6:17]}х", 联系电话="+86 139-0000-0001"
    )
    applied(cast, xlsx([row]))
    made = Worker.objects.latest("pk")
    assert (made.name, made.id_number, made.phone) == ("阿卜·都", number, "13900000001")


@pytest.mark.parametrize(
    ("text", "rate", "basis"),
    [
        ("360元/天", 36000, "day"),
        ("15000元/月", 1500000, "month"),
        ("￥360.00", 36000, "day"),
        ("45/小时", 4500, "hour"),
    ],
)
def test_reads_the_unit_of_a_rate(cast: Cast, text: str, rate: int, basis: str) -> None:
    applied(cast, xlsx([person(1, 日工资=text)]))
    made = Posting.objects.latest("pk")
    assert (made.rate_fen, made.pay_basis) == (rate, basis)


def test_the_same_person_twice_keeps_the_first_row_if_they_agree(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1), person(2), person(1)]))
    assert verdicts(upload) == ["new", "new", "refused"]
    assert codes(upload, row=3) == ["person.twice"]


def test_the_same_person_twice_with_different_rates_refuses_both(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1), person(1, 日工资=400)]))
    assert verdicts(upload) == ["refused", "refused"]


def test_one_card_for_two_people_refuses_both(cast: Cast) -> None:
    card = person(1)["银行卡号"]
    upload = staged(cast, xlsx([person(1), person(2, 银行卡号=card), person(3)]))
    assert verdicts(upload) == ["refused", "refused", "new"]
    assert codes(upload, row=2) == ["card.shared"]


def test_refuses_a_card_that_somebody_on_record_holds(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1, 银行卡号=cast.wu_card.number)]))
    assert codes(upload) == ["card.other_person"]


def test_refuses_a_known_number_under_another_name_without_telling_it(cast: Cast) -> None:
    upload = staged(cast, xlsx([suns_row(cast) | {"姓名": "孙德"}]))
    assert codes(upload) == ["name.conflict"]
    row = RosterRow.objects.get(upload_id=upload.pk)
    assert row.messages[0]["facts"] == {"name": "孙**"}


def test_shows_old_and_new_and_writes_only_the_changes(cast: Cast) -> None:
    new_card = person(9)["银行卡号"]
    row = suns_row(cast, 日工资=380) | {"银行卡号": new_card, "联系电话": "13700000001"}
    upload = staged(cast, xlsx([row]))
    stored = RosterRow.objects.get(upload_id=upload.pk)
    assert stored.verdict == "changed"
    assert [(m["code"], m["facts"]) for m in stored.messages] == [
        ("phone.on_record", {"phone": "138****6017"})
    ]
    assert stored.changes == [
        {"field": "card_number", "old": cast.sun_card.tail, "new": new_card[-4:]},
        {"field": "rate", "old": 36000, "new": 38000},
    ]
    apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    cast.sun_posting.refresh_from_db()
    assert (cast.sun_posting.rate_fen, cast.sun_posting.joined_on) == (38000, JOINED)
    assert list(cast.sun.cards.order_by("pk").values_list("tail", "is_current")) == [
        (cast.sun_card.tail, False),
        (new_card[-4:], True),
    ]
    assert Worker.objects.get(pk=cast.sun.pk).phone == cast.sun_phone
    told = SmsMessage.objects.get(kind="card_changed")
    assert told.phone == cast.sun_phone
    assert new_card[-4:] not in told.text
    assert Worker.objects.get(pk=cast.zhou.pk).phone == cast.zhou_phone
    assert cast.sun_posting.history.latest("history_id").rate_fen == 38000


def test_empty_cells_change_nothing(cast: Cast) -> None:
    row = {"姓名": cast.sun.name, "身份证号": cast.sun.id_number}
    upload = staged(cast, xlsx([row]))
    assert verdicts(upload) == ["unchanged"]


def test_people_missing_from_the_file_stay(cast: Cast) -> None:
    applied(cast, xlsx([person(1)]))
    assert Posting.objects.filter(project=cast.project, left_on=None).count() == 3


def test_somebody_who_works_elsewhere_gets_one_more_posting(cast: Cast) -> None:
    row = person(1, 姓名=cast.wu.name, 身份证号=cast.wu.id_number, 联系电话="", 银行卡号=cast.wu_card.number)
    upload = applied(cast, xlsx([row]))
    assert upload.summary["new"] == 1
    assert Worker.objects.filter(name=cast.wu.name).count() == 1
    assert set(cast.wu.postings.values_list("project_id", flat=True)) == {
        cast.project.pk,
        cast.other_project.pk,
    }


def test_a_day_of_leaving_ends_the_work_and_coming_back_needs_a_later_day(cast: Cast) -> None:
    headings = ("姓名", "身份证号", "退场时间", "进场时间", "班组", "日工资")
    row = suns_row(cast) | {"退场时间": "2026-11-10"}
    applied(cast, xlsx([row], headings=headings))
    cast.sun_posting.refresh_from_db()
    assert cast.sun_posting.left_on == date(2026, 11, 10)
    early = staged(cast, xlsx([suns_row(cast) | {"进场时间": "2026-11-10"}]))
    assert codes(early) == ["posting.left"]
    applied(cast, xlsx([suns_row(cast) | {"进场时间": "2026-11-11"}]))
    assert cast.sun.postings.filter(left_on=None).get().joined_on == date(2026, 11, 11)


def test_work_for_another_company_of_the_project_must_end_first(cast: Cast) -> None:
    cast.sun_posting.participation, cast.sun_posting.team = cast.gc_part, cast.gc_team
    cast.sun_posting.save()
    assert codes(staged(cast, xlsx([suns_row(cast)]))) == ["posting.other_company"]


def test_choices_for_the_whole_file_fill_what_is_missing(cast: Cast) -> None:
    data = xlsx([person(1)], headings=("姓名", "身份证号"))
    upload = staged(cast, data)
    assert codes(upload) == ["team.missing", "trade.missing", "rate.missing"]
    choices = Defaults(team="杂工班", rate_fen=30000, joined_on=date(2026, 11, 1))
    read_again(cast.project.pk, upload.pk, defaults=choices, actor=cast.actor(cast.zhao), now=NOW)
    read_upload(upload.pk, now=NOW)
    apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    made = Posting.objects.latest("pk")
    assert (made.team.name, made.trade, made.rate_fen) == ("杂工班", "杂工", 30000)
    assert made.joined_on == date(2026, 11, 1)


def test_the_team_is_taken_from_the_name_of_the_file(cast: Cast) -> None:
    data = xlsx([person(1)], headings=tuple(h for h in person(1) if h not in {"班组", "工种"}))
    applied(cast, data, filename="木工班组花名册-2026.11.16.xlsx")
    made = Posting.objects.latest("pk")
    assert (made.team.name, made.trade) == ("木工班组", "木工")


def test_what_changed_since_the_preview_is_seen_when_written(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1)]))
    cast.wu_card.number_index = blind_index(person(1)["银行卡号"], kind="card")
    cast.wu_card.save()
    done = apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert (done.summary["written"], done.summary["refused"]) == (0, 1)
    assert codes(upload) == ["card.other_person"]


def test_reads_a_gbk_csv(cast: Cast) -> None:
    assert verdicts(staged(cast, csv_bytes([person(1), person(2)]), filename="名单.csv")) == ["new", "new"]


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "a.xlsx", "file.picture"),
        (b"PK\x03\x04" + b"0" * 100, "a.xlsx", None),
        (b"%PDF-1.7", "a.pdf", "file.pdf"),
        ("姓名,电话\n孙,1".encode(), "a.csv", "sheet.missing_columns"),
        (b"a,b\n1,2\n", "a.csv", "sheet.no_headings"),
        ("姓名,身份证号\n".encode(), "a.csv", "file.no_rows"),
    ],
)
def test_hostile_and_wrong_files_are_refused_with_a_reason(
    cast: Cast, data: bytes, filename: str, code: str | None
) -> None:
    before = counts()
    upload = staged(cast, data, filename=filename)
    assert upload.state == "refused"
    assert upload.error_code == code or (code is None and upload.error_code.startswith("file."))
    assert upload.content is None
    assert RosterRow.objects.count() == 0
    assert counts() == before


def test_a_pay_sheet_is_told_from_a_roster(cast: Cast) -> None:
    data = xlsx(
        [person(1, 出勤天数="22", 实发工资="7920")], headings=("姓名", "身份证号", "出勤天数", "实发工资")
    )
    assert staged(cast, data).error_code == "file.pay_sheet"


def test_formulas_in_names_stay_inert_text(cast: Cast) -> None:
    upload = staged(
        cast, csv_bytes([person(1, 姓名='=HYPERLINK("http://x","y")')], "utf-8"), filename="a.csv"
    )
    assert verdicts(upload) == ["refused"]


@pytest.mark.parametrize("who", ["kong", "li", "officer", "guard", "he"])
def test_others_cannot_upload(cast: Cast, who: str) -> None:
    with pytest.raises((NotFound, NotPermitted)):
        staged(cast, xlsx([person(1)]), who=getattr(cast, who))
    assert RosterUpload.objects.count() == 0


def test_a_subcontractor_uploads_for_itself_only(cast: Cast) -> None:
    assert staged(cast, xlsx([person(1)]), who=cast.qian).state == "staged"
    with pytest.raises(NotFound):
        receive_roster(
            cast.project.pk,
            cast.gc_part.pk,
            "a.xlsx",
            b"",
            defaults=Defaults(),
            actor=cast.actor(cast.qian),
            now=NOW,
        )


def test_a_rivals_clerk_cannot_apply_or_discard(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1)]))
    before = counts()
    for act in (apply_roster, discard_roster):
        with pytest.raises(NotFound):
            act(cast.project.pk, upload.pk, actor=cast.actor(cast.kong), now=NOW)
    assert counts() == before
    assert RosterUpload.objects.get(pk=upload.pk).state == "staged"


def test_a_discarded_upload_keeps_no_personal_data(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1)]))
    discard_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert RosterUpload.objects.get(pk=upload.pk).content is None
    assert RosterRow.objects.count() == 0
    with pytest.raises(RuleViolation, match=r"roster\.not_ready"):
        apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)


def test_nothing_personal_is_stored_in_the_clear(cast: Cast) -> None:
    upload = receive_roster(
        cast.project.pk,
        cast.sc_part.pk,
        "a.csv",
        csv_bytes([person(1)], "utf-8"),
        defaults=Defaults(),
        actor=cast.actor(cast.zhao),
        now=NOW,
    )
    number = str(person(1)["身份证号"])
    assert number.encode() not in bytes(RosterUpload.objects.get(pk=upload.pk).content or b"")
    read_upload(upload.pk, now=NOW + timedelta(seconds=1))
    upload.refresh_from_db()
    row = RosterRow.objects.values("messages", "changes", "sheet").get(upload_id=upload.pk)
    assert number not in f"{row} {upload.reading} {upload.summary}"
