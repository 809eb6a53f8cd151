"""The columns of an uploaded table on the page where a person says which is which; rosters and pay sheets alike."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext

from wagewatch.lib.identity import mask_id, mask_name, mask_phone

Samples = Sequence[Mapping[str, list[str]]]
_LOOKS = (
    ("id_number", re.compile(r"\d{17}[\dXx]")),
    ("phone", re.compile(r"1[3-9]\d{9}")),
    ("card_number", re.compile(r"6\d{15,18}")),
)


def letter(column: int) -> str:
    """The letters of a column from 0: A, B, … AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def samples_from(kept: str | None) -> Samples:
    """The first values of each column that an upload keeps, by sheet."""
    found: list[dict[str, list[str]]] = msgspec.json.decode(kept) if kept else []
    return found


def choices_sent(sent: QueryDict, sheets: Sequence[Mapping[str, Any]]) -> dict[int, dict[int, str]]:
    """What a form says: place of the sheet to column to field, "" for a column that is not used."""
    return {
        place: {c["column"]: sent.get(f"s{place}-c{c['column']}", "") for c in sheet["columns"]}
        for place, sheet in enumerate(sheets)
    }


def last_chosen(shown: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When somebody last named columns of one of these tables."""
    return max((sheet["chosen_at"] for sheet in shown if sheet["chosen_at"]), default=None)


def shown_sheets(
    sheets: Sequence[Mapping[str, Any]],
    labels: Mapping[str, Any],
    skipped: Mapping[str, Any],
    *,
    samples: Samples = (),
    chosen: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Tables as `column_tables.described` tells them, for the template, with masked first values. `labels`: fields in
    words · `skipped`: reasons in words · `chosen`: what a form that was sent says instead, by input name."""
    return [
        _sheet(place, sheet, labels, skipped, samples[place] if place < len(samples) else {}, chosen)
        for place, sheet in enumerate(sheets)
    ]


def _sheet(
    place: int,
    sheet: Mapping[str, Any],
    labels: Mapping[str, Any],
    skipped: Mapping[str, Any],
    samples: Mapping[str, list[str]],
    chosen: Mapping[str, str] | None,
) -> dict[str, Any]:
    columns = []
    fields = {column["column"]: column.get("field", "") for column in sheet["columns"]}
    if not sheet.get("read", True):
        fields = _with_suggestions(fields, samples)
    for column in sheet["columns"]:
        name = f"s{place}-c{column['column']}"
        field = fields[column["column"]] if chosen is None else chosen.get(name, "")
        values = [masked_sample(value, field) for value in samples.get(str(column["column"]), ())]
        columns.append(
            {
                "input": name,
                "letter": letter(column["column"]),
                "heading": column["heading"],
                "group": column.get("group", ""),
                "hidden": column.get("hidden", False),
                "field": field,
                "label": labels.get(field),
                "samples": values,
            }
        )
    at = sheet.get("chosen_at")
    return {
        "name": sheet["name"],
        "read": sheet.get("read", True),
        "head": ", ".join(map(str, sheet["heading_rows"])),
        "rows": sheet["rows"],
        "columns": columns,
        "chosen_at": datetime.fromisoformat(at) if at else None,
        "skipped": [{"row": s["row"], "reason": skipped[s["reason"]]} for s in sheet["skipped"]],
    }


def _with_suggestions(fields: dict[int, str], samples: Mapping[str, list[str]]) -> dict[int, str]:
    """For the clerk to confirm: what the values of a column without a meaning can only be."""
    suggested = dict(fields)
    for column in suggested:
        values = samples.get(str(column), [])
        for field, pattern in _LOOKS:
            if values and field not in suggested.values() and all(map(pattern.fullmatch, values)):
                suggested[column] = suggested[column] or field
    return suggested


_DIGITS = re.compile(r"[0-9xX]{6,}")
_SHORT_HAN = re.compile("[\u3400-\u9fff·]{2,4}")
_OF_A_PERSON = frozenset((
    "name", "id_number", "phone", "card_number", "address", "emergency_contact", "emergency_phone", "note",
))  # fmt: skip


def masked_sample(value: str, field: str) -> str:
    """A value of a column as it may be shown. In a column nobody has named, whatever may be a name or a
    number of a person is masked."""
    if field and field not in _OF_A_PERSON:
        return value[:20]
    if field == "id_number":
        return mask_id(value)
    if field in {"phone", "emergency_phone"}:
        return mask_phone(value)
    if field == "card_number":
        return tail_text(value[-4:])
    if field in {"name", "emergency_contact"} or (not field and _SHORT_HAN.fullmatch(value)):
        return mask_name(value)
    masked = _DIGITS.sub(lambda found: found[0][:2] + "*" * (len(found[0]) - 4) + found[0][-2:], value)
    return masked[:12] + "…" if field == "address" or len(masked) > 24 else masked


def tail_text(tail: str) -> str:
    """ending 2264."""
    return gettext("ending %(tail)s") % {"tail": tail} if tail else ""
