"""Trainings and certificates of the demo county, recorded by the clerks a few days before people join."""

import io
from datetime import date, timedelta
from decimal import Decimal

from PIL import Image, ImageDraw

from inspection.demo.people import SiteState
from inspection.demo.wages import local
from registration.actors import Actor
from registration.models import Participation, Posting
from registration.services.certificates import CertificateFacts, add_certificate
from registration.services.trainings import Result, Scan, TrainingFacts, record_training

UNTRAINED_EVERY, UNTRAINED_AT = 61, 59
"""Of the gate numbers 59, 120, 181 … nobody recorded a training: the gates keep these people out."""
SPECIAL = {
    "架子工": ("建筑架子工", "浙江省住房和城乡建设厅"),
    "工地电工": ("建筑电工", "浙江省住房和城乡建设厅"),
    "起重": ("建筑起重信号司索工", "浙江省住房和城乡建设厅"),
}
SKILLED = {"木工": 2, "钢筋工": 3, "砌筑工": 1}
"""Trades of which some people show a skill certificate, and its grade."""


def signed_sheet() -> bytes:
    """A scanned page with lines of signatures, as PNG."""
    picture = Image.new("L", (420, 594), "white")
    pen = ImageDraw.Draw(picture)
    for row in range(18):
        top = 80 + row * 26
        pen.line([(30, top), (390, top)], fill=150)
        pen.line(
            [(300 + row % 3 * 9, top - 6), (330, top - 15), (352 - row % 4 * 5, top - 5)], fill=40, width=2
        )
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def is_trained(pin: int) -> bool:
    """Whether the person with this gate number was trained before joining."""
    return pin % UNTRAINED_EVERY != UNTRAINED_AT


def train_site(site: SiteState, joined: date, scan: bytes) -> None:
    """Safety training of everybody who joined on a day, but for a few; two days before."""
    held_on = joined - timedelta(days=2)
    for part, clerk in site.parts:
        pins = Posting.objects.filter(project=site.project, participation=part, joined_on=joined).order_by(
            "pin"
        )
        people = {p.worker_id: p.pin for p in pins if is_trained(p.pin)}
        if not people:
            continue
        record_training(
            site.project.pk,
            TrainingFacts("003001", "进场三级安全教育", held_on, 120, "安全员", "项目部会议室"),
            {worker: Result(True, Decimal(80 + pin * 7 % 21)) for worker, pin in people.items()},
            participation_id=part.pk,
            scan=Scan("三级教育签到表.png", scan),
            actor=clerk,
            now=local(held_on, 17),
        )


def certify_site(site: SiteState, joined: date, today: date) -> None:
    """Certificates of special trades, some expired or missing, and a few skill certificates."""
    for part, clerk in site.parts:
        _certify_part(site, part, clerk, joined, today)


def _certify_part(site: SiteState, part: Participation, clerk: Actor, joined: date, today: date) -> None:
    now = local(joined - timedelta(days=1), 10)
    for posting in Posting.objects.filter(project=site.project, participation=part, joined_on=joined):
        n = posting.pin
        if posting.trade in SPECIAL and n % 13 != 7:
            trade, issuer = SPECIAL[posting.trade]
            # Most have a year left or more; some end within weeks, some have ended.
            ends = today + timedelta(days={0: -20, 1: 25, 2: 45}.get(n % 17, 380 + n))
            kind, grade, issued = "special", 0, ends.replace(year=ends.year - 2, day=1)
        elif posting.trade in SKILLED and n % 40 == 1:
            trade, issuer, kind, grade = (
                posting.trade,
                "金华市职业技能鉴定中心",
                "skill",
                SKILLED[posting.trade],
            )
            ends, issued = None, date(2022, 5, 18)
        else:
            continue
        add_certificate(
            posting.worker_id,
            site.project.pk,
            CertificateFacts(kind, trade, f"浙{site.project.pk:03d}-{n:06d}", issuer, issued, ends, grade),
            actor=clerk,
            now=now,
        )
