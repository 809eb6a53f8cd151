"""What an inspector watches about the workers' word and about cash; plain queries, for pages and alarm rules."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import BigIntegerField, Case, Count, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from payroll.models import CashPayment, CashReport, Mediation, ProxyWord
from registration.models import Project

_MEDIATIONS_FIRST = Case(
    *(When(state=state, then=n) for n, state in enumerate(("open", "proposed", "not_agreed"))), default=3
)
_DENIED_FIRST = Case(When(denied_at__isnull=False, withdrawn_at=None, then=0), default=1)
PROXY_SHARES = """
SELECT s.id, s.project_id, s.month, o.name,
       count(*) FILTER (WHERE p.confirmation = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE p.confirmation = 'confirmed' AND w.word) AS on_site,
       count(*) FILTER (WHERE w.denied) AS denied,
       coalesce((wagewatch_parameter('pay.proxy_share_percent', pr.region_id, %(today)s) #>> '{}')::int, 20) AS allowed
FROM payroll_paysheet s
JOIN registration_project pr ON pr.id = s.project_id
JOIN registration_participation pa ON pa.id = s.participation_id AND pa.project_id = s.project_id
JOIN registration_organisation o ON o.id = pa.organisation_id
JOIN payroll_payslip p ON p.month = s.month AND p.project_id = s.project_id AND p.sheet_id = s.id
LEFT JOIN LATERAL (
  SELECT bool_or(x.denied_at IS NULL AND x.answer = 'confirmed' AND x.version = p.version) AS word,
         bool_or(x.denied_at IS NOT NULL) AS denied
  FROM payroll_proxyword x WHERE x.project_id = p.project_id AND x.sheet_id = p.sheet_id AND x.worker_id = p.worker_id
) w ON true
WHERE s.project_id = ANY(%(projects)s) AND s.month >= %(since)s
  AND EXISTS (SELECT 1 FROM payroll_proxyword x WHERE x.project_id = s.project_id AND x.sheet_id = s.id)
GROUP BY s.id, s.project_id, s.month, o.name, pr.region_id
ORDER BY s.month DESC, s.project_id, s.id
"""


@dataclass(frozen=True)
class ProxyShare:
    """How many of a sheet's confirmations were given at the tablet; `allowed` is the region's share in percent."""

    sheet_id: int
    project_id: int
    month: date
    firm: str
    confirmed: int
    on_site: int
    denied: int
    allowed: int

    @property
    def percent(self) -> int:
        """The share, rounded up, so that a little over the limit is over it."""
        return -(-self.on_site * 100 // self.confirmed) if self.confirmed else 0

    @property
    def is_over(self) -> bool:
        """Whether the share is a fact for the inspector."""
        return self.on_site * 100 > self.confirmed * self.allowed


def proxy_shares(projects: Iterable[int], *, since: date, today: date) -> list[ProxyShare]:
    """Sheets with answers at the tablet, newest month first."""
    with connection.cursor() as cursor:
        cursor.execute(PROXY_SHARES, {"projects": list(projects), "since": since, "today": today})
        return [ProxyShare(*row) for row in cursor.fetchall()]


def proxy_words(sheet_id: int, projects: QuerySet[Project]) -> QuerySet[ProxyWord]:
    """The answers given at the tablet for one sheet, without pictures."""
    return (
        ProxyWord.objects.filter(sheet=sheet_id, project__in=projects)
        .select_related("worker", "clerk", "project")
        .defer("photo")
        .order_by("at")
    )


def mediations(projects: QuerySet[Project]) -> QuerySet[Mediation]:
    """Open ones first, the longest open on top; then those that ended without agreement, then the rest."""
    return (
        Mediation.objects.filter(project__in=projects)
        .select_related("project", "worker", "sheet__participation__organisation", "objection", "asked_by",
                        "firm_signed_by")
        .defer("firm_drawing")
        .order_by(_MEDIATIONS_FIRST, "asked_at", "pk")
    )  # fmt: skip


def cash_payments(projects: QuerySet[Project]) -> QuerySet[CashPayment]:
    """Cash payments of these projects: those that a worker denies, which are alarm facts (D8), then the newest."""
    return (
        CashPayment.objects.filter(project__in=projects)
        .select_related("project", "worker", "clerk", "sheet__participation__organisation")
        .defer("photo")
        .order_by(_DENIED_FIRST, "-at", "-pk")
    )


def cash_reports(projects: QuerySet[Project]) -> QuerySet[CashReport]:
    """What workers said of cash, the newest first; each is an alarm fact (D8)."""
    return CashReport.objects.filter(project__in=projects).select_related("project", "worker").order_by("-at")


def times_by_firm(payments: Iterable[CashPayment]) -> Counter[tuple[int, int]]:
    """How often each firm of these payments paid in cash on the project: (project, participation) to times."""
    rows = CashPayment.objects.filter(sheet__participation__in={p.sheet.participation_id for p in payments})
    found = rows.order_by().values_list("project_id", "sheet__participation_id").annotate(n=Count("pk"))
    return Counter({(project, part): n for project, part, n in found})


def cash_figures(payments: QuerySet[CashPayment]) -> dict[str, int]:
    """Of all of them: `number`, `sum_fen` that was not given back to the bank, `denied` ones."""
    found = payments.order_by().aggregate(
        number=Count("pk"),
        sum_fen=Coalesce(Sum("amount_fen", filter=Q(withdrawn_at=None)), 0, output_field=BigIntegerField()),
        denied=Count("pk", filter=Q(denied_at__isnull=False)),
    )
    return {key: int(value) for key, value in found.items()}
