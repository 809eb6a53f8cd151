"""A month of a project's special account as streams: whence it came, to whose workers it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from payroll.flow_picture import Stream
from payroll.models import AccountEntry
from registration.models import Project
from wagewatch.lib.dates import SITE_TZ, first_of_month, next_month

MOST_FIRMS = 6
Kind = AccountEntry.Kind
_FIRMS = """
SELECT o.name, o.short_name, sum(-e.amount_fen)::bigint, count(*)
FROM payroll_accountentry e
JOIN payroll_paymentline l ON l.project_id = e.project_id AND l.end_to_end_id = substr(e.bank_reference, 3)
JOIN payroll_paysheet s ON s.project_id = l.project_id AND s.id = l.sheet_id
JOIN registration_participation p ON p.project_id = s.project_id AND p.id = s.participation_id
JOIN registration_organisation o ON o.id = p.organisation_id
WHERE e.project_id = %s AND e.kind = 'wages' AND e.at >= %s AND e.at < %s
GROUP BY o.id, o.name, o.short_name ORDER BY 3 DESC, o.id
"""


@dataclass(frozen=True)
class FlowMonth:
    """One month: streams in and out, both with what was there and what is left, so that they add up."""

    month: date
    ins: tuple[Stream, ...]
    outs: tuple[Stream, ...]
    opening_fen: int
    closing_fen: int
    wages_fen: int
    returned_fen: int
    loan_fen: int
    owner_fen: int

    @property
    def total_fen(self) -> int:
        return sum(s.fen for s in self.ins)


def months_of(project: Project) -> list[date]:
    """The months in which something was booked, newest first."""
    found = AccountEntry.objects.filter(project=project).datetimes(
        "at", "month", order="DESC", tzinfo=SITE_TZ
    )
    return [first_of_month(moment.date()) for moment in found]


def flow_of(project: Project, month: date) -> FlowMonth:
    """A month's streams; three queries."""
    first = datetime.combine(month, time(), SITE_TZ)
    beyond = datetime.combine(next_month(month), time(), SITE_TZ)
    entries = AccountEntry.objects.filter(project=project, at__gte=first, at__lt=beyond)
    sums = {
        row["kind"]: row
        for row in entries.values("kind")
        .annotate(fen=Sum("amount_fen"), count=Count("number"))
        .order_by("kind")
    }
    # By the day of booking, not by the entry's number: the bank's files come in any order.
    opening = (
        AccountEntry.objects.filter(project=project, at__lt=first).aggregate(t=Sum("amount_fen"))["t"] or 0
    )

    def fen(kind: str) -> int:
        row = sums.get(kind)
        return row["fen"] if row else 0

    closing = opening + sum(row["fen"] for row in sums.values())
    known = {Kind.ALLOCATION, Kind.LOAN, Kind.RETURN, Kind.WAGES, Kind.LOAN_BACK}
    other = [row["fen"] for kind, row in sums.items() if kind not in known]
    other_in, other_out = sum(f for f in other if f > 0), -sum(f for f in other if f < 0)
    ins = [
        Stream("kept", _("There at the start"), max(0, opening)),
        Stream("owner", _("From the owner"), fen(Kind.ALLOCATION)),
        Stream("loan", _("Wage loan"), fen(Kind.LOAN)),
        Stream("return", _("Came back from banks"), fen(Kind.RETURN)),
        Stream("other", _("Other income"), other_in),
        Stream("lack", _("Overdrawn at the end"), max(0, -closing)),
    ]
    wages = -fen(Kind.WAGES)
    outs = [
        *_workers(project, first, beyond, wages),
        Stream("loan", _("Loan repaid"), -fen(Kind.LOAN_BACK)),
        Stream("alert", _("Other outflow"), other_out),
        Stream("kept", _("Left at the end"), max(0, closing)),
        Stream("lack", _("Overdrawn at the start"), max(0, -opening)),
    ]
    return FlowMonth(
        month,
        tuple(s for s in ins if s.fen),
        tuple(s for s in outs if s.fen),
        opening,
        closing,
        wages,
        fen(Kind.RETURN),
        fen(Kind.LOAN),
        fen(Kind.ALLOCATION),
    )


def _workers(project: Project, first: datetime, beyond: datetime, wages_fen: int) -> Sequence[Stream]:
    """Wages by the firm whose workers got them, the largest first; small ones together."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRMS, [project.pk, first, beyond])
        rows = cursor.fetchall()
    found = [
        Stream("wages", _("Workers of %(firm)s") % {"firm": short or name}, fen, str(count))
        for name, short, fen, count in rows[:MOST_FIRMS]
    ]
    rest = wages_fen - sum(s.fen for s in found)
    if rest:
        count = sum(row[3] for row in rows[MOST_FIRMS:])
        found.append(Stream("wages", _("Workers of other firms"), rest, str(count or "")))
    return found
