"""Which column is which, as a contractor's clerks have said it: remembered, used for the next file, forgotten.

Rosters and pay sheets are remembered apart (`kind`): the same word may mean another thing on each.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from registration.models import ColumnMapping
from wagewatch.lib.errors import Malformed
from wagewatch.lib.headings import NO_CHOICES, Choices, Key

Kind = ColumnMapping.Kind


class Remembered(NamedTuple):
    """Choices for finding tables, and when each layout was chosen."""

    choices: Choices
    chosen_at: Mapping[str, datetime]


NOTHING = Remembered(NO_CHOICES, {})


def remembered(organisation_id: int, kind: str) -> Remembered:
    """All that was chosen for tables of a kind of this contractor; of the same heading the latest choice."""
    layouts: dict[str, dict[Key, str]] = {}
    chosen_at: dict[str, datetime] = {}
    spellings: dict[str, str] = {}
    rows = ColumnMapping.objects.filter(organisation_id=organisation_id, kind=kind)
    for row in rows.order_by("chosen_at", "pk"):
        layouts.setdefault(row.layout, {})[Key(row.heading, row.group, row.nth)] = row.field
        chosen_at[row.layout] = row.chosen_at
        if row.field:
            spellings[row.heading] = row.field
    return Remembered(Choices(layouts, spellings), chosen_at)


def check_choices(
    sheets: Sequence[Mapping[str, Any]],
    chosen: Mapping[int, Mapping[int, str]],
    allowed: Collection[str],
    several: Collection[str] = (),
) -> None:
    """Whether choices can be meant. `sheets` as `column_tables.described` tells them; `chosen`: place of the sheet to
    column to field ("" not used); `several`: fields that more than one column may have. Raises Malformed `mapping.unknown`, `mapping.twice`."""
    for place, sheet in enumerate(sheets):
        used = [field for field in chosen.get(place, {}).values() if field]
        if not set(used) <= set(allowed):
            raise Malformed("mapping.unknown", _("One of the choices does not exist. Choose from the list."))
        twice = next((field for field in used if used.count(field) > 1 and field not in several), None)
        if twice:
            text = _("Two columns of the sheet “%(sheet)s” were given the same meaning. Choose one of them.")
            raise Malformed("mapping.twice", text, sheet=sheet["name"], field=twice)


def remember_choices(
    organisation_id: int,
    kind: str,
    sheets: Sequence[Mapping[str, Any]],
    chosen: Mapping[int, Mapping[int, str]],
    *,
    user_id: int,
    now: datetime,
) -> None:
    """Keep checked choices, in place of what was kept for these layouts before. Only what differs from the spellings
    is kept; nothing: as the spellings say. Of sheets with the same headings the first that was changed counts."""
    counts: dict[str, int] = {}
    for place, sheet in sorted(
        enumerate(sheets), key=lambda one: not _is_changed(one[1], chosen.get(one[0], {}))
    ):
        counts.setdefault(sheet["layout"], place)
    for place in counts.values():
        sheet, fields = sheets[place], chosen.get(place, {})
        differing = {
            Key(*column["key"]): field
            for column in sheet["columns"]
            if (field := fields.get(column["column"], "")) != column["spelled"]
        }
        forget(organisation_id, kind, [sheet["layout"]])
        ColumnMapping.objects.bulk_create(
            ColumnMapping(
                organisation_id=organisation_id,
                kind=kind,
                layout=sheet["layout"],
                heading=key.text,
                group=key.group,
                nth=key.nth,
                field=field,
                chosen_by_id=user_id,
                chosen_at=now,
            )
            for key, field in differing.items()
        )


def _is_changed(sheet: Mapping[str, Any], fields: Mapping[int, str]) -> bool:
    return any(fields.get(column["column"], "") != column["field"] for column in sheet["columns"])


def forget(organisation_id: int, kind: str, layouts: Iterable[str]) -> int:
    """Read tables of these layouts by the spellings alone again; says how many columns were forgotten."""
    gone, _by_model = ColumnMapping.objects.filter(
        organisation_id=organisation_id, kind=kind, layout__in=list(layouts)
    ).delete()
    return gone
