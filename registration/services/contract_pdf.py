"""A signed contract as a PDF: the whole text, both signatures with their times, and how to check it."""

import base64
from collections.abc import Mapping
from datetime import datetime

from registration.models import ContractSignature, LabourContract
from registration.rules.contract_text import blocks, digest
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.identity import mask_phone
from wagewatch.lib.pdf import MARGIN, Paper

SIGNATURE_WIDTH = 48.0
SIGNATURE_HEIGHT = 20.0
BOX = 46.0
QR = 26.0


def moment(at: datetime) -> str:
    """2026-11-15 09:05 at the site."""
    return f"{at.astimezone(SITE_TZ):%Y-%m-%d %H:%M}"


def contract_pdf(
    contract: LabourContract,
    title: str,
    signatures: Mapping[str, ContractSignature],
    *,
    phone: str,
    receipt: str,
    address: str,
) -> bytes:
    """The file; the same contract and signatures give the same bytes.

    `signatures` by party, `phone` the number the code went to, `receipt` the number of the evidence entry,
    `address` its public page.
    """
    text = contract.text or ""
    last = max(s.at for s in signatures.values())
    paper = Paper(f"{title} {contract.number}", at=last, foot=f"{title}　{contract.number}")
    paper.heading(title)
    for block in blocks(text):
        if block.kind == "heading":
            paper.ln(1)
            paper.heading(block.text, size=12, align="L")
        else:
            paper.paragraph(block.text)
    paper.ln(3)
    if paper.will_page_break(BOX + QR + 24):
        paper.add_page()
    _signatures(paper, contract, signatures, phone)
    _proof(paper, text, receipt, address)
    return paper.done()


def _signatures(
    paper: Paper, contract: LabourContract, signatures: Mapping[str, ContractSignature], phone: str
) -> None:
    top, half = paper.get_y(), paper.epw / 2
    columns = (
        ("employer", f"甲方：{contract.terms.get('employer', '')}", "经办人"),
        ("worker", "乙方", "本人"),
    )
    for place, (party, heading, who) in enumerate(columns):
        sign, x = signatures[party], MARGIN + place * half
        paper.set_draw_color(150)
        paper.rect(x, top, half, BOX)
        lines = [heading, f"{who}签名：{sign.signer}", f"签署时间：{moment(sign.at)}"]
        if sign.by_code:
            lines.append(f"签署方式：手机 {mask_phone(phone)} 短信验证码核验")
        elif sign.visit is not None:
            proof = "刷身份证" if sign.visit.way == "card" else "证件号码和劳资专管员所发验证码"
            lines.append(f"签署方式：工地平板本人手写，{proof}核验")
        elif party == "employer":
            lines.append("签署方式：登录账号并再次输入密码")
        for number, line in enumerate(lines):
            paper.set_xy(x + 3, top + 2 + number * 5.6)
            paper.cell(half - 6, 5.6, _fitting(paper, line, half - 6))
        if sign.drawing:
            data = base64.b64decode(sign.drawing)
            paper.image(
                data, x=x + 3, y=top + BOX - SIGNATURE_HEIGHT - 2,
                w=SIGNATURE_WIDTH, h=SIGNATURE_HEIGHT, keep_aspect_ratio=True,
            )  # fmt: skip
    paper.set_draw_color(0)
    paper.set_xy(MARGIN, top + BOX + 4)


def _fitting(paper: Paper, line: str, width: float) -> str:
    """The line, cut where it would run out of its box."""
    while line and paper.get_string_width(line) > width:
        line = line[:-1]
    return line


def _proof(paper: Paper, text: str, receipt: str, address: str) -> None:
    top = paper.get_y()
    paper.qr(address, width=QR, x=MARGIN, y=top)
    lines = (
        "本合同的签署已写入防篡改存证。扫码可查存证是否真实，页面不显示合同内容。",
        f"存证编号：{receipt}",
        f"正文摘要（SHA-256）：{digest(text).hex()}",
    )
    paper.set_xy(MARGIN + QR + 4, top + 3)
    for line in lines:
        paper.set_x(MARGIN + QR + 4)
        paper.set_font_size(8.5)
        paper.multi_cell(paper.epw - QR - 4, 4.6, line, new_x="LEFT", new_y="NEXT")
    paper.set_font_size(paper.text_size)
    paper.set_xy(MARGIN, max(paper.get_y(), top + QR) + 2)
