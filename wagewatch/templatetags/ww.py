"""Template filters and tags of the interface: money, dates, masked data, icons, levels, the chain, forms."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput, FileInput, RadioSelect
from django.forms.widgets import CheckboxSelectMultiple
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext, pgettext, pgettext_lazy

from wagewatch import icons
from wagewatch.lib import dates, identity, money, names, origins

register = template.Library()

NONE = "—"
STAGES = (
    gettext_lazy("Passages"),
    gettext_lazy("Attendance"),
    gettext_lazy("Pay sheet"),
    gettext_lazy("Worker's confirmation"),
    gettext_lazy("Contractor's approval"),
    gettext_lazy("Payment order"),
    gettext_lazy("Bank credit"),
    gettext_lazy("Evidence"),
)
STAGE_ICONS = ("gate", "calendar", "document", "pen", "stamp", "send", "bank", "proof")
LEVELS = {"red": gettext_lazy("Red"), "orange": gettext_lazy("Orange"), "yellow": gettext_lazy("Yellow")}
WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


# ---- money -------------------------------------------------------------------------------------------


@register.filter
def cny(fen: int | str | None) -> str:
    """648000 -> ¥6,480.00; nothing -> a dash."""
    return NONE if fen is None or fen == "" else money.format_cny(int(fen))


@register.filter
def yuan(fen: int | str | None) -> str:
    """648000 -> 6,480.00."""
    return NONE if fen is None or fen == "" else money.format_yuan(int(fen))


@register.filter
def signed_cny(fen: int | str | None) -> str:
    """32000 -> +¥320.00, -32000 -> −¥320.00, 0 -> ¥0.00."""
    if fen is None or fen == "":
        return NONE
    text = money.format_cny(int(fen))
    return f"+{text}" if int(fen) > 0 else text


@register.filter
def wan(fen: int | str | None) -> str:
    """Ten thousands of yuan with one decimal, for charts and maps only: 128640000 -> 128.6."""
    return NONE if fen is None or fen == "" else f"{int(fen) / 1_000_000:,.1f}"


# ---- numbers, dates ------------------------------------------------------------------------------------


@register.filter
def days(value: Decimal | float | None) -> str:
    """22.0 -> 22, 22.5 -> 22.5, 3586.5 -> 3,586.5."""
    if value is None or value == "":
        return NONE
    number = Decimal(str(value)).normalize()
    return f"{number:,f}".replace("-", "−")


@register.filter
def signed(value: Decimal | float | None) -> str:
    """3 -> +3, -0.5 -> −0.5, 0 -> 0."""
    if value is None or value == "":
        return NONE
    return f"+{days(value)}" if Decimal(str(value)) > 0 else days(value)


@register.filter
def day(value: dt.date | None) -> str:
    """2026-11-15; a moment counts as the day it is in Shanghai."""
    if not value:
        return NONE
    return (_local(value).date() if isinstance(value, dt.datetime) else value).isoformat()


@register.filter
def day_words(value: dt.date | None) -> str:
    """11-15 周日: month, day, weekday, for dates within the year."""
    if not value:
        return NONE
    date = _local(value).date() if isinstance(value, dt.datetime) else value
    return f"{date:%m-%d} {WEEKDAYS[date.weekday()]}"


@register.simple_tag
def weekday_initials() -> list[str]:
    """Heads of a month's columns, Monday first: 一 二 三 …"""
    return [
        pgettext("weekday initial", "Mo"),
        pgettext("weekday initial", "Tu"),
        pgettext("weekday initial", "We"),
        pgettext("weekday initial", "Th"),
        pgettext("weekday initial", "Fr"),
        pgettext("weekday initial", "Sa"),
        pgettext("weekday initial", "Su"),
    ]


@register.filter
def worker_day(value: dt.date | None) -> str:
    """11 月 15 日（周日）: how workers read a date."""
    if not value:
        return NONE
    date = _local(value).date() if isinstance(value, dt.datetime) else value
    return gettext("%(weekday)s %(month)d/%(day)d") % {
        "weekday": WEEKDAYS[date.weekday()],
        "month": date.month,
        "day": date.day,
    }


@register.filter
def worker_date(value: dt.date | None) -> str:
    """2026 年 8 月 3 日: a day with its year, as workers read it."""
    if not value:
        return NONE
    return gettext("%(year)d-%(month)02d-%(day)02d") % {
        "year": value.year,
        "month": value.month,
        "day": value.day,
    }


@register.filter
def moment(value: dt.datetime | None) -> str:
    """2026-11-15 09:05 in Asia/Shanghai."""
    return f"{_local(value):%Y-%m-%d %H:%M}" if value else NONE


@register.filter
def moment_short(value: dt.datetime | None) -> str:
    """11-15 09:05 in Asia/Shanghai."""
    return f"{_local(value):%m-%d %H:%M}" if value else NONE


@register.filter
def clock(value: dt.datetime | None) -> str:
    """09:05 in Asia/Shanghai."""
    return f"{_local(value):%H:%M}" if value else NONE


@register.filter
def month(value: dt.date | None) -> str:
    """2026 年 10 月."""
    if not value:
        return NONE
    return gettext("%(year)d-%(month)02d") % {"year": value.year, "month": value.month}


_MONTHS = {
    1: pgettext_lazy("month", "January"),
    2: pgettext_lazy("month", "February"),
    3: pgettext_lazy("month", "March"),
    4: pgettext_lazy("month", "April"),
    5: pgettext_lazy("month", "May"),
    6: pgettext_lazy("month", "June"),
    7: pgettext_lazy("month", "July"),
    8: pgettext_lazy("month", "August"),
    9: pgettext_lazy("month", "September"),
    10: pgettext_lazy("month", "October"),
    11: pgettext_lazy("month", "November"),
    12: pgettext_lazy("month", "December"),
}


@register.filter
def month_only(value: dt.date | None) -> str:
    """10 月."""
    if not value:
        return NONE
    return str(_MONTHS[value.month])


def _local(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dates.SITE_TZ) if value.tzinfo else value


@register.filter
def days_overdue(due: dt.date, today: dt.date) -> str:
    """6 days overdue / due today / 5 days left."""
    number = (today - due).days
    if number > 0:
        return ngettext("%(number)d day overdue", "%(number)d days overdue", number) % {"number": number}
    if number == 0:
        return gettext("due today")
    return ngettext("%(number)d day left", "%(number)d days left", -number) % {"number": -number}


# ---- masked personal data -----------------------------------------------------------------------------


@register.filter
def mask_name(text: str | None) -> str:
    """孙长根 -> 孙**."""
    return names.mask_name(text) if text else NONE


@register.filter
def mask_party(text: str | None) -> str:
    """孙长根 -> 孙**, but 金华商贸银行 in full."""
    return names.mask_party(text) if text else NONE


@register.filter
def origin_name(code: str | None) -> str:
    """330703 -> 浙江省金华市金东区; of abolished divisions as much as still exists."""
    return origins.origin_name(code) if code else ""


@register.filter
def mask_id(text: str | None) -> str:
    """3422**********6017."""
    return identity.mask_id(text) if text else NONE


@register.filter
def mask_phone(text: str | None) -> str:
    """138****6017."""
    return identity.mask_phone(text) if text else NONE


@register.filter
def card_tail(text: str | None) -> str:
    """尾号 2264, from a card number or from its last four digits."""
    return gettext("ending %(tail)s") % {"tail": identity.mask_card(text)} if text else NONE


# ---- icons, levels, badges, the chain ---------------------------------------------------------------------


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline SVG icon; an unknown name is a programming error."""
    return icons.svg(str(name))


@register.simple_tag
def level(name: str, text: str = "") -> SafeString:
    """An alarm level as shape, colour and word; nothing for an empty level."""
    if name not in LEVELS:
        return mark_safe("")
    return format_html('<span class="level {}">{}{}</span>', name, icons.svg(name), text or LEVELS[name])


@register.simple_tag
def badge(text: str, kind: str = "", icon: str = "") -> SafeString:
    """A state: kind "done" filled accent, "line" outlined (waiting), "ink" (objected), "stop" (refused), "" grey."""
    default = {"done": "check", "line": "clock", "stop": "cross", "ink": "pen"}.get(kind, "")
    name = icon or default
    return format_html(
        '<span class="{}">{}{}</span>', f"badge {kind}".strip(), icons.svg(name) if name else "", text
    )


@register.inclusion_tag("components/chain.html")
def chain(stages: Sequence[str], words: str = "", show_words: bool = True) -> dict[str, Any]:
    """The chain of eight as a strip.

    Each stage is one of "ok", "part", "" (not reached), or a break: "red", "orange", "yellow"
    ("bad" means red). words: a few words under the strip; else the name of the stage.
    """
    states = [
        {"ok": "ok", "part": "part", "": ""}.get(s, f"bad {'red' if s == 'bad' else s}") for s in stages
    ]
    states += [""] * (len(STAGES) - len(states))
    at = next((n for n, s in enumerate(states) if s != "ok"), None)
    if at is None:
        label = gettext("All steps done")
    else:
        label = gettext("Step %(step)d of %(count)d: %(stage)s") % {
            "step": at + 1,
            "count": len(STAGES),
            "stage": STAGES[at],
        }
    shown = words or (gettext("All done") if at is None else STAGES[at])
    return {"states": states, "label": label, "words": shown if show_words else ""}


@register.simple_tag
def stage_name(number: int) -> str:
    """Name of stage 1 to 8."""
    return str(STAGES[int(number) - 1])


@register.simple_tag
def stage_icon(number: int) -> SafeString:
    """Icon of stage 1 to 8."""
    return icons.svg(STAGE_ICONS[int(number) - 1])


# ---- bars ----------------------------------------------------------------------------------------------


@register.inclusion_tag("components/bar.html")
def bar(parts: Iterable[tuple[str, int, str]], legend: bool = True) -> dict[str, Any]:
    """A bar of parts (kind, count, label); kind "a" accent, "b" half accent, "x" hatched, "" grey.

    Widths are SVG attributes, because the content security policy forbids inline styles.
    """
    rows = [(kind, int(count), str(label)) for kind, count, label in parts]
    total = sum(count for _, count, _ in rows) or 1
    boxes, at = [], 0.0
    for kind, count, label in rows:
        width = max(count / total * 100, 1.2 if count else 0.0)
        boxes.append(
            {"kind": kind, "count": count, "label": label, "x": f"{at:.2f}", "width": f"{width:.2f}"}
        )
        at += width
    scale = 100 / at if at > 100 else 1.0
    for box in boxes:
        box["x"] = f"{float(str(box['x'])) * scale:.2f}"
        box["width"] = f"{max(float(str(box['width'])) * scale - 0.3, 0):.2f}"
    label = gettext(", ").join(f"{text} {count}" for _, count, text in rows)
    return {"boxes": boxes, "label": label, "legend": legend}


@register.simple_tag
def meter(value: float, limit: float = 100, label: str = "") -> SafeString:
    """A short grey bar, value of limit; decorative unless label is given."""
    share = 0.0 if not limit else max(0.0, min(1.0, float(value) / float(limit)))
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="meter" {}><rect class="back" width="100%" height="100%"/>'
        '<rect class="full" width="{}%" height="100%"/></svg>',
        role,
        f"{share * 100:.1f}",
    )


# ---- addresses: sort, filter ---------------------------------------------------------------------------------


PLACE_OF_A_PAGE = ("page", "after", "before", "end")
"""What of an address says which part of a list is shown; another order or filter begins with the first."""


@register.simple_tag(takes_context=True)
def sort_th(
    context: template.Context, key: str, text: str, num: bool = False, default: str = "", param: str = "sort"
) -> SafeString:
    """A table heading that sorts by the address: ?sort=key, then ?sort=-key; the page goes back to the first."""
    query: QueryDict = context["request"].GET.copy()
    current = query.get(param, default)
    descending = current == f"-{key}"
    active = descending or current == key
    query[param] = key if descending or not active else f"-{key}"
    for key in PLACE_OF_A_PAGE:
        query.pop(key, None)
    state = {True: "descending", False: "ascending"}[descending]
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}{}</a></th>',
        mark_safe(' class="num"') if num else "",
        format_html(' aria-sort="{}"', state) if active else "",
        query.urlencode(),
        text,
        {(True, True): " ↓", (True, False): " ↑"}.get((active, descending), ""),
    )


@register.simple_tag(takes_context=True)
def other_filters(context: template.Context, *drop: str) -> SafeString:
    """Hidden inputs that carry the filters of the address through a GET form, but for the names given."""
    pairs = [
        (k, v)
        for k, values in context["request"].GET.lists()
        if k not in {*drop, *PLACE_OF_A_PAGE}
        for v in values
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


# ---- forms --------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, hint: str = "", short: bool = False, label: str = "") -> dict[str, Any]:
    """One form field: label, hint, error, input, in that order."""
    widget = bound.field.widget
    kind = "input"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        kind = "choices"
    elif isinstance(widget, CheckboxInput):
        kind = "check"
    elif isinstance(widget, FileInput):
        kind = "file"
    if hint and not bound.help_text:
        bound.help_text = hint
    return {"bound": bound, "kind": kind, "short": short, "label": label or bound.label}


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """The errors of a page's forms in one box at its top, each linked to its field."""
    rows = [
        (bound.id_for_label or bound.auto_id, bound.label, error)
        for form in forms
        for bound in form.visible_fields()
        for error in bound.errors
    ]
    general = [e for form in forms if form.is_bound for e in form.non_field_errors()]
    general += [e for form in forms for bound in form.hidden_fields() for e in bound.errors]
    return {"rows": rows, "general": general, "number": len(rows) + len(general)}


# ---- dialog -------------------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def dialog(
    context: template.Context, content: str, id: str, title: str, action: str, confirm: str, cancel: str = ""
) -> SafeString:
    """A native <dialog> around a POST form; open it by a link with data-dialog="<id>".

    The link's href leads to a page that asks the same (components/confirm.html), for browsers without scripts.
    """
    page = context.template.engine.get_template("components/dialog.html")  # type: ignore[union-attr]
    inner = {
        "id": id,
        "title": title,
        "action": action,
        "confirm": confirm,
        "cancel": cancel,
        "content": mark_safe(content),  # noqa: S308 - rendered by the template itself
        "csrf_token": context.get("csrf_token"),
    }
    return page.render(template.Context(inner))


# ---- language, assets ---------------------------------------------------------------------------------------


@register.simple_tag
def html_lang() -> str:
    """The language of the page as HTML wants it: zh-Hans or en."""
    return "en" if (get_language() or "").startswith("en") else "zh-Hans"


@register.simple_tag
def htmx() -> SafeString:
    """The htmx script, for pages that update a part of themselves; without inline styles and eval."""
    return format_html(
        '<meta name="htmx-config" content=\'{}\'><script src="{}" defer></script>',
        mark_safe('{"includeIndicatorStyles":false,"allowEval":false}'),
        static("django_htmx/htmx-2.min.js"),
    )


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Value of a mapping under a key that is itself a variable; None if absent."""
    return mapping.get(key)


@register.filter
def with_class(bound: BoundField, names: str) -> SafeString:
    """Render a form field with extra CSS classes."""
    return bound.as_widget(attrs={"class": names})
