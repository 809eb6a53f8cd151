"""What a roster row would change: new, changed, unchanged or refused, judged against what is recorded.

Judged twice: for the preview, and again under locks when the rows are applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from registration.rules.roster_row import Defaults, Message, ReadRow, RowValues, message
from registration.rules.trades import trade_of_team
from wagewatch.lib.identity import mask_card, mask_name, mask_phone

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
_NO_PHONE = _("Without a mobile number the worker cannot sign in to see and confirm the wages.")
_OTHER_PHONE = _(
    "On record is %(phone)s, and it stays: wages are confirmed with it. If it is no longer theirs, change it on"
    " the person's page."
)
_NO_CARD = _("Without a wage card nothing can be paid. It can be added later.")
VERDICT_CODES = frozenset(
    [
        "person.twice", "person.twice_differs", "card.shared", "card.other_person", "name.conflict",
        "posting.other_company", "posting.left", "team.missing", "trade.missing", "rate.missing", "card.none",
        "rate.high", "rate.low", "contract.dates", "contract.signed", "contract.until", "phone.none",
        "phone.on_record",
    ]
)  # fmt: skip
"""Messages that judging gives, as opposed to those of reading a cell."""
FEW = 5
FAR = 5


class Change(msgspec.Struct, frozen=True):
    """A field with its old and new value, as may be shown: numbers masked, money in fen, days as text."""

    field: str
    old: str | int | None
    new: str | int | None


@dataclass(frozen=True)
class OpenPosting:
    """The work of a person on this project that has not ended."""

    id: int
    participation_id: int
    team: str
    trade: str
    basis: str
    rate_fen: int
    joined_on: date
    piece_unit: str = ""
    work_role: str = ""
    has_contract: bool = False


@dataclass(frozen=True)
class Known:
    """A person on record: the values a row is compared with. Of ethnicity and address only whether they
    are there: a roster fills them, but never writes over what was read from a card."""

    id: int
    name: str
    phone: str
    card: str
    bank: str
    household: str = ""
    education: str = ""
    politics: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""
    has_ethnicity: bool = True
    has_address: bool = True
    posting: OpenPosting | None = None
    last_joined_on: date | None = None
    last_left_on: date | None = None


@dataclass(frozen=True)
class Facts:
    """Everything outside the file that a verdict needs."""

    participation_id: int
    people: Mapping[str, Known]
    card_holders: Mapping[str, int]
    defaults: Defaults
    today: date


class Judged(msgspec.Struct):
    """A verdict with its reasons and changes; `values` completed from record and defaults."""

    row: ReadRow
    verdict: str
    messages: list[Message]
    changes: list[Change]
    known_id: int | None = None
    posting_id: int | None = None


def judge(rows: Sequence[ReadRow], facts: Facts) -> list[Judged]:
    """A verdict for every row, in the order of the rows."""
    repeated = _repeated_people(rows)
    cards = _shared_cards(rows)
    judged = []
    for number, row in enumerate(rows):
        extra = list(repeated.get(number, ()))
        if number in cards:
            extra.append(cards[number])
        judged.append(_judge_one(row, extra, facts))
    _look_at_rates(judged)
    return judged


def count_verdicts(judged: Sequence[Judged]) -> dict[str, Any]:
    """How many rows per verdict, and which fields change how often."""
    counts: dict[str, Any] = {"new": 0, "changed": 0, "unchanged": 0, "refused": 0, "look": 0, "fields": {}}
    for one in judged:
        counts[one.verdict] += 1
        if one.verdict == "changed":
            for change in one.changes:
                counts["fields"][change.field] = counts["fields"].get(change.field, 0) + 1
        if one.verdict != "refused" and any(m.kind == "warn" for m in one.messages):
            counts["look"] += 1
    return counts


def _place(row: ReadRow) -> str:
    return str(row.line)


def _repeated_people(rows: Sequence[ReadRow]) -> dict[int, list[Message]]:
    """The same person twice: the second row is refused, both if they differ (which one is right?)."""
    first: dict[str, int] = {}
    found: dict[int, list[Message]] = {}
    for number, row in enumerate(rows):
        key = row.values.person_key
        if not key:
            continue
        if key not in first:
            first[key] = number
            continue
        earlier = rows[first[key]]
        found.setdefault(number, []).append(
            message(
                "id_number",
                "stop",
                "person.twice",
                _("The same person as in row %(row)s. Keep one of the rows."),
                row=_place(earlier),
                sheet=earlier.sheet,
            )
        )
        if earlier.values != row.values and first[key] not in found:
            found.setdefault(first[key], []).append(
                message(
                    "id_number",
                    "stop",
                    "person.twice_differs",
                    _("Row %(row)s has the same ID number and says something else. Keep the right one."),
                    row=_place(row),
                    sheet=row.sheet,
                )
            )
    return found


def _shared_cards(rows: Sequence[ReadRow]) -> dict[int, Message]:
    """One card for several people: all of them refused, since nobody can tell whose it is (article 31)."""
    holders: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if row.values.card:
            holders.setdefault(row.values.card, []).append(number)
    found: dict[int, Message] = {}
    for numbers in holders.values():
        if len(numbers) < 2 or len({rows[n].values.person_key or n for n in numbers}) < 2:
            continue
        for number in numbers:
            other = next(n for n in numbers if n != number)
            found[number] = message(
                "card_number",
                "stop",
                "card.shared",
                _("The same card as in row %(row)s. Everybody needs a card of their own."),
                row=_place(rows[other]),
            )
    return found


def _judge_one(row: ReadRow, extra: list[Message], facts: Facts) -> Judged:
    values = row.values
    out = Judged(row, REFUSED, [*row.messages, *extra], [])
    known = facts.people.get(values.person_key) if values.id_number else None
    posting = known.posting if known else None
    if not values.phone and not (known and known.phone) and "phone" not in row.raw:
        out.messages.append(message("phone", "warn", "phone.none", _NO_PHONE))
    if known is not None:
        out.known_id = known.id
        _check_person(out, values, known, facts)
    holder = facts.card_holders.get(values.card) if values.card and values.id_number else None
    if holder is not None and (known is None or holder != known.id):
        text = _("This card belongs to another person on record. Everybody needs a card of their own.")
        out.messages.append(message("card_number", "stop", "card.other_person", text))
    if posting is None:
        _complete(out, values, known, facts)
    if values.contract_signed_on or values.contract_ends_on:
        _tell_contract(out, values, posting)
    if any(m.kind == "stop" for m in out.messages):
        return out
    if posting is None:
        out.verdict = NEW
        if known is not None:
            out.changes = _changes_of_person(values, known)
        return out
    out.posting_id = posting.id
    assert known is not None  # noqa: S101 a posting has a person
    out.changes = [*_changes_of_person(values, known), *_changes_of_posting(values, posting)]
    out.verdict = CHANGED if out.changes else UNCHANGED
    return out


def _check_person(out: Judged, values: RowValues, known: Known, facts: Facts) -> None:
    if values.name and values.name != known.name:
        text = _("This ID number is on record for %(name)s. Check name and number against the card.")
        out.messages.append(message("name", "stop", "name.conflict", text, name=mask_name(known.name)))
    if values.phone and known.phone and values.phone != known.phone:
        phone = mask_phone(known.phone)
        out.messages.append(message("phone", "warn", "phone.on_record", _OTHER_PHONE, phone=phone))
    posting = known.posting
    if posting is not None and posting.participation_id != facts.participation_id:
        text = _("Works on this project for another company. That work must end first.")
        out.messages.append(message("name", "stop", "posting.other_company", text))
    if posting is not None or known.last_left_on is None:
        return
    start = values.joined_on or facts.defaults.joined_on or facts.today
    if start <= known.last_left_on:
        text = _("Left this project on %(day)s. To come back, write a day of joining after that.")
        out.messages.append(
            message("joined_on", "stop", "posting.left", text, day=known.last_left_on.isoformat())
        )


def _complete(out: Judged, values: RowValues, known: Known | None, facts: Facts) -> None:
    """What a new posting cannot do without: from the row, else from what was chosen for the whole file."""
    chosen = facts.defaults
    values.joined_on = values.joined_on or chosen.joined_on or facts.today
    values.team = values.team or chosen.team
    values.trade = values.trade or trade_of_team(values.team) or chosen.trade
    bad_rate = any(m.field == "rate" and m.kind == "stop" for m in out.messages)
    if not values.rate_fen and not bad_rate:
        values.rate_fen, values.basis = chosen.rate_fen, values.basis or chosen.basis
    if not values.team:
        text = _("The team is missing. Write it, or name one for the whole file above.")
        out.messages.append(message("team", "stop", "team.missing", text))
    if not values.trade:
        text = _("The trade is missing. Write it, or name one for the whole file above.")
        out.messages.append(message("trade", "stop", "trade.missing", text))
    if not values.rate_fen and not bad_rate:
        text = _("The rate is missing. Write the agreed pay, or name one for the whole file above.")
        out.messages.append(message("rate", "stop", "rate.missing", text))
    values.basis = values.basis or chosen.basis
    if (
        not values.card
        and not (known and known.card)
        and not any(m.field == "card_number" for m in out.messages)
    ):
        out.messages.append(message("card_number", "warn", "card.none", _NO_CARD))


def _changes_of_person(values: RowValues, known: Known) -> list[Change]:
    changes = []
    if values.phone and not known.phone:
        changes.append(Change("phone", None, mask_phone(values.phone)))
    if values.card and values.card != known.card:
        changes.append(
            Change("card_number", mask_card(known.card) if known.card else None, mask_card(values.card))
        )
    elif values.card and values.bank and values.bank != known.bank:
        changes.append(Change("bank_name", known.bank, values.bank))
    for field in ("household", "education", "politics"):
        new, old = getattr(values, field), getattr(known, field)
        if new and new != old:
            changes.append(Change(field, old or None, new))
    if values.emergency_name and values.emergency_name != known.emergency_name:
        old_name = mask_name(known.emergency_name) or None
        changes.append(Change("emergency_contact", old_name, mask_name(values.emergency_name)))
    if values.emergency_phone and values.emergency_phone != known.emergency_phone:
        old_phone = mask_phone(known.emergency_phone) or None
        changes.append(Change("emergency_phone", old_phone, mask_phone(values.emergency_phone)))
    if values.ethnicity and not known.has_ethnicity:
        changes.append(Change("ethnicity", None, values.ethnicity))
    if values.address and not known.has_address:
        changes.append(Change("address", None, ""))
    return changes


def _tell_contract(out: Judged, values: RowValues, posting: OpenPosting | None) -> None:
    """Contract dates of a file are no contract: it must be recorded with its text."""
    if posting is not None and posting.has_contract:
        return
    signed, ends = values.contract_signed_on, values.contract_ends_on
    facts = {name: day.isoformat() for name, day in (("signed", signed), ("ends", ends)) if day}
    if signed and ends:
        text = _("The file tells of a contract from %(signed)s until %(ends)s; none is on record yet.")
        code = "contract.dates"
    elif signed:
        text = _("The file tells of a contract signed on %(signed)s; none is on record yet.")
        code = "contract.signed"
    else:
        text = _("The file tells of a contract until %(ends)s; none is on record yet.")
        code = "contract.until"
    out.messages.append(message("joined_on", "note", code, text, **facts))


def _changes_of_posting(values: RowValues, posting: OpenPosting) -> list[Change]:
    changes: list[Change] = []
    pairs: list[tuple[str, Any, Any]] = [
        ("team", posting.team, values.team),
        ("trade", posting.trade, values.trade),
        ("pay_basis", posting.basis, values.basis if values.rate_fen else ""),
        ("rate", posting.rate_fen, values.rate_fen),
        ("joined_on", posting.joined_on, values.joined_on),
        ("piece_unit", posting.piece_unit, values.piece_unit),
        ("work_role", posting.work_role, values.work_role),
    ]
    for field, old, new in pairs:
        if new and new != old:
            changes.append(Change(field, _plain(old), _plain(new)))
    if values.left_on:
        changes.append(Change("left_on", None, values.left_on.isoformat()))
    return changes


def _plain(value: Any) -> str | int:
    return value.isoformat() if isinstance(value, date) else value


def _look_at_rates(judged: Sequence[Judged]) -> None:
    """A rate far from what others of the trade get in this file: one 0 too many?"""
    by_trade: dict[tuple[str, str], list[int]] = {}
    for one in judged:
        values = one.row.values
        if values.rate_fen:
            by_trade.setdefault((values.trade, values.basis), []).append(values.rate_fen)
    usual = {key: median(rates) for key, rates in by_trade.items() if len(rates) >= FEW}
    for one in judged:
        values = one.row.values
        middle = usual.get((values.trade, values.basis))
        if not middle or not values.rate_fen:
            continue
        if values.rate_fen >= middle * FAR:
            text = _("Please check: %(times)s times what others of this trade get. One 0 too many?")
            times = round(values.rate_fen / middle)
            one.messages.append(message("rate", "warn", "rate.high", text, times=times))
        elif values.rate_fen * FAR <= middle:
            text = _("Please check: far less than others of this trade get. One 0 too few?")
            one.messages.append(message("rate", "warn", "rate.low", text))
