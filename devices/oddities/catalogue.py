"""The kinds of oddities: what each means in plain words, and its threshold."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from devices.oddities import statements


@dataclass(frozen=True)
class Kind:
    """A kind: its statement, the regional parameter that holds its threshold, and what it tells the reader.

    `why` says what may lie behind it; `default` is the threshold where no region sets one.
    """

    code: str
    title: Any
    why: Any
    parameter: str
    default: Any
    sql: str


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "record",
            _("One card or device record for several people"),
            _(
                "A gate gave one record number to several people: a card handed on, or a device whose memory was cleared."
            ),
            "odd.record",
            {"people": 2},
            statements.RECORD,
        ),
        Kind(
            "badge",
            _("One badge for several people"),
            _(
                "The same badge opened for several people in turn: it is handed on, and one may stamp for another."
            ),
            "odd.badge",
            {"people": 2},
            statements.BADGE,
        ),
        Kind(
            "badges",
            _("One person with several badges"),
            _("One person was seen with several badges in turn: somebody else may carry one of them."),
            "odd.badges",
            {"badges": 2},
            statements.BADGES,
        ),
        Kind(
            "picture",
            _("One picture for several people"),
            _(
                "The same image stands for several people: one person registered twice, or a photograph held to a gate."
            ),
            "odd.picture",
            {"people": 2},
            statements.PICTURE,
        ),
        Kind(
            "together",
            _("The same two people within a second"),
            _(
                "Two people pass one gate almost at the same moment, day after day: one may stamp for the other."
            ),
            "odd.together",
            {"seconds": 1, "days": 3},
            statements.TOGETHER,
        ),
        Kind(
            "by_hand",
            _("Many stamps added by hand"),
            _("A large share of a firm's stamps was written by its clerk and seen by no gate."),
            "odd.by_hand",
            {"percent": 20, "stamps": 10},
            statements.BY_HAND,
        ),
        Kind(
            "after_left",
            _("Stamps after leaving"),
            _(
                "Somebody whose last day is past still stamps: they work on unregistered, or another uses their card."
            ),
            "odd.after_left",
            {"stamps": 1},
            statements.AFTER_LEFT,
        ),
        Kind(
            "long_stay",
            _("On site too long"),
            _(
                "An entry without an exit, and nobody has decided about it; or a stay longer than a shift can be."
            ),
            "attendance.longest_stay_hours",
            16,
            statements.LONG_STAY,
        ),
        Kind(
            "two_sites",
            _("On two sites at the same time"),
            _("The gates of two sites saw the same person in the same hours."),
            "odd.two_sites",
            {"minutes": 30},
            statements.TWO_SITES,
        ),
        Kind(
            "silent",
            _("A gate silent on a working day"),
            _("A gate that worked in the days before sent nothing while the site was at work."),
            "odd.silent",
            {"used_within_days": 7, "stamps": 10},
            statements.SILENT,
        ),
        Kind(
            "closed",
            _("Entries while the site is closed"),
            _("Somebody came in at hours at which nobody works here."),
            "odd.closed",
            {"from": "23:00", "until": "05:00", "stamps": 1},
            statements.CLOSED,
        ),
    )
}
