"""The rows of a pay sheet as plain values: one query for all slips, everything else counted from them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from payroll import labels, rules
from payroll.models import Objection, PaySheet, PaySlip, ProxyWord
from payroll.pay_items import ItemKind
from payroll.pay_words import Line, lines_of
from payroll.services.minimum_wage import Below, missing_for

FIELDS = (
    "worker_id", "worker__name", "worker__id_tail", "team_name", "pay_basis", "rate_fen", "days", "gate_days",
    "gross_fen", "extra_fen", "items", "parts", "low_pay_reason", "month", "deduction_fen", "deduction_note", "net_fen", "note", "confirmation", "confirmed_at",
    "sent_at", "is_approved", "payment", "paid_at", "paid_card_tail", "return_code", "return_text", "version",
)  # fmt: skip
SHOWN = 25


@dataclass
class Row:
    """One worker's line as the page shows it."""

    data: dict[str, Any]
    objection: Objection | None
    reference: str
    on_site: bool = False
    """Whether this version was answered at the site's tablet, beside a clerk."""
    below: Below | None = None

    def __getattr__(self, name: str) -> Any:
        return self.data[name]

    @property
    def name(self) -> str:
        return str(self.data["worker__name"])

    @property
    def tail(self) -> str:
        return str(self.data["worker__id_tail"])

    @property
    def difference(self) -> Decimal:
        return self.data["days"] - self.data["gate_days"]

    @property
    def rate_unit(self) -> Any:
        return labels.RATES[self.data["pay_basis"]]

    @property
    def mark(self) -> tuple[Any, str, str]:
        """The state that matters most now: payment when there is one, else confirmation."""
        if self.data["payment"] != "none":
            return labels.PAYMENTS[self.data["payment"]]
        return labels.CONFIRMATIONS[self.data["confirmation"]]

    @property
    def added(self) -> str:
        """What stands on the slip beside days × rate and deductions, in short."""
        kinds = dict.fromkeys(i["kind"] for i in self.data["items"] if not i["kind"].startswith("less_"))
        return ", ".join(str(ItemKind(kind).label) for kind in kinds)

    @property
    def lines(self) -> list[Line]:
        """Every line in words."""
        return lines_of(self)

    @property
    def needs_amount(self) -> bool:
        return self.data["pay_basis"] == "piece" and not self.data["gross_fen"]

    @property
    def to_handle(self) -> bool:
        return bool(
            self.difference
            or self.data["confirmation"] == "objected"
            or self.data["payment"] == "returned"
            or self.needs_amount
            or (self.below and self.data["confirmation"] == "draft")
            or (not self.data["net_fen"] and self.data["confirmation"] == "draft")
        )

    def ready(self, today: date, silence_days: int) -> bool:
        """Whether an approval today takes it."""
        if self.data["is_approved"]:
            return False
        if self.data["confirmation"] == "confirmed":
            return True
        sent = self.data["sent_at"]
        return (
            self.data["confirmation"] == "waiting"
            and sent is not None
            and rules.silence_ends_on(sent, silence_days) <= today
        )


@dataclass
class Board:
    """All rows of a sheet and what they add up to."""

    rows: list[Row]
    confirmations: Counter[str] = field(default_factory=Counter)
    payments: Counter[str] = field(default_factory=Counter)
    teams: Counter[str] = field(default_factory=Counter)

    @property
    def days(self) -> Decimal:
        return sum((r.days for r in self.rows), Decimal(0))

    @property
    def gate_days(self) -> Decimal:
        return sum((r.gate_days for r in self.rows), Decimal(0))

    def over(self) -> tuple[int, Decimal, int]:
        """People, days and fen that the sheet pays beyond the gates."""
        return self._differing(1)

    def under(self) -> tuple[int, Decimal, int]:
        """People, days and fen that the sheet pays less than the gates."""
        return self._differing(-1)

    def _differing(self, sign: int) -> tuple[int, Decimal, int]:
        found = [r for r in self.rows if r.difference * sign > 0]
        days = sum((abs(r.difference) for r in found), Decimal(0))
        fen = sum(rules.gross_of(r.pay_basis, r.rate_fen, abs(r.difference)) for r in found)
        return len(found), days, fen


def board_of(sheet: PaySheet) -> Board:
    """Read a sheet: three queries, whatever its size. Whether a slip is under the minimum wage is computed."""
    objections = {
        o.worker_id: o
        for o in Objection.objects.filter(project=sheet.project_id, sheet=sheet.pk).order_by("raised_at")
    }
    slips = (
        PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk)
        .order_by("team_name", "worker_id")
        .values(*FIELDS)
    )
    prefix = f"{sheet.month:%Y-%m}.{sheet.project_id}.{sheet.pk}"
    on_site = set(
        ProxyWord.objects.filter(project=sheet.project_id, sheet=sheet.pk, denied_at=None).values_list(
            "worker_id", "version"
        )
    )
    board = Board(
        [
            Row(
                s,
                objections.get(s["worker_id"]),
                f"{prefix}.{s['worker_id']}",
                on_site=(s["worker_id"], s["version"]) in on_site,
            )
            for s in slips
        ]
    )
    partial = sheet.kind in (PaySheet.Kind.SUPPLEMENT, PaySheet.Kind.CORRECTION)
    for row in board.rows:
        row.below = None if partial else missing_for(sheet.project, row)
        board.confirmations[row.confirmation] += 1
        board.payments[row.payment] += 1
        board.teams[row.team_name] += 1
    return board


def chosen(board: Board, show: str, team: str) -> list[Row]:
    """The rows a filter asks for; unknown filters show everything."""
    tests = {
        "diff": lambda r: r.difference != 0,
        "objected": lambda r: r.confirmation == "objected",
        "waiting": lambda r: r.confirmation == "waiting",
        "confirmed": lambda r: r.confirmation == "confirmed",
        "returned": lambda r: r.payment == "returned",
        "unpaid": lambda r: r.payment in ("none", "instructed"),
    }
    test = tests.get(show, lambda r: True)
    return [row for row in board.rows if test(row) and (not team or row.team_name == team)]
