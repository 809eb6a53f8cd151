"""Looks at notice boards: the code on a picture decides, each picture counts once, hostile pictures do no harm."""

import io
import json
import struct
import threading
import zlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import segno
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from devices.services.terminals import forget_terminals
from payroll.board_pdf import board_pdf, code_address
from payroll.board_picture import codes_of, open_photo
from payroll.board_rules import BoardCode, reading_of, verdict_of
from payroll.models import BoardCheck, BoardPhoto, NoticeBoard
from payroll.services.board_checks import (
    check_by_photo,
    read_picture,
    record_missing,
)
from payroll.services.board_photos import forget_board_photos
from payroll.services.board_states import load_codes, load_states
from payroll.services.boards import make_board
from registration.models import Project, StoredFile
from tests.cast import NOW, Cast
from tests.devices.post import headers
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> Iterator[None]:
    forget_terminals()
    with time_machine.travel(NOW, tick=False):
        yield


def photo(*texts: str, turn: float = 6, kind: str = "JPEG", tint: int = 170) -> bytes:
    """A phone's picture of a wall with codes on it, a little askew."""
    wall = Image.new("RGB", (1600, 1200), (tint, tint - 8, tint - 20))
    for number, text in enumerate(texts):
        out = io.BytesIO()
        segno.make(text, error="m", micro=False).save(out, kind="png", scale=7, border=4)
        wall.paste(Image.open(out).convert("RGB"), (120 + 700 * number, 300))
    out = io.BytesIO()
    wall.rotate(turn, fillcolor=(90, 90, 90)).save(out, kind, quality=70)
    return out.getvalue()


def hang(cast: Cast, *, now: object = NOW) -> NoticeBoard:
    return make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=now)  # type: ignore[arg-type]


def address(board: NoticeBoard) -> str:
    return code_address(board, "https://pay.example.cn")


def look(cast: Cast, data: bytes, *, by: str = "zhao", days: int = 0) -> BoardCheck:
    return check_by_photo(
        cast.project.pk,
        read_picture(data),
        actor=cast.actor(getattr(cast, by)),
        now=cast.now + timedelta(days=days),
    )


def test_a_photo_of_the_board_proves_it(cast: Cast) -> None:
    board = hang(cast)
    check = look(cast, photo(address(board), "https://pay.example.cn/join/abcdefgh/"))
    assert (check.verdict, check.board_number, check.made_on) == ("fresh", 1, cast.today)
    assert (check.source, check.seen_on, check.made_by) == ("clerk", cast.today, cast.zhao)
    kept = BoardPhoto.objects.select_related("file").get()
    picture = Image.open(io.BytesIO(bytes(kept.file.content)))
    assert (kept.number, picture.format, max(picture.size)) == (1, "JPEG", 1600)
    assert Entry.objects.get(kind="board.check").subject == f"board-check:{cast.project.pk}.1"


def test_the_printed_paper_itself_can_be_read(cast: Cast) -> None:
    board = hang(cast)
    data = board_pdf(board, address=address(board), size="A3", language="zh-hans")
    # The code's picture lies in the file as it was made.
    assert b"/Subtype /Image" in data
    assert codes_of(open_photo(photo(address(board), turn=0))) == [address(board)]


def test_a_code_is_read_at_night_askew_and_from_a_screen() -> None:
    address = "https://pay.example.cn/board/17-3-2026-11.Ab3dEfGhIjKlMnOpQrStUv/"
    wall = open_photo(photo(address, turn=37))
    blurred = wall.filter(ImageFilter.GaussianBlur(2))
    dark = ImageEnhance.Brightness(wall).enhance(0.12)
    grain = Image.effect_noise(wall.size, 60)
    night = ImageChops.add(
        ImageEnhance.Brightness(wall).enhance(0.5), Image.merge("RGB", (grain,) * 3), 1, -128
    )
    stripe = Image.new("L", (4, 2), 255)
    for x in (0, 1):
        stripe.putpixel((x, 0), 70)
    pattern = Image.new("L", wall.size)
    for x in range(0, wall.width, 4):
        for y in range(0, wall.height, 2):
            pattern.paste(stripe, (x, y))
    screen = ImageChops.multiply(wall, Image.merge("RGB", (pattern,) * 3))
    for picture in (wall, blurred, dark, night, screen, wall.rotate(180)):
        assert codes_of(picture) == [address]
    assert codes_of(wall.filter(ImageFilter.GaussianBlur(12))) == []


def test_an_old_board_is_stale_and_the_day_before_it_is_not(cast: Cast) -> None:
    board = hang(cast)
    assert look(cast, photo(address(board), turn=3), days=31).verdict == "fresh"
    assert look(cast, photo(address(board), turn=4), days=32).verdict == "stale"


def test_the_states_of_a_list_are_those_of_each_board(cast: Cast) -> None:
    def told(days: int = 0) -> str:
        today = cast.today + timedelta(days=days)
        every = Project.objects.order_by("-pk")
        codes = load_codes(every, today=today)
        states = load_states(every, today=today)
        assert codes == [(project.pk, states[project.pk].code) for project in every]
        return dict(codes)[cast.project.pk]

    assert told() == "never"
    board = hang(cast)
    assert told() == "unseen"
    look(cast, photo(address(board)))
    assert told() == told(31) == "fresh"
    assert told(32) == "stale"
    record_missing(cast.project.pk, note="北门", actor=cast.actor(cast.li), now=NOW + timedelta(days=1))
    assert told(1) == "missing"


def test_other_boards_forged_codes_and_no_code_are_told_apart(cast: Cast) -> None:
    board = hang(cast)
    other = BoardCode(cast.other_project.pk, 1, date(2026, 11, 1)).token
    forged = address(board).replace(f"{cast.project.pk}-1-", f"{cast.project.pk}-2-")
    unknown = BoardCode(cast.project.pk, 9, date(2026, 11, 1)).token
    assert look(cast, photo(f"https://x/board/{other}/")).verdict == "other"
    assert look(cast, photo(forged)).verdict == "forged"
    assert look(cast, photo(f"https://x/board/{unknown}/")).verdict == "forged", "no such version was made"
    assert look(cast, photo("https://example.cn/")).verdict == "no_code"
    assert look(cast, photo()).verdict == "no_code"
    assert BoardCheck.objects.filter(made_on=None).count() == 5


def test_the_same_picture_does_not_count_twice(cast: Cast) -> None:
    data = photo(address(hang(cast)))
    look(cast, data)
    with pytest.raises(RuleViolation, match=r"board\.same_photo"):
        look(cast, data, by="li", days=1)
    assert (BoardCheck.objects.count(), BoardPhoto.objects.count()) == (1, 1)


def test_only_those_who_may_look(cast: Cast) -> None:
    data = photo(address(hang(cast)))
    for who in ("qian", "kong", "wang", "guard", "officer"):
        with pytest.raises(NotFound):
            look(cast, data, by=who)
    with pytest.raises(NotPermitted):
        record_missing(cast.project.pk, note="大门口", actor=cast.actor(cast.zhao), now=cast.now)
    with pytest.raises(Malformed, match=r"board\.note"):
        record_missing(cast.project.pk, note=" ", actor=cast.actor(cast.li), now=cast.now)
    assert not BoardCheck.objects.exists()
    check = record_missing(cast.project.pk, note="大门口和生活区", actor=cast.actor(cast.li), now=cast.now)
    assert (check.source, check.verdict, check.photo_sha256) == ("inspector", "missing", None)
    assert look(cast, data, by="li").source == "inspector"


def test_what_was_seen_cannot_be_changed(cast: Cast) -> None:
    look(cast, photo())
    for act in (
        lambda: BoardCheck.objects.update(verdict="fresh"),
        lambda: BoardCheck.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that says it is `side` × `side` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.kind"),
        (b"%PDF-1.7 no picture", "file.kind"),
        (b"GIF89a" + b"\0" * 40, "file.kind"),
        (b"\xff\xd8\xff" + b"\0" * 100, "picture.broken"),
        (b"\x89PNG\r\n\x1a\n", "picture.broken"),
        (photo()[:4000], "picture.broken"),
        (b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024), "file.too_large"),
        (bomb(30_000), "picture.broken"),
        (bomb(7_000), "picture.too_large"),
    ],
    ids=["empty", "pdf", "gif", "jpeg", "png", "cut", "large", "bomb", "vast"],
)
def test_hostile_pictures_are_refused_and_nothing_is_written(cast: Cast, data: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        look(cast, data)
    assert refusal.value.code == code
    client = cast.client(cast.zhao)
    page = reverse("payroll:board-photo", args=[cast.project.pk])
    answer = client.post(page, {"photo": SimpleUploadedFile("照片.jpg", data)})
    assert answer.status_code == 400
    assert not BoardCheck.objects.exists()
    assert not StoredFile.objects.exists()


def test_where_the_phone_stood_is_not_kept(cast: Cast) -> None:
    picture = Image.open(io.BytesIO(photo()))
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "Phone of Zhao"
    exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    look(cast, out.getvalue())
    kept = Image.open(io.BytesIO(bytes(BoardPhoto.objects.get().file.content)))
    assert dict(kept.getexif()) == {}
    assert kept.height > kept.width, "turned as the phone was held"


def test_pictures_go_after_the_regions_time_and_what_they_showed_stays(cast: Cast) -> None:
    look(cast, photo())
    assert forget_board_photos(now=cast.now + timedelta(days=730)) == 0
    assert forget_board_photos(now=cast.now + timedelta(days=731)) == 1
    assert not StoredFile.objects.exists()
    assert BoardCheck.objects.get().verdict == "no_code"
    client = cast.client(cast.zhao)
    assert client.get(reverse("payroll:board-photo-file", args=[cast.project.pk, 1])).status_code == 404


def by_camera(cast: Cast, data: bytes, *, nonce: str = "", secret: str = "") -> tuple[int, dict[str, object]]:
    path = "/api/v1/board-photos/"
    extra = {"nonce": nonce} if nonce else {}
    signed = headers(
        "POST", path, data, now=cast.now, key_id="g1", secret=secret or cast.terminal_secret, **extra
    )
    answer = Client().post(path, data, content_type="image/jpeg", headers=signed)
    return answer.status_code, json.loads(answer.content)


def test_a_site_camera_sends_as_often_as_it_likes(cast: Cast) -> None:
    board = hang(cast)
    told = {"verdict": "fresh", "board": 1, "edition": "2026-11"}
    assert by_camera(cast, photo(address(board))) == (200, told | {"kept": True})
    assert by_camera(cast, photo(address(board), turn=5)) == (200, told | {"kept": False})
    assert by_camera(cast, photo())[1] == {"verdict": "no_code", "board": None, "edition": None, "kept": True}
    assert list(
        BoardCheck.objects.order_by("number").values_list("source", "verdict", "terminal_id", "made_by")
    ) == [
        ("camera", "fresh", cast.terminal.pk, None),
        ("camera", "no_code", cast.terminal.pk, None),
    ]


def test_a_camera_needs_its_key(cast: Cast) -> None:
    status, _answer = by_camera(cast, photo(), secret="wrong-" + "5a" * 16)
    assert status == 401
    assert by_camera(cast, b"no picture")[0] == 400
    assert not BoardCheck.objects.exists()


def test_the_clerk_reads_what_the_photo_shows(cast: Cast) -> None:
    board = hang(cast)
    client = cast.client(cast.zhao)
    page = reverse("payroll:board", args=[cast.project.pk])
    sending = reverse("payroll:board-photo", args=[cast.project.pk])
    assert "告示牌还没有拍过照" in client.get(page).content.decode()
    assert "上传" in client.get(sending).content.decode() or client.get(sending).status_code == 200
    data = photo(address(board))
    answer = client.post(
        sending, {"photo": SimpleUploadedFile("牌.jpg", data), "note": "大门右侧"}, follow=True
    )
    assert "告示牌已挂出，是最新的" in answer.content.decode()
    assert "大门右侧" in answer.content.decode()
    again = client.post(sending, {"photo": SimpleUploadedFile("牌.jpg", data)})
    assert again.status_code == 400
    assert "这张照片以前交过" in again.content.decode()
    assert client.get(reverse("payroll:board-photo-file", args=[cast.project.pk, 1])).status_code == 200
    assert cast.client(cast.qian).get(sending).status_code == 404


def test_the_inspector_lists_boards_and_looks(cast: Cast) -> None:
    board = hang(cast)
    client = cast.client(cast.li)
    every = client.get(reverse("inspection:boards")).content.decode()
    assert "1 个工地没有最新的告示牌" in every
    page = reverse("inspection:board", args=[cast.project.pk])
    assert client.post(page, {}).status_code == 400
    assert client.post(page, {"none": "on"}).status_code == 400, "where?"
    assert client.post(page, {"none": "on", "note": "大门口"}).status_code == 302
    assert "工地没有挂告示牌" in client.get(page).content.decode()
    sent = {"photo": SimpleUploadedFile("牌.jpg", photo(address(board)))}
    assert client.post(page, sent).status_code == 302
    text = client.get(page).content.decode()
    assert "告示牌已挂出，是最新的" in text
    assert client.get(reverse("inspection:board-file", args=[cast.project.pk, 1])).status_code == 200
    assert client.get(reverse("inspection:board-photo", args=[cast.project.pk, 2])).status_code == 200
    assert client.get(reverse("inspection:board-photo", args=[cast.project.pk, 1])).status_code == 404
    assert "每个工地都有最新的告示牌" in client.get(reverse("inspection:boards")).content.decode()
    assert cast.client(cast.wang).get(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers_and_one_picture_counts_once(transactional_db: None, cast: Cast) -> None:
    board = hang(cast)
    same = read_picture(photo(address(board)))
    pictures = [same, same, read_picture(photo(address(board), turn=4))]
    told: list[object] = []

    def click(who: str, number: int) -> None:
        try:
            told.append(
                check_by_photo(
                    cast.project.pk, pictures[number], actor=cast.actor(getattr(cast, who)), now=cast.now
                ).verdict
            )
        except RuleViolation as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=args) for args in (("zhao", 0), ("li", 1), ("he", 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) == ["board.same_photo", "fresh", "fresh"]
    assert sorted(BoardCheck.objects.values_list("number", flat=True)) == [1, 2]


@given(st.lists(st.text(max_size=500), max_size=5))
def test_no_text_of_a_code_does_harm(texts: list[str]) -> None:
    reading = reading_of(texts, 3)
    assert reading.code is None
    assert verdict_of(reading, None, today=date(2026, 11, 16), days=31) in {"no_code", "forged", "other"}
