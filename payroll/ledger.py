"""The wage ledger and the labour ledger of a project (工资支付台账、用工管理台账; Order 724, articles 15 and 28).

One line per slip of every sheet that was sent, with all that article 15 asks for; who worked when; and until when
it is kept. Read only; nothing is ever deleted, so the ledger is the rows themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from payroll import labels
from payroll.access import sheets_for
from payroll.models import PaymentLine, PaySheet, PaySlip
from payroll.owed import reached
from payroll.pay_items import ItemKind, items_from
from payroll.retention import Keeping
from payroll.wage_months import days_of_sheet
from registration.actors import Actor
from registration.models import LabourContract, PayBasis, Posting, Project
from registration.services.parameters import parameter
from registration.trade_names import trade_label
from wagewatch.lib.dates import SITE_TZ, site_date
from wagewatch.lib.identity import mask_name
from wagewatch.lib.sheet_writer import Value, workbook_file
from wagewatch.lib.sheets import ColumnOut, SheetOut

CHUNK = 2000
SECRETS = ("worker__id_number", "worker__phone", "worker__address", "worker__emergency_name",
           "worker__emergency_phone")  # fmt: skip
WAGE_LEDGER = "file: wage ledger with name,id_number,phone"
OVERTIME = (
    ItemKind.OVERTIME,
    ItemKind.OVERTIME_WORKDAY,
    ItemKind.OVERTIME_REST_DAY,
    ItemKind.OVERTIME_HOLIDAY,
)
ALLOWANCES = (ItemKind.HEAT, ItemKind.MEALS, ItemKind.TRANSPORT, ItemKind.OTHER)
DEDUCTIONS = (ItemKind.LESS_TAX, ItemKind.LESS_SOCIAL, ItemKind.LESS_COURT, ItemKind.LESS_DAMAGE,
              ItemKind.LESS_ADVANCE)  # fmt: skip


@dataclass
class SheetLine:
    """One sheet of the ledger: amounts in fen, how many of its people are paid, the last payment."""

    sheet: PaySheet
    people: int
    gross_fen: int
    deduction_fen: int
    net_fen: int
    paid_fen: int
    unpaid: int
    last_paid_at: datetime | None

    @property
    def span(self) -> tuple[date, date]:
        """First and last day of the wage month."""
        return days_of_sheet(self.sheet)


def sent_sheets(
    actor: Actor, project: Project, *, since: date | None = None, until: date | None = None
) -> QuerySet[PaySheet]:
    """The project's sheets within reach that were sent to workers, of the months from `since` to `until`."""
    found = sheets_for(actor).filter(project=project).exclude(state=PaySheet.State.DRAFT)
    if since:
        found = found.filter(month__gte=since)
    if until:
        found = found.filter(month__lte=until)
    return found.select_related("participation__organisation").order_by(
        "-month", "participation_id", "kind", "number"
    )


def _slips(project: Project, sheets: Sequence[PaySheet]) -> QuerySet[PaySlip]:
    return PaySlip.objects.filter(
        project=project, month__in={s.month for s in sheets}, sheet__in=[s.pk for s in sheets]
    )


def sheet_lines(project: Project, sheets: Sequence[PaySheet]) -> list[SheetLine]:
    """The sheets with what their slips say; one query."""
    sums = {
        row["sheet_id"]: row
        for row in _slips(project, sheets)
        .values("sheet_id")
        .annotate(
            people=Count("worker_id"),
            gross=Sum("gross_fen"),
            deduction=Sum("deduction_fen"),
            net=Sum("net_fen"),
            paid=Sum("net_fen", filter=reached(), default=0),
            open=Count("worker_id", filter=Q(net_fen__gt=0) & ~reached()),
            last=Max("paid_at"),
        )
    }
    return [
        SheetLine(
            sheet, row["people"], row["gross"], row["deduction"], row["net"], row["paid"], row["open"],
            row["last"],
        )
        for sheet in sheets
        if (row := sums.get(sheet.pk))
    ]  # fmt: skip


def keeping_of(project: Project, today: date) -> Keeping:
    """Until when the books of a project are kept: of all its firms, since all must be paid."""
    found = PaySlip.objects.filter(project=project).exclude(confirmation="draft")
    sums = found.aggregate(last=Max("paid_at"), open=Count("worker_id", filter=Q(net_fen__gt=0) & ~reached()))
    years = parameter("pay.record_keeping_years", region_code=project.region_id, on=today, default=3)
    last = sums["last"]
    return Keeping(int(years), project.done_on, site_date(last) if last else None, sums["open"])


def wage_columns(*, full: bool) -> list[ColumnOut]:
    """The columns of the wage ledger, as article 15 lists them."""
    person = [ColumnOut("身份证号", width=21), ColumnOut("联系电话", width=14)]
    return [
        ColumnOut("工资月", width=9),
        ColumnOut("周期起", "date"),
        ColumnOut("周期止", "date"),
        ColumnOut("用人单位", width=28),
        ColumnOut("表种类", width=10),
        ColumnOut("班组"),
        ColumnOut("姓名", width=10),
        *(person if full else [ColumnOut("身份证尾号", width=12)]),
        ColumnOut("计薪方式", width=10),
        ColumnOut("单价（元）", "money"),
        ColumnOut("考勤天数（工时）", "number", 12),
        ColumnOut("表上天数（工时）", "number", 12),
        ColumnOut("出勤工资", "money"),
        ColumnOut("加班工资", "money"),
        ColumnOut("津贴补贴", "money"),
        ColumnOut("计件及其他应发", "money"),
        ColumnOut("应发合计", "money"),
        ColumnOut("个人所得税", "money"),
        ColumnOut("社会保险", "money"),
        ColumnOut("法院扣划", "money"),
        ColumnOut("损失赔偿", "money"),
        ColumnOut("预支扣回", "money"),
        ColumnOut("其他扣款", "money"),
        ColumnOut("扣款说明", width=22),
        ColumnOut("实发工资", "money"),
        ColumnOut("本人确认", width=10),
        ColumnOut("确认时间", "date", 18),
        ColumnOut("支付状态", width=12),
        ColumnOut("支付时间", "date", 18),
        ColumnOut("工资卡尾号", width=12),
        ColumnOut("银行流水号", width=36),
    ]


def wage_rows(project: Project, sheets: Sequence[PaySheet], *, full: bool) -> Iterator[tuple[Value, ...]]:
    """The ledger's lines, oldest month first; encrypted fields are opened only where `full`."""
    by_pk = {sheet.pk: sheet for sheet in sheets}
    for month in sorted({sheet.month for sheet in sheets}):
        of_month = [sheet for sheet in sheets if sheet.month == month]
        references = {
            (sheet, worker): reference
            for sheet, worker, reference in PaymentLine.objects.filter(
                project=project, month=month, sheet__in=[s.pk for s in of_month], state="paid"
            ).values_list("sheet_id", "worker_id", "end_to_end_id")
        }
        slips = _slips(project, of_month).select_related("worker").order_by(
            "sheet_id", "team_name", "worker_id"
        )  # fmt: skip
        if not full:
            slips = slips.defer(*SECRETS)
        for slip in slips.iterator(chunk_size=CHUNK):
            yield _wage_row(slip, by_pk[slip.sheet_id], references, full=full)


def _wage_row(
    slip: PaySlip, sheet: PaySheet, references: dict[tuple[int, int], str], *, full: bool
) -> tuple[Value, ...]:
    first, last = days_of_sheet(sheet)
    sums: dict[str, int] = {}
    for item in items_from(slip.items):
        sums[item.kind] = sums.get(item.kind, 0) + item.amount_fen
    overtime = sum(sums.get(kind, 0) for kind in OVERTIME)
    allowances = sum(sums.get(kind, 0) for kind in ALLOWANCES)
    lawful = [sums.get(kind, 0) for kind in DEDUCTIONS]
    by_days = 0 if slip.pay_basis == PayBasis.PIECE else slip.base_fen
    worker = slip.worker
    person: tuple[Value, ...] = (
        (worker.name, str(worker.id_number), str(worker.phone or ""))
        if full
        else (mask_name(worker.name), worker.id_tail)
    )
    return (
        f"{slip.month:%Y-%m}", first, last, sheet.participation.organisation.name,
        str(sheet.get_kind_display()), slip.team_name, *person, str(PayBasis(slip.pay_basis).label),
        slip.rate_fen, slip.gate_days, slip.days, by_days, overtime, allowances,
        slip.gross_fen - by_days - overtime - allowances, slip.gross_fen, *lawful,
        slip.deduction_fen - sum(lawful), slip.deduction_note, slip.net_fen,
        str(labels.CONFIRMATIONS[slip.confirmation][0]), slip.confirmed_at,
        str(labels.PAYMENTS[slip.payment][0]), slip.paid_at, slip.paid_card_tail,
        references.get((slip.sheet_id, slip.worker_id), ""),
    )  # fmt: skip


def labour_columns(*, full: bool) -> list[ColumnOut]:
    """The columns of the labour ledger: who worked for whom, since when, by which contract."""
    person = [ColumnOut("身份证号", width=21), ColumnOut("联系电话", width=14)]
    return [
        ColumnOut("用人单位", width=28),
        ColumnOut("班组"),
        ColumnOut("姓名", width=10),
        *(person if full else [ColumnOut("身份证尾号", width=12)]),
        ColumnOut("工种"),
        ColumnOut("计薪方式", width=10),
        ColumnOut("单价（元）", "money"),
        ColumnOut("进场日期", "date"),
        ColumnOut("退场日期", "date"),
        ColumnOut("劳动合同编号", width=20),
        ColumnOut("合同状态", width=14),
    ]


def postings_of(project: Project, sheets: Sequence[PaySheet]) -> QuerySet[Posting]:
    """Everybody of the firms on these sheets."""
    parts = {sheet.participation_id for sheet in sheets}
    return Posting.objects.filter(project=project, participation__in=parts)


def labour_rows(project: Project, sheets: Sequence[PaySheet], *, full: bool) -> Iterator[tuple[Value, ...]]:
    """The labour ledger's lines, by firm and team."""
    contracts = {
        posting: (number, str(LabourContract.State(state).label))
        for posting, number, state in LabourContract.objects.filter(project=project)
        .order_by("pk")
        .values_list("posting_id", "number", "state")
    }
    found = (
        postings_of(project, sheets)
        .select_related("worker", "team", "participation__organisation")
        .order_by("participation_id", "team_id", "joined_on", "pk")
    )
    if not full:
        found = found.defer(*SECRETS)
    for posting in found.iterator(chunk_size=CHUNK):
        worker = posting.worker
        person: tuple[Value, ...] = (
            (worker.name, str(worker.id_number), str(worker.phone or ""))
            if full
            else (mask_name(worker.name), worker.id_tail)
        )
        yield (
            posting.participation.organisation.name, posting.team.name, *person, trade_label(posting.trade),
            str(PayBasis(posting.pay_basis).label), posting.rate_fen, posting.joined_on, posting.left_on,
            *contracts.get(posting.pk, ("", "")),
        )  # fmt: skip


def keeping_words(keeping: Keeping) -> str:
    """Until when, or why no day can be told."""
    if keeping.until:
        return _("Kept until %(day)s at least: %(years)s years after the project was finished and paid.") % {
            "day": keeping.until.isoformat(),
            "years": keeping.years,
        }
    if keeping.done_on is None:
        text = _("The project goes on: kept, and %(years)s years longer once it is finished and paid.")
    else:
        text = _("Wages are still unpaid: kept, and %(years)s years longer once everybody is paid.")
    return text % {"years": keeping.years}


def ledger_workbook(
    project: Project, sheets: Sequence[PaySheet], *, full: bool, made_by: str, purpose: str, now: datetime
) -> IO[bytes]:
    """The ledger as .xlsx in a temporary file: wages, people, and what the file is."""
    keeping = keeping_of(project, site_date(now))
    months = sorted({f"{sheet.month:%Y-%m}" for sheet in sheets})
    about: list[tuple[Any, ...]] = [
        ("项目", project.name),
        ("项目编码", project.code),
        ("工资月", f"{months[0]} 至 {months[-1]}" if months else ""),
        ("完工日", keeping.done_on.isoformat() if keeping.done_on else "未完工"),
        ("未支付的工资清单", str(keeping.unpaid)),
        ("保存", keeping_words(keeping)),
        ("导出人", made_by),
        ("导出时间", now.astimezone(SITE_TZ).strftime("%Y-%m-%d %H:%M")),
        ("用途", purpose or "—"),
    ]
    return workbook_file(
        [
            SheetOut("工资支付台账", wage_columns(full=full), wage_rows(project, sheets, full=full)),
            SheetOut("用工管理台账", labour_columns(full=full), labour_rows(project, sheets, full=full)),
            SheetOut("说明", [ColumnOut("事项", width=18), ColumnOut("内容", width=70)], about),
        ]
    )
