"""How this bank decides without being asked, and the Chinese in which it answers.

The triggers are deterministic, so that a person can play any outcome by choosing a card number:

ends in 0000  refused AC03, no such account      ends in 4444  refused AC06, blocked
ends in 1111  refused BE01, name mismatch        ends in 5555  refused with Chinese text only
ends in 2222  refused AC04, closed               ends in 6666  refused with a text nobody can map
ends in 3333  paid, then returned (AC06)
"""

from typing import NamedTuple


class Refusal(NamedTuple):
    """A reason code ("" when the bank gives none) and the bank's own words."""

    code: str
    text: str


NO_ACCOUNT = Refusal("AC03", "收款账号不存在")
NAME_MISMATCH = Refusal("BE01", "收款人户名不符")
CLOSED = Refusal("AC04", "收款账户已销户")
BLOCKED = Refusal("AC06", "收款账户已冻结")
NAME_MISSING = Refusal("BE22", "收款人户名为空")
BAD_ACCOUNT = Refusal("AC01", "收款账号有误")
BAD_BANK = Refusal("RC01", "收款行行号错误")
BAD_CURRENCY = Refusal("AM03", "币种不符，仅受理人民币")
BAD_AMOUNT = Refusal("AM09", "金额错误")
REFERENCE_USED = Refusal("DU04", "端到端标识重复，该笔指令已受理")
SHORT_OF_FUNDS = Refusal("AM04", "专用账户余额不足，整批退回")
DUPLICATE_FILE = Refusal("DUPL", "重复文件，该报文已受理")
UNKNOWN_PAYER = Refusal("AC02", "付款账号不存在")
NOT_WAGES = Refusal("RR04", "工资专用账户仅限发放农民工工资")
FILE_REFUSED = Refusal("FF01", "文件格式有误，整批退回")

RETURNED = Refusal("AC06", "收款账户状态异常，款项已退回")

BY_ENDING = {
    "0000": NO_ACCOUNT,
    "1111": NAME_MISMATCH,
    "2222": CLOSED,
    "4444": BLOCKED,
    "5555": Refusal("", "账户状态不正常，请联系开户行"),
    "6666": Refusal("NARR", "业务处理未成功，详询客户经理"),
}

RETURN_ENDING = "3333"

FINDINGS = {
    "AM10": "合计金额与明细不符",
    "AM18": "总笔数与明细不符",
    "AM05": "文件内端到端标识重复",
    "FF01": FILE_REFUSED.text,
}
"""What the checks of the whole file are called here."""


def refusal_for_card(card: str) -> Refusal | None:
    """What the ending of a card number triggers at once."""
    return BY_ENDING.get(card[-4:])
