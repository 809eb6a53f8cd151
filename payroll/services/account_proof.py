"""The proof of a special account: what stands in our book against what the bank says, fen by fen.

Three sums must agree: the projects' shares with what is not assigned; the lines the bank told with the wages it
reported; the closing balance of its newest statement with the lines of all statements.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Sum

from payroll.bank.camt053 import page_of
from payroll.models import BankStatement, SpecialAccount, StatementEntry, StatementLine

COUNTED = [StatementLine.State.MATCHED, StatementLine.State.UNMATCHED, StatementLine.State.RETURNED,
           StatementLine.State.DISMISSED]  # fmt: skip
"""Lines that moved money; one told twice moves it once."""


@dataclass(frozen=True)
class Proof:
    """One account's sums in fen. `until` and `closing_fen` are None while the bank has sent no statement."""

    shares_fen: int
    unassigned_fen: int
    lines_fen: int
    until: datetime | None
    closing_fen: int | None
    in_statements_fen: int
    opening_fen: int
    gaps_fen: int
    unsound_fen: int

    @property
    def balance_fen(self) -> int:
        """What the account holds by our book."""
        return self.shares_fen + self.unassigned_fen

    @property
    def reported_fen(self) -> int:
        """Booked on the bank's report of a payment, told by no line yet."""
        return self.balance_fen - self.lines_fen

    @property
    def since_fen(self) -> int:
        """Told by reports and notifications, in no statement yet."""
        return self.lines_fen - self.in_statements_fen

    @property
    def difference_fen(self) -> int | None:
        """The lines of all statements less the newest closing balance: 0 is the proof."""
        return None if self.closing_fen is None else self.in_statements_fen - self.closing_fen

    @property
    def unexplained_fen(self) -> int:
        """What is left of the difference after the first opening balance, gaps and statements that do not add up."""
        return (self.difference_fen or 0) + self.opening_fen + self.gaps_fen + self.unsound_fen

    @property
    def proved(self) -> bool:
        """Whether book and bank agree up to the newest statement."""
        return self.difference_fen == 0


def unassigned_fen(account_id: int) -> int:
    """Money on the account that belongs to no project yet."""
    found = StatementLine.objects.filter(account=account_id, state__in=COUNTED).aggregate(
        fen=Sum(F("amount_fen") - F("assigned_fen"))
    )
    return found["fen"] or 0


def prove(account: SpecialAccount) -> Proof:
    """The sums of one account; a fixed number of queries."""
    shares = account.sub_ledgers.aggregate(fen=Sum("balance_fen"))["fen"] or 0
    lines = StatementLine.objects.filter(account=account, state__in=COUNTED)
    all_fen = lines.aggregate(fen=Sum("amount_fen"))["fen"] or 0
    statements = sorted(
        BankStatement.objects.filter(account=account, state=BankStatement.State.APPLIED).values_list(
            "to_at", "opening_fen", "closing_fen", "gap_fen", "differs_fen", "sequence", "statement_id", "pk"
        ),
        key=lambda row: (row[0], row[5] or 0, page_of(row[6]), row[7]),
    )
    told = StatementEntry.objects.filter(line=OuterRef("pk"), statement__state=BankStatement.State.APPLIED)
    told_fen = lines.filter(Exists(told)).aggregate(fen=Sum("amount_fen"))["fen"] or 0
    balances = [row for row in statements if row[2] is not None]
    return Proof(
        shares_fen=shares,
        unassigned_fen=unassigned_fen(account.pk),
        lines_fen=all_fen,
        until=balances[-1][0] if balances else None,
        closing_fen=balances[-1][2] if balances else None,
        in_statements_fen=told_fen,
        opening_fen=(statements[0][1] or 0) if statements else 0,
        gaps_fen=sum(row[3] for row in statements),
        unsound_fen=sum(row[4] or 0 for row in statements),
    )
