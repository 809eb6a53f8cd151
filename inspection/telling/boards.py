"""E1: the notice board."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inspection.models import Alarm
from inspection.telling.shape import Ground, Words, limit_words, row


def _headline(alarm: Alarm) -> str:
    kind = alarm.facts.get("kind")
    if kind == "missing":
        return _("No notice board hangs at the site")
    if kind == "stale":
        return _("The notice board is of %(day)s") % {"day": alarm.facts.get("made_on")}
    return _("No photo of a notice board")


def _reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    if facts.get("kind") == "missing":
        return _("An inspector found no notice board on %(day)s.") % {"day": facts.get("seen_on")}
    if facts.get("kind") == "stale":
        return _(
            "The photo of %(seen)s shows version %(number)s, made on %(made)s; it should have been replaced by %(due)s."
        ) % {
            "seen": facts.get("seen_on"),
            "number": facts.get("number"),
            "made": facts.get("made_on"),
            "due": alarm.due_on,
        }
    return _("The works began on %(day)s, and no photo has shown a notice board since.") % {
        "day": facts.get("since")
    }


def _grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(_("Newest version made in the system"), facts.get("newest") or _("none"), "", _("notice boards")),
        row(
            _("Version on the newest photo"),
            facts.get("number") or _("none"),
            "",
            _("looks at the notice board"),
        ),
        row(_("Looked at"), facts.get("seen_on") or _("never"), "", _("looks at the notice board")),
        row(
            _("Counted from"),
            facts.get("since") or "—",
            limit_words(alarm, "alarm.E1.days", today),
            _("parameters of the region"),
        ),
    ]


WORDS = {
    "E1": Words(
        _headline,
        _reason,
        _grounds,
        gettext_lazy("As soon as a photo shows the site's board of this month, it closes by itself."),
    ),
}
