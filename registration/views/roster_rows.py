"""Staged rows as the preview shows them: a cell per column, with its message or its change."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from registration.models import PayBasis, RosterRow, RosterUpload
from registration.models.people import Education, Household, PieceUnit, Politics, WorkRole
from registration.rules.roster_row import RowValues
from registration.services.roster_ready import StagedRow
from registration.views.column_choices import tail_text
from wagewatch.lib.identity import mask_card, mask_id, mask_name, mask_phone
from wagewatch.lib.money import format_cny

VERDICTS: dict[str, tuple[Any, str, str]] = {
    "new": (pgettext_lazy("roster row", "New"), "done", "plus"),
    "changed": (pgettext_lazy("roster row", "Changed"), "line", "pen"),
    "unchanged": (pgettext_lazy("roster row", "Unchanged"), "", "equal"),
    "refused": (pgettext_lazy("roster row", "Refused"), "stop", "cross"),
}
FIELDS: dict[str, Any] = {
    "name": pgettext_lazy("roster field", "Name"),
    "id_number": pgettext_lazy("roster field", "ID number"),
    "phone": pgettext_lazy("roster field", "Mobile number"),
    "team": pgettext_lazy("roster field", "Team"),
    "trade": pgettext_lazy("roster field", "Trade"),
    "rate": pgettext_lazy("roster field", "Rate"),
    "pay_basis": pgettext_lazy("roster field", "How paid"),
    "card_number": pgettext_lazy("roster field", "Wage card"),
    "bank_name": pgettext_lazy("roster field", "Bank"),
    "joined_on": pgettext_lazy("roster field", "Joined"),
    "left_on": pgettext_lazy("roster field", "Left"),
    "sex": pgettext_lazy("roster field", "Sex"),
    "ethnicity": pgettext_lazy("roster field", "Ethnicity"),
    "address": pgettext_lazy("roster field", "Address"),
    "day_rate": pgettext_lazy("roster field", "Rate per day"),
    "month_rate": pgettext_lazy("roster field", "Rate per month"),
    "unit_price": pgettext_lazy("roster field", "Rate per piece"),
    "hour_rate": pgettext_lazy("roster field", "Rate per hour"),
    "piece_unit": pgettext_lazy("roster field", "Unit of piece work"),
    "work_role": pgettext_lazy("roster field", "Role"),
    "household": pgettext_lazy("roster field", "Household"),
    "education": pgettext_lazy("roster field", "Education"),
    "politics": pgettext_lazy("roster field", "Political affiliation"),
    "emergency_contact": pgettext_lazy("roster field", "Emergency contact"),
    "emergency_phone": pgettext_lazy("roster field", "Emergency phone"),
    "contract_signed_on": pgettext_lazy("roster field", "Contract signed on"),
    "contract_ends_on": pgettext_lazy("roster field", "Contract until"),
}
_LABELS: dict[str, Any] = {
    "pay_basis": PayBasis,
    "piece_unit": PieceUnit,
    "work_role": WorkRole,
    "household": Household,
    "education": Education,
    "politics": Politics,
}
UNITS: dict[str, Any] = {
    PayBasis.DAY: _("a day"),
    PayBasis.HOUR: _("an hour"),
    PayBasis.MONTH: _("a month"),
    PayBasis.PIECE: _("a piece"),
}
SKIPPED: dict[str, Any] = {
    "total": _("sum"),
    "footer": _("signature or note"),
    "heading": _("repeated heading"),
    "banner": _("name of a team"),
    "note": _("note"),
    "example": _("example"),
}
LEFT_OUT: dict[str, Any] = {
    "hidden": _("hidden sheet, not read"),
    "no_table": _("no table of people, not read"),
    "pay_sheet": _("a pay sheet, not read"),
    "summary": _("a summary of the other sheets, not counted twice"),
}
COLUMNS = ("name", "id_number", "phone", "team", "rate", "card_number", "joined_on")
_COLUMN_OF = {
    "trade": "team", "work_role": "team", "pay_basis": "rate", "piece_unit": "rate", "bank_name": "card_number",
    "left_on": "joined_on", "contract_signed_on": "joined_on", "contract_ends_on": "joined_on",
    "emergency_contact": "phone", "emergency_phone": "phone", "household": "name", "education": "name",
    "politics": "name", "ethnicity": "name", "address": "name",
}  # fmt: skip
_TOLD = frozenset(("contract.signed", "contract.until", "contract.dates"))
"""Notes that are shown; the others only say how a value was cleaned."""


def say(message: dict[str, Any]) -> str:
    """A kept message in the reader's language."""
    kept, facts = message["text"], message.get("facts")
    text = gettext(kept)
    return text % facts if facts else text


def file_refusal(upload: RosterUpload) -> str:
    """Why the whole file was refused, in the reader's language."""
    return say(json.loads(upload.error_text)) if upload.error_text else ""


def staged_of(row: RosterRow) -> StagedRow:
    return msgspec.json.decode(str(row.data), type=StagedRow)


def shown_rows(rows: Iterable[RosterRow]) -> list[dict[str, Any]]:
    """Rows for the template; only the rows of the page are decrypted."""
    return [_shown(row) for row in rows]


def _shown(row: RosterRow) -> dict[str, Any]:
    staged = staged_of(row)
    shown = _values(staged.values)
    for field, raw in staged.raw.items():
        column = "joined_on" if field == "left_on" else field
        if column in shown:
            shown[column] = _masked_raw(field, raw)
    cells: dict[str, dict[str, Any]] = {
        column: {"text": shown[column], "num": column == "rate", "notes": []} for column in COLUMNS
    }
    for change in row.changes:
        _add_change(cells[_COLUMN_OF.get(change["field"], change["field"])], change)
    for message in row.messages:
        cell = cells[_COLUMN_OF.get(message["field"], message["field"])]
        kind = message["kind"]
        if kind == "stop" or (kind == "warn" and cell.get("kind") != "stop"):
            cell["kind"] = kind
        if kind != "note" or message["code"] in _TOLD:
            cell["notes"].append({"kind": kind, "text": say(message)})
    verdict, badge, icon = VERDICTS[row.verdict]
    return {
        "line": row.line,
        "sheet": row.sheet,
        "verdict": row.verdict,
        "badge": badge,
        "icon": icon,
        "label": verdict,
        "cells": list(cells.values()),
    }


def _values(values: RowValues) -> dict[str, str]:
    return {
        "name": mask_name(values.name),
        "id_number": mask_id(values.id_number),
        "phone": mask_phone(values.phone),
        "team": gettext(", ").join(filter(None, (values.team, values.trade))),
        "rate": rate_text(values.rate_fen, values.basis),
        "card_number": tail_text(mask_card(values.card)),
        "joined_on": values.joined_on.isoformat() if values.joined_on else "",
    }


def rate_text(rate_fen: int | None, basis: str) -> str:
    """¥360.00 a day."""
    if not rate_fen:
        return ""
    unit = UNITS.get(basis, "") if basis and basis != PayBasis.DAY else ""
    return f"{format_cny(rate_fen)} {unit}".strip()


def _masked_raw(field: str, raw: str) -> str:
    """What was typed in a refused cell; numbers of people stay masked."""
    if field == "id_number":
        return mask_id(raw)
    if field == "card_number":
        return tail_text(raw[-4:])
    if field == "phone":
        return mask_phone(raw)
    if field == "name":
        return raw[:12]
    return raw[:40]


def _change_text(field: str, value: str | int | None) -> str:
    if value is None or value == "":
        return ""
    if field == "rate":
        return format_cny(int(value))
    if field == "card_number":
        return tail_text(str(value))
    if field in _LABELS:
        return str(_LABELS[field](str(value)).label)
    return str(value)


def _add_change(cell: dict[str, Any], change: dict[str, Any]) -> None:
    field = change["field"]
    old, new = (_change_text(field, change[key]) for key in ("old", "new"))
    cell["kind"] = cell.get("kind") or "diff"
    if field in {"team", "rate", "card_number", "joined_on", "phone"}:
        cell["old"], cell["new"] = old, new
    elif field == "address":
        cell["notes"].append({"kind": "diff", "text": gettext("Address: added")})
    else:
        text = gettext("%(field)s: %(old)s → %(new)s") % {
            "field": FIELDS[field],
            "old": old or "—",
            "new": new,
        }
        cell["notes"].append({"kind": "diff", "text": text})


def fields_in_words(fields: dict[str, int]) -> str:
    """Which fields change how often: 'Wage card 3, Rate 9'."""
    return gettext(", ").join(f"{FIELDS.get(field, field)} {number}" for field, number in fields.items())


def people_count(number: int) -> str:
    return ngettext("person", "people", number)
