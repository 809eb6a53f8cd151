"""Another real-name system of the county: the general contractor's own, which pushes people and stamps of one gate."""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from devices.services.sources import take_attendance
from inspection.demo.people import SiteState
from registration.models import SourceSystem
from registration.services.pushing import PeopleRequest, push_people
from registration.services.sources import let_in
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.identity import make_id_number

NAME = "岑岭劳务实名制"
GATE = "西门"
FIRST, PEOPLE = 700, 6
DAYS_BACK = 3


def play_other_system(site: SiteState, *, now: datetime) -> SourceSystem:
    """Let the system in, and push what such a system pushes: newcomers, some rows that must be corrected, stamps."""
    today = now.astimezone(SITE_TZ).date()
    began = now - timedelta(days=DAYS_BACK)
    firm = site.clerk.organisation_ids[0]
    made = let_in(firm, NAME, project_ids=[site.project.pk], actor=site.clerk, now=began)
    people = [_person(site, n, today - timedelta(days=DAYS_BACK)) for n in range(PEOPLE)]
    wrong: list[dict[str, Any]] = [
        {**_person(site, PEOPLE, today), "rate": ""},
        {**_person(site, PEOPLE + 1, today), "id_number": people[0]["id_number"][:-1] + "0"},
    ]
    _push(made.source, site, "people-1", [*people, *wrong], now=began)
    for back in range(DAYS_BACK, 0, -1):
        _stamps(
            made.source, site, people, today - timedelta(days=back), now=now - timedelta(days=back, hours=-11)
        )
    return made.source


def _person(site: SiteState, number: int, joined: date) -> dict[str, Any]:
    team, trade, _heads, yuan = site.plan.parts[0].teams[0]
    born = date(1980 + number, 3, 5)
    return {
        "name": ("焦满仓", "隋立冬", "栾春生", "仲伟民", "臧红英", "冷长河", "边大勇", "巩玉良")[number],
        "id_number": make_id_number("371402", born, FIRST + number * 2 + 1),
        "phone": f"1590579{FIRST + number:04d}",
        "team": team,
        "trade": trade,
        "pay_basis": "day",
        "rate": str(yuan),
        "joined_on": joined.isoformat(),
    }


def _push(
    source: SourceSystem, site: SiteState, request: str, rows: list[dict[str, Any]], *, now: datetime
) -> None:
    part, _clerk = site.parts[0]
    body = json.dumps(rows, ensure_ascii=False).encode()
    asked = PeopleRequest(request, part.organisation.uscc, {}, rows, hashlib.sha256(body).digest())
    push_people(source, site.project.pk, asked, now=now)


def _stamps(
    source: SourceSystem, site: SiteState, people: list[dict[str, Any]], day: date, *, now: datetime
) -> None:
    """A day at the other system's gate, in the words of the national interface; one of them it never pushed."""
    stranger = make_id_number("411300", date(1990, 5, 17), 999)
    lines = [
        {
            "idCardType": "01",
            "idCardNumber": number,
            "date": f"{day} {hour:02}:{4 + 3 * place:02}:{11 + place:02}",
            "direction": way,
            "attendType": "001",
        }
        for place, number in enumerate([*(one["id_number"] for one in people), stranger])
        for hour, way in ((7, "01"), (17, "02"))
    ]
    body = {"batch": f"{day}-west", "project": site.project.code, "gate": GATE, "events": lines}
    take_attendance(source, json.dumps(body).encode(), nonce=f"demo-west-{day:%Y%m%d}-00", now=now)
