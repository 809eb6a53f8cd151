"""What is to be done today about people who come and go, beside pay sheets."""

from datetime import date
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payroll.leavers import leavers_for, unsettled
from registration.actors import Actor
from registration.services.acknowledging import open_by_project
from registration.services.card_words import words_by_project
from registration.services.joining import waiting_by_project
from registration.templatetags.named import named_in
from wagewatch.lib.dates import site_date


def _task(rank: int, due: date, title: str, why: str, url: str, project: str, day: date) -> dict[str, Any]:
    return {
        "rank": rank, "due_on": due, "late": due < day, "title": title, "why": why, "url": url,
        "project": project, "organisation": "", "month": None, "fen": None,
    }  # fmt: skip


def people_tasks(actor: Actor, day: date) -> list[dict[str, Any]]:
    """Leavers to settle, workers who say something is wrong, cards that wait for the worker, requests to be registered; four queries."""
    tasks = []
    gone = (
        unsettled(leavers_for(actor))
        .order_by()
        .values("project_id", "project__name", "project__name_en")
        .annotate(number=Count("pk"), due=Min("settle_by"))
    )
    for row in gone:
        why = ngettext(
            "%(n)s person has left and is not paid in full.",
            "%(n)s people have left and are not paid in full.",
            row["number"],
        ) % {"n": row["number"]}
        url = f"{reverse('payroll:leavers')}?project={row['project_id']}"
        tasks.append(_task(1, row["due"], _("Settle the wages of leavers"), why, url, named_in(row), day))
    for said in open_by_project(actor):
        why = ngettext(
            "%(n)s notice; %(denied)s say it is not them.",
            "%(n)s notices; %(denied)s say it is not them.",
            said["number"],
        ) % {"n": said["number"], "denied": said["denied"]}
        url = reverse("registration:notices", args=[said["project_id"]])
        title = _("Answer what workers say")
        tasks.append(_task(2, site_date(said["since"]), title, why, url, named_in(said), day))
    for held in words_by_project(actor):
        why = ngettext(
            "%(n)s person has not confirmed a new card or says it is another's; wages wait.",
            "%(n)s people have not confirmed a new card or say it is another's; wages wait.",
            held["number"],
        ) % {"n": held["number"]}
        url = f"{reverse('registration:people', args=[held['project_id']])}?state=card"
        since = site_date(held["since"])
        tasks.append(_task(1, since, _("Wage cards to be settled"), why, url, named_in(held), day))
    for asked in waiting_by_project(actor):
        why = ngettext(
            "%(n)s person waits to be registered.", "%(n)s people wait to be registered.", asked["number"]
        ) % {"n": asked["number"]}
        url = reverse("registration:site-joins", args=[asked["project_id"]])
        title = _("Register those who scanned the code")
        tasks.append(_task(2, site_date(asked["since"]), title, why, url, named_in(asked), day))
    return tasks
