"""The salary information file of the Gulf wage protection systems (SIF): what was paid, reported to a ministry.

One EDR line per employee and an SCR line with the totals, comma separated, ASCII, amounts with two decimals:

    EDR, employee id(14), agent routing(9), account, pay start, pay end, days, fixed, variable, leave days
    SCR, employer id(13), bank routing(9), creation date, HHMM, MMYYYY, EDR count, total, currency, reference

It carries days, fixed and variable pay and unpaid leave, which pain.001 cannot. The currency is a field like any
other: amounts are integers of its hundredth part.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from payroll.bank.xmlwrite import format_amount
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed

_ACCOUNT = re.compile(r"[A-Za-z0-9]{8,34}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class SifLine:
    """One employee's pay: amounts in hundredths of the currency, days as whole days of the period."""

    employee_id: str
    routing: str
    account: str
    pay_from: date
    pay_until: date
    days: int
    fixed: int
    variable: int
    leave_days: int


@dataclass(frozen=True, slots=True)
class SifFile:
    """A salary file of one employer. `created_at` is aware; `month` any day of the wage month."""

    employer_id: str
    routing: str
    created_at: datetime
    month: date
    currency: str
    reference: str
    lines: tuple[SifLine, ...]

    @property
    def total(self) -> int:
        return sum(line.fixed + line.variable for line in self.lines)

    @property
    def name(self) -> str:
        """Employer number, date and time, as the systems ask: 13 + 6 + 6 digits and .SIF."""
        return f"{self.employer_id}{self.created_at.astimezone(SITE_TZ):%y%m%d%H%M%S}.SIF"


def write_sif(file: SifFile) -> bytes:
    """The exact bytes. One wrong line has the whole file refused there, so all is checked here first.

    Raises Malformed `sif.employer`, `sif.routing`, `sif.currency`, `sif.reference`, `sif.empty`, `sif.line`,
    `sif.twice`.
    """
    _check(file)
    at = file.created_at.astimezone(SITE_TZ)
    rows = [
        ",".join((
            "EDR", x.employee_id, x.routing, x.account, x.pay_from.isoformat(), x.pay_until.isoformat(),
            str(x.days), format_amount(x.fixed), format_amount(x.variable), str(x.leave_days),
        ))
        for x in file.lines
    ]  # fmt: skip
    rows.append(
        ",".join((
            "SCR", file.employer_id, file.routing, f"{at:%Y-%m-%d}", f"{at:%H%M}", f"{file.month:%m%Y}",
            str(len(file.lines)), format_amount(file.total), file.currency, file.reference,
        ))
    )  # fmt: skip
    return ("\r\n".join(rows) + "\r\n").encode("ascii")


def _check(file: SifFile) -> None:
    if not _digits(file.employer_id, 13):
        raise Malformed(
            "sif.employer", _("The employer number must have 13 digits. Correct the bank's terms.")
        )
    if not _digits(file.routing, 9):
        raise Malformed(
            "sif.routing", _("The bank's routing code must have 9 digits. Correct the bank's terms.")
        )
    if not _CURRENCY.fullmatch(file.currency):
        raise Malformed("sif.currency", _("The currency must be a code of three letters."))
    if (
        not file.reference.isascii()
        or "," in file.reference
        or not file.reference.isprintable()
        or len(file.reference) > 35
    ):
        raise Malformed("sif.reference", _("The reference may have 35 plain characters and no comma."))
    if not file.lines:
        raise Malformed(
            "sif.empty", _("Nobody on this sheet has been paid yet. The salary file needs a payment.")
        )
    seen: set[str] = set()
    for number, line in enumerate(file.lines, start=1):
        length = (line.pay_until - line.pay_from).days + 1
        sound = (
            _digits(line.employee_id, 14)
            and _digits(line.routing, 9)
            and bool(_ACCOUNT.fullmatch(line.account))
            and 1 <= length <= 62
            and 0 <= line.days <= length
            and 0 <= line.leave_days <= length
            and line.days + line.leave_days <= length
            and line.fixed >= 0
            and line.variable >= 0
        )
        if not sound:
            raise Malformed(
                "sif.line",
                _("Line %(number)s of the salary file is not complete. Check card, bank and days."),
                number=number,
            )
        if line.employee_id in seen:
            raise Malformed(
                "sif.twice", _("The same person stands on two lines of the salary file."), number=number
            )
        seen.add(line.employee_id)


def _digits(value: str, length: int) -> bool:
    return len(value) == length and value.isascii() and value.isdigit()
