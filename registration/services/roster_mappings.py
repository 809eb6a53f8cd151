"""Which column is which, as a contractor's clerks have said it: remembered, used for the next file, forgotten."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from registration.models import RosterMapping
from wagewatch.lib.headings import Choices, Key


class Remembered(NamedTuple):
    """Choices for finding tables, and when each layout was chosen."""

    choices: Choices
    chosen_at: Mapping[str, datetime]


def remembered(organisation_id: int) -> Remembered:
    """All that was chosen for rosters of this contractor; of the same heading the latest choice."""
    layouts: dict[str, dict[Key, str]] = {}
    chosen_at: dict[str, datetime] = {}
    spellings: dict[str, str] = {}
    for row in RosterMapping.objects.filter(organisation_id=organisation_id).order_by("chosen_at", "pk"):
        layouts.setdefault(row.layout, {})[Key(row.heading, row.group, row.nth)] = row.field
        chosen_at[row.layout] = row.chosen_at
        if row.field:
            spellings[row.heading] = row.field
    return Remembered(Choices(layouts, spellings), chosen_at)


def remember(
    organisation_id: int,
    layout: str,
    fields: Mapping[Key, str],
    *,
    user_id: int,
    now: datetime,
) -> None:
    """Keep what the columns of a layout mean, in place of what was kept before; nothing: as the spellings say."""
    forget(organisation_id, [layout])
    RosterMapping.objects.bulk_create(
        RosterMapping(
            organisation_id=organisation_id,
            layout=layout,
            heading=key.text,
            group=key.group,
            nth=key.nth,
            field=field,
            chosen_by_id=user_id,
            chosen_at=now,
        )
        for key, field in fields.items()
    )


def forget(organisation_id: int, layouts: Iterable[str]) -> int:
    """Read tables of these layouts by the spellings alone again; says how many columns were forgotten."""
    gone, _by_model = RosterMapping.objects.filter(
        organisation_id=organisation_id, layout__in=list(layouts)
    ).delete()
    return gone
