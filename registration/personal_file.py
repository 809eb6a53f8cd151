"""One person's file: who they are, their work here with what is agreed, their working life, papers, changes.

The same parts are written as PDF (with the photo) and as .xlsx. What other companies pay is no part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from registration.history_of_person import PersonHistory, history_of_person
from registration.models import BankCard, LabourContract, PieceUnit, Posting, Project, Worker
from registration.person_changes import Change, changes_of_person
from registration.services.portraits import newest_portrait
from registration.templatetags.named import named
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.money import format_cny
from wagewatch.lib.origins import origin_name
from wagewatch.lib.pdf import MARGIN, Paper
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, workbook_file

PHOTO_WIDTH = 28.0
"""Millimetres; the picture of an identity card is 26 by 32."""


@dataclass(frozen=True)
class Part:
    """A table of the file. `widths` are parts of the page."""

    title: str
    heads: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class PersonalFile:
    """Everything, unmasked: who looks was written down before."""

    name: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    portrait: bytes


def personal_file(
    worker: Worker, project: Project, postings: Sequence[Posting], organisations: Sequence[int]
) -> PersonalFile:
    """The file of a person for those who see these postings on the project."""
    card = BankCard.objects.filter(worker=worker, is_current=True).first()
    history = history_of_person(worker.pk)
    newest = newest_portrait(worker.pk)
    parts = [
        _work(postings),
        _life(history),
        _certificates(history),
        _trainings(history),
        _contracts(worker, project, postings),
        _changes(changes_of_person(worker, postings, organisations)),
    ]
    return PersonalFile(
        worker.name,
        _facts(worker, card),
        [part for part in parts if part.rows],
        bytes(newest.content or b"") if newest else b"",
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _facts(worker: Worker, card: BankCard | None) -> list[tuple[str, str]]:
    validity = " – ".join(filter(None, (_day(worker.id_valid_from), _day(worker.id_valid_until))))
    return [
        (pgettext("roster field", "Name"), " ".join(filter(None, (worker.name, worker.english_name)))),
        (_("Document"), str(worker.get_id_kind_display())),
        (pgettext("roster field", "ID number"), str(worker.id_number)),
        (_("Issued by"), " ".join(filter(None, (worker.id_issuer, validity)))),
        (_("Sex"), str(worker.get_sex_display())),
        (_("Born on"), _day(worker.birth_date)),
        (_("Nationality"), worker.nationality),
        (_("Ethnic group"), worker.ethnicity),
        (_("Place of origin"), origin_name(worker.origin_code)),
        (_("Household registration"), str(worker.get_household_display())),
        (_("Education"), str(worker.get_education_display())),
        (_("Political affiliation"), str(worker.get_politics_display())),
        (_("Skill grade"), str(worker.get_skill_grade_display()) if worker.skill_grade else ""),
        (_("Mobile number"), str(worker.phone or "")),
        (_("Address"), str(worker.address or "")),
        (
            _("Emergency contact"),
            " ".join(filter(None, (str(worker.emergency_name or ""), str(worker.emergency_phone or "")))),
        ),
        (_("Wage card"), f"{card.number} {card.bank_name}".strip() if card else ""),
        (_("On record since"), _day(worker.registered_at.astimezone(SITE_TZ).date())),
        (
            _("Data confirmed"),
            _day(worker.updated_at.astimezone(SITE_TZ).date()) if worker.updated_at else "",
        ),
    ]


def rate_words(posting: Posting) -> str:
    """¥360.00 by the day; of piece work with its unit."""
    unit = f" / {PieceUnit(posting.piece_unit).label}" if posting.piece_unit else ""
    return f"{format_cny(posting.rate_fen)} {posting.get_pay_basis_display()}{unit}"


def _work(postings: Sequence[Posting]) -> Part:
    return Part(
        _("Work on this project"),
        (
            _("Employer"),
            _("Team"),
            _("Trade"),
            _("Rate"),
            pgettext("roster field", "Joined"),
            pgettext("roster field", "Left"),
        ),
        (34, 20, 18, 26, 18, 18),
        [
            (
                p.participation.organisation.name,
                p.team.name,
                p.trade,
                rate_words(p),
                _day(p.joined_on),
                _day(p.left_on),
            )
            for p in postings
        ],
    )


def _life(history: PersonHistory) -> Part:
    return Part(
        _("Working life"),
        (
            _("Project"),
            pgettext("working life", "Place"),
            _("Trade"),
            pgettext("roster field", "Joined"),
            pgettext("roster field", "Left"),
        ),
        (44, 30, 18, 18, 18),
        [(s.project, s.region, s.trade, _day(s.since), _day(s.till)) for s in history.stints],
    )


def _certificates(history: PersonHistory) -> Part:
    return Part(
        _("Certificates"),
        (_("Trade"), _("Skill grade"), _("Issued by"), _("Issued on"), _("Valid until")),
        (26, 26, 40, 18, 18),
        [(c.trade, c.grade, c.issuer, _day(c.issued_on), _day(c.expires_on)) for c in history.certificates],
    )


def _trainings(history: PersonHistory) -> Part:
    return Part(
        _("Trainings"),
        (_("Training"), _("Project"), _("Held on"), _("Minutes"), _("Passed")),
        (44, 44, 18, 14, 14),
        [
            (t.name, t.project, _day(t.held_on), str(t.minutes), _("yes") if t.passed else _("no"))
            for t in history.trainings
        ],
    )


def _contracts(worker: Worker, project: Project, postings: Sequence[Posting]) -> Part:
    held = LabourContract.objects.filter(
        project=project, worker=worker, posting__in=[p.pk for p in postings]
    ).defer("text", "terms")
    return Part(
        _("Contracts"),
        (_("Number"), _("Kind"), _("State"), _("From"), _("Until")),
        (30, 30, 26, 18, 18),
        [
            (
                c.number,
                str(c.get_kind_display()),
                str(c.get_state_display()),
                _day(c.starts_on),
                _day(c.ended_on or c.ends_on),
            )
            for c in held.order_by("-starts_on", "-pk")
        ],
    )


def _changes(changes: Sequence[Change]) -> Part:
    return Part(
        _("What changed"),
        (_("When"), _("What"), _("Before"), _("After"), _("Who")),
        (26, 24, 28, 28, 28),
        [(f"{c.at.astimezone(SITE_TZ):%Y-%m-%d %H:%M}", c.field, c.old, c.new, c.who) for c in changes],
    )


def on_paper(file: PersonalFile, project: Project, *, foot: str, now: datetime) -> bytes:
    """The file as PDF, A4."""
    paper = Paper(_("Personal file"), at=now, foot=foot)
    paper.heading(_("Personal file"))
    paper.paragraph(named(project), align="C")
    top = paper.get_y()
    if file.portrait:
        paper.picture(file.portrait, width=PHOTO_WIDTH, x=paper.w - MARGIN - PHOTO_WIDTH, y=top)
        paper.set_right_margin(MARGIN + PHOTO_WIDTH + 4)
        paper.set_y(top)
    paper.facts([(label, value) for label, value in file.facts if value])
    paper.set_right_margin(MARGIN)
    if file.portrait:
        paper.set_y(max(paper.get_y(), top + PHOTO_WIDTH * 4 / 3 + 4))
    for part in file.parts:
        paper.heading(part.title, size=12, align="L")
        paper.grid(part.heads, part.rows, widths=part.widths, size=8.5)
    return paper.done()


def as_sheet(file: PersonalFile) -> IO[bytes]:
    """The file as .xlsx: one sheet of facts, one for each part."""
    facts = SheetOut(
        _("Person"), (ColumnOut(_("What"), width=18), ColumnOut(_("On record"), width=50)), file.facts
    )
    parts = [
        SheetOut(
            part.title,
            [
                ColumnOut(head, width=max(12, width / 1.6))
                for head, width in zip(part.heads, part.widths, strict=True)
            ],
            part.rows,
        )
        for part in file.parts
    ]
    return workbook_file([facts, *parts])
