"""Names in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import get_language

from registration.models import Authority
from registration.office_names import office_name
from registration.trade_names import trade_label

register = template.Library()


@register.filter
def office(value: Authority | None) -> str:
    """An office; "" for none."""
    return office_name(value) if value is not None else ""


@register.filter
def named(value: Any) -> str:
    """A project's English name for readers of English, if there is one; "" for none. Rows may be plain mappings, and
    what is a text already stays one."""
    if not value or isinstance(value, str):
        return value or ""
    read = value.get if isinstance(value, Mapping) else lambda name: getattr(value, name, "")
    english = "" if (get_language() or "zh").startswith("zh") else read("name_en")
    return str(english or read("name"))


def named_in(row: Mapping[str, Any]) -> str:
    """The same of a row that joined its project: project__name and project__name_en."""
    return named({"name": row["project__name"], "name_en": row["project__name_en"]})


@register.filter
def trade(value: str | None) -> str:
    """A trade in the reader's language; "" for none."""
    return trade_label(value or "")
