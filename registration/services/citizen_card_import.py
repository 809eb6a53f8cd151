"""The card centre's result file: ID number and card number per row; good rows are written, the rest is told."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, participations_for
from registration.actors import Actor
from registration.models import CitizenCard, CitizenCardStep, Posting, Project
from registration.rules.citizen_cards import ENDED, check_step, due_on, normalise_card_number
from registration.services.citizen_cards import PERMISSION, card_index, city_of, deadlines_for
from registration.services.history import record_history
from registration.services.parameters import load_calendar
from registration.services.people_lists import Refused
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import parse_date, site_date
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.headings import DataRow, find_table
from wagewatch.lib.identity import check_id_number, number_cell
from wagewatch.lib.sheets import read_workbook

FIELDS = {
    "id_number": ("身份证号", "身份证号码", "公民身份号码", "证件号码", "身份证", "ID number"),
    "card_number": ("市民卡号", "卡号", "市民卡卡号", "卡面号", "card number"),
    "name": ("姓名", "name"),
    "made_on": ("制卡日期", "制卡时间", "发卡日期", "发放日期", "日期"),
}
REQUIRED = ("id_number", "card_number")
State = CitizenCard.State


@dataclass(frozen=True)
class ResultRow:
    """One good row: whose card, its number, the day it was issued."""

    line: int
    id_number: str
    number: str
    on: date


@dataclass
class Imported:
    """How many cards were issued, how many the file told again, and which rows were not taken."""

    issued: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


def read_results(data: bytes, filename: str, *, today: date) -> tuple[list[ResultRow], list[Refused]]:
    """Rows of the first table with both headings on a visible sheet. Raises Malformed for the whole file."""
    workbook = read_workbook(data, filename)
    problem: Malformed | None = None
    for sheet in workbook.sheets:
        if not sheet.visible or not sheet.rows:
            continue
        try:
            table = find_table(sheet, FIELDS, REQUIRED)
        except Malformed as error:
            problem = problem or error
            continue
        good: list[ResultRow] = []
        bad: list[Refused] = []
        for row in table.data:
            try:
                good.append(_read(row, today, workbook.date1904))
            except Malformed as error:
                tail = row["id_number"].text[-4:]
                bad.append(Refused(row.number, f"…{tail}" if tail else "", error))
        return good, bad
    raise problem or Malformed("file.empty", _("The file is empty. Fill in the table and upload it again."))


def _read(row: DataRow, today: date, date1904: bool) -> ResultRow:
    if row["id_number"].kind == "number":
        raise number_cell("id")
    if row["card_number"].kind == "number" and len(row["card_number"].text) > 15:
        raise number_cell("card")
    on = today
    if not row["made_on"].is_blank:
        on = parse_date(row["made_on"].value, date1904=date1904)
    return ResultRow(
        row.number,
        check_id_number(row["id_number"].text, today=today).number,
        normalise_card_number(row["card_number"].text),
        on,
    )


@transaction.atomic
def import_results(project_id: int, data: bytes, filename: str, *, actor: Actor, now: datetime) -> Imported:
    """Write the numbers of a result file: each card goes to `issued` with its number.

    Doing it twice changes nothing. A row for a person out of reach, without an application, or with a number
    that somebody else has, is refused with its reason and costs no other row. Raises Malformed for a file
    that cannot be read, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    today = site_date(now)
    rows, refused = read_results(data, filename, today=today)
    done = Imported(refused=refused)
    cards, holders = _facts(project, rows, actor)
    seen: dict[bytes, int] = {}
    fit: list[tuple[ResultRow, CitizenCard]] = []
    for row in rows:
        index = blind_index(row.id_number, kind="id")
        try:
            card = _judge(row, cards.get(index), holders, seen.get(index), today)
        except WagewatchError as error:
            done.refused.append(Refused(row.line, f"…{row.id_number[-4:]}", error))
            continue
        seen[index] = row.line
        if card is None:
            done.unchanged += 1
            continue
        holders[card_index(row.number)] = card.worker_id
        fit.append((row, card))
    _write(project, fit, today, actor, now)
    done.issued = len(fit)
    done.refused.sort(key=lambda one: one.line)
    return done


def _facts(
    project: Project, rows: list[ResultRow], actor: Actor
) -> tuple[dict[bytes, CitizenCard | None], dict[bytes, int]]:
    """The newest card by the person's index (None: at work but without one), and who holds which number."""
    people = dict(
        Posting.objects.filter(
            project=project,
            participation__in=participations_for(actor, project, permission=PERMISSION),
            worker__id_index__in=[blind_index(row.id_number, kind="id") for row in rows],
        ).values_list("worker_id", "worker__id_index")
    )
    cards: dict[bytes, CitizenCard | None] = dict.fromkeys(map(bytes, people.values()))
    for card in (
        CitizenCard.objects.select_for_update(of=("self",))
        .filter(region=city_of(project.region_id), worker__in=list(people))
        .order_by("pk")
    ):
        cards[bytes(people[card.worker_id])] = card
    holders = {
        bytes(index or b""): worker
        for index, worker in CitizenCard.objects.filter(
            number_index__in=[card_index(row.number) for row in rows]
        )
        .exclude(state__in=ENDED)
        .values_list("number_index", "worker_id")
    }
    return cards, holders


_NOBODY = object()


def _judge(
    row: ResultRow,
    card: CitizenCard | None,
    holders: dict[bytes, int],
    earlier_line: int | None,
    today: date,
) -> CitizenCard | None:
    """The card to move; None if it bears this number already. Raises Malformed or RuleViolation."""
    if earlier_line is not None:
        text = _("This person stands in line %(line)s already.")
        raise Malformed("list.twice", text, line=earlier_line)
    if card is None:
        text = _("Nobody with this ID number on this project has applied for a card.")
        raise Malformed("card.not_applied", text)
    index = card_index(row.number)
    if card.number_index is not None and bytes(card.number_index) == index and card.state not in ENDED:
        return None
    if holders.get(index, card.worker_id) != card.worker_id:
        text = _("A card with this number belongs to somebody else. Ask the card centre.")
        raise Malformed("card.number_taken", text)
    check_step(
        card.state,
        State.ISSUED,
        since=card.state_on,
        on=max(row.on, card.state_on),
        today=today,
        has_number=True,
    )
    return card


def _write(
    project: Project, fit: list[tuple[ResultRow, CitizenCard]], today: date, actor: Actor, now: datetime
) -> None:
    deadlines, calendar = deadlines_for(project.region_id, on=today), load_calendar()
    for row, card in fit:
        card.state, card.state_on = State.ISSUED, max(row.on, card.state_on)
        card.due_on = due_on(State.ISSUED, card.state_on, deadlines, calendar)
        card.number, card.number_index = row.number, card_index(row.number)
        card.number_tail = row.number[-4:]
    cards = [card for _row, card in fit]
    try:
        with transaction.atomic():
            CitizenCard.objects.bulk_update(
                cards, ["state", "state_on", "due_on", "number", "number_index", "number_tail"]
            )
    except IntegrityError:  # a number was given to somebody else in this very moment
        text = _("A number of this file was given to somebody else at the same moment. Upload it again.")
        raise Malformed("card.number_taken", text) from None
    record_history(CitizenCard, [c.pk for c in cards], kind="~", actor=actor, now=now, reason="result file")
    CitizenCardStep.objects.bulk_create(
        CitizenCardStep(
            card=card,
            state=State.ISSUED,
            on=card.state_on,
            user_id=actor.id if actor.kind == "user" else None,
            at=now,
        )
        for card in cards
    )
