"""A scanned paper, and the cast's deposit lodged in cash."""

import io
from datetime import date

from PIL import Image

from payroll.models import DepositEntry
from payroll.services.deposits import EntryFacts, enter_deposit
from registration.services.trainings import Scan
from tests.cast import Cast

DUE = 372_000_000
"""2 % of the cast's contract sum of 186 million yuan."""
CASH = EntryFacts("lodged", date(2026, 4, 10), "cash", DUE, "金华商贸银行", "CZ-2026-0410")


def deposit_scan() -> Scan:
    """A small picture, as the bank's receipt."""
    out = io.BytesIO()
    Image.new("L", (40, 60), 250).save(out, "PNG")
    return Scan("保函.png", out.getvalue())


def lodge_cash(cast: Cast) -> DepositEntry:
    """Clerk Zhao enters the whole amount in cash."""
    return enter_deposit(
        cast.project.pk, CASH, scan=deposit_scan(), actor=cast.actor(cast.zhao), now=cast.now
    )
