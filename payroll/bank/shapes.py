"""The tables in which banks without messages take orders and give results: columns, separators, words.

A shape is written by people as lines "heading = field", so that a bank's new template needs no new program.
Columns of the first proposals follow the batch sheets of large Chinese banks (payer, payee with place, amount,
purpose, remark); each bank changes them in its terms.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from payroll.bank.problems import malformed
from payroll.bank.texts import squeeze
from wagewatch.lib.errors import Malformed

FIELDS = (
    "number", "payer_bank", "payer_account", "payer_name", "payee_bank", "payee_bank_code", "province", "city",
    "account", "name", "amount", "currency", "purpose", "remark", "reference", "phone", "date", "message",
)  # fmt: skip
"""What a column of an order file can hold. `province`, `city` and `phone` stay empty: banks list them as optional."""

RESULT_FIELDS = ("reference", "account", "name", "amount", "state", "reason", "code")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
SEPARATORS = {"comma": ",", "bar": "|", "tab": "\t"}
ISO_STATES = frozenset({"ACSC", "ACCC", "ACSP", "ACCP", "RCVD", "PDNG", "RJCT", "CANC"})


class Column(NamedTuple):
    """A column: the heading exactly as the bank prints it, and what stands in it."""

    heading: str
    field: str


@dataclass(frozen=True, slots=True)
class BatchShape:
    """An order file. `kind` xlsx, csv or txt; `separator` and `encoding` count for the last two."""

    kind: str
    columns: tuple[Column, ...]
    encoding: str = "utf-8-sig"
    separator: str = ","
    headings: bool = True
    purpose: str = "工资"


@dataclass(frozen=True, slots=True)
class ResultShape:
    """A result file: heading → field, the bank's words for a state → ISO status, own reason texts."""

    columns: tuple[Column, ...]
    states: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    encoding: str = "utf-8-sig"
    separator: str = ","


XLSX_COLUMNS = """\
序号 = number
付款行 = payer_bank
付款账号 = payer_account
付款户名 = payer_name
收款行 = payee_bank
收款行省份 = province
收款行城市 = city
收款账号 = account
收款户名 = name
金额 = amount
用途 = purpose
备注 = remark
客户流水号 = reference
短信通知号码 = phone"""
TXT_COLUMNS = """\
客户流水号 = reference
收款账号 = account
收款户名 = name
收款行联行号 = payee_bank_code
收款行名 = payee_bank
金额 = amount
币种 = currency
用途 = purpose
附言 = remark"""
CSV_COLUMNS = """\
reference = reference
name = name
account = account
bank_code = payee_bank_code
amount = amount
currency = currency
date = date
remark = remark"""
RESULT_COLUMNS = """\
客户流水号 = reference
收款账号 = account
收款户名 = name
金额 = amount
处理状态 = state
失败原因 = reason"""
CSV_RESULT_COLUMNS = """\
reference = reference
account = account
name = name
amount = amount
state = state
reason = reason"""
RESULT_STATES = """\
成功 = ACSC
交易成功 = ACSC
付款成功 = ACSC
支付成功 = ACSC
已入账 = ACSC
处理中 = ACSP
已受理 = ACCP
失败 = RJCT
交易失败 = RJCT
付款失败 = RJCT
支付失败 = RJCT
退票 = RJCT"""
"""Compared as a whole, never as a part: "未成功" must not be read as "成功"."""

PROPOSALS = {
    "xlsx": (XLSX_COLUMNS, RESULT_COLUMNS, "utf-8-sig", "comma"),
    "txt": (TXT_COLUMNS, RESULT_COLUMNS, "gb18030", "bar"),
    "csv": (CSV_COLUMNS, CSV_RESULT_COLUMNS, "utf-8-sig", "comma"),
}
"""Per form: order columns, result columns, encoding, separator."""

_LINE = re.compile(r"(?P<left>[^=]+)=\s*(?P<right>[A-Za-z0-9_]+)\s*")


def pairs(text: str, where: str) -> tuple[tuple[str, str], ...]:
    """Lines "left = right" as pairs; empty lines are skipped. Raises Malformed `bank.line` with its number."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None or not squeeze(match["left"]):
            raise Malformed(
                "bank.line",
                _("Line %(number)s is not of the form “text = name”: %(line)s"),
                number=number, line=line.strip()[:60], where=where,
            )  # fmt: skip
        found.append((match["left"].strip(), match["right"]))
    if len({squeeze(left) for left, _right in found}) < len(found):
        raise Malformed("bank.line_twice", _("The same text stands on two lines. Remove one."), where=where)
    return tuple(found)


def columns_of(text: str, fields: tuple[str, ...], needed: tuple[str, ...], where: str) -> tuple[Column, ...]:
    """Columns from lines "heading = field". Raises Malformed `bank.line`, `bank.field`, `bank.field_missing`."""
    columns = tuple(Column(*pair) for pair in pairs(text, where))
    for column in columns:
        if column.field not in fields:
            raise Malformed(
                "bank.field",
                _("“%(field)s” is not known. Known are: %(known)s"),
                field=column.field, known=", ".join(fields), where=where,
            )  # fmt: skip
    missing = [name for name in needed if name not in {c.field for c in columns}]
    if missing:
        raise Malformed(
            "bank.field_missing",
            _("The file needs a column for: %(missing)s"),
            missing=", ".join(missing), where=where,
        )  # fmt: skip
    return columns


def batch_shape(
    kind: str, columns: str, encoding: str, separator: str, *, headings: bool = True
) -> BatchShape:
    """The shape of an order file from its written form. Raises Malformed."""
    if kind not in PROPOSALS or encoding not in ENCODINGS or separator not in SEPARATORS:
        raise malformed("bank.version", kind=kind)
    found = columns_of(columns, FIELDS, ("account", "name", "amount"), "columns")
    return BatchShape(kind, found, encoding, SEPARATORS[separator], headings)


def result_shape(columns: str, states: str, texts: str, encoding: str, separator: str) -> ResultShape:
    """The shape of a result file from its written form. Raises Malformed."""
    found = columns_of(columns, RESULT_FIELDS, ("state",), "result_columns")
    names = {c.field for c in found}
    if "reference" not in names and not {"account", "amount"} <= names:
        raise Malformed(
            "bank.field_missing",
            _("The file needs a column for: %(missing)s"),
            missing="reference (account + amount)", where="result_columns",
        )  # fmt: skip
    known = pairs(states, "states")
    for word, status in known:
        if status not in ISO_STATES:
            raise Malformed(
                "bank.state",
                _("“%(word)s” must be one of: %(known)s"),
                word=word, known=", ".join(sorted(ISO_STATES)), where="states",
            )  # fmt: skip
    return ResultShape(found, known, pairs(texts, "texts"), encoding, SEPARATORS.get(separator, ","))
