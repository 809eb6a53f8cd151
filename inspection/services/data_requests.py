"""Data for other departments: asked for with purpose and scope, approved by a second person, taken out on record.

Source 1 (74, 77): permissions, confidentiality, limits of purpose; data calls are audited.
"""

import csv
import hashlib
import io
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, QuerySet, Sum, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.utils import update_change_reason

from inspection.access import settable_regions
from inspection.data_fields import FIELDS, names_people
from inspection.data_records import ANSWERED, EXTRACT, answer_record, extract_record
from inspection.list_rules import months_after
from inspection.models import DataExtract, DataRequest
from inspection.services.listing import labour_office
from inspection.typed import whole
from payroll.models import PaySheet, PaySlip
from payroll.owed import reached
from registration.access import not_found, projects_for
from registration.actors import Actor
from registration.services.parameters import parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import SITE_TZ, first_of_month, site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.names import mask_name
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

State = DataRequest.State
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
MOST_ROWS = 50_000
"""What a spreadsheet still opens without trouble; a larger scope is asked for in parts."""
LONGEST_MONTHS = 36
DECISION = 300
"""Characters of the second person's opinion."""


def requests_for(actor: Actor) -> QuerySet[DataRequest]:
    """Requests of the labour authorities for which the actor inspects."""
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None and not d.sectors]
    return DataRequest.objects.filter(authority__in=offices, authority__kind="labour").select_related(
        "authority", "region", "made_by", "decided_by"
    )


@transaction.atomic
def ask_for_data(
    *,
    department: str,
    contact: str,
    purpose: str,
    basis: str,
    fields: Sequence[str],
    region_code: str,
    first_month: date,
    last_month: date,
    actor: Actor,
    now: datetime,
) -> DataRequest:
    """Write down what a department asks for. Raises NotPermitted, Malformed `data.…`."""
    office = labour_office(actor)
    if actor.id is None:
        not_found()
    words = {"department": department, "contact": contact, "purpose": purpose, "basis": basis}
    clean = {name: " ".join(text.replace("\x00", "").split()) for name, text in words.items()}
    for name, least in (("department", 2), ("contact", 2), ("purpose", 5), ("basis", 3)):
        if len(clean[name]) < least:
            raise Malformed(f"data.{name}", gettext_lazy("Write this in full; who approves decides by it."))
    chosen = [code for code in FIELDS if code in fields]
    if not chosen:
        raise Malformed("data.fields", gettext_lazy("Choose at least one field."))
    region = settable_regions(actor).filter(code=region_code).first()
    if region is None:
        raise Malformed("data.region", gettext_lazy("Choose a region of your own office."))
    first, last = first_of_month(first_month), first_of_month(last_month)
    if first > last or last > first_of_month(site_date(now)):
        raise Malformed("data.months", gettext_lazy("The months must be in order and not lie ahead."))
    if months_after(first, LONGEST_MONTHS) <= last:
        raise Malformed("data.months", gettext_lazy("At most 36 months in one request."))
    request = DataRequest.objects.create(
        number=f"SJ{now:%y%m%d}-" + "".join(secrets.choice(ALPHABET) for _n in range(6)),
        authority=office,
        fields=chosen,
        region=region,
        first_month=first,
        last_month=last,
        made_by_id=actor.id,
        made_at=now,
        **clean,
    )
    update_change_reason(request, "asked")
    return request


@transaction.atomic
def decide_request(pk: int, *, approve: bool, decision: str, actor: Actor, now: datetime) -> DataRequest:
    """A second person approves or refuses; an approved request can be taken out for some days.

    Raises NotFound, NotPermitted, RuleViolation `data.same_person`, `data.decided`, Malformed `data.decision`.
    """
    labour_office(actor)
    reach = requests_for(actor).values("pk")
    request = DataRequest.objects.select_for_update().filter(pk=pk, pk__in=reach).first()
    if request is None:
        not_found()
    if request.made_by_id == actor.id:
        raise RuleViolation(
            "data.same_person",
            gettext_lazy("You wrote this request down. Somebody else has to decide about it."),
        )
    if request.state != State.ASKED:
        raise RuleViolation("data.decided", gettext_lazy("Somebody has decided about it already."))
    said = whole(decision, DECISION, "data.decision")
    if len(said) < 2:
        raise Malformed("data.decision", gettext_lazy("Write your opinion in a few words."))
    days = int(parameter("data.download_days", region_code=request.region_id, on=site_date(now), default=7))
    request.state = State.APPROVED if approve else State.REFUSED
    request.decided_by_id, request.decided_at = actor.id, now
    request.decision = said
    request.expires_at = now + timedelta(days=days) if approve else None
    request.save()
    update_change_reason(request, request.state)
    append(
        ANSWERED,
        project_id=None,
        subject=f"data-request:{request.pk}",
        record=answer_record(request),
        actor=actor,
        now=now,
    )
    return request


@transaction.atomic
def take_out(pk: int, *, file_format: str, actor: Actor, now: datetime) -> tuple[DataRequest, bytes]:
    """The file of an approved request, marked with its number; that it left is on record before it does.

    Raises NotFound, NotPermitted, RuleViolation `data.not_approved`, `data.expired`, `data.too_large`.
    """
    labour_office(actor)
    request = requests_for(actor).filter(pk=pk).first()
    if request is None or actor.id is None:
        not_found()
    if request.state != State.APPROVED or request.expires_at is None:
        raise RuleViolation("data.not_approved", gettext_lazy("This request has not been approved."))
    if now >= request.expires_at:
        raise RuleViolation(
            "data.expired", gettext_lazy("The days in which it could be taken out are over. Ask anew.")
        )
    rows = rows_of(request, actor)
    mark = _("%(number)s, for %(department)s only, taken out by %(who)s on %(at)s") % {
        "number": request.number,
        "department": request.department,
        "who": actor.label,
        "at": f"{now.astimezone(SITE_TZ):%F %H:%M}",
    }
    data = _as_csv(request, rows, mark) if file_format == "csv" else _as_workbook(request, rows, mark)
    extract = DataExtract.objects.create(
        request=request,
        format="csv" if file_format == "csv" else "xlsx",
        rows=len(rows),
        sha256=hashlib.sha256(data).digest(),
        taken_by_id=actor.id,
        taken_at=now,
    )
    append(
        EXTRACT,
        project_id=None,
        subject=f"data-extract:{extract.pk}",
        record=extract_record(extract),
        actor=actor,
        now=now,
    )
    return request, data


def rows_of(request: DataRequest, actor: Actor) -> list[tuple[Any, ...]]:
    """The rows of a request, of projects that whoever takes it out may see himself."""
    seen = projects_for(actor, permission="alarm.view").filter(region__code__startswith=request.region.prefix)
    slips = (
        PaySlip.objects.filter(
            project__in=seen, month__gte=request.first_month, month__lte=request.last_month
        )
        .exclude(sheet__state=PaySheet.State.DRAFT)
        .order_by()
    )
    paid = Case(When(reached(), then=F("net_fen")), default=Value(0))
    names = {
        "code": F("project__code"),
        "project_name": F("project__name"),
        "place": F("project__region__name"),
        "firm": F("sheet__participation__organisation__name"),
        "uscc": F("sheet__participation__organisation__uscc"),
        "due_on": F("sheet__due_on"),
    }
    found: QuerySet[PaySlip, Any]
    if names_people(request.fields):
        found = slips.values(
            "month", "worker__name", "worker__id_tail", "team_name", "net_fen", **names
        ).annotate(people=Value(1), paid=paid)
        order = ("code", "month", "worker_id", "sheet_id")
    else:
        found = slips.values("month", **names).annotate(
            people=Count("worker_id", distinct=True), net=Sum("net_fen"), paid=Sum(paid)
        )
        order = ("code", "month", "firm", "due_on")
    rows = list(found.order_by(*order)[: MOST_ROWS + 1])
    if len(rows) > MOST_ROWS:
        raise RuleViolation(
            "data.too_large", gettext_lazy("More than 50,000 rows. Ask for fewer months or a smaller region.")
        )
    return [tuple(_value(code, row) for code in request.fields) for row in rows]


def _value(code: str, row: Mapping[str, Any]) -> Any:
    net = row.get("net", row.get("net_fen"))
    return {
        "project": lambda: row["project_name"],
        "month": lambda: f"{row['month']:%Y-%m}",
        "net_fen": lambda: net,
        "paid_fen": lambda: row["paid"],
        "unpaid_fen": lambda: net - row["paid"],
        "name": lambda: mask_name(row["worker__name"]),
        "id_tail": lambda: row["worker__id_tail"],
        "team": lambda: row["team_name"],
    }.get(code, lambda: row[code])()


def _columns(request: DataRequest) -> list[ColumnOut]:
    return [*(FIELDS[code].column() for code in request.fields), ColumnOut(_("Request"), width=18)]


def _as_workbook(request: DataRequest, rows: Iterable[tuple[Any, ...]], mark: str) -> bytes:
    marked = [(*row, request.number) for row in rows]
    return write_workbook([SheetOut(request.number, _columns(request), marked, title=mark)])


def _as_csv(request: DataRequest, rows: Iterable[tuple[Any, ...]], mark: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([mark])
    writer.writerow([column.heading for column in _columns(request)])
    money = [FIELDS[code].kind == "money" for code in request.fields]
    for row in rows:
        cells = [f"{v / 100:.2f}" if m else _safe(v) for v, m in zip(row, money, strict=True)]
        writer.writerow([*cells, request.number])
    return out.getvalue().encode("utf-8-sig")


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula stays a text."""
    text = value.isoformat() if isinstance(value, date) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
