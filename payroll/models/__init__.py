"""What is owed and paid: special accounts, deposits, pay sheets, slips, payment orders, bank messages."""

from payroll.models.accounts import (
    AccountEntry,
    AccountEvent,
    AccountState,
    SpecialAccount,
    SubLedger,
)
from payroll.models.advances import Advance, WageMonthStart
from payroll.models.agreements import AccountAgreement, AccountRuling
from payroll.models.allocations import AllocationChoice, AllocationPlan, ProgressPayment
from payroll.models.approving import ApprovalLimit, FirstApproval
from payroll.models.banks import BankTerms, LineDecision
from payroll.models.boards import BoardCheck, BoardPhoto, NoticeBoard
from payroll.models.cash import CashPayment, CashReport
from payroll.models.confirming import ProxyWord, Reminder
from payroll.models.deposits import ArrearsRecord, DepositEntry, DepositForm, DepositRuling
from payroll.models.guarantees import GuaranteeForm, PaymentGuarantee
from payroll.models.late import LateDismissal
from payroll.models.loans import LoanDraw, LoanFacility, LoanRepayment
from payroll.models.mediation import Mediation
from payroll.models.money_checks import MoneyCheck
from payroll.models.office import OfficeWord
from payroll.models.orders import BankMessage, PaymentLine, PaymentOrder
from payroll.models.sheets import Approval, Objection, PaySheet, PaySlip, SheetUpload, Signature
from payroll.models.statements import BankStatement, LineEvent, StatementEntry, StatementLine, StatementUpload
from payroll.models.submissions import Submission
from payroll.models.top_ups import TopUpRequest

__all__ = [
    "AccountAgreement",
    "AccountEntry",
    "AccountEvent",
    "AccountRuling",
    "AccountState",
    "Advance",
    "AllocationChoice",
    "AllocationPlan",
    "Approval",
    "ApprovalLimit",
    "ArrearsRecord",
    "BankMessage",
    "BankStatement",
    "BankTerms",
    "BoardCheck",
    "BoardPhoto",
    "CashPayment",
    "CashReport",
    "DepositEntry",
    "DepositForm",
    "DepositRuling",
    "FirstApproval",
    "GuaranteeForm",
    "LateDismissal",
    "LineDecision",
    "LineEvent",
    "LoanDraw",
    "LoanFacility",
    "LoanRepayment",
    "Mediation",
    "MoneyCheck",
    "NoticeBoard",
    "Objection",
    "OfficeWord",
    "PaySheet",
    "PaySlip",
    "PaymentGuarantee",
    "PaymentLine",
    "PaymentOrder",
    "ProgressPayment",
    "ProxyWord",
    "Reminder",
    "SheetUpload",
    "Signature",
    "SpecialAccount",
    "StatementEntry",
    "StatementLine",
    "StatementUpload",
    "SubLedger",
    "Submission",
    "TopUpRequest",
    "WageMonthStart",
]
