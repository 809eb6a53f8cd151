"""B1, B2: what the owner agreed to allocate, and what came."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.rules import days_overdue
from inspection.telling.shape import Ground, Words, limit_words, month_of, row, sentences
from wagewatch.lib.money import format_cny


def _fen(alarm: Alarm, name: str) -> str:
    return format_cny(int(alarm.facts.get(name) or 0))


def _share(alarm: Alarm) -> int:
    agreed = int(alarm.facts.get("agreed_fen") or 0)
    return 100 * int(alarm.facts.get("received_fen") or 0) // agreed if agreed else 0


def _late_headline(alarm: Alarm) -> str:
    if alarm.facts.get("unmeasured"):
        return _("Nobody has measured the progress of %(month)s") % {"month": month_of(alarm)}
    return _("%(amount)s of the labour cost of %(month)s not allocated") % {
        "amount": format_cny(alarm.amount_fen),
        "month": month_of(alarm),
    }


def _late_reason(alarm: Alarm, today: date) -> str:
    late = days_overdue(alarm.due_on, today)
    days = ngettext("%(n)s day", "%(n)s days", late) % {"n": late}
    if alarm.facts.get("unmeasured"):
        return _(
            "The allocation is a share of the month's progress and was due on %(due)s, %(days)s ago; without the "
            "progress nobody knows the sum."
        ) % {"due": alarm.due_on, "days": days}
    return _("The owner agreed to %(agreed)s by %(due)s, %(days)s ago; %(received)s came.") % {
        "agreed": _fen(alarm, "agreed_fen"),
        "due": alarm.due_on,
        "days": days,
        "received": _fen(alarm, "received_fen"),
    }


def _late_grounds(alarm: Alarm, today: date) -> list[Ground]:
    late = days_overdue(alarm.due_on, today)
    return [
        row(_("Agreed for the month"), _fen(alarm, "agreed_fen"), "", _("the plan of the contract")),
        row(
            _("Received for it"),
            _fen(alarm, "received_fen"),
            _fen(alarm, "agreed_fen"),
            _("bank statements"),
        ),
        row(
            _("Late"),
            ngettext("%(n)s day", "%(n)s days", late) % {"n": late},
            limit_words(alarm, "alarm.B1.days", today),
            _("parameters of the region"),
        ),
    ]


def _share_reason(alarm: Alarm, _today: date) -> str:
    months = int(alarm.facts.get("short_months") or 0)
    percent = alarm.facts.get("percent")
    return sentences(
        _("Agreed so far %(agreed)s, received %(received)s; %(missing)s are missing.")
        % {
            "agreed": _fen(alarm, "agreed_fen"),
            "received": _fen(alarm, "received_fen"),
            "missing": format_cny(alarm.amount_fen),
        },
        ngettext("%(n)s month is short.", "%(n)s months are short.", months) % {"n": months},
        _("The contract agrees %(percent)s%%.") % {"percent": percent} if percent else "",
    )


def _share_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(
            _("Agreed since %(day)s") % {"day": alarm.facts.get("since", "")},
            _fen(alarm, "agreed_fen"),
            "",
            _("the plan of the contract"),
        ),
        row(_("Received"), _fen(alarm, "received_fen"), _fen(alarm, "agreed_fen"), _("bank statements")),
        row(
            _("Share received"),
            f"{_share(alarm)}%",
            limit_words(alarm, "alarm.B2.percent", today),
            _("parameters of the region"),
        ),
    ]


WORDS = {
    "B1": Words(
        _late_headline,
        _late_reason,
        _late_grounds,
        gettext_lazy("As soon as the month's labour cost is on the special account, it closes by itself."),
    ),
    "B2": Words(
        lambda alarm: (
            _("The owner allocated %(share)s%% of the agreed labour cost") % {"share": _share(alarm)}
        ),
        _share_reason,
        _share_grounds,
        gettext_lazy("As soon as the share is reached, it closes by itself."),
    ),
}
