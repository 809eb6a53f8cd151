"""What the bank's codes mean for a payment line and what somebody has to do.

Sources: ISO 20022 external payment-transaction status, status-reason and return-reason lists. The rule
that matters most: a payment is PAID only when the bank says it settled (ACSC, ACCC) or the statement shows
it booked. ACCP, "accepted customer profile", is a promise; taking it for money would silence the alarm.
"""

from enum import StrEnum
from typing import NamedTuple

from payroll.bank.pain002 import LineStatus, Reason
from payroll.bank.texts import code_for_text


class LineState(StrEnum):
    """What a status means for our line. MANUAL: the line stays as it is and a person looks at it."""

    RECEIVED = "received"
    PAID = "paid"
    REJECTED = "rejected"
    RETURNED = "returned"
    MANUAL = "manual"


class Action(StrEnum):
    """Who has to do what next."""

    NONE = "none"
    CORRECT_CARD = "correct_card"
    NEW_CARD = "new_card"
    VISIT_BANK = "visit_bank"
    COMPARE_NAME = "compare_name"
    FUND_ACCOUNT = "fund_account"
    SPLIT = "split"
    STOP_BATCH = "stop_batch"
    FIX_BANK_CODE = "fix_bank_code"
    LOOK_UP_ORIGINAL = "look_up_original"
    REDATE = "redate"
    CASE_WORKER = "case_worker"
    MANUAL = "manual"


class Words(NamedTuple):
    """A text in both languages of the interface."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text for a language code; Chinese for all but English."""
        return self.en if language.startswith("en") else self.zh


class Meaning(NamedTuple):
    """What a reason code means and the action it asks for."""

    words: Words
    action: Action


class Verdict(NamedTuple):
    """The judgement on one line: its state, the ISO reason code ("" if none), what it means, what to do.

    `verbatim` is the bank's own text, to be stored and shown as it came.
    """

    state: LineState
    code: str
    words: Words
    action: Action
    verbatim: str


STATUSES = {
    "RCVD": LineState.RECEIVED,
    "ACTC": LineState.RECEIVED,
    "ACCP": LineState.RECEIVED,
    "ACSP": LineState.RECEIVED,
    "ACWC": LineState.RECEIVED,
    "ACWP": LineState.RECEIVED,
    "ACFC": LineState.RECEIVED,
    "PDNG": LineState.RECEIVED,
    "PATC": LineState.RECEIVED,
    "ACSC": LineState.PAID,
    "ACCC": LineState.PAID,
    "RJCT": LineState.REJECTED,
    "CANC": LineState.REJECTED,
}

ACTIONS = {
    Action.NONE: Words("无需处理", "Nothing to do"),
    Action.CORRECT_CARD: Words(
        "请工人核对银行卡号，更正后重新发放", "Have the worker correct the card number, then pay again"
    ),
    Action.NEW_CARD: Words("请工人提供新的银行卡", "Ask the worker for another card"),
    Action.VISIT_BANK: Words("请工人到银行网点解除账户限制", "The worker has to visit the bank"),
    Action.COMPARE_NAME: Words(
        "请核对户名与身份证姓名是否一致", "Compare the account name with the name on the ID card"
    ),
    Action.FUND_ACCOUNT: Words(
        "专用账户余额不足，请建设单位拨付人工费用",
        "The special account is short: ask the owner to allocate labour cost",
    ),
    Action.SPLIT: Words("超过限额，请拆分或次日发放", "Over a limit: split the payment or pay the next day"),
    Action.STOP_BATCH: Words(
        "系统差错，请暂停本批次并联系技术人员", "System fault: stop this batch and call support"
    ),
    Action.FIX_BANK_CODE: Words("请更正收款行行号", "Correct the payee's bank code"),
    Action.LOOK_UP_ORIGINAL: Words(
        "重复指令，请查询原指令结果，不得重发", "Duplicate: look up the original, never send again"
    ),
    Action.REDATE: Words("请改用下一个工作日的发放日期", "Use the next working day as the payment date"),
    Action.CASE_WORKER: Words("请专人处理", "Hand over to a case worker"),
    Action.MANUAL: Words("请人工查看银行答复原文", "Read the bank's own words and decide"),
}

REASONS = {
    "AC01": Meaning(Words("账号有误", "Account number wrong"), Action.CORRECT_CARD),
    "AC02": Meaning(Words("付款账号有误", "Debtor account number wrong"), Action.STOP_BATCH),
    "AC03": Meaning(Words("账号不存在", "Account does not exist"), Action.CORRECT_CARD),
    "AC04": Meaning(Words("账户已销户", "Account closed"), Action.NEW_CARD),
    "AC06": Meaning(Words("账户已冻结", "Account blocked"), Action.VISIT_BANK),
    "AC16": Meaning(Words("卡号有误", "Card number wrong"), Action.CORRECT_CARD),
    "AG01": Meaning(Words("账户类型不支持收款", "Account cannot take this payment"), Action.NEW_CARD),
    "AM02": Meaning(Words("超过单笔限额", "Over the limit for one payment"), Action.SPLIT),
    "AM03": Meaning(Words("币种不符", "Currency not allowed"), Action.STOP_BATCH),
    "AM04": Meaning(Words("专用账户余额不足", "Special account short of funds"), Action.FUND_ACCOUNT),
    "AM05": Meaning(Words("重复付款指令", "Duplicate payment"), Action.LOOK_UP_ORIGINAL),
    "AM09": Meaning(Words("金额有误", "Amount wrong"), Action.STOP_BATCH),
    "AM10": Meaning(Words("合计金额不符", "Control sum wrong"), Action.STOP_BATCH),
    "AM14": Meaning(Words("超过协议限额", "Over the agreed limit"), Action.SPLIT),
    "AM18": Meaning(Words("笔数不符", "Number of payments wrong"), Action.STOP_BATCH),
    "AM21": Meaning(Words("超过当日限额", "Over the daily limit"), Action.SPLIT),
    "BE01": Meaning(Words("户名不符", "Name does not match the account"), Action.COMPARE_NAME),
    "BE21": Meaning(Words("户名缺失或有误", "Name missing or wrong"), Action.COMPARE_NAME),
    "BE22": Meaning(Words("收款人姓名缺失", "Payee name missing"), Action.COMPARE_NAME),
    "DT01": Meaning(Words("日期无效", "Invalid date"), Action.REDATE),
    "DU01": Meaning(Words("报文标识重复", "Message reference used before"), Action.LOOK_UP_ORIGINAL),
    "DU03": Meaning(Words("交易重复", "Transaction used before"), Action.LOOK_UP_ORIGINAL),
    "DU04": Meaning(Words("端到端标识重复", "Payment reference used before"), Action.LOOK_UP_ORIGINAL),
    "DUPL": Meaning(Words("重复文件", "Duplicate file"), Action.LOOK_UP_ORIGINAL),
    "FF01": Meaning(Words("文件格式有误", "Invalid file format"), Action.STOP_BATCH),
    "MD07": Meaning(Words("收款人已故", "Payee deceased"), Action.CASE_WORKER),
    "RC01": Meaning(Words("收款行行号有误", "Bank code wrong"), Action.FIX_BANK_CODE),
    "RR04": Meaning(Words("监管原因", "Regulatory reason"), Action.CASE_WORKER),
    "TM01": Meaning(Words("超过受理时间", "Received after the cut-off"), Action.REDATE),
    "MS03": Meaning(Words("银行未说明原因", "Reason not given by the bank"), Action.MANUAL),
    "NARR": Meaning(Words("见银行说明", "See the bank's own words"), Action.MANUAL),
}

DUPLICATES = frozenset({"AM05", "DU01", "DU03", "DU04", "DUPL"})
"""Refused because it was sent before: the original may well have been paid, so nothing is sent again."""

_UNKNOWN = Meaning(Words("银行代码未识别", "Code not known here"), Action.MANUAL)
_OPAQUE = frozenset({"", "NARR", "MS02", "MS03"})


def meaning(code: str) -> Meaning:
    """What a reason code means; unknown codes go to a person."""
    return REASONS.get(code, _UNKNOWN)


def reason_code(reasons: tuple[Reason, ...], texts: tuple[tuple[str, str], ...] = ()) -> str:
    """The ISO code that the reasons amount to: a known code first, else one read from the bank's text.

    `texts` are the profile's own (fragment, code) pairs. Returns "" when nothing is known.
    """
    for reason in reasons:
        code = reason.code.strip().upper()
        if code in REASONS and code not in _OPAQUE:
            return code
    for reason in reasons:
        found = code_for_text(f"{reason.text} {reason.code}", texts)
        if found:
            return found
    return next((r.code.strip().upper() for r in reasons if r.code.strip()), "")


def judge(status: str, reasons: tuple[Reason, ...], texts: tuple[tuple[str, str], ...] = ()) -> Verdict:
    """The state and action for a status with its reasons, as read from pain.002.

    A refusal as a duplicate is MANUAL, never REJECTED: a new attempt is allowed only from REJECTED.
    """
    verbatim = "; ".join(filter(None, (f"{r.code} {r.text}".strip() for r in reasons)))
    state = STATUSES.get(status.strip().upper(), LineState.MANUAL)
    if state in (LineState.RECEIVED, LineState.PAID):
        return Verdict(state, "", Words("", ""), Action.NONE, verbatim)
    code = reason_code(reasons, texts)
    found = meaning(code)
    if code in DUPLICATES:
        state = LineState.MANUAL
    action = Action.MANUAL if state is LineState.MANUAL and code not in DUPLICATES else found.action
    return Verdict(state, code, found.words, action, verbatim)


def judge_line(line: LineStatus, texts: tuple[tuple[str, str], ...] = ()) -> Verdict:
    """The judgement on a line of a status report."""
    return judge(line.status.code, line.status.reasons, texts)


def judge_return(reason: Reason, texts: tuple[tuple[str, str], ...] = ()) -> Verdict:
    """The judgement on a booked return (RtrInf): the money is back in the special account."""
    code = reason_code((reason,), texts)
    found = meaning(code)
    verbatim = f"{reason.code} {reason.text}".strip()
    return Verdict(LineState.RETURNED, code, found.words, found.action, verbatim)
