"""The draw of a random check, and its publication. Nobody on the sites' side is told in between."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from inspection.check_access import access_draw, access_office
from inspection.check_records import DRAWN, draw_record, draw_subject
from inspection.draw import ALGORITHM, TEAM, NotEnough, Target, draw
from inspection.models import CheckDraw, CheckPublication, RandomCheck
from inspection.services.check_library import Reach, certified, items_of, recused_codes, targets_of
from registration.access import not_found
from registration.actors import Actor
from registration.services.parameters import load_calendar, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Plan:
    """What to draw: how many of which projects, to be checked between two days."""

    title: str
    count: int
    from_on: date
    until_on: date
    reach: Reach


def _check_plan(plan: Plan, today: date) -> None:
    if not plan.title.strip():
        raise Malformed("check.title", _("Give the draw a name."))
    if plan.count < 1:
        raise Malformed("check.count", _("Draw one project or more."))
    if plan.from_on < today or plan.until_on < plan.from_on or plan.until_on - today > LONGEST:
        raise Malformed(
            "check.days", _("The days of the check lie ahead, the last after the first, within a year.")
        )


@transaction.atomic
def make_draw(authority_id: int, plan: Plan, *, actor: Actor, now: datetime) -> CheckDraw:
    """Draw projects and two inspectors for each, by a seed that nobody could choose, and put all on record.

    Raises Malformed `check.…` for what cannot be drawn, RuleViolation `check.no_items`, `check.no_targets`,
    `check.no_inspectors`, NotFound for another's office.
    """
    authority = access_office(authority_id, actor)
    today = site_date(now)
    _check_plan(plan, today)
    # Draws of one office stand one after another: the second sees what the first has taken.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('check.draw'))")
    items = items_of(authority)
    if not items:
        raise RuleViolation("check.no_items", _("The office has no items to look at. Fill its list first."))
    if not plan.reach.prefix.startswith(authority.region.prefix):
        not_found()
    targets = targets_of(authority, plan.reach)
    if not targets:
        raise RuleViolation("check.no_targets", _("No site under way is left to draw from here."))
    holders = certified(authority, on=plan.until_on)
    recused = recused_codes(authority, [project for project, _weight in targets])
    recusals = {h.number: sorted(recused[h.user_id]) for h in holders if h.user_id in recused}
    seed = secrets.token_hex(32)
    try:
        outcome = draw(
            seed,
            [Target(project.code, weight) for project, weight in targets],
            [holder.number for holder in holders],
            recusals,
            plan.count,
        )
    except NotEnough as lacking:
        raise RuleViolation(
            "check.no_inspectors",
            _(
                "Each project needs %(team)s certified inspectors without an interest; project %(project)s has fewer. "
                "Complete the library."
            ),
            team=TEAM,
            project=str(lacking),
        ) from None
    made = CheckDraw.objects.create(
        authority=authority,
        number=CheckDraw.objects.filter(authority=authority).count() + 1,
        title=plan.title.strip()[:80],
        from_on=plan.from_on,
        until_on=plan.until_on,
        algorithm=ALGORITHM,
        seed=seed,
        count=len(outcome),
        lists={
            "targets": [
                {"code": project.code, "name": project.name, "weight": weight} for project, weight in targets
            ],
            "inspectors": [{"certificate": h.number, "name": h.user.name} for h in holders],
            "recusals": [{"certificate": c, "codes": codes} for c, codes in sorted(recusals.items())],
        },
        items=[{"title": item.title, "text": item.text, "law": item.law} for item in items],
        outcome=[{"code": d.code, "inspectors": list(d.inspectors)} for d in outcome],
        drawn_by_id=actor.id or 0,
        drawn_at=now,
    )
    by_code = {project.code: project for project, _weight in targets}
    users = {holder.number: holder.user_id for holder in holders}
    RandomCheck.objects.bulk_create(
        RandomCheck(
            project=by_code[d.code],
            draw=made,
            place=place,
            first_id=users[d.inspectors[0]],
            second_id=users[d.inspectors[1]],
        )
        for place, d in enumerate(outcome, start=1)
    )
    append(DRAWN, project_id=None, subject=draw_subject(made), record=draw_record(made), actor=actor, now=now)
    return made


def publish_due_on(draw_: CheckDraw, checks: list[RandomCheck]) -> date | None:
    """The last day for the publication: working days after the last result; None while one is to be done."""
    ends = [check.confirmed_at for check in checks]
    moments = [moment for moment in ends if moment is not None]
    if not checks or len(moments) < len(ends):
        return None
    last = site_date(max(moments))
    days = int(
        parameter("check.publish_within_wd", region_code=draw_.authority.region_id, on=last, default=20)
    )
    return load_calendar().add_working(last, days)


@transaction.atomic
def publish_draw(draw_id: int, *, actor: Actor, now: datetime) -> CheckPublication:
    """Make the draw, its seed and lists, and all results public. Raises RuleViolation `check.open` while one is to be
    done, `check.published` for a second time."""
    found = access_draw(draw_id, actor)
    access_office(found.authority_id, actor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('check.publish'), %s)", [draw_id % 2**31])
    due_on = publish_due_on(found, list(found.checks.all()))
    if due_on is None:
        raise RuleViolation(
            "check.open", _("Some checks of the draw are not signed by both. Publish when all are done.")
        )
    made, is_new = CheckPublication.objects.get_or_create(
        draw=found, defaults={"due_on": due_on, "published_by_id": actor.id or 0, "published_at": now}
    )
    if not is_new:
        raise RuleViolation("check.published", _("The draw is public already."))
    return made


def published_file(draw_: CheckDraw) -> dict[str, Any]:
    """What anybody needs to repeat the draw."""
    return {
        "algorithm": draw_.algorithm,
        "seed": draw_.seed,
        "count": draw_.count,
        "drawn_at": draw_.drawn_at.isoformat(),
        "office": draw_.authority.name,
        "title": draw_.title,
        "lists": draw_.lists,
        "outcome": draw_.outcome,
    }
