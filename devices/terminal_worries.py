"""What a site agent cannot put right itself, in the words of the clerk who reads it: what is wrong and what to do."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

WORDS: Mapping[str, Any] = {
    "queue.full": _("Cannot keep stamps: its disk takes nothing"),
    "queue.locked": ngettext_lazy(
        "%(count)d stamp cannot be opened: bring the agent's key file back",
        "%(count)d stamps cannot be opened: bring the agent's key file back",
        "count",
    ),
    "unread": ngettext_lazy(
        "%(count)d stamp has no time, or a number that nobody here has: look at clock and people of the gates",
        "%(count)d stamps have no time, or a number that nobody here has: look at clock and people of the gates",
        "count",
    ),
    "unserved": _("%(about)s cannot be served: look at the agent's file"),
    "photos": _("Gate pictures were dropped: too many wait"),
    "people.unreached": _(
        "%(about)s is not reached, its list of people waits: look at its power, cable and password"
    ),
    "people.pictures_wait": _("Pictures for %(about)s wait for the connection"),
    "people.refused": ngettext_lazy(
        "%(about)s did not take %(count)d person",
        "%(about)s did not take %(count)d people",
        "count",
    ),
    "people.strangers": ngettext_lazy(
        "%(count)d person on %(about)s is on no list: delete them there",
        "%(count)d people on %(about)s are on no list: delete them there",
        "count",
    ),
    "people.undeleted": ngettext_lazy(
        "%(about)s did not delete %(count)d face: delete it there by hand",
        "%(about)s did not delete %(count)d faces: delete them there by hand",
        "count",
    ),
    "people.faceless": ngettext_lazy(
        "%(about)s did not take %(count)d picture: take a better one",
        "%(about)s did not take %(count)d pictures: take better ones",
        "count",
    ),
}
"""By the code in a heartbeat (`wire.Worry`)."""
OTHER = _("Something is wrong on the agent: look at its log (%(about)s)")


def worry_words(worries: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each worry, in the language active now; codes of a newer agent are said in general."""
    return [
        str(
            WORDS.get(str(one.get("code")), OTHER)
            % {"about": str(one.get("about", "")), "count": int(one.get("count") or 0)}
        )
        for one in worries
    ]
