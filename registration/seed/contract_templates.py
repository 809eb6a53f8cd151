"""First contract wordings: the simplified labour contract nationwide and for Zhejiang, the labour-use agreement.

The wording is our own, made to hold what the law asks of a written contract; an authority publishes another
one for its region when it has one.
"""

from datetime import date
from pathlib import Path
from typing import NamedTuple

FROM = date(2023, 1, 1)
VERSION = "2023.1"
_TEXTS = Path(__file__).with_name("contract_texts")


class TemplateRow(NamedTuple):
    """`region` is a GB/T 2260 code, None for the whole country; `kind` one of ContractKind."""

    region: str | None
    kind: str
    title: str
    body: str
    source: str


def template_rows() -> list[TemplateRow]:
    """The wordings that a new installation begins with."""
    return [
        TemplateRow(
            None,
            "labour",
            "建筑工人简易劳动合同",
            _text("labour_nationwide"),
            "劳动合同法第17条；保障农民工工资支付条例第6条；参照建办市〔2022〕58号",
        ),
        TemplateRow(
            "330000",
            "labour",
            "建筑工人简易劳动合同（浙江）",
            _text("labour_zhejiang"),
            "劳动合同法第17条；保障农民工工资支付条例；浙江省企业工资支付在线监管",
        ),
        TemplateRow(None, "agreement", "用工书面协议", _text("agreement_nationwide"), "建市〔2022〕59号"),
    ]


def _text(name: str) -> str:
    return (_TEXTS / f"{name}.txt").read_text(encoding="utf-8").strip()
