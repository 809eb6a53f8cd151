"""For every URL name: the parts of its address on the stage's project, and a body that a POST would carry."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import make_card_number
from tests.devices.post import batch, event
from tests.payroll import stage as payroll
from tests.permissions.stage import Stage
from tests.registration.rosters import person, xlsx

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


def _date_of_sun(s: Stage) -> dict[str, Any]:
    return {"pk": s.cast.project.pk, "worker_pk": s.cast.sun.pk, "day": "2026-11-10"}


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


PARTS: dict[str, Parts] = {
    "registration:project": _project,
    "registration:people": _none,
    "registration:people-export": _people,
    "registration:person": _person,
    "registration:person-unmask": _person,
    "registration:person-card": _person,
    "registration:person-leave": _person,
    "registration:roster-upload": _people,
    "registration:roster-template": _people,
    "registration:roster": _roster,
    "registration:roster-progress": _roster,
    "registration:roster-apply": _roster,
    "registration:roster-again": _roster,
    "registration:roster-columns": _roster,
    "registration:roster-columns-forget": _roster,
    "registration:roster-discard": _roster,
    "registration:roster-refused": _roster,
    "devices:site": _project,
    "devices:site-now": _project,
    "devices:site-inside": _project,
    "devices:site-days": _project,
    "devices:site-days-sheet": _project,
    "devices:site-days-pdf": _project,
    "devices:open-days": _project,
    "devices:person-day": _date_of_sun,
    "devices:person-day-void": _date_of_sun,
    "devices:person-day-leave": _date_of_sun,
    "devices:correction-withdraw": lambda s: {"pk": s.cast.project.pk, "correction_pk": s.correction.pk},
    "devices:worker-day": lambda s: {"project_pk": s.cast.project.pk, "day": "2026-11-10"},
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
    "registration:roster-upload": lambda s: {
        "participation": s.cast.sc_part.pk,
        "file": SimpleUploadedFile("花名册.xlsx", xlsx([person(3)]), XLSX),
    },
    "registration:roster-again": lambda _s: {"team": "木工二班"},
    "devices:person-day": lambda _s: {
        "direction": "1",
        "on": "2026-11-11",
        "clock": "07:00",
        "reason": "forgot",
        "note": "忘了刷",
    },
    "devices:person-day-void": lambda _s: {
        "stamp": "2026-11-10|1|1",
        "void-reason": "wrong_person",
        "void-note": "拿错卡",
    },
    "devices:person-day-leave": lambda _s: {"leave-reason": "unknown", "leave-note": "没人知道"},
    "registration:roster-columns": lambda _s: {"s0-c0": "name", "s0-c1": "id_number"},
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
