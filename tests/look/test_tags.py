"""What the template filters and tags write."""

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from wagewatch.templatetags import ww


def render(text, **values):
    return Template(text).render(Context(values))


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("{{ v|cny }}", 648000, "¥6,480.00"),
        ("{{ v|cny }}", -648000, "−¥6,480.00"),
        ("{{ v|cny }}", None, "—"),
        ("{{ v|yuan }}", 5, "0.05"),
        ("{{ v|signed_cny }}", 32000, "+¥320.00"),
        ("{{ v|signed_cny }}", 0, "¥0.00"),
        ("{{ v|wan }}", 128640000, "128.6"),
        ("{{ v|days }}", Decimal("22.0"), "22"),
        ("{{ v|days }}", Decimal("3586.5"), "3,586.5"),
        ("{{ v|days }}", Decimal("20"), "20"),
        ("{{ v|signed }}", Decimal("-0.5"), "−0.5"),
        ("{{ v|signed }}", 3, "+3"),
        ("{{ v|signed }}", 0, "0"),
        ("{{ v|day }}", dt.date(2026, 11, 15), "2026-11-15"),
        ("{{ v|day }}", dt.datetime(2026, 11, 14, 17, 0, tzinfo=dt.UTC), "2026-11-15"),
        ("{{ v|day_words }}", dt.date(2026, 11, 15), "11-15 周日"),
        ("{{ v|worker_day }}", dt.date(2026, 11, 5), "11 月 5 日（周四）"),
        ("{{ v|moment }}", dt.datetime(2026, 11, 15, 1, 5, tzinfo=dt.UTC), "2026-11-15 09:05"),
        ("{{ v|moment_short }}", dt.datetime(2026, 11, 15, 1, 5, tzinfo=dt.UTC), "11-15 09:05"),
        ("{{ v|month }}", dt.date(2026, 10, 1), "2026 年 10 月"),
        ("{{ v|month_only }}", dt.date(2026, 10, 1), "10 月"),
        ("{{ v|mask_name }}", "孙长根", "孙**"),
        ("{{ v|card_tail }}", "6217001234567892264", "尾号 2264"),
    ],
)
def test_filters_write_chinese(text, value, expected):
    with translation.override("zh-hans"):
        assert render(text, v=value) == expected


def test_english_does_not_fall_back_to_chinese():
    with translation.override("en"):
        assert render("{{ v|month }} {{ w|day_words }}", v=dt.date(2026, 10, 1), w=dt.date(2026, 11, 15)) == (
            "2026-10 11-15 Sun"
        )
        assert render("{% html_lang %}") == "en"
        assert ww.days_overdue(dt.date(2026, 11, 14), dt.date(2026, 11, 15)) == "1 day overdue"
    with translation.override("zh-hans"):
        assert render("{% html_lang %}") == "zh-Hans"
        assert ww.days_overdue(dt.date(2026, 11, 9), dt.date(2026, 11, 15)) == "已逾期 6 天"


def test_level_is_shape_and_word():
    with translation.override("zh-hans"):
        html = render('{% level "red" %}')
    assert html.startswith('<span class="level red"><svg')
    assert html.endswith("红色</span>")
    assert render('{% level "" %}') == ""


def test_texts_are_escaped():
    assert "<b>" not in render('{% badge v "done" %}', v="<b>x</b>")
    assert "<b>" not in render('{% level "red" v %}', v="<b>x</b>")
    assert "<i x>" not in render("{% bar v %}", v=[("a", 1, "<i x>")])


def test_chain_names_the_stage_where_it_stopped():
    with translation.override("zh-hans"):
        html = render("{% chain v %}", v=["ok"] * 6 + ["orange"])
    assert 'aria-label="第 7 步，共 8 步：银行入账"' in html
    assert html.count('<i class="ok">') == 6
    assert html.count('<i class="bad orange">') == 1
    assert html.count('<i class="rest"></i>') == 1
    with translation.override("zh-hans"):
        assert "8 步全部完成" in render("{% chain v %}", v=["ok"] * 8)


def test_bar_widths_fill_the_bar_and_never_more():
    context = ww.bar([("a", 151, "x"), ("x", 3, "y"), ("", 14, "z")])
    last = context["boxes"][-1]
    assert 98 < float(last["x"]) + float(last["width"]) <= 100
    assert ww.bar([])["boxes"] == []


def test_sorting_turns_round_and_forgets_the_page():
    request = RequestFactory().get("/x", {"sort": "amount", "page": "3", "team": "7"})
    html = render('{% sort_th "amount" "A" num=True %}{% sort_th "days" "D" %}', request=request)
    assert 'class="num" aria-sort="ascending"' in html
    assert 'href="?sort=-amount&amp;team=7"' in html
    assert 'href="?sort=days&amp;team=7"' in html
    assert "page" not in html


class _Form(forms.Form):
    day = forms.IntegerField(label="Day", help_text="1 to 28", max_value=28)
    ok = forms.BooleanField(label="OK", required=False)


def test_field_order_and_links_from_the_summary():
    form = _Form({"day": "31"})
    html = render("{% error_summary form %}{% field form.day %}", form=form)
    assert 'href="#id_day"' in html
    assert html.index("<label") < html.index("1 to 28") < html.index('class="why"') < html.index("<input")
    assert 'aria-invalid="true"' in html
    for name in ("id_day_helptext", "id_day_error"):
        assert f'id="{name}"' in html
        assert name in html.split('aria-describedby="')[1].split('"')[0].split()


def test_no_summary_without_errors():
    assert render("{% error_summary form %}", form=_Form()).strip() == ""


def test_dialog_holds_a_protected_form():
    html = render(
        '{% dialog id="send" title=t action="/pay/" confirm="Send 3" %}<p>{{ x }}</p>{% enddialog %}',
        t="Send <3>?",
        x="<i>",
        csrf_token="abc",
    )
    assert '<dialog class="dialog" id="send" aria-labelledby="send-title">' in html
    assert 'name="csrfmiddlewaretoken" value="abc"' in html
    assert "Send &lt;3&gt;?" in html
    assert "<p>&lt;i&gt;</p>" in html


def test_an_unknown_icon_is_an_error():
    with pytest.raises(KeyError):
        render('{% icon "no-such-icon" %}')
