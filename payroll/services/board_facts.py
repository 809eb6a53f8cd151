"""What a site's notice board says, from the records: who is responsible, wages and pay day, who helps, the list."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from devices.models import AttendanceDay
from payroll.board_rules import SECTOR_OFFICE
from payroll.models import PaySlip
from registration.models import Authority, Membership, Participation, Posting, Project, Role
from registration.services.bulletins import offices_for
from registration.services.parameters import load_calendar, parameter, region_line
from wagewatch.lib.dates import first_of_month, month_range, pay_due_on, previous_month
from wagewatch.lib.identity import mask_name

VERSION = 1
FIRMS = (
    Participation.Role.OWNER,
    Participation.Role.GENERAL_CONTRACTOR,
    Participation.Role.SUBCONTRACTOR,
    Participation.Role.AGENCY,
)
Content = dict[str, Any]


def stale_after_days(region_code: str, today: date) -> int:
    """Days after which a board of a region is out of date (the first figure of rule E1)."""
    ladder = parameter("alarm.E1.days", region_code=region_code, on=today, default={"yellow": 31})
    return min(int(days) for days in ladder.values()) if ladder else 31


def gather(project: Project, *, today: date) -> Content:
    """The content of a board made today; about ten queries, however many people are listed."""
    wage_month = previous_month(first_of_month(today))
    return {
        "version": VERSION,
        "project": {
            "name": project.name,
            "name_en": project.name_en,
            "code": project.code,
            "region": project.region.name,
            "address": project.address,
        },
        "edition": f"{first_of_month(today):%Y-%m}",
        "made_on": today.isoformat(),
        "replace_by": (today + timedelta(days=stale_after_days(project.region_id, today))).isoformat(),
        "who": _who(project),
        "pay": _pay(project, wage_month, today),
        "help": _help(project, today),
        "list": {"month": f"{wage_month:%Y-%m}", "people": _people(project, wage_month)},
    }


def _line(role: str, firm: str, person: str = "", call: str | None = "") -> dict[str, str]:
    return {"role": role, "firm": firm, "person": person, "call": call or ""}


def _who(project: Project) -> list[dict[str, str]]:
    """Article 34 (1): owner, general contractor and its project office, clerk, subcontractors, authorities."""
    parts = list(
        Participation.objects.filter(project=project, role__in=FIRMS, left_on=None)
        .select_related("organisation", "clerk")
        .order_by("pk")
    )
    parts.sort(key=lambda p: FIRMS.index(Participation.Role(p.role)))
    lines = []
    for part in parts:
        lines.append(_line(part.role, part.organisation.name, part.manager_name, part.manager_phone))
        if part.role == Participation.Role.GENERAL_CONTRACTOR and (part.clerk or part.clerk_name):
            name = part.clerk_name or (part.clerk.name if part.clerk else "")
            lines.append(_line("clerk", "", name, part.clerk.phone if part.clerk else ""))
    places = region_line(project.region_id)
    offices = Authority.objects.filter(
        kind__in=("labour", SECTOR_OFFICE.get(project.sector, "")), region__in=[p for p in places if p]
    )
    nearest: dict[str, Authority] = {}
    for office in sorted(offices, key=lambda a: (-places.index(a.region_id), -a.pk)):
        nearest[office.kind] = office
    for kind, office in sorted(nearest.items(), key=lambda pair: pair[0] == "labour"):
        if kind != "labour":
            lines.append(_line("sector", office.name))
            continue
        names = (
            Membership.objects.filter(
                authority=office, role=Role.INSPECTOR, is_active=True, user__is_active=True
            )
            .order_by("user_id")
            .values_list("user__name", flat=True)[:2]
        )
        lines.append(_line("inspector", office.name, "、".join(names)))
    return lines


def _pay(project: Project, wage_month: date, today: date) -> dict[str, Any]:
    """Article 34 (2): the local minimum wages and the day of pay."""
    found = {
        name: parameter(f"pay.minimum_wage_{name}", region_code=project.region_id, on=today, default=None)
        for name in ("month_fen", "hour_fen")
    }
    return {
        **found,
        "pay_day": project.pay_day,
        "month": f"{wage_month:%Y-%m}",
        "due_on": pay_due_on(wage_month, project.pay_day, load_calendar()).isoformat(),
    }


def _help(project: Project, today: date) -> list[dict[str, str]]:
    """Article 34 (3): complaints, arbitration, legal aid and public legal service."""
    offices = offices_for(project.region_id, on=today)
    names = {
        "labour": "labour",
        "sector": SECTOR_OFFICE.get(project.sector, ""),
        "arbitration": "arbitration",
        "legal_aid": "legal_aid",
    }
    lines = []
    for line, office in names.items():
        if row := offices.get(office):
            lines.append(
                {
                    "office": line,
                    "name": row.title,
                    "name_en": row.title_en,
                    "call": row.call,
                    "place": row.place,
                }
            )
    return lines


def _people(project: Project, month: date) -> list[dict[str, Any]]:
    """Everybody posted in the month: masked name, last four of the ID, team, days by the gates, net pay by the
    slips that were sent (None without one), by team and name."""
    first, last = month_range(month)
    days = dict(
        AttendanceDay.objects.filter(project=project, day__range=(first, last))
        .values_list("worker_id")
        .annotate(total=Sum("days"))
    )
    net = dict(
        PaySlip.objects.filter(project=project, month=month)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .values_list("worker_id")
        .annotate(total=Sum("net_fen"))
    )
    rows: dict[int, dict[str, Any]] = {}
    postings = (
        Posting.objects.filter(Q(left_on=None) | Q(left_on__gte=first), project=project, joined_on__lte=last)
        .order_by("team__name", "team_id", "pin")
        .values_list("worker_id", "worker__name", "worker__id_tail", "team__name")
    )
    for worker, name, tail, team in postings:
        came, pay = days.get(worker, Decimal(0)), net.get(worker)
        if worker in rows or (not came and pay is None):
            continue
        rows[worker] = {
            "name": mask_name(name),
            "id_tail": tail,
            "team": team,
            "days": f"{came.normalize():f}",
            "net_fen": pay,
        }
    return list(rows.values())
