"""People of the demo who did not come by a roster: entered one by one, found again elsewhere, corrected."""

import io
from datetime import date, datetime, timedelta

from PIL import Image, ImageDraw

from inspection.demo.names import card_number
from inspection.demo.people import County, SiteState
from registration.models import Posting, RegisteredBy
from registration.rules.person_values import read_document, read_person, read_posting
from registration.services.corrections import change_details, change_posting, correct_identity
from registration.services.entering import enter_person
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.identity import icao_check_digit, make_id_number

NEWCOMERS = (
    {
        "name": "阿卜杜热合曼·依明",
        "id_number": make_id_number("653101", date(1991, 5, 12), 117),
        "ethnicity": "维吾尔族",
        "education": "02",
        "household": "rural",
        "address": "新疆维吾尔自治区喀什市",
        "emergency_name": "依明·买买提",
        "emergency_phone": "13999990117",
    },
    {
        "name": "单志勇",
        "id_number": make_id_number("341221", date(1984, 2, 3), 335),
        "ethnicity": "汉族",
        "education": "03",
        "household": "rural",
        "skill_grade": "2",
    },
    {
        "name": "Nguyen Van Hai",
        "english_name": "Nguyen Van Hai",
        "id_kind": "08",
        "id_number": "C7712043",
        "nationality": "VNM",
        "sex": "1",
        "birth_date": "1992-08-19",
    },
    {
        "name": "Aidar Bekov",
        "english_name": "Aidar Bekov",
        "id_number": "KAZ3307900716" + "1",
        "sex": "1",
    },
)
"""Invented: names, numbers and cards that belong to nobody."""
TRADE, RATE_YUAN = "木工", "390"


def people_one_by_one(county: County, *, now: datetime) -> None:
    """Newcomers at the first site, somebody of the second found again there, and corrections."""
    site, other = county.sites[0], county.sites[1]
    today = now.astimezone(SITE_TZ).date()
    newcomers = register_newcomers(site, today, now=now)
    known = (
        Posting.objects.filter(project=other.project, left_on=None).select_related("worker").order_by("pin")
    )
    mover = known.last()
    if mover is not None:
        find_again(site, mover, today, now=now)
    correct(site, newcomers, now=now + timedelta(hours=1))


def register_newcomers(site: SiteState, joined: date, *, now: datetime) -> list[Posting]:
    """The subcontractor's clerk registers a few people in the browser, one with a photo."""
    part, clerk = site.parts[0]
    team = site.plan.parts[0].teams[0][0]
    made = []
    for number, typed in enumerate(NEWCOMERS):
        whole = dict(typed)
        if whole["id_number"].startswith("KAZ"):
            first = whole["id_number"]
            whole["id_number"] = first + icao_check_digit(first)
        whole |= {
            "phone": f"1390579{7000 + number}",
            "card_number": card_number(7000 + number),
            "bank_name": "婺江银行",
        }
        person, _said = read_person({**whole, "photo": face(number), "photo_source": "camera"}, today=joined)
        work, _notes = read_posting(
            {"team": team, "trade": TRADE, "rate": RATE_YUAN, "joined_on": joined.isoformat()}, today=joined
        )
        if person is None or work is None:
            raise ValueError(f"the demo's newcomer {number} cannot be read")
        made.append(
            enter_person(site.project.pk, part.pk, person, work, by=RegisteredBy.FORM, actor=clerk, now=now)
        )
    return made


def find_again(site: SiteState, person: Posting, joined: date, *, now: datetime) -> Posting:
    """Somebody who works in one town is found again by the number when the next site registers them."""
    part, clerk = site.parts[0]
    worker = person.worker
    values, _said = read_person({"name": worker.name, "id_number": str(worker.id_number)}, today=joined)
    work, _notes = read_posting(
        {
            "team": site.plan.parts[0].teams[0][0],
            "trade": site.plan.parts[0].teams[0][1],
            "rate": "400",
            "joined_on": joined.isoformat(),
        },
        today=joined,
    )
    if values is None or work is None:
        raise ValueError("the demo's own person cannot be read")
    return enter_person(site.project.pk, part.pk, values, work, by=RegisteredBy.FORM, actor=clerk, now=now)


def correct(site: SiteState, postings: list[Posting], *, now: datetime) -> None:
    """A phone number, a name misread on the card, a better rate: all with their history."""
    _part, clerk = site.parts[0]
    uighur, second = postings[0], postings[1]
    change_details(
        second.worker_id, site.project.pk, {"phone": "13905798001", "education": "04"}, actor=clerk, now=now
    )
    today = now.date()
    document, _said = read_document(
        {"name": "阿卜杜热合曼·伊明", "id_number": str(uighur.worker.id_number)}, today=today
    )
    if document is not None:
        correct_identity(
            uighur.worker_id, site.project.pk, document, "身份证上看错一个字", actor=clerk, now=now
        )
    better, _notes = read_posting(
        {"team": second.team.name, "trade": second.trade, "rate": "410", "pay_basis": "day"}, today=today
    )
    if better is not None:
        change_posting(second.worker_id, site.project.pk, better, actor=clerk, now=now)


def face(seed: int) -> bytes:
    """A drawn head, since nobody stands behind it."""
    shades = ((214, 180, 152), (198, 160, 130), (226, 196, 170), (186, 146, 118))
    shirts = ((38, 84, 124), (12, 92, 115), (92, 72, 60), (70, 84, 66))
    picture = Image.new("RGB", (360, 480), (226, 232, 238))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 330, 320, 620), fill=shirts[seed % len(shirts)])
    draw.rectangle((150, 270, 210, 360), fill=shades[seed % len(shades)])
    draw.ellipse((105, 95, 255, 305), fill=shades[seed % len(shades)])
    draw.pieslice((98, 80, 262, 250), 180, 360, fill=(36, 32, 30))
    for x in (150, 202):
        draw.ellipse((x, 190, x + 12, 200), fill=(30, 30, 30))
    draw.arc((155, 220, 205, 260), 20, 160, fill=(120, 70, 60), width=4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
