"""Contrast of the colour tokens, WCAG 2.2: 4.5 for text, 3 for marks and borders, in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
TEXT = """ink/surface ink/canvas ink/sunken ink-2/surface ink-2/sunken ink-3/surface ink-3/canvas ink-3/sunken
ink-3/hover ink-3/accent-soft accent/surface accent/canvas accent/accent-soft accent/hover on-accent/accent
on-accent/accent-hover on-red/red-fill red/surface red/red-soft orange/surface orange/orange-soft yellow/surface
yellow/yellow-soft ink/red-soft ink/yellow-soft ink-3/yellow-soft ink-3/red-soft on-mid/accent-mid"""
MARKS = """line-strong/surface line-strong/canvas accent/line red-fill/surface orange-fill/surface
yellow-fill/surface accent-mid/surface focus/surface focus/canvas"""


def _blocks() -> dict[str, dict[str, str]]:
    text = TOKENS.read_text(encoding="utf-8")
    light, rest = text.split("@media", 1)
    media, chosen = rest.split(':root[data-theme="dark"]', 1)
    read = lambda block: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))  # noqa: E731
    return {"light": read(light), "dark": read(chosen), "dark by system": read(media)}


def _luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21():
    assert round(_ratio("#000000", "#ffffff"), 6) == 21.0


def test_both_dark_blocks_are_equal():
    blocks = _blocks()
    assert blocks["dark"] == blocks["dark by system"]
    assert blocks["dark"].keys() == blocks["light"].keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (MARKS, 3.0)])
def test_contrast_is_enough(theme, pairs, least):
    colours = _blocks()[theme]
    weak = {
        pair: round(_ratio(*(colours[name] for name in pair.split("/"))), 2)
        for pair in pairs.split()
        if _ratio(*(colours[name] for name in pair.split("/"))) < least
    }
    assert weak == {}
