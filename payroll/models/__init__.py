"""What is owed and paid: special accounts, deposits, pay sheets, slips, payment orders, bank messages."""

from payroll.models.accounts import AccountEntry, SpecialAccount, SubLedger
from payroll.models.banks import BankTerms, LineDecision
from payroll.models.deposits import ArrearsRecord, DepositEntry, DepositForm, DepositRuling
from payroll.models.late import LateDismissal
from payroll.models.office import OfficeWord
from payroll.models.orders import BankMessage, PaymentLine, PaymentOrder, StatementLine
from payroll.models.sheets import Approval, Objection, PaySheet, PaySlip, SheetUpload, Signature
from payroll.models.submissions import Submission

__all__ = [
    "AccountEntry",
    "Approval",
    "ArrearsRecord",
    "BankMessage",
    "BankTerms",
    "DepositEntry",
    "DepositForm",
    "DepositRuling",
    "LateDismissal",
    "LineDecision",
    "Objection",
    "OfficeWord",
    "PaySheet",
    "PaySlip",
    "PaymentLine",
    "PaymentOrder",
    "SheetUpload",
    "Signature",
    "SpecialAccount",
    "StatementLine",
    "SubLedger",
    "Submission",
]
