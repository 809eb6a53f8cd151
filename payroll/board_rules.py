"""The notice board in plain values: what it must say, what its code says, what a picture of it means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.signing import BadSignature, Signer

MOST_CHARACTERS = 400
"""A code of ours is shorter than half of this."""
SECTOR_OFFICE = {
    "building": "housing",
    "municipal": "housing",
    "transport": "transport",
    "water": "water",
}
"""Line of works → office of the sector authority on the board."""
HELP = ("labour", "sector", "arbitration", "legal_aid")
"""The four kinds of help of article 34 (3), in the order of the board."""

_CODE = re.compile(r"/board/([0-9]{1,15})-([0-9]{1,9})-([0-9]{6})\.([A-Za-z0-9_-]{20,80})/?(?:[?#].*)?$")


@dataclass(frozen=True)
class BoardCode:
    """What the board's QR code says: project, version, edition (a date on day 1)."""

    project_id: int
    number: int
    edition: date

    @property
    def token(self) -> str:
        """The signed part of the address: project, version, month, signature."""
        return _signer().sign(f"{self.project_id}-{self.number}-{self.edition:%Y%m}")


def _signer() -> Signer:
    return Signer(salt="notice-board", sep=".")


def read_code(text: str) -> BoardCode | None:
    """The code of an address whose signature is ours; None for any other. Raises BadSignature for an address that
    looks like ours with a signature that is not."""
    found = _CODE.search(text[:MOST_CHARACTERS])
    if found is None:
        return None
    project, number, month, signature = found.groups()
    _signer().unsign(f"{project}-{number}-{month}.{signature}")
    return BoardCode(int(project), int(number), date(int(month[:4]), int(month[4:]), 1))


@dataclass(frozen=True)
class Reading:
    """What the codes on a picture come to for one project: own board, another's, a forged one, or nothing."""

    code: BoardCode | None = None
    is_other: bool = False
    is_forged: bool = False


def reading_of(texts: Iterable[str], project_id: int) -> Reading:
    """The newest board of the project among the codes on a picture; posters and other codes beside it do not matter."""
    own: BoardCode | None = None
    other = forged = False
    for text in texts:
        try:
            code = read_code(text)
        except BadSignature:
            forged = True
            continue
        if code is None:
            continue
        if code.project_id != project_id:
            other = True
        elif own is None or code.number > own.number:
            own = code
    return Reading(own, other, forged)


def verdict_of(reading: Reading, made_on: date | None, *, today: date, days: int) -> str:
    """What a picture shows. `made_on` is the day on which the version was made, None where it is unknown here; a
    board older than `days` is out of date."""
    if reading.code is not None and made_on is not None:
        return "stale" if (today - made_on).days > days else "fresh"
    if reading.code is not None or (reading.is_forged and not reading.is_other):
        return "forged"
    return "other" if reading.is_other else "no_code"


def missing_lines(content: dict[str, Any]) -> list[list[str]]:
    """Codes of what article 34 asks for and the records do not say, each with the firm or number it concerns."""
    missing: list[list[str]] = []
    by_role: dict[str, list[dict[str, Any]]] = {}
    for line in content["who"]:
        by_role.setdefault(line["role"], []).append(line)
    for role in ("owner", "general_contractor", "clerk"):
        if role not in by_role:
            missing.append([role, ""])
    for line in content["who"]:
        role, name = line["role"], line["firm"] or line["person"]
        if role in ("owner", "general_contractor", "subcontractor", "agency") and not line["person"]:
            missing.append(["person", name])
        if role in ("owner", "general_contractor", "subcontractor", "agency", "clerk") and not line["call"]:
            missing.append(["call", name])
    offices = {line["office"] for line in content["help"]}
    missing += [[office, ""] for office in HELP if office not in offices]
    missing += [[key, ""] for key in ("month_fen", "hour_fen") if content["pay"][key] is None]
    people = content["list"]["people"]
    unpaid = sum(person["net_fen"] is None for person in people)
    if not people:
        missing.append(["nobody", content["list"]["month"]])
    elif unpaid:
        missing.append(["no_slip", str(unpaid)])
    return missing
