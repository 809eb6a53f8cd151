"""Numbers and documents of a case: numbered, made from templates, kept."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from inspection.cases.papers import TEMPLATES, paper_pdf
from inspection.models import Case, CasePaper
from registration.actors import Actor
from registration.models import Authority, Complaint, StoredFile
from registration.services.files import store_file
from wagewatch.lib.dates import site_date

LINES = {
    Authority.Kind.LABOUR: "人社监",
    Authority.Kind.HOUSING: "住建",
    Authority.Kind.TRANSPORT: "交通",
    Authority.Kind.WATER: "水利",
    Authority.Kind.CENTRAL_BANK: "银",
}


def next_number(office: Authority, kind: str, year: int) -> int:
    """The next number of an office's documents of a kind in a year; two at once get two."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inspection_casecounter (office_id, year, kind, last) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (office_id, year, kind) DO UPDATE SET last = inspection_casecounter.last + 1"
            " RETURNING last",
            [office.pk, year, kind],
        )
        return int(cursor.fetchone()[0])


def case_number(office: Authority, now: datetime) -> str:
    """AJ330703-2026-0012: the twelfth case of the office's year. Offices of one place differ by their own id."""
    year = site_date(now).year
    return f"AJ{office.region_id}-{year}-{office.pk:02d}{next_number(office, 'case', year):04d}"


def paper_number(case: Case, kind: str, now: datetime) -> str:
    """人社监令〔2026〕330703-1-3号."""
    office, year = case.office, site_date(now).year
    number = next_number(office, kind, year)
    line = LINES[Authority.Kind(office.kind)]
    return f"{line}{TEMPLATES[kind].word}〔{year}〕{office.region_id}-{office.pk}-{number}号"


def make_paper(
    case: Case,
    kind: str,
    values: Mapping[str, str],
    *,
    number: str = "",
    signatures: list[tuple[str, bytes]] | None = None,
    actor: Actor,
    now: datetime,
) -> CasePaper:
    """Make a document of the case from its template and keep it; its file's digest goes into the next step."""
    number = number or paper_number(case, kind, now)
    known = {
        "case": case.number,
        "complaint": case.complaint.reference if case.complaint else "—",
        "received_on": str(case.received_on),
        "topic": TOPICS[Complaint.Topic(case.topic)],
        "project": case.project.name if case.project else "—",
        **values,
    }
    data = paper_pdf(
        kind,
        number,
        known,
        office=case.office.name,
        day=str(site_date(now)),
        at=now,
        signatures=signatures or [],
    )
    file = store_file(f"{number}.pdf", data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    return CasePaper.objects.create(case=case, kind=kind, number=number, file=file, made_at=now)


TOPICS = {
    Complaint.Topic.UNPAID: "工资未支付",
    Complaint.Topic.CASH: "以现金支付或者付至他人银行卡",
    Complaint.Topic.CONTRACT: "未签订劳动合同",
    Complaint.Topic.DAYS: "考勤天数不符",
    Complaint.Topic.CARD_KEPT: "扣押银行卡",
    Complaint.Topic.THREAT: "受到威胁或者打击报复",
    Complaint.Topic.OTHER: "其他",
}
"""Topics as documents write them, whatever language the officer reads."""
