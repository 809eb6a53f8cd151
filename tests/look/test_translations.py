"""manage.py translations: what it collects, what --check finds, what it compiles."""

import gettext
from pathlib import Path

import polib
import pytest
from django.core.management import CommandError, call_command

from wagewatch import translations


@pytest.fixture
def project(tmp_path):
    for app in translations.APPS:
        (tmp_path / app).mkdir()
    (tmp_path / "templates" / "payroll").mkdir(parents=True)
    (tmp_path / "templates" / "components").mkdir()
    (tmp_path / "payroll" / "rules.py").write_text(
        "from django.utils.translation import gettext as _, ngettext, pgettext\n"
        'a = _("Paid to %(name)s") % {"name": 1}\n'
        'b = ngettext("%(n)d person", "%(n)d people", 2)\n'
        'c = pgettext("sum", "Yes")\n',
        encoding="utf-8",
    )
    (tmp_path / "templates" / "payroll" / "page.html").write_text(
        '{% translate "Sheet" %}{% blocktranslate count n=2 %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}'
        '{% include "x.html" with a=_("Made") %}{% translate "No" context "sum" %}',
        encoding="utf-8",
    )
    (tmp_path / "templates" / "components" / "x.html").write_text('{% translate "Back" %}', encoding="utf-8")
    return tmp_path


def fill(project: Path, app: str, **texts: str) -> None:
    path = translations.po_path(project, app)
    book = polib.pofile(str(path))
    for entry in book:
        if entry.msgid_plural:
            entry.msgstr_plural = {
                0: texts.get(entry.msgid, "%(n)d 人" if "person" in entry.msgid else "%(n)s 行")
            }
        else:
            entry.msgstr = texts.get(entry.msgid, "译文" + ("%(name)s" if "name" in entry.msgid else ""))
    book.save(str(path))


def test_collects_python_and_templates_by_owner(project):
    found = translations.collect(project)
    assert set(found["payroll"]) == {
        (None, "Paid to %(name)s"),
        (None, "%(n)d person"),
        ("sum", "Yes"),
        (None, "Sheet"),
        (None, "%(n)s row"),
        (None, "Made"),
        ("sum", "No"),
    }
    assert found["payroll"][(None, "%(n)d person")].plural == "%(n)d people"
    assert set(found["wagewatch"]) == {(None, "Back")}


def test_indents_of_a_template_mean_nothing(project):
    page = project / "templates" / "payroll" / "page.html"
    page.write_text(
        '<p>\n    {% translate "A" %}\n  {% translate "B" %}\n <b>\n      {% blocktranslate trimmed %}\n  C\n'
        "   d\n {% endblocktranslate %}</b>\"'(",
        encoding="utf-8",
    )
    texts = {text for _context, text in translations.collect(project)["payroll"]}
    assert {"A", "B", "C d"} <= texts


def test_update_then_fill_then_check_is_clean(project):
    assert translations.update(project) == {"wagewatch": 1, "payroll": 7}
    assert {p.what for p in translations.check(project)} == {"untranslated"}
    fill(project, "payroll")
    fill(project, "wagewatch")
    assert translations.check(project) == []
    assert translations.update(project) == {"wagewatch": 0, "payroll": 0}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda b: b.remove(b.find("Sheet")), "not in the message file"),
        (lambda b: b.append(polib.POEntry(msgid="Gone", msgstr="没了")), "unused"),
        (lambda b: b.find("Sheet").flags.append("fuzzy"), "fuzzy"),
        (lambda b: setattr(b.find("Sheet"), "msgstr", ""), "untranslated"),
        (
            lambda b: setattr(b.find("Paid to %(name)s"), "msgstr", "付给"),
            "placeholders differ (['%(name)s'])",
        ),
        (lambda b: setattr(b.find("Sheet"), "msgstr", "%(x)s"), "placeholders differ (['%(x)s'])"),
    ],
)
def test_check_finds(project, change, what):
    translations.update(project)
    fill(project, "payroll")
    fill(project, "wagewatch")
    path = translations.po_path(project, "payroll")
    book = polib.pofile(str(path))
    change(book)
    book.save(str(path))
    assert [p.what for p in translations.check(project)] == [what]


def test_check_finds_one_text_with_two_translations(project):
    (project / "devices" / "x.py").write_text('a = _("Sheet")\n', encoding="utf-8")
    translations.update(project)
    for app, text in (("payroll", "工资表"), ("devices", "单子")):
        fill(project, app, Sheet=text)
    fill(project, "wagewatch")
    assert [p.what for p in translations.check(project)] == ["translated differently by devices and payroll"]


def test_compiles_what_is_newer_and_only_that(project):
    translations.update(project)
    fill(project, "payroll", Sheet="工资表")
    fill(project, "wagewatch", Back="返回")
    written = translations.compile_all(project)
    assert len(written) == 2
    assert translations.compile_all(project) == []
    book = gettext.GNUTranslations(open(translations.po_path(project, "payroll").with_suffix(".mo"), "rb"))  # noqa: SIM115
    assert book.gettext("Sheet") == "工资表"
    assert book.ngettext("%(n)d person", "%(n)d people", 1) == "%(n)d 人"
    assert book.pgettext("sum", "Yes") == "译文"


def test_update_keeps_a_filled_text_that_fell_out_of_use(project):
    translations.update(project)
    fill(project, "payroll")
    (project / "templates" / "payroll" / "page.html").write_text("", encoding="utf-8")
    translations.update(project)
    assert polib.pofile(str(translations.po_path(project, "payroll"))).find("Sheet").msgstr == "译文"
    assert {p.what for p in translations.check(project, ["payroll"])} == {"unused"}


def test_broken_python_is_named(project, settings):
    (project / "payroll" / "bad.py").write_text("def (", encoding="utf-8")
    settings.BASE_DIR = project
    with pytest.raises(CommandError, match=r"payroll/bad\.py:1"):
        call_command("translations", "--check")


def test_placeholders():
    assert translations.placeholders("%(a)s of {b}, 50%%, %d") == {"%(a)s", "{b}", "%d"}


def test_width_and_padding_of_a_placeholder_may_differ():
    assert translations.placeholders("%(m)02d %5.1f") == translations.placeholders("%(m)d %f")


def test_update_takes_over_what_another_app_says(project):
    translations.update(project)
    fill(project, "payroll", Sheet="工资表")
    (project / "devices" / "x.py").write_text('a = _("Sheet")\n', encoding="utf-8")
    translations.update(project)
    assert polib.pofile(str(translations.po_path(project, "devices"))).find("Sheet").msgstr == "工资表"
