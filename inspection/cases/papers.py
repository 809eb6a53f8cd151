"""The documents of a case as PDF, from templates in the words that offices use. Pure: values in, bytes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wagewatch.lib.pdf import MARGIN, Paper

SIGNATURE_WIDTH = 50.0
SIGNATURE_HEIGHT = 19.0


@dataclass(frozen=True)
class Template:
    """`word` stands in the document's number; paragraphs are filled with the values of the case."""

    title: str
    word: str
    to: str
    paragraphs: tuple[str, ...]


TEMPLATES: dict[str, Template] = {
    "accept": Template(
        "受理通知书", "受", "编号 {complaint} 的投诉人",
        (
            "你于 {received_on} 反映的“{topic}”一事，经审查符合《劳动保障监察条例》规定的受理条件，我单位决定自 {accepted_on} 起立案，案号 {case}。",
            "我单位将自立案之日起 60 个工作日内完成调查；情况复杂的，经批准可以延长 30 个工作日。预计办结期限为 {finish_by}。",
            "你可以凭投诉编号和查询密码在线查看办理进度。我单位对投诉人的身份依法保密。",
        ),
    ),
    "refuse": Template(
        "不予受理通知书", "不受", "编号 {complaint} 的投诉人",
        (
            "你于 {received_on} 反映的“{topic}”一事，经审查，我单位决定不予受理。",
            "理由：{reason}",
            "如不服本决定，可以自知道之日起六十日内申请行政复议，或者六个月内向人民法院提起行政诉讼。也可以依法申请劳动争议仲裁。",
        ),
    ),
    "transfer": Template(
        "案件移送函", "移", "{to_office}",
        (
            "我单位于 {received_on} 收到关于“{topic}”的反映（案号 {case}）。经审查，该案由你单位办理更为适当。",
            "移送理由：{reason}",
            "根据《保障农民工工资支付条例》第十条，现将该案移送你单位，请依法办理。移送情况已告知反映人。",
        ),
    ),
    "suspend": Template(
        "中止调查通知书", "中", "编号 {complaint} 的投诉人",
        (
            "案号 {case} 一案，因{reason}，我单位决定自 {day} 起中止调查。",
            "中止的原因消除后，我单位将立即恢复调查，并告知你。",
        ),
    ),
    "order": Template(
        "劳动保障监察限期改正指令书", "令", "{respondent}",
        (
            "经查，你单位在“{project}”存在下列行为：",
            "{grounds}",
            "根据《保障农民工工资支付条例》{articles}，现责令你单位自收到本指令书之日起 {days} 个工作日内：",
            "{demand}",
            "{money}",
            "请在期满前向我单位书面报告改正情况并附证明材料。逾期不改正的，将依照《保障农民工工资支付条例》给予行政处罚；涉嫌拒不支付劳动报酬犯罪的，依法移送公安机关。",
            "如不服本指令，可以自收到之日起六十日内申请行政复议，或者六个月内向人民法院提起行政诉讼。",
        ),
    ),
    "service": Template(
        "送达回证", "送", "{respondent}",
        (
            "送达文书：{order}",
            "送达方式：{how}　　送达日期：{day}",
            "收件人或见证人：{to}",
            "改正期满日：{deadline_on}",
        ),
    ),
    "notice": Template(
        "行政处罚事先告知书", "告", "{respondent}",
        (
            "你单位{text}，经我单位以 {order} 责令限期改正，至 {deadline_on} 期满仍未改正。",
            "依据《保障农民工工资支付条例》{article}，我单位拟作出如下行政处罚：{penalty}",
            "根据《中华人民共和国行政处罚法》第四十四条、第四十五条、第六十三条，你单位有权陈述、申辩；符合听证条件的，有权要求听证。请在 {heard_by} 前提出，逾期视为放弃。",
        ),
    ),
    "decision": Template(
        "行政处罚决定书", "罚", "{respondent}",
        (
            "你单位{text}，经我单位以 {order} 责令限期改正，至 {deadline_on} 期满仍未改正。事实和理由：{reason}",
            "我单位已于 {notified_on} 告知拟作出的处罚，并听取意见：{heard}",
            "依据《保障农民工工资支付条例》{article}，决定：{penalty}",
            "罚款自收到本决定书之日起十五日内缴至指定银行；到期不缴的，每日按罚款数额的百分之三加处罚款。",
            "如不服本决定，可以自收到之日起六十日内申请行政复议，或者六个月内向人民法院提起行政诉讼。",
        ),
    ),
    "mediation": Template(
        "调解书", "调", "{respondent}",
        (
            "案号 {case} 一案，{day} 经本单位主持调解，双方自愿达成如下协议：",
            "{terms}",
            "{respondent}应于 {pay_by} 前将 {amount} 支付至工人本人工资卡。",
            "逾期不支付的，工人可以凭本调解书依法向人民法院申请支付令（《中华人民共和国劳动争议调解仲裁法》第十六条）。",
        ),
    ),
    "deposit": Template(
        "农民工工资保证金支付通知书", "支", "{issuer}",
        (
            "{respondent}在“{project}”拖欠农民工工资（案号 {case}），我单位以 {order} 责令其支付，该指令书于 {served_on} 送达，至 {deadline_on} 期满仍未支付。",
            "根据《保障农民工工资支付条例》第三十二条和《工程建设领域农民工工资保证金规定》，现通知你单位动用该项目的工资保证金（{form}，编号 {paper}）。",
            "请于 {due_on} 前将 {amount} 直接支付给被拖欠工资的农民工本人，不得支付给其他单位和个人。",
            "支付后请将支付凭证送我单位。",
        ),
    ),
    "referral": Template(
        "涉嫌犯罪案件移送书", "刑", "{police}",
        (
            "{respondent}在“{project}”拖欠农民工工资一案（案号 {case}），我单位以 {order} 责令其支付，该指令书于 {served_on} 送达，至 {deadline_on} 期满仍未支付。",
            "尚未支付 {amount}，涉及 {people} 人；其中一人最多 {most}，{months} 个月。当地数额标准：{threshold}。",
            "上述行为涉嫌《中华人民共和国刑法》第二百七十六条之一规定的拒不支付劳动报酬罪。根据《行政执法机关移送涉嫌犯罪案件的规定》，现移送你局。{note}",
            "附：案件卷宗、限期改正指令书、送达回证、用工和考勤记录、工资支付表、银行流水。",
        ),
    ),
    "report": Template(
        "结案报告", "结", "案卷",
        (
            "案号 {case}，来源：{origin}，事由：{topic}，项目：{project}，涉及 {people} 人。",
            "收到 {received_on}，立案 {accepted_on}，结案 {day}。",
            "处理结果：{outcome}。{text}",
        ),
    ),
}  # fmt: skip


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


def paper_pdf(
    kind: str,
    number: str,
    values: Mapping[str, str],
    *,
    office: str,
    day: str,
    at: datetime,
    signatures: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """The document; the same values and moment give the same bytes. `signatures` are (whose, PNG)."""
    template = TEMPLATES[kind]
    known = _Blank(values)
    paper = Paper(f"{template.title} {number}", at=at, foot=f"{template.title}　{number}")
    paper.heading(office, size=13)
    paper.heading(template.title, size=18)
    paper.paragraph(number, align="R")
    paper.ln(2)
    paper.paragraph(template.to.format_map(known) + "：", size=12)
    for text in template.paragraphs:
        filled = text.format_map(known).strip()
        if filled:
            paper.paragraph("　　" + filled, size=12)
    paper.ln(4)
    if signatures:
        _sign(paper, signatures)
    paper.paragraph(office, size=12, align="R")
    paper.paragraph(day, size=12, align="R")
    return paper.done()


def _sign(paper: Paper, signatures: Sequence[tuple[str, bytes]]) -> None:
    if paper.will_page_break(SIGNATURE_HEIGHT + 24):
        paper.add_page()
    top, part = paper.get_y(), paper.epw / len(signatures)
    for place, (who, drawing) in enumerate(signatures):
        x = MARGIN + place * part
        paper.set_xy(x, top)
        paper.cell(part, 6, who)
        paper.picture(drawing, width=SIGNATURE_WIDTH, x=x, y=top + 7)
    paper.set_xy(MARGIN, top + SIGNATURE_HEIGHT + 12)
