"""Staged rows in the database: what was read (encrypted), and the good ones ready to be written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from django.db import connection

from registration.models import Project, RosterRow, RosterUpload
from registration.rules.person_values import kind_of_number
from registration.rules.roster_row import RowValues
from registration.rules.roster_verdict import CHANGED, NEW, Judged
from registration.services.roster_facts import Indexes
from wagewatch.lib.copying import copy_rows
from wagewatch.lib.crypto import blind_index, sealer
from wagewatch.lib.pinyin import initials_of

PERSON_FIELDS = frozenset(
    (
        "phone",
        "household",
        "education",
        "politics",
        "emergency_contact",
        "emergency_phone",
        "ethnicity",
        "address",
    )
)
WORK_FIELDS = frozenset(
    ("team", "trade", "pay_basis", "rate", "joined_on", "left_on", "piece_unit", "work_role")
)
CARD_FIELDS = frozenset(("card_number", "bank_name"))
_CONTEXTS = (
    "worker.id_number", "worker.address", "worker.phone", "worker.emergency_name", "worker.emergency_phone",
    "card.number",
)  # fmt: skip
Seal = Mapping[str, Callable[[str], bytes]]


class Bundle(Protocol):
    """Rows that are written together for one company of a project: an upload, or what a system pushed.

    `pk` keeps them apart from others that are made ready at the same time.
    """

    @property
    def pk(self) -> Any: ...
    @property
    def project_id(self) -> int: ...
    @property
    def participation_id(self) -> int: ...
    @property
    def project(self) -> Project: ...


class StagedRow(msgspec.Struct, omit_defaults=True, gc=False):
    """What a staged row keeps, encrypted: its values, and what was typed where something is wrong."""

    values: RowValues
    raw: dict[str, str] = {}


_ROW_COLUMNS = (
    "project_id", "upload_id", "row", "sheet", "line", "data", "id_index", "card_index", "verdict", "messages",
    "changes", "worker_id",
)  # fmt: skip
_READY_COLUMNS = (
    "project_id", "upload_id", "place", "row", "is_new_person", "worker_id", "posting_id", "pin_offset",
    "changes_person", "name", "initials", "id_kind", "nationality", "id_number", "id_index", "id_tail", "sex",
    "birth_date", "origin_code", "ethnicity", "address", "phone", "phone_index", "household", "education", "politics",
    "emergency_name", "emergency_phone", "changes_work", "team", "trade", "basis", "rate_fen", "piece_unit",
    "work_role", "joined_on", "left_on", "card_place", "card", "card_index", "card_tail", "bank",
)  # fmt: skip


def write_rows(upload: RosterUpload, judged: Sequence[Judged], indexes: Sequence[Indexes]) -> None:
    """Stage all rows in place of those of an earlier reading."""
    encode = msgspec.json.Encoder().encode
    seal = sealer("roster.row")
    project_id, upload_id = upload.project_id, upload.pk
    forget_rows(upload)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, (one, index) in enumerate(zip(judged, indexes, strict=True), 1):
            row = one.row
            yield (
                project_id,
                upload_id,
                number,
                row.sheet[:60],
                row.line,
                seal(encode(StagedRow(row.values, row.raw)).decode()),
                index.person,
                index.card,
                one.verdict,
                encode(one.messages).decode() if one.messages else "[]",
                encode(one.changes).decode() if one.changes else "[]",
                one.known_id,
            )

    with connection.cursor() as cursor:
        copy_rows(cursor, RosterRow._meta.db_table, _ROW_COLUMNS, rows())


def forget_rows(upload: RosterUpload) -> None:
    """Delete what is staged of an upload."""
    with connection.cursor() as cursor:
        for table in ("registration_rosterrow", "registration_readyrow"):
            cursor.execute(
                f"DELETE FROM {table} WHERE project_id = %s AND upload_id = %s",  # noqa: S608 our own names
                [upload.project_id, upload.pk],
            )


def prepare_rows(upload: Bundle, judged: Sequence[Judged], indexes: Sequence[Indexes]) -> None:
    """Make the good rows ready to be written, in place of earlier ones."""
    seal = {context: sealer(context) for context in _CONTEXTS}
    good = [n for n, one in enumerate(judged) if one.verdict in {NEW, CHANGED}]
    # In the order of the index, in which people are written: two uploads cannot wait for each other.
    in_order = sorted(good, key=lambda n: indexes[n].person or b"")
    with_card = sorted((n for n in good if _has_card(judged[n])), key=lambda n: indexes[n].card or b"")
    card_places = {n: place for place, n in enumerate(with_card)}
    pins = {n: place for place, n in enumerate((n for n in good if judged[n].posting_id is None), 1)}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registration_readyrow WHERE project_id = %s AND upload_id = %s",
            [upload.project_id, upload.pk],
        )
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence('registration_worker', 'id'))::regclass)"
            " FROM generate_series(1, %s)",
            [sum(judged[n].known_id is None for n in good)],
        )
        new_ids = iter([row[0] for row in cursor.fetchall()])

        def rows() -> Iterator[tuple[Any, ...]]:
            for place, n in enumerate(in_order):
                one = judged[n]
                yield (
                    upload.project_id,
                    upload.pk,
                    place,
                    n + 1,
                    one.known_id is None,
                    next(new_ids) if one.known_id is None else one.known_id,
                    one.posting_id,
                    pins.get(n),
                    *_person(one, indexes[n], seal),
                    *_work(one),
                    card_places.get(n),
                    *_card(one, indexes[n], seal),
                )

        copy_rows(cursor, "registration_readyrow", _READY_COLUMNS, rows())


def _changed(one: Judged) -> frozenset[str] | None:
    """The fields that change of somebody known; None for a new person, of whom everything is written."""
    return None if one.known_id is None else frozenset(change.field for change in one.changes)


def _person(one: Judged, index: Indexes, seal: Seal) -> tuple[Any, ...]:
    values = one.row.values
    changed = _changed(one)

    def taken(field: str, value: str) -> str:
        return value if changed is None or field in changed else ""

    phone, address = taken("phone", values.phone), taken("address", values.address)
    near = taken("emergency_contact", values.emergency_name)
    near_phone = taken("emergency_phone", values.emergency_phone)
    return (
        changed is not None and not changed.isdisjoint(PERSON_FIELDS),
        values.name,
        *_about_name_and_number(values, new=changed is None),
        seal["worker.id_number"](values.id_number) if changed is None else None,
        index.person,
        values.id_number[-4:],
        values.sex,
        values.birth_date,
        values.region_code,
        taken("ethnicity", values.ethnicity),
        seal["worker.address"](address) if address else None,
        seal["worker.phone"](phone) if phone else None,
        blind_index(phone, kind="phone") if phone else None,
        taken("household", values.household),
        taken("education", values.education),
        taken("politics", values.politics),
        seal["worker.emergency_name"](near) if near else None,
        seal["worker.emergency_phone"](near_phone) if near_phone else None,
    )


def _about_name_and_number(values: RowValues, *, new: bool) -> tuple[str, str, str]:
    """Initials, kind of document and nationality of a new person."""
    if not new:
        return "", "", ""
    told = (values.id_kind, values.nationality) if values.id_kind else kind_of_number(values.id_number)
    return initials_of(values.name), *told


def _work(one: Judged) -> tuple[Any, ...]:
    values = one.row.values
    changed = _changed(one)
    return (
        one.posting_id is not None and changed is not None and not changed.isdisjoint(WORK_FIELDS),
        values.team,
        values.trade,
        values.basis,
        values.rate_fen,
        values.piece_unit,
        values.work_role,
        values.joined_on,
        values.left_on,
    )


def _has_card(one: Judged) -> bool:
    changed = _changed(one)
    return bool(one.row.values.card) and (changed is None or not changed.isdisjoint(CARD_FIELDS))


def _card(one: Judged, index: Indexes, seal: Seal) -> tuple[Any, ...]:
    values = one.row.values
    if not _has_card(one):
        return (None, None, "", "")
    return (seal["card.number"](values.card), index.card, values.card[-4:], values.bank)
