"""For every URL name: the parts of its address on the stage's project, and a body that a POST would carry."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import make_card_number
from tests.devices.post import batch, event
from tests.payroll import stage as payroll
from tests.permissions.stage import Stage
from tests.registration.rosters import person, xlsx
from wagewatch.lib.identity import make_id_number

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Parts = Callable[[Stage], dict[str, Any]]


def _none(_stage: Stage) -> dict[str, Any]:
    return {}


def _project(s: Stage) -> dict[str, Any]:
    return {"pk": s.cast.project.pk}


def _people(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk}


def _person(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "worker_pk": s.cast.sun.pk}


def _roster(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "pk": s.roster.pk}


def _month_of_sun(s: Stage) -> dict[str, Any]:
    return _person(s) | {"month": "2026-08"}


def _draft(s: Stage) -> dict[str, Any]:
    return {"pk": s.draft.pk}


def _sheet(s: Stage) -> dict[str, Any]:
    return {"pk": s.sheet.pk}


def _paid_sheet(s: Stage) -> dict[str, Any]:
    return {"pk": s.paid_sheet.pk}


def _upload(s: Stage) -> dict[str, Any]:
    return {"pk": s.upload.pk}


def _order(s: Stage) -> dict[str, Any]:
    return {"pk": s.order.pk}


def _account(s: Stage) -> dict[str, Any]:
    return {"pk": s.account.pk}


def _slip(s: Stage) -> dict[str, Any]:
    return {"reference": s.slip.reference}


def _entry(s: Stage) -> dict[str, Any]:
    return {"pk": s.entry.pk}


def _identity(s: Stage) -> dict[str, Any]:
    return {"id_kind": "01", "id_number": s.cast.sun.id_number, "name": s.cast.sun.name, "reason": "核对"}


PARTS: dict[str, Parts] = {
    "registration:project": _project,
    "registration:people": _none,
    "registration:people-export": _people,
    "registration:person": _person,
    "registration:person-unmask": _person,
    "registration:person-card": _person,
    "registration:person-leave": _person,
    "registration:person-new": _people,
    "registration:people-files": _people,
    "registration:person-photo": _person,
    "registration:person-details": _person,
    "registration:person-identity": _person,
    "registration:person-agreement": _person,
    "registration:person-file": _person,
    "registration:roster-upload": _people,
    "registration:roster-template": _people,
    "registration:roster": _roster,
    "registration:roster-progress": _roster,
    "registration:roster-apply": _roster,
    "registration:roster-again": _roster,
    "registration:roster-discard": _roster,
    "registration:roster-refused": _roster,
    "devices:site": _project,
    "devices:site-now": _project,
    "devices:site-inside": _project,
    "devices:site-days": _project,
    "devices:site-days-sheet": _project,
    "devices:terminal-new": _project,
    "devices:terminal-revoke": lambda s: {"pk": s.cast.project.pk, "terminal_pk": s.cast.terminal.pk},
    "payroll:sheet": _sheet,
    "payroll:sheet-export": _sheet,
    "payroll:sheet-submit": _draft,
    "payroll:sheet-remind": _sheet,
    "payroll:sheet-recompute": _draft,
    "payroll:sheet-discard": _draft,
    "payroll:sheet-approve": _sheet,
    "payroll:sheet-instruct": _sheet,
    "payroll:line": lambda s: {"reference": payroll.slip_of(s.sheet, s.cast.zhou).reference},
    "payroll:sheet-staged": _upload,
    "payroll:sheet-upload-apply": _upload,
    "payroll:sheet-upload-discard": _upload,
    "payroll:sheet-upload-refused": _upload,
    "payroll:order": _order,
    "payroll:order-resend": _order,
    "payroll:order-export": _order,
    "payroll:account": _account,
    "payroll:account-export": _account,
    "payroll:worker-slip": _slip,
    "payroll:worker-confirm": _slip,
    "payroll:worker-object": _slip,
    "payroll:worker-receipt": _slip,
    "payroll:worker-receipt-file": _slip,
    "inspection:alarm": lambda s: {"pk": s.alarm.pk},
    "inspection:project": _project,
    "inspection:project-month": lambda s: {"pk": s.cast.project.pk, "month": "2026-08"},
    "inspection:person": _person,
    "inspection:person-photo": _person,
    "inspection:person-identity": _person,
    "inspection:worker-month": _month_of_sun,
    "inspection:worker-unmask": _month_of_sun,
    "evidence:receipt": _entry,
    "evidence:entry": _entry,
    "evidence:checkpoint-at": lambda _s: {"size": 1},
    "evidence:leaves": lambda _s: {"start": 0},
    "evidence:inclusion": lambda _s: {"index": 0, "size": 1},
    "evidence:consistency": lambda _s: {"first": 1, "second": 1},
}

BODIES: dict[str, Parts] = {
    "registration:person-unmask": lambda _s: {"purpose": "contract"},
    "registration:person-card": lambda _s: {"number": make_card_number(990_001), "bank_name": "金华商贸银行"},
    "registration:person-leave": lambda _s: {"left_on": "2026-11-15"},
    "registration:person-new": lambda _s: {
        "id_kind": "01",
        "id_number": make_id_number("522121", date(1988, 4, 5), 331),
        "name": "罗大勇",
    },
    "registration:people-files": lambda _s: {"content": "masked", "format": "xlsx"},
    "registration:person-details": lambda _s: {"education": "03"},
    "registration:person-identity": _identity,
    "registration:person-agreement": lambda _s: {"team": "木工一班", "trade": "木工", "rate": "360"},
    "registration:person-file": lambda _s: {"format": "xlsx", "purpose": "contract"},
    "inspection:people": lambda s: {"q": s.cast.sun.id_number},
    "inspection:person-identity": _identity,
    "registration:roster-upload": lambda s: {
        "participation": s.cast.sc_part.pk,
        "file": SimpleUploadedFile("花名册.xlsx", xlsx([person(3)]), XLSX),
    },
    "registration:roster-again": lambda _s: {"team": "木工二班"},
    "devices:terminal-new": lambda _s: {"name": "2 号门", "serial": "G2-0002", "lane": "in"},
    "payroll:sheet-new": lambda s: {"part": s.cast.gc_part.pk, "month": "2026-10"},
    "payroll:sheet-upload": lambda s: {"part": s.cast.sc_part.pk, "month": "2026-11"},
    "payroll:line": lambda _s: {"verdict": "reject", "answer": "闸机记录清楚，请看考勤。"},
    "payroll:worker-confirm": lambda s: {"typed": "1", "version": s.slip.version},
    "payroll:worker-object": lambda s: {"reason": "days", "claimed": "400", "version": s.slip.version},
    "inspection:worker-unmask": lambda _s: {"purpose": "complaint"},
    "accounts:sign-in": lambda _s: {"username": "zhao", "password": "wrong-horse-9"},
    "accounts:worker-sign-in": lambda _s: {"phone": "13857906017"},
    "set_language": lambda _s: {"language": "en"},
    "evidence:verify": lambda _s: {"text": "{}"},
}


def _passages(_stage: Stage) -> bytes:
    return batch(event(1), name="matrix")


RAW: dict[str, Callable[[Stage], bytes]] = {
    "devices:api-passages": _passages,
    "devices:api-heartbeats": lambda _s: b"{}",
}
