"""A row of people as another real-name system pushes it, read into the values of a roster's row.

Names of the national interface (ProjectWorker, 建办市函〔2018〕603号) are taken as well as our own; numbers
come in clear inside TLS, not in that interface's AES.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from registration.rules.ages import age_remark
from registration.rules.national_codes import trade_name
from registration.rules.person_values import (
    BASES,
    DOCUMENTS,
    PIECE_UNITS,
    WORK_ROLES,
    PersonValues,
    Reading,
    read_person,
    read_rate,
)
from registration.rules.roster_row import DAYS_AHEAD, Message, ReadRow, RowValues, message

# Its `gender` is left out: 0 and 1 mean different things with different makers, and the number tells the sex.
NATIONAL = {
    "workerName": "name",
    "idCardType": "id_kind",
    "idCardNumber": "id_number",
    "nation": "ethnicity",
    "birthday": "birth_date",
    "cellPhone": "phone",
    "cultureLevelType": "education",
    "politicsType": "politics",
    "urgentLinkMan": "emergency_name",
    "urgentLinkManPhone": "emergency_phone",
    "payRollBankCardNumber": "card_number",
    "payRollBankName": "bank_name",
    "corpCode": "firm",
    "teamName": "team",
    "workType": "trade",
    "workRole": "work_role",
    "joinedTime": "joined_on",
    "exitTime": "left_on",
}
_LONGEST = 500


def our_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row under our names; what stands under both keeps ours. Values that are no plain ones are dropped."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or isinstance(value, (dict, list)):
            continue
        ours = NATIONAL.get(name, name)
        if ours in found and name != ours:
            continue
        found[ours] = str(value).replace("\x00", "")[:_LONGEST]
    for field in ("joined_on", "left_on", "birth_date"):
        # The national interface writes a moment where only the day counts.
        found[field] = found.get(field, "").split("T")[0].split(" ")[0] if found.get(field) else ""
    found["trade"] = trade_name(found.get("trade", ""))
    return found


def refused_row(index: int, field: str, code: str, text: Any, **facts: Any) -> ReadRow:
    """A row that cannot be read at all."""
    return ReadRow("", index, RowValues(), [message(field, "stop", code, text, **facts)], {})


def read_row(
    index: int, typed: Mapping[str, Any], *, today: date, youngest: int, oldest: tuple[int, int]
) -> ReadRow:
    """Values and messages of one row, by the checks of the browser's form; `index` is its place in the request."""
    person, messages = read_person(typed, today=today)
    # A missing phone is judged against what is on record.
    said = [m for m in messages if m.code != "phone.none"]
    reading = Reading(typed)
    values = _work(reading, today)
    said += reading.messages
    if person is not None:
        _take_person(values, person)
        remark = age_remark(
            person.birth_date, person.sex, values.joined_on or today, youngest=youngest, oldest=oldest
        )
        if remark is not None:
            said.append(message("id_number", remark.kind, remark.code, remark.text, **remark.facts))
    return ReadRow("", index, values, said, {})


def _take_person(values: RowValues, person: PersonValues) -> None:
    for field in (
        "name", "id_number", "birth_date", "sex", "ethnicity", "address", "phone", "household", "education",
        "politics", "emergency_name", "emergency_phone",
    ):  # fmt: skip
        setattr(values, field, getattr(person, field))
    values.region_code, values.card, values.bank = person.origin_code, person.card_number, person.bank_name
    if person.id_kind in DOCUMENTS:
        values.id_kind, values.nationality = person.id_kind, person.nationality


def _work(reading: Reading, today: date) -> RowValues:
    values = RowValues(team=reading.text("team")[:60], trade=reading.text("trade")[:40])
    values.basis = reading.choice("pay_basis", BASES)
    values.piece_unit = reading.choice("piece_unit", PIECE_UNITS) if values.basis == "piece" else ""
    if values.basis == "piece" and not values.piece_unit:
        text = _("Say what a piece is: a metre, a tonne, a job.")
        reading.say("piece_unit", "stop", "unit.missing", text)
    if reading.text("rate"):
        values.rate_fen = read_rate(reading) or None
    values.work_role = reading.choice("work_role", WORK_ROLES)
    values.joined_on, values.left_on = reading.day("joined_on"), reading.day("left_on")
    for field, day in (("joined_on", values.joined_on), ("left_on", values.left_on)):
        if day and (day - today).days > DAYS_AHEAD:
            text = _("This day is more than 60 days ahead. Check the year and the month.")
            reading.say(field, "stop", "date.ahead", text)
    return values


def left_too_early(left_on: date, joined_on: date) -> Message | None:
    """The refusal of a last day before the first."""
    if left_on >= joined_on:
        return None
    text = _("The last day cannot be before the first, %(day)s.")
    return message("left_on", "stop", "posting.before_joining", text, day=joined_on.isoformat())
