"""Badges of the live site: who carries one, one that is lost, one not returned, and one used by two people."""

from datetime import datetime, timedelta

from devices.models import BadgeUse
from devices.services.badges import hand_out_badge, report_badge_lost, return_badge
from inspection.demo.people import SiteState
from registration.models import Posting

CARRIED = 14


def hand_out_badges(site: SiteState, *, now: datetime) -> int:
    """Give the first people of the site a badge each; how many there are."""
    pins = list(
        Posting.objects.filter(project=site.project, left_on=None)
        .order_by("pin")
        .values_list("pin", flat=True)
    )[:CARRIED]
    gate = min(gate.id for gate in site.gates.values())
    made = []
    for number, pin in enumerate(pins):
        given = now - timedelta(days=20, hours=number)
        made.append(
            hand_out_badge(
                site.project.pk, str(pin), f"188,{24900 + number:05d}", actor=site.clerk, now=given
            )
        )
    BadgeUse.objects.bulk_create(
        BadgeUse(
            project=site.project,
            worker_id=badge.worker_id,
            number=badge.number,
            terminal_id=gate,
            first_at=badge.issued_at + timedelta(hours=2),
            last_at=now - timedelta(hours=1, minutes=7 * place),
        )
        for place, badge in enumerate(made)
    )
    if len(made) > 4:
        report_badge_lost(site.project.pk, made[2].pk, actor=site.clerk, now=now - timedelta(days=2))
        hand_out_badge(
            site.project.pk, str(pins[2]), "188,24950", actor=site.clerk, now=now - timedelta(days=2)
        )
        return_badge(site.project.pk, made[3].pk, actor=site.clerk, now=now - timedelta(days=1))
        BadgeUse.objects.create(
            project=site.project,
            worker_id=made[1].worker_id,
            number=made[0].number,
            terminal_id=gate,
            first_at=now - timedelta(days=3),
            last_at=now - timedelta(days=1),
        )
    return len(made)
