"""Contracts of the demo county: most teams on paper, the live site's first team on the phone, a few open."""

import io
import random
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from inspection.demo.people import SiteState
from registration.actors import Actor
from registration.models import LabourContract, Participation, Posting, SmsMessage
from registration.services.contract_documents import make_document
from registration.services.contract_drafts import draft_contracts
from registration.services.contract_offers import offer_contracts
from registration.services.contract_papers import record_paper_contracts
from registration.services.contract_signing import (
    refuse_contract,
    request_sign_code,
    sign_as_employer,
    sign_as_worker,
)
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.typeface import SIMPLIFIED_CHINESE, font_path

FIXED, TASK = LabourContract.Period.FIXED.value, LabourContract.Period.TASK.value
WITHOUT = 0.03
DRAFTED, TO_COUNTERSIGN, LATER = 2, 3, 9
ENDS_SOON = timedelta(days=18)
REFUSAL = "工资不对，说好每天 360 元"


@lru_cache(maxsize=1)
def _face() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path()), 34, index=SIMPLIFIED_CHINESE)


def scan(team: str) -> bytes:
    """What a scan of a team's paper contracts looks like from afar."""
    page = Image.new("L", (620, 877), 250)
    pen = ImageDraw.Draw(page)
    pen.text((120, 60), f"{team}　劳动合同", font=_face(), fill=30)
    for line in range(24):
        pen.line([(70, 150 + line * 26), (550 - line * 37 % 160, 150 + line * 26)], fill=150, width=3)
    pen.line([(90, 800), (150, 770), (190, 820), (240, 780)], fill=40, width=4)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=40)
    return out.getvalue()


def first_contracts(
    sites: Sequence[SiteState], *, joined: date, today: date, drawn: list[bytes], now: datetime
) -> None:
    """What is signed when the teams come: paper bundles; on the live site the first team on the phone."""
    dice = random.Random(f"contracts {joined}")  # noqa: S311 not for secrets
    for number, site in enumerate(sites):
        for place, (part, clerk) in enumerate(site.parts):
            for rank, team in enumerate(_teams(site, part)):
                first = place == 0 and rank == 0
                if first and "live" in site.plan.tags:
                    _on_the_phone(site, team, clerk, drawn, now)
                    continue
                skipped = team[:1] if first and number == 1 else []
                chosen = [p for p in team if p not in skipped and dice.random() >= WITHOUT]
                fixed = (number + rank) % 3 == 0
                record_paper_contracts(
                    site.project.pk,
                    [p.pk for p in chosen],
                    filename=f"{team[0].team.name}劳动合同.jpg",
                    data=scan(team[0].team.name),
                    period=FIXED if fixed else TASK,
                    starts_on=joined,
                    ends_on=_end(joined, today, soon=number % 4 == 0) if fixed else None,
                    signed_on=site_date(now),
                    actor=clerk,
                    now=now,
                )


def _end(joined: date, today: date, *, soon: bool) -> date:
    return today + ENDS_SOON if soon else joined + timedelta(days=364)


def _teams(site: SiteState, part: Participation) -> list[list[Posting]]:
    """The teams of a part with their people, in the order of the roster."""
    rows = Posting.objects.filter(project=site.project, participation=part, left_on=None)
    found: dict[int, list[Posting]] = {}
    for posting in rows.select_related("team", "worker").order_by("pin"):
        found.setdefault(posting.team_id, []).append(posting)
    return list(found.values())


def _sent(site: SiteState, team: list[Posting], clerk: Actor, now: datetime) -> list[LabourContract]:
    """Drafted and sent to the phones, in the order of the team."""
    project = site.project.pk
    drafts = draft_contracts(project, [p.pk for p in team], period=TASK, actor=clerk, now=now).ids
    sent = offer_contracts(project, drafts, actor=clerk, now=now + timedelta(minutes=20)).ids
    found = LabourContract.objects.filter(project=project, pk__in=sent).select_related("worker", "posting")
    return sorted(found, key=lambda contract: contract.posting.pin)


def _on_the_phone(
    site: SiteState, team: list[Posting], clerk: Actor, drawn: list[bytes], now: datetime
) -> None:
    """Drafted, sent, signed by code and drawing, countersigned; the last few of the team come later."""
    dice = random.Random(site.plan.code)  # noqa: S311 not for secrets
    contracts = _sent(site, team[:-LATER], clerk, now)
    for number, contract in enumerate(contracts):
        _worker_signs(contract, dice.choice(drawn), now + timedelta(hours=9, minutes=2 * number))
    evening = now + timedelta(hours=11)
    sign_as_employer(site.project.pk, [c.pk for c in contracts], drawing=drawn[0], actor=clerk, now=evening)
    make_document(contracts[0].pk, site.project.pk, now=evening)


def _worker_signs(contract: LabourContract, drawing: bytes, now: datetime) -> None:
    worker = contract.worker
    me = _me(contract)
    request_sign_code(contract.pk, contract.project_id, address=f"demo-{worker.pk}", actor=me, now=now)
    index = blind_index(str(worker.phone), kind="phone")
    message = SmsMessage.objects.filter(phone_index=index, kind="login_code").latest("pk")
    code = re.search(r"\d{6}", str(message.text))
    sign_as_worker(
        contract.pk,
        contract.project_id,
        code=code.group() if code else "",
        drawing=drawing,
        actor=me,
        now=now + timedelta(minutes=1),
    )


def _me(contract: LabourContract) -> Actor:
    return Actor(kind="worker", id=contract.worker_id, label=f"worker {contract.worker_id}")


def latest_offers(sites: Sequence[SiteState], *, drawn: list[bytes], now: datetime) -> None:
    """Yesterday: the last of the live site's first team got their contracts, and Zhou Changgen got his."""
    site = sites[0]
    part, clerk = site.parts[0]
    late = _teams(site, part)[0][-LATER:]
    draft_contracts(site.project.pk, [p.pk for p in late[:DRAFTED]], period=TASK, actor=clerk, now=now)
    contracts = _sent(site, late[DRAFTED:], clerk, now)
    for number, contract in enumerate(contracts[:TO_COUNTERSIGN]):
        _worker_signs(contract, drawn[number], now + timedelta(hours=1, minutes=3 * number))
    refusing = contracts[TO_COUNTERSIGN]
    refuse_contract(
        refusing.pk, site.project.pk, reason=REFUSAL, actor=_me(refusing), now=now + timedelta(hours=2)
    )
    second = sites[1]
    part, clerk = second.parts[0]
    _sent(second, _teams(second, part)[0][:1], clerk, now)
