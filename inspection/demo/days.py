"""A day at the gates: who came, when they left, who was turned away. The same on every run."""

import json
import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from devices.services.passages import accept_batch
from inspection.demo.people import SiteState
from registration.models import Posting
from wagewatch.lib.dates import SITE_TZ, Calendar
from wagewatch.lib.identity import make_id_number

COMES = 0.94
SUNDAY = 0.3
RAIN = 0.05
HALF_DAY = 0.03
NO_EXIT = 0.004
LUNCH_OUT = 0.15
STRANGER = 0.25


def _at(day: date, hour: int, minute: int, spread: int, dice: random.Random) -> datetime:
    start = datetime.combine(day, time(hour, minute), SITE_TZ)
    return start + timedelta(seconds=dice.randrange(spread * 60))


def works_today(day: date, calendar: Calendar, dice: random.Random) -> float:
    """The share of people who come: rain and public holidays empty the site."""
    if day in calendar.special and not calendar.special[day] and day.weekday() < 5:
        return 0.05
    if dice.random() < RAIN:
        return 0.0
    return SUNDAY if day.weekday() == 6 else COMES


def post_day(
    site: SiteState, postings: Sequence[Posting], day: date, calendar: Calendar, *, now: datetime
) -> int:
    """Post what the site's two gates saw on a day, up to `now`; returns how many events."""
    dice = random.Random(f"{site.plan.code} {day}")  # noqa: S311 not for secrets
    share = works_today(day, calendar, dice)
    events: dict[str, list[dict[str, object]]] = {"in": [], "out": []}
    for posting in postings:
        if posting.joined_on > day or (posting.left_on and posting.left_on < day):
            continue
        if dice.random() >= share:
            continue
        _person(events, posting.pin, day, dice)
    if share and dice.random() < STRANGER:
        stranger = make_id_number("411300", date(1990, 5, 17), dice.randrange(1, 999))
        events["in"].append(
            {
                "id": f"{day:%m%d}-x",
                "id_number": stranger,
                "at": _at(day, 7, 30, 60, dice),
                "admitted": False,
                "reason": "unregistered",
            }
        )
    posted = 0
    for lane, found in events.items():
        seen = [event for event in found if event["at"] <= now]  # type: ignore[operator]
        if not seen:
            continue
        seen.sort(key=lambda event: str(event["at"]))
        body = json.dumps(
            {
                "batch": f"{day:%Y%m%d}-{lane}",
                "queue": 0,
                "events": [{**event, "at": event["at"].isoformat()} for event in seen],  # type: ignore[attr-defined]
            }
        ).encode()
        accept_batch(site.gates[lane], body, nonce=f"{day:%Y%m%d}-{lane}", now=now)
        posted += len(seen)
    return posted


def _person(events: dict[str, list[dict[str, object]]], pin: int, day: date, dice: random.Random) -> None:
    mark = f"{day:%m%d}-{pin}"
    came = _at(day, 6, 20, 55, dice)
    events["in"].append({"id": f"{mark}-a", "pin": pin, "at": came, "type": 1})
    if dice.random() < HALF_DAY:
        events["out"].append({"id": f"{mark}-z", "pin": pin, "at": _at(day, 11, 30, 25, dice), "type": 1})
        return
    if dice.random() < LUNCH_OUT:
        events["out"].append({"id": f"{mark}-l", "pin": pin, "at": _at(day, 11, 35, 15, dice), "type": 1})
        events["in"].append({"id": f"{mark}-m", "pin": pin, "at": _at(day, 12, 20, 15, dice), "type": 1})
    if dice.random() >= NO_EXIT:
        events["out"].append({"id": f"{mark}-z", "pin": pin, "at": _at(day, 17, 20, 70, dice), "type": 1})
