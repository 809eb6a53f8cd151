"""The face of documents: usual characters from a small file, rare ones from the whole face, neither lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from pytest_django import Settings

from wagewatch.lib import typeface
from wagewatch.lib.pdf import Paper
from wagewatch.lib.typeface import FACE, MISSING, SIMPLIFIED_CHINESE, font_path, usual_characters, usual_face

AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
RARE = "𬭎㛃"


def paper(text: str) -> Paper:
    made = Paper("工资表", at=AT)
    made.paragraph(text)
    made.grid(["姓名", "金额"], [[text[:6], "¥6,480.00"]], widths=[3, 1], aligns=["L", "R"])
    return made


def test_the_small_file_has_each_usual_character_that_the_whole_face_has() -> None:
    small, whole = TTFont(usual_face()), TTFont(font_path(), fontNumber=SIMPLIFIED_CHINESE, lazy=True)
    has, could = small.getBestCmap(), whole.getBestCmap()
    missing = [c for c in usual_characters() if ord(c) in could and ord(c) not in has]
    assert missing == []
    for character in "薪安玥¥，A8％":
        wide = whole["hmtx"].metrics[could[ord(character)]][0]
        assert small["hmtx"].metrics[has[ord(character)]][0] == wide, character


def test_a_usual_document_never_opens_the_whole_face() -> None:
    made = paper("甲方应当按月足额支付工资。\n乙方：买买提·吐尔逊，玥，¥360.00")
    assert list(made.fonts) == [FACE]


def test_a_rare_name_is_set_from_the_whole_face() -> None:
    made = paper(f"工人 李{RARE} 收到 ¥360.00")
    assert len(made.fonts) == 2
    whole = made.fonts["noto-whole"]
    assert {chr(glyph.unicode[0]) for glyph, _place in whole.subset.items() if glyph.unicode} >= set(RARE)
    assert made.done().startswith(b"%PDF-")
    assert paper(f"李{RARE}").done() == paper(f"李{RARE}").done()


def test_what_no_face_knows_is_shown_as_missing_and_turns_are_left_out() -> None:
    made = paper(f"付款😀{RARE}\u202e完")
    whole, usual = made.fonts["noto-whole"], made.fonts[FACE]
    used = {chr(g.unicode[0]) for font in (whole, usual) for g, _place in font.subset.items() if g.unicode}
    assert {MISSING, *RARE, "完"} <= used
    assert made.normalize_text("付😀\u202e款\n") == f"付{MISSING}款\n"
    assert made.done().startswith(b"%PDF-")


def test_a_folder_that_cannot_be_written_costs_time_only(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.FONT_DIR = blocked / "fonts"
    usual_face.cache_clear()
    try:
        assert usual_face() is None
        made = paper("工资")
        assert made.fonts[FACE].ttffile == font_path()
    finally:
        usual_face.cache_clear()


def test_a_cut_that_breaks_off_leaves_no_half_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(font: TTFont, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    settings.FONT_DIR = tmp_path
    monkeypatch.setattr(typeface.TTFont, "save", broken)
    usual_face.cache_clear()
    try:
        assert usual_face() is None
        assert list(tmp_path.glob("*.otf")) == []
    finally:
        usual_face.cache_clear()
