"""What differs between banks, as one value per bank.

Limits, ceilings and cut-offs change by date and are published by the bank or the central bank: the payroll
services read them from dated rows (`payroll.models.BankTerms`) and make the profile with them. No code here
knows a figure.
"""

from dataclasses import dataclass, replace
from datetime import time

from payroll.bank.shapes import BatchShape, ResultShape

PAIN001 = "pain001"


@dataclass(frozen=True, slots=True)
class BankProfile:
    """How one bank wants its orders and words its answers. Amounts in fen, times in site time."""

    code: str
    """Short stable name of the profile, stored with the special account."""
    bank_name: str
    clearing_code: str
    """CNAPS number of the bank that keeps the special account; 12 digits."""
    clearing_system: str
    """External clearing-system code: CNAPS at home, CNCIP for cross-border."""
    order_version: str
    """Message version of orders, e.g. pain.001.001.09."""
    payer_scheme: str
    """How the special account is written: "other" (account number) or "iban"."""
    batch_booking: bool
    """True: one entry for the whole order on the statement; False: one entry per worker."""
    cut_off: time | None
    """Orders for today must arrive before this; None when the route runs all day."""
    line_limit: int | None
    """Most payments in one order; None for no limit."""
    line_ceiling_fen: int | None
    """Largest single payment; None for no ceiling."""
    texts: tuple[tuple[str, str], ...] = ()
    """The bank's own result texts: (fragment, ISO reason code), tried before the common ones."""
    form: str = PAIN001
    """"pain001", or a batch file: "xlsx", "csv", "txt"."""
    by_hand: bool = False
    """True: no connection to this bank; a person carries the file there and the result back."""
    file_ceiling_fen: int | None = None
    """Largest sum of one order; None for no ceiling."""
    working_days_only: bool = False
    """True: the bank books wages on working days alone (make-up days included)."""
    route: str = ""
    """Clearing route as the bank names it: BEPS, HVPS, IBPS or empty; shown, not interpreted."""
    answer_hours: int = 24
    """After so many hours without an answer an order is listed as waiting too long."""
    shape: BatchShape | None = None
    """Columns of the batch file; None for pain001."""
    result: ResultShape | None = None
    """How the bank's result table is read; None for pain001."""
    currency: str = "CNY"
    strict_schema: bool = True
    """True: what breaks the official schema of its own version is not booked. False: the bank is known for it and it
    was agreed to read its files all the same; the fault is noted."""
    sif_employer: str = ""
    """Employer number of the salary information file; empty when the bank wants none."""
    sif_routing: str = ""

    def with_limits(
        self, *, cut_off: time | None, line_limit: int | None, line_ceiling_fen: int | None
    ) -> "BankProfile":
        """The profile with the dated figures of the day."""
        return replace(self, cut_off=cut_off, line_limit=line_limit, line_ceiling_fen=line_ceiling_fen)


DEMO_BANK = BankProfile(
    code="demo",
    bank_name="薪安模拟银行",
    clearing_code="999331000017",
    clearing_system="CNAPS",
    order_version="pain.001.001.09",
    payer_scheme="other",
    batch_booking=False,
    cut_off=None,
    line_limit=None,
    line_ceiling_fen=None,
)
"""The bank simulator of payroll.bank.simulator; also what holds for a bank without terms of its own."""

MOCK_BANK = replace(DEMO_BANK, code="mock-bank", bank_name="mock-bank", payer_scheme="iban")
"""The PyPI package mock-bank, whose payer accounts are IBANs. For tests: it answers in English."""

PROFILES = {profile.code: profile for profile in (DEMO_BANK, MOCK_BANK)}
"""Profiles known to the program; more are built from rows."""
