"""A1 to A6: account, filing, deposit, papers."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.telling.shape import Ground, Words, limit_words, row, sentences
from payroll.services.deposit_facts import load_deposit
from registration.models import Participation
from wagewatch.lib.money import format_cny


def _day(alarm: Alarm, key: str) -> str:
    return str(alarm.facts.get(key) or "")


def _last_day(alarm: Alarm) -> str:
    return _("The last day for it was %(day)s.") % {"day": alarm.due_on} if alarm.due_on else ""


def _account_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(_("Contract signed"), _day(alarm, "signed_on"), "", _("project register")),
        row(
            _("Last day to open the account"),
            str(alarm.due_on),
            limit_words(alarm, "alarm.A1.days", today),
            _("parameters of the region"),
        ),
        row(_("Special accounts of the project"), 0, "1", _("account register")),
    ]


def _filing_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(_("Account opened"), _day(alarm, "opened_on"), "", _("account register")),
        row(
            _("Last day to file it"),
            str(alarm.due_on),
            limit_words(alarm, "alarm.A2.days", today),
            _("parameters of the region"),
        ),
    ]


def _lodge_grounds(alarm: Alarm, today: date) -> list[Ground]:
    due = load_deposit(alarm.project, today=today).due.amount_fen
    return [
        row(_("Works began"), _day(alarm, "since"), "", _("project register")),
        row(
            _("Last day to lodge the deposit"),
            str(alarm.due_on),
            limit_words(alarm, "alarm.A3.wd", today),
            _("working-day calendar and parameters of the region"),
        ),
        row(_("Deposit lodged"), format_cny(0), format_cny(due), _("deposit entries")),
    ]


def _ending_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(
            _("Guarantee holds until"),
            _day(alarm, "expires_on"),
            limit_words(alarm, "alarm.A4.days", today),
            _("deposit entries"),
        ),
        row(_("Covered by it"), format_cny(alarm.amount_fen), "", _("deposit entries")),
    ]


def _refill_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(_("Deposit used"), _day(alarm, "used_on"), "", _("deposit entries")),
        row(_("Paid to workers from it"), format_cny(facts.get("used_fen", 0)), "", _("deposit entries")),
        row(
            _("Left in the deposit"),
            format_cny(facts.get("balance_fen", 0)),
            format_cny(facts.get("due_fen", 0)),
            _("deposit entries"),
        ),
        row(
            _("Last day to fill it up"),
            str(alarm.due_on),
            limit_words(alarm, "alarm.A5.wd", today),
            _("working-day calendar and parameters of the region"),
        ),
    ]


def _guarantee_headline(alarm: Alarm) -> str:
    if alarm.facts.get("guarantee") == "over":
        return _("The owner's payment guarantee ended on %(day)s") % {"day": _day(alarm, "over_on")}
    return _("The owner has given no payment guarantee")


def _guarantee_reason(alarm: Alarm) -> str:
    begins = _day(alarm, "begins_on")
    return sentences(
        _("The guarantee on record ended on %(day)s, and none holds since.") % {"day": _day(alarm, "over_on")}
        if alarm.facts.get("guarantee") == "over"
        else _("The contract was signed on %(day)s, and no guarantee of the owner's payment holds.")
        % {"day": _day(alarm, "signed_on")},
        _("A new one begins only on %(day)s.") % {"day": begins} if begins else "",
        _("If the owner does not pay, nothing covers the wages."),
        "" if alarm.facts.get("guarantee") == "over" else _last_day(alarm),
    )


def _guarantee_grounds(alarm: Alarm, today: date) -> list[Ground]:
    source = _("payment guarantees on record")
    rows = [
        row(_("Contract signed"), _day(alarm, "signed_on"), "", _("project register")),
        row(_("Contract sum"), format_cny(alarm.project.contract_sum_fen), "", _("project register")),
        row(_("Guarantees that hold"), 0, "1", source),
    ]
    if over := _day(alarm, "over_on"):
        rows.append(row(_("The last one ended on"), over, "", source))
    if begins := _day(alarm, "begins_on"):
        rows.append(row(_("The next one begins on"), begins, "", source))
    limit = limit_words(alarm, "alarm.A6.guarantee_days", today)
    return [*rows, row(_("Last day for it"), str(alarm.due_on), limit, _("parameters of the region"))]


def _papers_headline(alarm: Alarm) -> str:
    if alarm.facts.get("guarantee"):
        return _guarantee_headline(alarm)
    clerk, contracts = alarm.facts.get("no_clerk", 0), alarm.facts.get("no_contract", 0)
    if not contracts:
        return _("No labour-wage clerk is named")
    firms = ngettext(
        "%(n)s subcontractor without a contract on record",
        "%(n)s subcontractors without a contract on record",
        contracts,
    ) % {"n": contracts}
    return _("%(firms)s, and no labour-wage clerk") % {"firms": firms} if clerk else firms


def _papers_reason(alarm: Alarm, _today: date) -> str:
    if alarm.facts.get("guarantee"):
        return _guarantee_reason(alarm)
    return sentences(
        _(
            "Without a clerk nobody checks the pay sheets; without the subcontract nobody knows who pays whom."
        ),
        _last_day(alarm),
    )


def _papers_grounds(alarm: Alarm, today: date) -> list[Ground]:
    if alarm.facts.get("guarantee"):
        return _guarantee_grounds(alarm, today)
    names = Participation.objects.filter(
        project=alarm.project_id, pk__in=alarm.facts.get("firms", [])
    ).values_list("role", "organisation__name")
    rows = [
        row(
            _("Labour-wage clerk") if role == "general_contractor" else _("Subcontract on record"),
            name,
            _("named") if role == "general_contractor" else _("with its day"),
            _("chain of contractors"),
        )
        for role, name in names
    ]
    limit = limit_words(alarm, "alarm.A6.days", today)
    return [*rows, row(_("Last day for it"), str(alarm.due_on), limit, _("parameters of the region"))]


WORDS = {
    "A1": Words(
        lambda alarm: (
            _("No special wage account for the contract of %(day)s") % {"day": _day(alarm, "signed_on")}
        ),
        lambda alarm, _today: sentences(
            _("The contract was signed on %(day)s, and the project has no special wage account.")
            % {"day": _day(alarm, "signed_on")},
            _last_day(alarm),
        ),
        _account_grounds,
        gettext_lazy("As soon as the project's account is on record, it closes by itself."),
    ),
    "A2": Words(
        lambda alarm: _("Special account opened on %(day)s is not filed") % {"day": _day(alarm, "opened_on")},
        lambda alarm, _today: sentences(
            _("The special account was opened on %(day)s and has not been filed with the authority.")
            % {"day": _day(alarm, "opened_on")},
            _last_day(alarm),
        ),
        _filing_grounds,
        gettext_lazy("As soon as the day of filing is on record, it closes by itself."),
    ),
    "A3": Words(
        lambda alarm: _("No wage deposit for works begun on %(day)s") % {"day": _day(alarm, "since")},
        lambda alarm, _today: sentences(
            _("The works began on %(day)s, and no wage deposit was lodged.") % {"day": _day(alarm, "since")},
            _last_day(alarm),
        ),
        _lodge_grounds,
        gettext_lazy("As soon as a deposit is lodged, it closes by itself."),
    ),
    "A4": Words(
        lambda alarm: (
            (
                _("Deposit guarantee ended on %(day)s")
                if alarm.facts.get("over")
                else _("Deposit guarantee ends on %(day)s")
            )
            % {"day": _day(alarm, "expires_on")}
        ),
        lambda alarm, _today: (
            (
                _("The guarantee for %(amount)s ended on %(day)s; nothing covers the wages now.")
                if alarm.facts.get("over")
                else _("The guarantee for %(amount)s ends on %(day)s; it must be renewed before.")
            )
            % {"amount": format_cny(alarm.amount_fen), "day": _day(alarm, "expires_on")}
        ),
        _ending_grounds,
        gettext_lazy("As soon as a new guarantee or a renewal is lodged, it closes by itself."),
    ),
    "A5": Words(
        lambda alarm: _("Wage deposit used on %(day)s is not filled up") % {"day": _day(alarm, "used_on")},
        lambda alarm, _today: sentences(
            _("Wages were paid from the deposit on %(day)s; %(amount)s are missing since.")
            % {"day": _day(alarm, "used_on"), "amount": format_cny(alarm.amount_fen)},
            _last_day(alarm),
        ),
        _refill_grounds,
        gettext_lazy("As soon as the deposit is filled up, it closes by itself."),
    ),
    "A6": Words(
        _papers_headline,
        _papers_reason,
        _papers_grounds,
        gettext_lazy("As soon as what is missing is on record, it closes by itself."),
    ),
}
