"""What is owed and paid: special accounts, deposits, pay sheets, slips, payment orders, bank messages."""

from payroll.models.accounts import AccountEntry, SpecialAccount, SubLedger
from payroll.models.approving import ApprovalLimit, FirstApproval
from payroll.models.banks import BankTerms, LineDecision
from payroll.models.cash import CashPayment, CashReport
from payroll.models.confirming import ProxyWord, Reminder
from payroll.models.deposits import ArrearsRecord, DepositEntry, DepositForm, DepositRuling
from payroll.models.late import LateDismissal
from payroll.models.mediation import Mediation
from payroll.models.orders import BankMessage, PaymentLine, PaymentOrder, StatementLine
from payroll.models.sheets import Approval, Objection, PaySheet, PaySlip, SheetUpload, Signature

__all__ = [
    "AccountEntry",
    "Approval",
    "ApprovalLimit",
    "ArrearsRecord",
    "BankMessage",
    "BankTerms",
    "CashPayment",
    "CashReport",
    "DepositEntry",
    "DepositForm",
    "DepositRuling",
    "FirstApproval",
    "LateDismissal",
    "LineDecision",
    "Mediation",
    "Objection",
    "PaySheet",
    "PaySlip",
    "PaymentLine",
    "PaymentOrder",
    "ProxyWord",
    "Reminder",
    "SheetUpload",
    "Signature",
    "SpecialAccount",
    "StatementLine",
    "SubLedger",
]
