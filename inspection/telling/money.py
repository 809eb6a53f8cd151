"""B3, B4: what is on the account, and what left it."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.telling.shape import Ground, Words, limit_words, month_of, row
from wagewatch.lib.money import format_cny


def _share(alarm: Alarm) -> int:
    need = alarm.facts.get("need_fen") or 0
    return 100 * max(alarm.facts.get("balance_fen", 0), 0) // need if need else 0


def _balance_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(
            _("Needed for the pay sheets"),
            format_cny(facts.get("need_fen", 0)),
            _("due by %(day)s") % {"day": alarm.due_on},
            _("pay sheets"),
        ),
        row(
            _("Balance of the special account"),
            format_cny(facts.get("balance_fen", 0)),
            format_cny(facts.get("need_fen", 0)),
            _("bank statements"),
        ),
        row(
            _("Share covered"),
            f"{_share(alarm)}%",
            limit_words(alarm, "alarm.B3.percent", today),
            _("parameters of the region"),
        ),
    ]


def _foreign_grounds(alarm: Alarm, _today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(_("Paid to"), facts.get("to", ""), _("workers on a pay sheet only"), _("bank statements")),
        row(_("Not come back"), format_cny(alarm.amount_fen), format_cny(0), _("bank statements")),
        row(_("First on"), facts.get("first_on", ""), "", _("bank statements")),
    ]


WORDS = {
    "B3": Words(
        lambda alarm: (
            _("Account covers %(share)s%% of the %(month)s wages")
            % {"share": _share(alarm), "month": month_of(alarm)}
        ),
        lambda alarm, _today: (
            _(
                "%(need)s are due on %(due)s, and the special account holds %(balance)s; %(missing)s are missing."
            )
            % {
                "need": format_cny(alarm.facts.get("need_fen", 0)),
                "due": alarm.due_on,
                "balance": format_cny(alarm.facts.get("balance_fen", 0)),
                "missing": format_cny(alarm.amount_fen),
            }
        ),
        _balance_grounds,
        gettext_lazy("As soon as the balance is enough, or the wages are paid, it closes by itself."),
    ),
    "B4": Words(
        lambda alarm: (
            _("%(amount)s left the special account for something else")
            % {"amount": format_cny(alarm.amount_fen)}
        ),
        lambda alarm, _today: (
            ngettext(
                "%(times)s payment to %(to)s, who is on no pay sheet, first on %(day)s.",
                "%(times)s payments to %(to)s or others who are on no pay sheet, first on %(day)s.",
                int(alarm.facts.get("times", 1)),
            )
            % {
                "times": alarm.facts.get("times", 1),
                "to": alarm.facts.get("to", ""),
                "day": alarm.facts.get("first_on", ""),
            }
        ),
        _foreign_grounds,
        gettext_lazy(
            "As soon as the same party has paid the money back into the account, it closes by itself."
        ),
    ),
}
