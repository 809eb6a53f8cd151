"""D8: what workers say of cash and cards, and cash again and again."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.telling.shape import Ground, Words, limit_words, month_of, people, row, sentences
from wagewatch.lib.money import format_cny


def _count(alarm: Alarm, name: str) -> int:
    return int(alarm.facts.get(name) or 0)


def _headline(alarm: Alarm) -> str:
    words: dict[str, Any] = {"month": month_of(alarm), "n": alarm.people}
    if _count(alarm, "denied"):
        text = ngettext(
            "%(month)s wages: %(n)s worker denies cash on record or reports cash",
            "%(month)s wages: %(n)s workers deny cash on record or report cash",
            alarm.people,
        )
    elif _count(alarm, "card_held") and not _count(alarm, "reports"):
        text = ngettext(
            "%(n)s worker says that somebody else holds the bank card",
            "%(n)s workers say that somebody else holds the bank card",
            alarm.people,
        )
    elif _count(alarm, "reports") or _count(alarm, "card_held"):
        text = ngettext(
            "%(month)s wages: %(n)s worker reports cash",
            "%(month)s wages: %(n)s workers report cash",
            alarm.people,
        )
    else:
        text = ngettext(
            "%(month)s wages: cash instead of the bank for %(n)s worker, again and again",
            "%(month)s wages: cash instead of the bank for %(n)s workers, again and again",
            alarm.people,
        )
    return text % words


def _reason(alarm: Alarm, _today: date) -> str:
    denied, held = _count(alarm, "denied"), _count(alarm, "card_held")
    reports, payments = _count(alarm, "reports"), _count(alarm, "payments")
    return sentences(
        _("Cash on record that never came, by the workers' word: %(n)s.") % {"n": denied} if denied else "",
        _("Bank card in other hands: %(n)s.") % {"n": people(held)} if held else "",
        _("Asked to give money back, or paid past the sheet: %(n)s.") % {"n": reports} if reports else "",
        _("Cash payments in the last weeks: %(n)s.") % {"n": payments} if payments else "",
        _("In all %(amount)s.") % {"amount": format_cny(alarm.amount_fen)} if alarm.amount_fen else "",
    )


def _grounds(alarm: Alarm, today: date) -> list[Ground]:
    word = _("the workers' own word")
    return [
        row(_("Cash denied"), _count(alarm, "denied"), "0", word),
        row(_("Card in other hands"), _count(alarm, "card_held"), "0", word),
        row(_("Reports of cash"), _count(alarm, "reports"), "0", word),
        row(
            _("Cash payments"),
            _count(alarm, "payments"),
            limit_words(alarm, "alarm.D8.payments", today),
            _("cash by exception, on record"),
        ),
    ]


WORDS = {
    "D8": Words(
        _headline,
        _reason,
        _grounds,
        gettext_lazy(
            "When the wages of the month reach the worker's card, or the worker has another card, and cash stops, "
            "it closes by itself."
        ),
    ),
}
