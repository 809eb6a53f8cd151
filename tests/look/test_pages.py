"""The templates, style sheets and scripts as files, and the component sheet in a real browser."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from lxml import etree

from wagewatch import bundles, charts, icons

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE)


def test_no_template_has_inline_style_or_script():
    found = {
        str(path.relative_to(ROOT)): match.group(0)
        for path in TEMPLATES
        if (match := INLINE.search(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_icon_named_in_a_template_exists():
    names = {n for p in TEMPLATES for n in re.findall(r'\{% icon "([\w-]+)"', p.read_text(encoding="utf-8"))}
    assert "check" in names
    for name in names:
        assert icons.body(name)


def test_every_component_is_described():
    described = (ROOT / "templates/components/README.md").read_text(encoding="utf-8")
    missing = [
        p.stem for p in (ROOT / "templates/components").glob("*.html") if f"`{p.stem}`" not in described
    ]
    assert missing == []


def test_every_component_style_is_served_and_whole():
    served = {part for parts in bundles.BUNDLES.values() for part in parts}
    for path in (ROOT / "static/css/components").glob("*.css"):
        assert f"components/{path.stem}" in served
    for name in bundles.BUNDLES:
        text = bundles.build(name)
        assert text.count("{") == text.count("}")
        assert "/*" not in text


def test_a_bundle_keeps_the_wide_space_and_is_made_again_when_a_part_changes(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    finder = bundles.BundleFinder()
    path = Path(finder.find("bundle/desktop.css"))
    assert "\u3000" in path.read_text(encoding="utf-8")
    path.write_text("old", encoding="utf-8")
    import os

    os.utime(path, (1, 1))
    assert finder.find("bundle/desktop.css") == str(path)
    assert path.read_text(encoding="utf-8") == bundles.build("bundle/desktop.css")
    assert finder.find("css/tokens.css") == []


def test_a_worker_page_stays_small(client):
    html = client.get(reverse("gallery"), {"screen": "worker"}).content
    assets = [bundles.build("bundle/worker.css").encode()]
    assets += [Path(finders.find(f"js/{n}.js")).read_bytes() for n in ("worker",)]
    assert len(html) + sum(map(len, assets)) < 60_000


def test_charts_carry_no_style_and_one_value_per_bar():
    svg = charts.bars([("9", 171), ("10 <b>", 313)], label="Unpaid", now=1)
    assert "style" not in svg
    assert "script" not in svg
    assert "<b>" not in svg
    assert svg.count("<rect") == 2
    assert svg.count('class="box now"') == 1
    assert ">171<" in svg
    assert ">313<" in svg
    line = charts.line([("9", 1.5), ("10", 2)], label="Share")
    assert line.count('class="point"') == 2
    assert 'class="curve"' in line
    assert charts.bars([], label="Nothing") == ""


def test_long_names_of_bars_stand_in_lines_below_each_other_inside_the_drawing():
    names = [
        "Ever registered",
        "On the roster now",
        "Attended in the last 30 days",
        "With a wage card",
        "Paid",
        "None",
    ]
    boxed = etree.fromstring(charts.bars([(name, 9) for name in names], label="People"))
    drawing = boxed[0]
    texts = [t for t in drawing.iter("text") if t.get("class").startswith("label")]
    assert [" ".join(t.itertext()) for t in texts] == names
    lines = max(len(list(t)) + 1 for t in texts)
    assert lines == 3
    lowest = max(float(t.get("y")) for t in texts) + 14 * (lines - 1)
    assert lowest < float(drawing.get("viewBox").split()[3])


def test_component_sheet_is_hidden_in_production(client, settings):
    settings.DEMO = settings.DEBUG = settings.TESTING = False
    assert client.get(reverse("gallery")).status_code == 404


def test_language_follows_the_cookie(client, settings):
    assert b'<html lang="zh-Hans"' in client.get(reverse("gallery")).content
    answer = client.post(reverse("set_language"), {"language": "en", "next": reverse("gallery")})
    assert answer.status_code == 302
    page = client.get(reverse("gallery")).content.decode()
    assert '<html lang="en"' in page
    assert "Component sheet" in page


@pytest.mark.parametrize("screen", ["", "worker"])
def test_gallery_is_the_same_page_for_every_theme_but_for_the_mark(client, screen):
    client.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in client.get(reverse("gallery"), {"screen": screen}).content
    client.cookies["theme"] = '"><script>'
    assert b"<script>" not in client.get(reverse("gallery"), {"screen": screen}).content
