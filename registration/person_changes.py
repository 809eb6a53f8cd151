"""What changed about a person, who changed it and when: read from the rows of history, shown masked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from registration.models import BankCard, Membership, Posting, Team, Worker
from wagewatch.lib.identity import mask_id, mask_name, mask_phone
from wagewatch.lib.money import format_cny

MOST = 60
_WORKER: dict[str, Any] = {
    "name": pgettext_lazy("roster field", "Name"),
    "id_number": pgettext_lazy("roster field", "ID number"),
    "phone": _("Mobile number"),
    "address": _("Address"),
    "english_name": _("Name in Latin letters"),
    "ethnicity": _("Ethnic group"),
    "household": _("Household registration"),
    "education": _("Education"),
    "politics": _("Political affiliation"),
    "skill_grade": _("Skill grade"),
    "id_valid_until": _("Document valid until"),
    "emergency_name": _("Emergency contact"),
    "emergency_phone": _("Phone of the emergency contact"),
}
_POSTING: dict[str, Any] = {
    "team_id": _("Team"),
    "trade": _("Trade"),
    "pay_basis": _("Paid by"),
    "rate_fen": _("Rate"),
    "piece_unit": _("A piece is"),
    "pay_day": _("Pay day"),
    "work_role": _("Role on the site"),
    "joined_on": pgettext_lazy("roster field", "Joined"),
    "left_on": pgettext_lazy("roster field", "Left"),
}


@dataclass(frozen=True)
class Change:
    """One field that changed; `old` and `new` are texts that may be shown."""

    at: datetime
    field: str
    old: str
    new: str
    who: str
    reason: str = ""


def changes_of_person(
    worker: Worker, postings: Sequence[Posting], organisations: Iterable[int] | None
) -> list[Change]:
    """The latest changes of the person's data, card and of these postings, the newest first.

    People of `organisations` are named (None: everybody); others stand as another company. A fixed number
    of statements.
    """
    rows: list[tuple[Any, Any, dict[str, Any], str]] = []
    rows += _pairs(Worker.history.filter(id=worker.pk), _WORKER)
    rows += _pairs(
        Posting.history.filter(
            id__in=[p.pk for p in postings], project_id__in={p.project_id for p in postings}
        ),
        _POSTING,
    )
    rows += _cards(worker)
    rows.sort(key=lambda row: (row[0].history_date, row[0].history_id), reverse=True)
    rows = rows[:MOST]
    names = _names({row[0].history_user_id for row in rows}, organisations)
    teams = _teams(rows)
    return [change for row in rows for change in _changes(*row, names, teams)][:MOST]


def _pairs(history: Any, labels: dict[str, Any]) -> list[tuple[Any, Any, dict[str, Any], str]]:
    """Each row of history beside the one before it of the same object."""
    newest = list(history.order_by("-history_id")[: MOST * 2])
    before: dict[int, Any] = {}
    found = []
    for row in reversed(newest):
        if row.history_type == "~" and row.id in before:
            found.append((row, before[row.id], labels, ""))
        before[row.id] = row
    return found


def _cards(worker: Worker) -> list[tuple[Any, Any, dict[str, Any], str]]:
    """A new card beside the one it replaced."""
    made = list(
        BankCard.history.filter(worker_id=worker.pk, history_type="+")
        .defer("number")
        .order_by("history_id")[:MOST]
    )
    return [(row, earlier, {"tail": _("Wage card")}, "") for earlier, row in pairwise(made)]


def _names(user_ids: set[int | None], organisations: Iterable[int] | None) -> dict[int, str]:
    known = {pk for pk in user_ids if pk is not None}
    own = Membership.objects.filter(user__in=known)
    if organisations is not None:
        own = own.filter(organisation__in=list(organisations))
    return dict(own.values_list("user_id", "user__name"))


def _teams(rows: Iterable[tuple[Any, Any, dict[str, Any], str]]) -> dict[int, str]:
    wanted = {
        side.team_id for row in rows for side in row[:2] if "team_id" in row[2] and hasattr(side, "team_id")
    }
    return dict(Team.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


def _changes(
    row: Any, earlier: Any, labels: dict[str, Any], _kind: str, names: dict[int, str], teams: dict[int, str]
) -> list[Change]:
    reason = str(row.history_change_reason or "")
    if row.history_user_id is None:
        # What another real-name system pushed stands under that system's name.
        who = reason.partition("push: ")[2] or gettext("The system")
    else:
        who = names.get(row.history_user_id) or gettext("Another company or an authority")
    corrected = reason.partition("identity corrected: ")[2]
    return [
        Change(
            row.history_date,
            str(label),
            old := _shown(earlier, field, teams),
            _otherwise(old, _shown(row, field, teams)),
            who,
            corrected if field in {"name", "id_number"} else "",
        )
        for field, label in labels.items()
        if getattr(row, field) != getattr(earlier, field)
    ]


def _otherwise(old: str, new: str) -> str:
    """The new value; where the mask hides the difference, that there is one."""
    return gettext("%(shown)s, written otherwise") % {"shown": new} if new == old else new


def _shown(row: Any, field: str, teams: dict[int, str]) -> str:
    """A value as it may be shown: numbers masked, addresses not at all."""
    value = getattr(row, field)
    if value in (None, ""):
        return "—"
    if field == "name":
        return mask_name(value)
    if field == "id_number":
        return mask_id(value)
    if field in {"phone", "emergency_phone"}:
        return mask_phone(value)
    if field in {"address", "emergency_name"}:
        return gettext("on record")
    if field == "rate_fen":
        return format_cny(value)
    if field == "team_id":
        return teams.get(value, "—")
    if field == "tail":
        return gettext("ending %(tail)s") % {"tail": value}
    display = getattr(row, f"get_{field}_display", None)
    return str(display()) if display else str(value)
