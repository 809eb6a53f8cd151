"""What is to be done today about the owner's labour cost: no plan on record, or an allocation that did not come."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payroll.services.account_reopening import asked_to_reopen, closed_with_money
from payroll.services.allocation_facts import load_allocations
from registration.access import organisations_with
from registration.actors import Actor
from registration.models import Participation, Project, Sector
from registration.permissions import PERMISSIONS
from registration.templatetags.named import named
from wagewatch.lib.money import format_cny


def money_tasks(actor: Actor, day: date) -> list[dict[str, Any]]:
    """Projects whose labour cost is late, or was never agreed on record; for the general contractor, who asks the owner."""
    leading = Participation.objects.filter(
        organisation__in=organisations_with(actor, PERMISSIONS["allocation.ask"]),
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    projects = list(
        Project.objects.filter(pk__in=leading.values("project_id"))
        .exclude(state=Project.State.DONE)
        .exclude(sector=Sector.MANUFACTURING)
        .order_by("pk")
    )
    if not projects:
        return []
    tasks = []
    for found in load_allocations(projects, today=day):
        url = reverse("payroll:allocation", kwargs={"pk": found.project.pk})
        oldest = found.account.oldest_short
        if found.plan is None:
            started = found.project.contract_signed_on or found.project.started_on or day
            tasks.append(
                _task(found.project, started, _("Record what the owner allocates"),
                      _("No plan of labour cost is on record: nobody can tell what is missing."), url, None, day)
            )  # fmt: skip
        elif oldest is not None and oldest.is_unmeasured:
            tasks.append(
                _task(found.project, oldest.period.due_on, _("Enter the progress payment"),
                      _("The allocation is a share of it, and its day has passed."), url, None, day)
            )  # fmt: skip
        elif oldest is not None:
            late = ngettext("%(n)s day late", "%(n)s days late", found.account.days_late) % {
                "n": found.account.days_late
            }
            why = (
                _("%(late)s; the owner was asked.")
                if found.request
                else _("%(late)s; the owner was not asked yet.")
            ) % {"late": late}
            title = _("Labour cost missing: %(sum)s") % {"sum": format_cny(found.account.short_fen)}
            tasks.append(
                _task(found.project, oldest.period.due_on, title, why, url, found.account.short_fen, day)
            )
    return tasks


def closed_tasks(actor: Actor, day: date) -> list[dict[str, Any]]:
    """Closed accounts of the general contractor in which there is money again: somebody's wage came back; two queries."""
    leading = Participation.objects.filter(
        organisation__in=organisations_with(actor, PERMISSIONS["account.open"]),
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    shares = closed_with_money().filter(project__in=leading.values("project_id")).select_related("project")
    asked = set(asked_to_reopen().filter(pk__in=shares.values("pk")).values_list("pk", flat=True))
    return [
        _task(
            share.project,
            day,
            _("Money came back after the account was closed"),
            _("The bank was asked to open it again.")
            if share.pk in asked
            else _("Nothing is paid from a closed account. Ask for it to be opened again."),
            reverse("payroll:account-closing", args=[share.project_id]),
            share.balance_fen,
            day,
        )
        for share in shares.order_by("pk")
    ]


def _task(
    project: Project, due: date, title: str, why: str, url: str, fen: int | None, day: date
) -> dict[str, Any]:
    return {
        "rank": 1, "due_on": due, "late": due < day, "title": title, "why": why, "url": url,
        "project": named(project), "organisation": "", "month": None, "fen": fen,
    }  # fmt: skip
