"""Slips and sheets on paper, as PDF; the same lines and words as on the screens."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from payroll import labels
from payroll.models import PaySheet, PaySlip
from payroll.pay_words import lines_of, number, span_words
from payroll.wage_months import days_of_sheet
from registration.templatetags.named import named
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny
from wagewatch.lib.pdf import Align, Paper

MOST_ON_PAPER = 2000
"""Lines of a sheet on paper: some seventy pages. More is for a spreadsheet."""


@dataclass(frozen=True)
class Proof:
    """What the evidence log holds of the worker's word: its number, the moment, the address that checks it."""

    number: str
    at: datetime
    address: str


def _moment(at: datetime | None) -> str:
    return at.astimezone(SITE_TZ).strftime("%Y-%m-%d %H:%M") if at else ""


def slip_paper(
    slip: PaySlip,
    *,
    worked: Iterable[tuple[date, Any]],
    signature: bytes | None,
    proof: Proof | None,
    payment: str,
    made_by: str,
    now: datetime,
) -> bytes:
    """One worker's slip (工资清单, Order 724 article 15), A4. `worked` are the days the gates counted, `payment`
    what is known of the money in words, `signature` the PNG the worker drew."""
    sheet = slip.sheet
    first, last = days_of_sheet(sheet)
    unit = str(labels.UNITS[slip.pay_basis])
    title = _("Pay slip %(month)s") % {"month": f"{slip.month:%Y-%m}"}
    paper = Paper(title, at=now, foot="　".join(filter(None, (made_by, _moment(now)))))
    paper.heading(title, size=20)
    top = paper.get_y()
    if proof:
        paper.qr(proof.address, width=32, x=paper.w - paper.r_margin - 32, y=top)
    paper.facts(
        [
            (_("Name"), slip.worker.name),
            (_("ID number"), _("ending %(tail)s") % {"tail": slip.worker.id_tail}),
            (_("Employer"), sheet.participation.organisation.name),
            (_("Project"), named(slip.project)),
            (_("Team"), slip.team_name),
            (_("Days"), span_words(first, last)),
            (_("Kind of sheet"), str(sheet.get_kind_display())),
            (_("Pay day"), sheet.due_on.isoformat()),
        ]
    )
    paper.set_y(max(paper.get_y(), top + 36))
    rows = [(line.label, "\n".join(filter(None, (line.how, line.reason))), format_cny(line.amount_fen))
            for line in lines_of(slip)]  # fmt: skip
    rows += [
        (_("Gross pay"), "", format_cny(slip.gross_fen)),
        (_("Deductions"), "", format_cny(-slip.deduction_fen)),
        (_("Net pay"), "", format_cny(slip.net_fen)),
    ]
    sides: Sequence[Align] = ("L", "L", "R")
    paper.grid(
        [_("Line"), pgettext("of a pay slip", "Reckoning"), _("Amount")],
        rows,
        widths=[4, 7, 3],
        aligns=sides,
        size=10,
    )
    days = [f"{day.month}-{day.day}" + ("" if amount == 1 else f"({number(amount)})") for day, amount in worked
            if amount]  # fmt: skip
    paper.facts(
        [
            (_("Days by the gates"), f"{number(slip.gate_days)} {unit}"),
            (_("Days on the sheet"), f"{number(slip.days)} {unit}"),
            (_("Days you came"), "、".join(days)),
            (
                _("Worker's word"),
                f"{labels.CONFIRMATIONS[slip.confirmation][0]} {_moment(slip.confirmed_at)}",
            ),
            (_("Payment"), payment),
        ]
    )
    if signature:
        paper.paragraph(_("Signature"), size=9)
        paper.picture(signature, width=50)
    if proof:
        paper.paragraph(
            _("Number in the evidence log: %(number)s, %(at)s. The code shows whether it is genuine.")
            % {"number": proof.number, "at": _moment(proof.at)},
            size=8,
        )
    paper.paragraph(_("Something is wrong? Say so in the app, or call 12333."), size=9)
    return paper.done()


def sheet_paper(sheet: PaySheet, rows: Sequence[Any], *, made_by: str, now: datetime) -> bytes:
    """A whole sheet (工资支付表), A4 across; `rows` as payroll.views.rows gives them. Raises RuleViolation
    `export.too_long` above MOST_ON_PAPER lines."""
    if len(rows) > MOST_ON_PAPER:
        raise RuleViolation(
            "export.too_long",
            _("%(number)s people are too many for paper. Take the spreadsheet."),
            number=len(rows),
        )
    first, last = days_of_sheet(sheet)
    title = _("Pay sheet %(month)s") % {"month": f"{sheet.month:%Y-%m}"}
    paper = Paper(
        title, at=now, foot="　".join(filter(None, (made_by, _moment(now)))), landscape=True, size=9
    )
    paper.heading(f"{title}　{sheet.get_kind_display()}")
    paper.paragraph(
        "　".join(
            (
                sheet.participation.organisation.name + (f"　{sheet.team_name}" if sheet.team_name else ""),
                named(sheet.project),
                span_words(first, last),
                _("Pay day %(day)s") % {"day": sheet.due_on.isoformat()},
                str(labels.SHEET_STATES[sheet.state][0]),
            )
        ),
        align="C",
    )
    heads = [
        _("No."), _("Name"), _("ID ends in"), _("Team"), _("Gates"), _("Sheet"), pgettext("of a pay slip", "Reckoning"), _("Gross pay"),
        _("Deductions"), _("Net pay"), _("Worker's word"), _("Payment"),
    ]  # fmt: skip
    sides: Sequence[Align] = ("R", "L", "L", "L", "R", "R", "L", "R", "R", "R", "L", "L")
    paper.grid(
        heads, _sheet_rows(rows), widths=(8, 16, 13, 20, 11, 11, 62, 22, 20, 22, 24, 28), aligns=sides, size=8
    )
    paper.paragraph(
        _("Total, %(people)s people: gross %(gross)s, deductions %(deductions)s, net %(net)s")
        % {
            "people": sheet.people,
            "gross": format_cny(sheet.gross_fen),
            "deductions": format_cny(sheet.deduction_fen),
            "net": format_cny(sheet.net_fen),
        },
        size=11,
    )
    people = [
        (_("Made by"), sheet.made_by, sheet.made_at),
        (_("Sent by"), sheet.submitted_by, sheet.submitted_at),
        (_("Approved by"), sheet.approved_by, sheet.approved_at),
    ]
    paper.facts((label, f"{who.name} {_moment(at)}" if who else "") for label, who, at in people)
    return paper.done()


def _sheet_rows(rows: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    for n, row in enumerate(rows, 1):
        how = "\n".join(
            f"{line.label} {line.how or format_cny(line.amount_fen)}"
            for line in row.lines
            if not line.is_deduction
        )
        less = format_cny(row.deduction_fen) if row.deduction_fen else ""
        paid = str(labels.PAYMENTS[row.payment][0])
        if row.paid_at:
            paid += f" {_moment(row.paid_at)[:10]}" + (
                f"\n…{row.paid_card_tail}" if row.paid_card_tail else ""
            )
        yield (
            str(n), row.name, row.tail, row.team_name, number(row.gate_days), number(row.days), how,
            format_cny(row.gross_fen), f"{less}\n{row.deduction_note}".strip(), format_cny(row.net_fen),
            f"{labels.CONFIRMATIONS[row.confirmation][0]}\n{_moment(row.confirmed_at)[:10]}".strip(), paid,
        )  # fmt: skip
