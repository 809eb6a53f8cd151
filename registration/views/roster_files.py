"""Roster files to take away: the empty template, and the refused rows with their reasons."""

from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET

from registration.http import ActorRequest, staff_view
from registration.models import Team
from registration.permissions import CLERK
from registration.rules.roster_words import EDUCATION, HOUSEHOLD, PIECE_UNIT, POLITICS, WORK_ROLE
from registration.rules.trades import TRADES
from registration.services.roster_ready import StagedRow
from registration.services.rosters import access_upload
from registration.views.roster_door import door, employers, staged_rows
from registration.views.roster_rows import say, staged_of
from wagewatch.lib.heading_names import ROSTER_FIELDS
from wagewatch.lib.money import fen_to_decimal
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OUT = (
    ("name", "text", 10),
    ("id_number", "text", 22),
    ("sex", "text", 6),
    ("phone", "text", 14),
    ("trade", "text", 12),
    ("team", "text", 14),
    ("pay_basis", "text", 10),
    ("day_rate", "text", 12),
    ("card_number", "text", 24),
    ("bank_name", "text", 18),
    ("joined_on", "text", 12),
    ("left_on", "text", 12),
)
_BASIS = {"day": "按天", "hour": "按小时", "month": "按月", "piece": "计件"}
_CELL_OF = {"day_rate": "rate"}
_MORE = (
    "ethnicity", "address", "household", "education", "politics", "emergency_contact", "emergency_phone", "work_role",
    "piece_unit", "contract_signed_on", "contract_ends_on",
)  # fmt: skip
"""Fields that stand in the file of refused rows only if one of the rows has them."""
_WORDS: dict[str, dict[str, str]] = {
    field: {code: word for word, code in reversed(codes.items())}
    for field, codes in (
        ("household", HOUSEHOLD),
        ("education", EDUCATION),
        ("politics", POLITICS),
        ("work_role", WORK_ROLE),
        ("piece_unit", PIECE_UNIT),
    )
}
"""The first spelling of each code."""


def _columns(teams: list[str]) -> list[ColumnOut]:
    choices: dict[str, tuple[str, ...]] = {
        "sex": ("男", "女"),
        "trade": TRADES,
        "team": tuple(teams),
        "pay_basis": tuple(_BASIS.values()),
    }
    hints = {
        "id_number": "18 位，单元格为文本格式",
        "card_number": "本人的银行卡，单元格为文本格式",
        "phone": "11 位手机号，工人用它登录、看工资、确认",
        "day_rate": "元；按月、按小时、计件的，写对应的单价并选计薪方式",
        "joined_on": "写成 2026-03-05 这样",
    }
    required = {"name", "id_number", "trade", "team", "day_rate"}
    return [
        ColumnOut(
            ROSTER_FIELDS[field][0],
            "text",
            width,
            choices.get(field, ()),
            hints.get(field, ""),
            field in required,
        )
        for field, _kind, width in _OUT
    ]


def _xlsx(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_GET
@staff_view(*CLERK)
def template(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """An empty roster with drop-downs for teams, trades, sex and pay basis."""
    project = door(request, project_pk)
    teams = Team.objects.filter(project=project, participation__in=employers(request, project).values("pk"))
    names = sorted(set(teams.values_list("name", flat=True)))
    return _xlsx(write_workbook([SheetOut("花名册", _columns(names))]), f"roster-{project.pk}.xlsx")


def _typed(staged: StagedRow) -> dict[str, str]:
    """The values of a row as a clerk would type them; where something is wrong, what was typed."""
    read = staged.values
    days = {
        field: day.isoformat() if day else ""
        for field, day in (
            ("joined_on", read.joined_on),
            ("left_on", read.left_on),
            ("contract_signed_on", read.contract_signed_on),
            ("contract_ends_on", read.contract_ends_on),
        )
    }
    coded = {field: _WORDS[field].get(getattr(read, field), "") for field in _WORDS}
    return {
        "name": read.name,
        "id_number": read.id_number,
        "sex": {1: "男", 2: "女"}.get(read.sex, ""),
        "phone": read.phone,
        "trade": read.trade,
        "team": read.team,
        "pay_basis": _BASIS.get(read.basis, ""),
        "rate": str(fen_to_decimal(read.rate_fen)) if read.rate_fen else "",
        "card_number": read.card,
        "bank_name": read.bank,
        "ethnicity": read.ethnicity,
        "address": read.address,
        "emergency_contact": read.emergency_name,
        "emergency_phone": read.emergency_phone,
        **days,
        **coded,
        **staged.raw,
    }


@require_GET
@staff_view(*CLERK)
def refused(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The refused rows as they were typed, marked, with the reason beside each."""
    project = door(request, project_pk)
    found = access_upload(project.pk, pk, request.actor)
    kept = [(row, staged_of(row)) for row in staged_rows(found, "refused").iterator(chunk_size=2000)]
    values = [_typed(staged) for _row, staged in kept]
    more = [field for field in _MORE if any(typed.get(field) for typed in values)]
    cells = [*(_CELL_OF.get(field, field) for field, _kind, _width in _OUT), *more]
    columns = [
        *_columns([]),
        *(ColumnOut(ROSTER_FIELDS[field][0], width=14) for field in more),
        ColumnOut("原行号", width=8),
        ColumnOut("不能写入的原因", width=60),
    ]
    rows, marked = [], set()
    for number, ((row, _staged), typed) in enumerate(zip(kept, values, strict=True)):
        stops = [m for m in row.messages if m["kind"] == "stop"]
        wrong = {m["field"] for m in stops}
        marked |= {(number, place) for place, field in enumerate(cells) if field in wrong}
        rows.append([*(typed.get(f, "") for f in cells), str(row.line), " ".join(say(m) for m in stops)])
    sheet = SheetOut("退回", columns, rows, marked=frozenset(marked))
    return _xlsx(write_workbook([sheet]), f"roster-{found.pk}-refused.xlsx")
