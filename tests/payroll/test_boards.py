"""Notice boards: what they say, what is missing, versions kept, the paper, the page behind the code."""

import io
import json
import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.core.signing import BadSignature
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from payroll.board_pdf import board_pdf, code_address
from payroll.board_rules import BoardCode, missing_lines, read_code
from payroll.models import NoticeBoard
from payroll.services.board_facts import gather
from payroll.services.boards import content_of, make_board
from registration.models import Bulletin, Parameter, Participation, Project
from registration.services.parameters import forget
from tests.cast import NOW, Cast
from tests.inspection.stage import sent_sheet
from tests.payroll.stage import attend
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

OFFICES = {
    "labour": ("金东区劳动保障监察大队", "0579-80000042"),
    "housing": ("金东区住房和城乡建设局", "0579-80000043"),
    "transport": ("金华市交通运输局", "0579-80000044"),
    "arbitration": ("金东区劳动人事争议仲裁院", "0579-80000051"),
    "legal_aid": ("金东区法律援助中心", "12348"),
}


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def fill_records(cast: Cast) -> None:
    """All that article 34 asks for, and October's days and slips of both workers."""
    for office, (name, call) in OFFICES.items():
        Bulletin.objects.create(
            kind="help",
            office=office,
            region_id="330703",
            title=name,
            call=call,
            valid_from=date(2026, 1, 1),
            made_at=NOW,
        )
    for key, fen in (("month", 226_000), ("hour", 2_200)):
        Parameter.objects.create(
            key=f"pay.minimum_wage_{key}_fen", region_id="330703", value=fen, valid_from=date(2024, 1, 1)
        )
    forget()
    for part in (cast.owner_part, cast.gc_part, cast.sc_part):
        part.manager_name, part.manager_phone = "郑伟", "13800000023"
        part.save()
    cast.zhao.phone = "13800000024"
    cast.zhao.save()
    cast.gc_part.clerk = cast.zhao
    cast.gc_part.save()
    attend(cast.sun_posting, 22)
    attend(cast.zhou_posting, 19)
    sent_sheet(cast.sc_part, [(cast.sun_posting, 748_000), (cast.zhou_posting, 608_000)])


def test_the_board_says_the_three_parts_and_the_list(cast: Cast) -> None:
    fill_records(cast)
    content = gather(cast.project, today=cast.today)
    assert missing_lines(content) == []
    assert [(line["role"], line["firm"], line["person"]) for line in content["who"]] == [
        ("owner", cast.owner.name, "郑伟"),
        ("general_contractor", cast.gc.name, "郑伟"),
        ("clerk", "", "赵春燕"),
        ("subcontractor", cast.sc.name, "郑伟"),
        ("inspector", "金东区人力社保局", "李敏"),
    ]
    assert content["pay"] == {
        "month_fen": 226_000,
        "hour_fen": 2_200,
        "pay_day": 15,
        "month": "2026-10",
        "due_on": "2026-11-13",
    }, "the 15th is a Sunday"
    assert [line["call"] for line in content["help"]] == [
        "0579-80000042",
        "0579-80000043",
        "0579-80000051",
        "12348",
    ], "the housing authority, since it is a building"
    assert content["list"]["people"] == [
        {"name": "孙**", "id_tail": cast.sun.id_tail, "team": "木工一班", "days": "22", "net_fen": 748_000},
        {"name": "周**", "id_tail": cast.zhou.id_tail, "team": "木工一班", "days": "19", "net_fen": 608_000},
    ]
    assert (content["made_on"], content["replace_by"]) == ("2026-11-16", "2026-12-17")


def test_each_missing_line_is_named(cast: Cast) -> None:
    forget()
    attend(cast.sun_posting, 22)
    Participation.objects.filter(pk=cast.owner_part.pk).update(left_on=cast.today)
    assert missing_lines(gather(cast.project, today=cast.today)) == [
        ["owner", ""],
        ["clerk", ""],
        ["person", cast.gc.name],
        ["call", cast.gc.name],
        ["person", cast.sc.name],
        ["call", cast.sc.name],
        ["labour", ""],
        ["sector", ""],
        ["arbitration", ""],
        ["legal_aid", ""],
        ["month_fen", ""],
        ["hour_fen", ""],
        ["no_slip", "1"],
    ]


def test_a_drafted_slip_is_not_on_the_board(cast: Cast) -> None:
    attend(cast.sun_posting, "21.5")  # type: ignore[arg-type]
    sent_sheet(cast.sc_part, [(cast.sun_posting, 748_000)], state="draft", confirmation="draft")
    (person,) = gather(cast.project, today=cast.today)["list"]["people"]
    assert (person["days"], person["net_fen"]) == ("21.5", None)


def test_versions_are_kept_and_the_same_is_not_made_twice_a_day(cast: Cast) -> None:
    fill_records(cast)
    zhao = cast.actor(cast.zhao)
    board = make_board(cast.project.pk, actor=zhao, now=cast.now)
    assert (board.number, board.edition, board.wage_month) == (1, date(2026, 11, 1), date(2026, 10, 1))
    assert (board.people, board.missing, board.made_by) == (2, [], cast.zhao)
    with pytest.raises(RuleViolation, match=r"board\.same_day"):
        make_board(cast.project.pk, actor=zhao, now=cast.now)
    assert NoticeBoard.objects.count() == 1
    cast.gc_part.manager_name = "何建平"
    cast.gc_part.save()
    second = make_board(cast.project.pk, actor=zhao, now=cast.now)
    assert second.number == 2
    assert content_of(NoticeBoard.objects.get(project=cast.project, number=1)) == content_of(board)
    assert make_board(cast.project.pk, actor=zhao, now=cast.now + timedelta(days=1)).number == 3
    assert list(Entry.objects.filter(kind="board.made").values_list("subject", flat=True)) == [
        f"board:{cast.project.pk}.{n}" for n in (1, 2, 3)
    ]
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeBoard.objects.filter(number=1).update(people=9)


def test_only_the_general_contractor_makes_it(cast: Cast) -> None:
    for who, error in (
        (cast.qian, NotFound),
        (cast.kong, NotFound),
        (cast.wang, NotFound),
        (cast.guard, NotFound),
        (cast.li, NotPermitted),
    ):
        with pytest.raises(error):
            make_board(cast.project.pk, actor=cast.actor(who), now=cast.now)
    Project.objects.filter(pk=cast.project.pk).update(state="done")
    with pytest.raises(RuleViolation, match=r"board\.done"):
        make_board(cast.project.pk, actor=cast.actor(cast.he), now=cast.now)
    assert not NoticeBoard.objects.exists()
    assert not Entry.objects.exists()


def test_what_it_says_is_encrypted_where_it_lies(cast: Cast) -> None:
    fill_records(cast)
    make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM payroll_noticeboard")
        raw = bytes(cursor.fetchone()[0])
    assert b"13800000023" not in raw
    assert "郑伟".encode() not in raw


@pytest.mark.parametrize("size", ["A3", "A1"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_paper_is_the_same_each_time(cast: Cast, size: str, language: str) -> None:
    fill_records(cast)
    board = make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    made = [
        board_pdf(board, address=code_address(board, "https://pay.example"), size=size, language=language)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF-")
    box = {"A3": b"/MediaBox [0 0 1190.55 841.89]", "A1": b"/MediaBox [0 0 2383.94 1683.78]"}[size]
    assert box in made[0]


def test_a_code_tells_project_version_and_month_and_no_other_counts(cast: Cast) -> None:
    code = BoardCode(12, 4, date(2026, 11, 1))
    assert read_code(f"https://pay.example/board/{code.token}/") == code
    assert read_code("https://pay.example/join/abcdef/") is None
    assert read_code("") is None
    with pytest.raises(BadSignature):
        read_code(f"https://pay.example/board/{code.token.replace('12-4-', '12-5-')}/")
    with pytest.raises(BadSignature):
        read_code(f"https://pay.example/board/12-4-202613.{'A' * 43}/")


def test_the_page_behind_the_code_is_public_and_names_no_worker(cast: Cast) -> None:
    fill_records(cast)
    board = make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    path = code_address(board, "")
    text = cast.client(cast.kong).get(path).content.decode()
    assert "0579-80000051" in text
    assert "¥2,260.00" in text
    assert "孙**" not in text
    assert cast.client(cast.kong).get(path.replace(".", ".A")).status_code == 404
    NoticeBoard.objects.create(
        project=cast.project,
        number=2,
        edition=board.edition,
        wage_month=board.wage_month,
        made_on=date(2026, 11, 17),
        content=board.content,
        content_sha256=board.content_sha256,
        made_at=NOW,
    )
    assert "已有更新的告示牌：2026-11-17 的第 2 版" in cast.client(cast.kong).get(path).content.decode()


def test_the_clerk_previews_makes_and_prints(cast: Cast) -> None:
    fill_records(cast)
    client = cast.client(cast.zhao)
    page = reverse("payroll:board", args=[cast.project.pk])
    text = client.get(page).content.decode()
    assert "还没有制作告示牌" in text
    assert "没有缺项" in text
    assert "制作第 1 版" in text
    assert client.post(page).status_code == 302
    answer = client.post(page)
    assert answer.status_code == 409
    assert "今天的第 1 版内容一样" in answer.content.decode()
    file = client.get(reverse("payroll:board-file", args=[cast.project.pk, 1]) + "?size=A1&lang=en")
    assert (file.status_code, file["Content-Type"]) == (200, "application/pdf")
    assert (
        client.get(reverse("payroll:board-file", args=[cast.project.pk, 1]) + "?size=A9").status_code == 404
    )
    assert cast.client(cast.qian).get(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_two_versions_or_one(transactional_db: None, cast: Cast) -> None:
    fill_records(cast)
    made: list[int] = []

    def click(who: str) -> None:
        try:
            made.append(
                make_board(cast.project.pk, actor=cast.actor(getattr(cast, who)), now=cast.now).number
            )
        except RuleViolation:
            made.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=[who]) for who in ("zhao", "he")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 1]
    assert NoticeBoard.objects.count() == 1


def test_a_long_list_and_many_firms_take_more_pages(cast: Cast) -> None:
    fill_records(cast)
    board = make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    content = content_of(board)
    content["list"]["people"] = content["list"]["people"] * 150
    content["who"] = content["who"][:3] + content["who"][3:4] * 30
    board.content = json.dumps(content, ensure_ascii=False)
    data = board_pdf(board, address=code_address(board, "https://pay.example"), size="A3", language="zh-hans")
    assert io.BytesIO(data).getvalue().count(b"/Type /Page\n") == 4, "three of the list, one of firms"
