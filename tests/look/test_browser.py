"""The component sheet in Chromium: axe, widths, menu, dialog, signature, with scripts and without."""

import base64
from pathlib import Path

import axe_playwright_python
import pytest
from django.urls import reverse

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1440, "height": 900}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sheet(live_server):
    return live_server.url + reverse("gallery")


def _sideways(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("screen", "size"), [("", DESKTOP), ("", PHONE), ("?screen=worker", PHONE)])
def test_axe_finds_nothing(browser, sheet, theme, screen, size):
    # Only axe itself is let past the content security policy, in a context of its own.
    context = browser.new_context(viewport=size, color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.goto(sheet + screen)
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    context.close()
    assert found == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_nothing_scrolls_sideways(new_page, sheet, language):
    page = new_page(DESKTOP)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": sheet}])
    wide = {}
    for screen, widths in (("", (1440, 1280, 1025, 768, 375, 320)), ("?screen=worker", (375, 320))):
        page.goto(sheet + screen)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            if (excess := _sideways(page)) > 0:
                wide[screen, width] = excess
    assert wide == {}


@pytest.mark.parametrize(("screen", "width"), [("", 1440), ("", 1024), ("?screen=worker", 320)])
def test_text_of_twice_the_size_fits(new_page, sheet, screen, width):
    page = new_page({"width": width, "height": 900})
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    page.goto(sheet + screen)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert _sideways(page) <= 0


def test_targets_of_the_worker_are_48_pixels(new_page, sheet):
    page = new_page(PHONE)
    page.goto(sheet + "?screen=worker")
    small = page.evaluate(
        """[...document.querySelectorAll('a, button, summary, label')]
        .filter(e => e.offsetParent && !e.matches('.skip'))
        .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect().height])
        .filter(([, height]) => height < 47.5)"""
    )
    assert small == []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_menu_opens_under_1024(new_page, sheet, scripts):
    page = new_page({"width": 768, "height": 900}, java_script_enabled=scripts)
    page.goto(sheet)
    link = page.locator(".drawer a[aria-current=page]")
    assert not link.is_visible()
    page.locator(".drawer > summary").focus()
    page.keyboard.press("Enter")
    assert link.is_visible()
    if scripts:
        page.keyboard.press("Escape")
        assert not link.is_visible()


def test_the_dialog_opens_and_closes_by_keyboard(page, sheet):
    page.goto(sheet)
    page.locator("[data-dialog=send]").focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog#send").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog#send").is_visible()


def test_the_theme_is_kept(page, sheet):
    page.goto(sheet)
    page.locator(".nav-in [data-theme-switch]").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_drawn_signature_becomes_a_picture(new_page, sheet):
    page = new_page(PHONE)
    page.goto(sheet + "?screen=worker")
    canvas, field = page.locator("[data-sign] canvas"), page.locator("input[name=signature]")
    assert field.input_value() == ""
    canvas.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.w-foot').style.position = 'static'")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=5)
    page.mouse.up()
    head, _, data = field.input_value().partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")
    page.locator("[data-clear]").click()
    assert field.input_value() == ""


def test_without_scripts_a_typed_consent_stands_in_for_the_signature(new_page, sheet):
    page = new_page(PHONE, java_script_enabled=False)
    page.goto(sheet + "?screen=worker")
    assert not page.locator("[data-sign] canvas").is_visible()
    assert page.locator("input[name=typed]").is_visible()
