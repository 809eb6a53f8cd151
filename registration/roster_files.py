"""The people of a project as a spreadsheet or on paper, masked or in full.

Headings are those of the roster template, so that an export can be uploaded elsewhere.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from registration.models import (
    BankCard,
    Education,
    Household,
    IdKind,
    PayBasis,
    Politics,
    Posting,
    Project,
    SkillGrade,
    WorkRole,
)
from registration.templatetags.named import named
from registration.trade_names import trade_label
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import mask_id, mask_name
from wagewatch.lib.money import format_cny
from wagewatch.lib.origins import origin_name
from wagewatch.lib.pdf import Paper
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, Value, workbook_file

CHUNK = 2000
MOST_ON_PAPER = 2000
"""Rows of a PDF: some seventy pages. More is for a spreadsheet."""

MASKED = (
    ColumnOut("姓名", width=10),
    ColumnOut("身份证尾号", width=12),
    ColumnOut("用工单位", width=28),
    ColumnOut("班组"),
    ColumnOut("工种"),
    ColumnOut("计薪方式", width=10),
    ColumnOut("单价（元）", "money"),
    ColumnOut("进场日期", "date"),
    ColumnOut("退场日期", "date"),
    ColumnOut("工资卡尾号", width=12),
)
FULL = (
    ColumnOut("姓名", width=10),
    ColumnOut("证件类型", width=12),
    ColumnOut("身份证号", width=21),
    ColumnOut("性别", width=6),
    ColumnOut("出生日期", "date"),
    ColumnOut("民族", width=10),
    ColumnOut("籍贯", width=20),
    ColumnOut("家庭住址", width=30),
    ColumnOut("联系电话", width=14),
    ColumnOut("户口性质", width=8),
    ColumnOut("文化程度", width=10),
    ColumnOut("政治面貌", width=10),
    ColumnOut("技能等级", width=12),
    ColumnOut("用工单位", width=28),
    ColumnOut("班组"),
    ColumnOut("工种"),
    ColumnOut("岗位类别", width=10),
    ColumnOut("计薪方式", width=10),
    ColumnOut("单价（元）", "money"),
    ColumnOut("进场日期", "date"),
    ColumnOut("退场日期", "date"),
    ColumnOut("工资卡号", width=23),
    ColumnOut("开户行", width=20),
    ColumnOut("紧急联系人", width=10),
    ColumnOut("紧急联系电话", width=14),
)


def with_cards(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """The postings with the present card's number, bank and tail of each person."""
    card = BankCard.objects.filter(worker=OuterRef("worker"), is_current=True)
    return postings.annotate(
        card_number=Subquery(card.values("number")[:1]),
        card_tail=Subquery(card.values("tail")[:1]),
        card_bank=Subquery(card.values("bank_name")[:1]),
    )


def masked_rows(postings: QuerySet[Posting]) -> Iterator[tuple[Value, ...]]:
    """Rows of MASKED; nothing encrypted is opened."""
    for p in postings.iterator(chunk_size=CHUNK):
        yield (
            mask_name(p.worker.name),
            p.worker.id_tail,
            p.participation.organisation.name,
            p.team.name,
            trade_label(p.trade),
            str(PayBasis(p.pay_basis).label),
            p.rate_fen,
            p.joined_on,
            p.left_on,
            getattr(p, "card_tail", None) or "",
        )


def _label(choices: type, value: object) -> str:
    return str(choices(value).label) if value else ""


def full_rows(postings: QuerySet[Posting]) -> Iterator[tuple[Value, ...]]:
    """Rows of FULL, from postings of `with_cards`; who looks was written down before."""
    for p in postings.iterator(chunk_size=CHUNK):
        w = p.worker
        yield (
            w.name,
            _label(IdKind, w.id_kind),
            str(w.id_number),
            "女" if w.sex == 2 else "男",
            w.birth_date,
            w.ethnicity,
            origin_name(w.origin_code),
            str(w.address or ""),
            str(w.phone or ""),
            _label(Household, w.household),
            _label(Education, w.education),
            _label(Politics, w.politics),
            _label(SkillGrade, w.skill_grade),
            p.participation.organisation.name,
            p.team.name,
            trade_label(p.trade),
            _label(WorkRole, p.work_role),
            _label(PayBasis, p.pay_basis),
            p.rate_fen,
            p.joined_on,
            p.left_on,
            str(getattr(p, "card_number", None) or ""),
            getattr(p, "card_bank", None) or "",
            str(w.emergency_name or ""),
            str(w.emergency_phone or ""),
        )


def roster_sheet(postings: QuerySet[Posting], *, full: bool) -> IO[bytes]:
    """The roster as .xlsx in a temporary file; memory does not grow with the rows."""
    if full:
        return workbook_file([SheetOut("花名册", FULL, full_rows(with_cards(postings)))])
    return workbook_file([SheetOut("人员", MASKED, masked_rows(with_cards(postings).defer(*SECRETS)))])


SECRETS = (
    "worker__id_number",
    "worker__phone",
    "worker__address",
    "worker__emergency_name",
    "worker__emergency_phone",
)
"""Encrypted columns that a list does not open."""


def roster_paper(
    postings: QuerySet[Posting], project: Project, *, full: bool, foot: str, now: datetime
) -> bytes:
    """The roster as PDF, A4 across. Raises RuleViolation `export.too_long` above MOST_ON_PAPER rows."""
    number = postings.count()
    if number > MOST_ON_PAPER:
        text = _("%(number)s people are too many for paper. Choose a team, or take the spreadsheet.")
        raise RuleViolation("export.too_long", text, number=number)
    found = with_cards(postings) if full else with_cards(postings).defer(*SECRETS)
    paper = Paper(named(project), at=now, foot=foot, landscape=True, size=9)
    paper.heading(_("Roster of %(project)s") % {"project": named(project)})
    paper.paragraph(
        _("%(number)s people, as of %(day)s")
        % {"number": number, "day": now.astimezone(SITE_TZ).strftime("%Y-%m-%d %H:%M")},
        align="C",
    )
    heads = (
        "序号",
        "姓名",
        "身份证号",
        "性别",
        "用工单位",
        "班组",
        "工种",
        "单价（元）",
        "进场日期",
        "退场日期",
        "联系电话" if full else "工资卡尾号",
        "签字",
    )
    widths = (9, 18, 36, 9, 40, 24, 20, 22, 20, 20, 24, 24)
    paper.grid(heads, _paper_rows(found, full=full), widths=widths, size=8)
    return paper.done()


def _paper_rows(postings: Iterable[Posting], *, full: bool) -> Iterator[tuple[str, ...]]:
    rows = postings.iterator(chunk_size=CHUNK) if isinstance(postings, QuerySet) else postings
    for number, p in enumerate(rows, 1):
        w = p.worker
        yield (
            str(number),
            w.name if full else mask_name(w.name),
            str(w.id_number) if full else mask_id("*" * 14 + w.id_tail),
            "女" if w.sex == 2 else "男",
            p.participation.organisation.name,
            p.team.name,
            trade_label(p.trade),
            f"{format_cny(p.rate_fen)} {_label(PayBasis, p.pay_basis)}",
            p.joined_on.isoformat(),
            p.left_on.isoformat() if p.left_on else "",
            str(w.phone or "") if full else str(getattr(p, "card_tail", None) or ""),
            "",
        )
