"""What stands about the special accounts of projects: shares, deadlines, agreement, closing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from payroll.account_rules import Deadline, deadline
from payroll.models import AccountState, SubLedger
from registration.models import Organisation, Participation, Project
from registration.services.parameters import parameter


@dataclass(frozen=True)
class AccountLife:
    """One project's special account: its share (None before it is registered) and the two deadlines."""

    project: Project
    share: SubLedger | None
    firm: Organisation | None
    opening: Deadline
    filing: Deadline
    has_agreement: bool

    @property
    def state(self) -> str:
        """The share's state, or "none"."""
        return self.share.state if self.share else "none"

    @property
    def late(self) -> bool:
        """Whether a duty is past its day and still not done."""
        return "late" in (self.opening.code, self.filing.code)

    @property
    def needs_work(self) -> bool:
        """Whether the contractor has something to do: open, put right, file, agree."""
        return (
            self.state in ("none", AccountState.REFUSED)
            or self.filing.code in ("open", "late")
            or (self.state == AccountState.OPEN and not self.has_agreement)
        )


def days_of(key: str, project: Project, today: date) -> int:
    """A deadline of the region in days: "account.open_within_days", "account.file_within_days" …"""
    return int(parameter(key, region_code=project.region_id, on=today, default=30))


def _life(
    project: Project, share: SubLedger | None, firm: Organisation | None, agreed: bool, today: date
) -> AccountLife:
    opened = share.joined_on if share and share.state != AccountState.REFUSED else None
    filed = share.filed_on if share and opened else None
    return AccountLife(
        project,
        share,
        firm,
        deadline(
            project.contract_signed_on, days_of("account.open_within_days", project, today), opened, today
        ),
        deadline(opened, days_of("account.file_within_days", project, today), filed, today),
        agreed,
    )


def load_lives(projects: Iterable[Project], *, today: date) -> list[AccountLife]:
    """Shares and deadlines of many projects; six queries beside the one for the projects."""
    rows = list(projects)
    ids = [p.pk for p in rows]
    shares = {
        s.project_id: s
        for s in SubLedger.objects.filter(project__in=ids)
        .select_related("account")
        .prefetch_related("account__bank", "account__organisation")  # many accounts, few banks
        .defer("account__number")
    }
    firms: dict[int, Any] = {
        part.project_id: part.organisation
        for part in Participation.objects.filter(
            project__in=ids, role=Participation.Role.GENERAL_CONTRACTOR
        ).prefetch_related("organisation")
    }
    agreed = set(
        SubLedger.objects.filter(project__in=ids, agreements__isnull=False).values_list(
            "project_id", flat=True
        )
    )
    return [_life(p, shares.get(p.pk), firms.get(p.pk), p.pk in agreed, today) for p in rows]


def load_life(project: Project, *, today: date) -> AccountLife:
    """One project's."""
    return load_lives([project], today=today)[0]
