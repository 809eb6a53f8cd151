"""For every URL name: the parts of its address on the stage's project; `bodies.py` has what a POST would carry."""

from collections.abc import Callable
from typing import Any

from payroll.models import AccountEvent, BankStatement, StatementLine, StatementUpload
from payroll.services.boards import code_of
from registration.models import Membership
from tests.payroll import stage as payroll
from tests.permissions.stage import Stage

Parts = Callable[[Stage], dict[str, Any]]


def _none(_stage: Stage) -> dict[str, Any]:
    return {}


def _project(s: Stage) -> dict[str, Any]:
    return {"pk": s.cast.project.pk}


def _people(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk}


def _person(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "worker_pk": s.cast.sun.pk}


def _card_read(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "pk": s.card_read.pk}


def _roster(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "pk": s.roster.pk}


def _date_of_sun(s: Stage) -> dict[str, Any]:
    return {"pk": s.cast.project.pk, "worker_pk": s.cast.sun.pk, "day": "2026-11-10"}


def _contract(which: str) -> Parts:
    def parts(s: Stage) -> dict[str, Any]:
        return {"project_pk": s.cast.project.pk, "pk": getattr(s, which).pk}

    return parts


def _month_of_sun(s: Stage) -> dict[str, Any]:
    return _person(s) | {"month": "2026-08"}


def _draft(s: Stage) -> dict[str, Any]:
    return {"pk": s.draft.pk}


def _draft_line(s: Stage) -> dict[str, Any]:
    return {"reference": payroll.slip_of(s.draft, s.cast.zhou).reference}


def _sheet(s: Stage) -> dict[str, Any]:
    return {"pk": s.sheet.pk}


def _paid_sheet(s: Stage) -> dict[str, Any]:
    return {"pk": s.paid_sheet.pk}


def _upload(s: Stage) -> dict[str, Any]:
    return {"pk": s.upload.pk}


def _order(s: Stage) -> dict[str, Any]:
    return {"pk": s.order.pk}


def _unread(s: Stage) -> dict[str, Any]:
    """A file over the bank's connection that nobody can read."""
    return {"pk": s.unread.pk}


def _statement(_s: Stage) -> dict[str, Any]:
    """The statement that clerk Zhao brought and the bank has not confirmed."""
    return {"pk": BankStatement.objects.get().pk}


def _account_paper(_s: Stage) -> dict[str, Any]:
    """The paper of the filing."""
    return {"pk": AccountEvent.objects.get(kind="filed").pk}


def _account(s: Stage) -> dict[str, Any]:
    return {"pk": s.account.pk}


def _slip(s: Stage) -> dict[str, Any]:
    return {"reference": s.slip.reference}


def _join(s: Stage) -> dict[str, Any]:
    return {"code": s.cast.project.join_code}


def _work(s: Stage) -> dict[str, Any]:
    return {"project_pk": s.cast.project.pk, "pk": s.cast.sun_posting.pk}


def _entry(s: Stage) -> dict[str, Any]:
    return {"pk": s.entry.pk}


def _training(s: Stage) -> dict[str, Any]:
    return _people(s) | {"pk": s.training.pk}


def _certificate(s: Stage) -> dict[str, Any]:
    return _person(s) | {"pk": s.certificate.pk}


def _citizen_card(s: Stage) -> dict[str, Any]:
    return _people(s) | {"pk": s.citizen_card.pk}


def _part(s: Stage) -> dict[str, Any]:
    return {"pk": s.cast.project.pk, "part_pk": s.cast.sc_part.pk}


def _member(s: Stage) -> dict[str, Any]:
    """The membership of clerk Zhao in the general contractor's list of accounts."""
    member = Membership.objects.get(user=s.cast.zhao)
    return {"firm_pk": s.cast.gc.pk, "pk": member.pk}


def identity_of(s: Stage) -> dict[str, Any]:
    return {"id_kind": "01", "id_number": s.cast.sun.id_number, "name": s.cast.sun.name, "reason": "核对"}


PARTS: dict[str, Parts] = {
    **dict.fromkeys(
        (
            "registration:trainings",
            "registration:trainings-lacking",
            "registration:training-new",
            "registration:certificates",
        ),
        _people,
    ),
    **dict.fromkeys(
        (f"registration:training{act}" for act in ("", "-add", "-result", "-edit", "-delete", "-record")),
        _training,
    ),
    "registration:certificate-new": _person,
    **dict.fromkeys((f"registration:certificate-{act}" for act in ("edit", "remove", "scan")), _certificate),
    **dict.fromkeys((f"registration:citizen-cards{act}" for act in ("", "-step", "-import")), _people),
    "registration:citizen-card": _citizen_card,
    "devices:site-barred": _project,
    "devices:site-live": _project,
    "devices:site-live-now": _project,
    "devices:site-refused": _project,
    "devices:refused-photo": lambda s: (
        _project(s) | {"photo_pk": 10**9}
    ),  # none there: rights are in test_photos
    "devices:site-may-enter": _project,
    "devices:oddities": _project,
    "devices:oddities-sheet": _project,
    "registration:project": _project,
    "registration:project-edit": _project,
    "registration:chain": _project,
    "registration:chain-add": _project,
    "registration:part": _part,
    "registration:part-end": _part,
    "registration:part-back": _part,
    "registration:part-invite": _part,
    "registration:team-new": _part,
    "registration:team": lambda s: {"pk": s.cast.project.pk, "team_pk": s.cast.team.pk},
    "registration:staff-invite": lambda s: {"firm_pk": s.cast.gc.pk},
    "registration:staff-link": _member,
    "registration:staff-end": _member,
    "registration:staff-restore": _member,
    "accounts:invitation-open": lambda _s: {"token": "x" * 43},
    "inspection:project-breach": _project,
    "inspection:firm": lambda s: {"pk": s.cast.sc.pk},
    "inspection:firm-account": lambda s: {"pk": s.cast.sc.pk},
    "registration:people": _none,
    "registration:people-export": _people,
    "registration:person": _person,
    "registration:person-unmask": _person,
    "registration:person-card": _person,
    "registration:person-leave": _person,
    "registration:person-leave-undo": _person,
    "registration:people-leave": _people,
    "registration:notices": _people,
    "registration:notice": lambda s: {"project_pk": s.cast.project.pk, "pk": s.notice.pk},
    "registration:site-joins": _people,
    "registration:site-join": lambda s: {"project_pk": s.cast.project.pk, "pk": s.join_request.pk},
    "registration:tablets": _people,
    "registration:tablet-make": _people,
    "registration:tablet-end": lambda s: {"project_pk": s.cast.project.pk, "pk": s.tablet.pk},
    "registration:tablet-code": _person,
    "registration:site-join-code": _people,
    "registration:site-join-poster": _people,
    "registration:join": _join,
    "registration:join-phone": _join,
    "registration:join-state": _join,
    "registration:join-who": _join,
    "registration:join-work": _join,
    "registration:join-card": _join,
    "registration:join-send": _join,
    "registration:worker-posting": _work,
    "registration:worker-posting-deny": _work,
    "registration:worker-posting-wrong": _work,
    "registration:worker-posting-leave": _work,
    "registration:card-desk": _people,
    "registration:card-desk-waiting": _people,
    "registration:card-read": _card_read,
    "registration:card-read-photo": _card_read,
    "registration:card-read-discard": _card_read,
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
    "registration:roster-columns": _roster,
    "registration:roster-columns-forget": _roster,
    "registration:roster-discard": _roster,
    "registration:roster-refused": _roster,
    "registration:contracts": _people,
    "registration:contracts-draft": _people,
    "registration:contracts-paper": _people,
    "registration:contracts-offer": _people,
    "registration:contracts-sign": _people,
    "registration:contract": _contract("in_force"),
    "registration:contract-file": _contract("in_force"),
    "registration:contract-withdraw": _contract("offered"),
    "registration:contract-terminate": _contract("in_force"),
    "registration:contract-renew": _contract("in_force"),
    "registration:worker-contract-read": _contract("offered"),
    "registration:worker-contract-sign": _contract("offered"),
    "registration:worker-contract-refuse": _contract("offered"),
    "registration:worker-contract-file": _contract("offered"),
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
    "devices:worker-face": _work,
    "devices:api-face": lambda _s: {"pin": 1, "face": "0123456789abcdef0123"},
    "devices:worker-day": lambda s: {"project_pk": s.cast.project.pk, "day": "2026-11-10"},
    "devices:terminal-new": _project,
    "devices:terminals": _project,
    "devices:bad-times": _project,
    "devices:badges": _project,
    "devices:badges-take-over": _project,
    "devices:badge-back": lambda s: {"pk": s.cast.project.pk, "badge_pk": s.badge.pk},
    "devices:badge-lost": lambda s: {"pk": s.cast.project.pk, "badge_pk": s.badge.pk},
    "devices:terminal-code": lambda s: {"pk": s.cast.project.pk, "terminal_pk": s.cast.terminal.pk},
    "devices:terminal-rotate": lambda s: {"pk": s.cast.project.pk, "terminal_pk": s.cast.terminal.pk},
    "devices:person-day-photo": lambda s: _date_of_sun(s) | {"photo_pk": 1},
    "devices:source": lambda s: {"pk": s.source.pk},
    "devices:source-rotate": lambda s: {"pk": s.source.pk},
    "devices:source-scope": lambda s: {"pk": s.source.pk},
    "devices:source-revoke": lambda s: {"pk": s.source.pk},
    "devices:terminal-revoke": lambda s: {"pk": s.cast.project.pk, "terminal_pk": s.cast.terminal.pk},
    "payroll:sheet": _sheet,
    "payroll:sheet-export": _sheet,
    "payroll:sheet-paper": _sheet,
    "payroll:line-paper": lambda s: {"reference": payroll.slip_of(s.sheet, s.cast.zhou).reference},
    "payroll:sheet-submit": _draft,
    "payroll:sheet-split": _draft,
    "payroll:sheet-remind": _sheet,
    "payroll:sheet-recompute": _draft,
    "payroll:sheet-discard": _draft,
    "payroll:sheet-approve": _sheet,
    "payroll:sheet-approve-back": _sheet,
    "payroll:approval-limit": lambda s: {"pk": s.cast.gc.pk},
    "payroll:mediation": lambda s: {"reference": payroll.slip_of(s.sheet, s.cast.zhou).reference},
    "payroll:cash": lambda s: {"reference": payroll.slip_of(s.sheet, s.cast.zhou).reference},
    "payroll:worker-mediation": _slip,
    "payroll:worker-cash-deny": _slip,
    "inspection:on-site-sheet": lambda s: _project(s) | {"sheet_pk": s.sheet.pk},
    "inspection:on-site-photo": lambda s: _project(s) | {"word_pk": 1},
    "inspection:cash-photo": lambda s: _project(s) | {"cash_pk": 1},
    "inspection:pay-watch-export": lambda _s: {"what": "cash"},
    "inspection:on-site-sheet-export": lambda s: _project(s) | {"sheet_pk": s.sheet.pk},
    "inspection:part-cash-people-export": lambda s: (
        _project(s) | {"part_pk": s.cast.sc_part.pk, "month": "2026-08"}
    ),
    "inspection:part-cash-people": lambda s: _project(s) | {"part_pk": s.cast.sc_part.pk, "month": "2026-08"},
    "payroll:sheet-silent": _sheet,
    "payroll:on-site": _sheet,
    "payroll:on-site-answer": _sheet,
    "payroll:worker-not-me": _slip,
    "payroll:sheet-changes": _sheet,
    "payroll:sheet-supplement": _sheet,
    "payroll:sheet-instruct": _sheet,
    "payroll:line": lambda s: {"reference": payroll.slip_of(s.sheet, s.cast.zhou).reference},
    "payroll:item-add": _draft_line,
    "payroll:item-remove": _draft_line,
    "payroll:item-low-pay": _draft_line,
    "payroll:correct": lambda s: {"reference": payroll.slip_of(s.paid_sheet, s.cast.zhou).reference},
    "payroll:settle": lambda s: {"project_pk": s.cast.project.pk, "pk": s.left_posting.pk},
    "payroll:advance-withdraw": lambda s: {"pk": s.advance.pk},
    "payroll:sheet-staged": _upload,
    "payroll:sheet-upload-progress": _upload,
    "payroll:sheet-upload-again": _upload,
    "payroll:sheet-columns": _upload,
    "payroll:sheet-columns-forget": _upload,
    "payroll:sheet-upload-apply": _upload,
    "payroll:sheet-upload-discard": _upload,
    "payroll:sheet-upload-refused": _upload,
    "payroll:order": _order,
    "payroll:order-resend": _order,
    "payroll:order-export": _order,
    "payroll:order-file": _order,
    "payroll:order-result": _order,
    "payroll:order-try": _order,
    "payroll:decide": lambda s: {
        "reference": s.order.lines.filter(project=s.order.project_id)[0].end_to_end_id
    },
    "payroll:bank-message-again": _unread,
    "payroll:bank-terms": lambda s: {"pk": s.cast.bank.pk},
    "payroll:bank-terms-new": lambda s: {"pk": s.cast.bank.pk},
    "payroll:sheet-sif": _sheet,
    "payroll:account": _account,
    "payroll:account-export": _account,
    "payroll:statements": _account,
    "payroll:account-lines": _account,
    "payroll:statement": _statement,
    "payroll:statement-answer": _statement,
    "payroll:statement-upload": lambda _s: {"pk": StatementUpload.objects.get().pk},
    "payroll:statement-upload-progress": lambda _s: {"pk": StatementUpload.objects.get().pk},
    "payroll:statement-line": lambda _s: {"pk": StatementLine.objects.get(bank_reference="M-1").pk},
    "payroll:project-account": _project,
    "payroll:account-register": _project,
    "payroll:account-answer": _project,
    "payroll:account-file": _project,
    "payroll:account-agreement": _project,
    "payroll:account-closing": _project,
    "payroll:account-paper": _account_paper,
    "inspection:account": _project,
    "inspection:account-rule": _project,
    "inspection:account-paper": _account_paper,
    "payroll:allocation": _project,
    "payroll:allocation-plan": _project,
    "payroll:progress-new": _project,
    "payroll:top-up-ask": _project,
    "payroll:flow": _project,
    "payroll:ledger": _project,
    "payroll:month-starts": _project,
    "payroll:loan": _project,
    "payroll:loan-ask": _project,
    "payroll:allocation-plan-file": lambda s: _project(s) | {"number": 1},
    "payroll:receipt-month": lambda s: _project(s) | {"number": 1},
    "payroll:top-up": lambda s: _project(s) | {"number": 1},
    "payroll:top-up-answer": lambda s: _project(s) | {"number": 1},
    "payroll:top-up-transfer": lambda s: _project(s) | {"number": 1},
    "payroll:draw-answer": lambda s: _project(s) | {"number": 1},
    "payroll:draw-repay": lambda s: _project(s) | {"number": 1},
    "payroll:repayment-withdraw": lambda s: _project(s) | {"number": 1},
    "payroll:top-up-act": lambda s: _project(s) | {"number": 1, "act": "read"},
    "payroll:loan-answer": lambda s: {"pk": s.loan_pk},
    "payroll:sheet-draw": lambda s: {"pk": s.paid_sheet.pk},
    "inspection:allocation": _project,
    "inspection:flow": _project,
    "inspection:ledger": _project,
    "payroll:board": _project,
    "payroll:board-file": lambda s: _project(s) | {"number": 1},
    "payroll:board-photo": _project,
    "payroll:board-photo-file": lambda s: _project(s) | {"number": 1},
    "payroll:board-public": lambda s: {"token": code_of(s.board).token},
    "inspection:checks-public-file": lambda s: {"pk": s.draw.pk},
    "inspection:check-library": lambda s: {"pk": s.cast.authority.pk},
    "inspection:check-draw-new": lambda s: {"pk": s.cast.authority.pk},
    "inspection:check-draw": lambda s: {"pk": s.draw.pk},
    "inspection:check-draw-export": lambda s: {"pk": s.draw.pk},
    "inspection:check-draw-file": lambda s: {"pk": s.draw.pk},
    "inspection:check": lambda s: {"pk": s.draw.pk, "project_pk": s.cast.project.pk},
    "inspection:check-photo": lambda s: {"pk": s.draw.pk, "project_pk": s.cast.project.pk, "number": 1},
    "inspection:board": _project,
    "inspection:board-file": lambda s: _project(s) | {"number": 1},
    "inspection:board-photo": lambda s: _project(s) | {"number": 1},
    "payroll:guarantee": _project,
    "payroll:guarantee-enter": _project,
    "payroll:guarantee-correct": lambda s: _project(s) | {"number": 1},
    "payroll:guarantee-end": lambda s: _project(s) | {"number": 1},
    "payroll:guarantee-file": lambda s: _project(s) | {"number": 1},
    "inspection:guarantee": _project,
    "inspection:guarantee-file": lambda s: _project(s) | {"number": 1},
    "payroll:deposit": _project,
    "payroll:deposit-enter": lambda s: _project(s) | {"kind": "topped_up"},
    "payroll:deposit-file": lambda s: _project(s) | {"number": 1},
    "inspection:deposit": _project,
    "inspection:deposit-rule": lambda s: _project(s) | {"kind": "use"},
    "inspection:deposit-file": lambda s: _project(s) | {"number": 1},
    **dict.fromkeys(("inspection:permit", "inspection:permit-social", "supervised:permit"), _project),
    **dict.fromkeys(("inspection:firm-credit", "inspection:listing-new"), lambda s: {"pk": s.cast.sc.pk}),
    **dict.fromkeys(
        (f"inspection:data-request{act}" for act in ("", "-decide", "-file")),
        lambda s: {"pk": s.data_request.pk},
    ),
    "inspection:listing": lambda s: {"pk": s.listing.pk},
    "inspection:listing-step": lambda s: {"pk": s.listing.pk, "kind": "objection"},
    "inspection:listing-word": lambda s: {"pk": s.listing.pk, "number": s.asked_word.pk},
    **dict.fromkeys(("supervised:order", "supervised:order-paper"), lambda s: {"pk": s.served.pk}),
    "supervised:word-file": lambda s: {"pk": s.reply.pk},
    "supervised:listing": lambda s: {"pk": s.listing.pk},
    "inspection:case-answer": lambda s: {"pk": s.reply.order.case_id, "number": s.reply.pk},
    "inspection:permit-answer": lambda s: {"number": s.permit_answer.number},
    "inspection:permit-key-end": lambda s: {"pk": s.permit_key.pk},
    "permits:look-up": lambda s: {"number": s.permit_answer.number},
    "inspection:firm-record": lambda s: {"pk": s.cast.sc.pk},
    "registration:worker-how-to": lambda _s: {"slug": "confirm"},
    "registration:worker-phone-end": lambda s: {"pk": s.device.pk},
    "inspection:complaint": lambda s: {"reference": s.complaint.reference},
    "inspection:complaint-said": lambda s: {"reference": s.complaint.reference, "what": "voice"},
    "inspection:alarm-case": lambda s: {"pk": s.alarm.pk},
    "inspection:lead": lambda s: {"pk": s.cast.li.memberships.get().pk},
    "inspection:case": lambda s: {"pk": s.case.pk},
    "inspection:case-secret": lambda s: {"pk": s.case.pk},
    "inspection:case-contact": lambda s: {"pk": s.case.pk},
    "inspection:case-act": lambda s: {"pk": s.case.pk, "act": "note"},
    "inspection:case-paper": lambda s: {"pk": s.case.pk, "paper_pk": s.case.papers.get().pk},
    "inspection:case-file": lambda s: {"pk": s.case.pk, "number": 2},
    "inspection:case-said": lambda s: {"pk": s.case.pk, "what": "photo"},
    "inspection:bulletin-edit": lambda s: {"pk": s.bulletin.pk},
    "payroll:line-said": lambda s: {
        "reference": payroll.slip_of(s.sheet, s.cast.zhou).reference,
        "pk": s.objection.pk,
        "what": "voice",
    },
    "inspection:worker-said": lambda s: {
        "project_pk": s.cast.project.pk,
        "month": "2026-08",
        "worker_pk": s.cast.zhou.pk,
        "pk": s.objection.pk,
        "what": "voice",
    },
    "payroll:worker-slip": _slip,
    "payroll:worker-confirm": _slip,
    "payroll:worker-object": _slip,
    "payroll:worker-receipt": _slip,
    "payroll:worker-slip-paper": _slip,
    "payroll:worker-receipt-file": _slip,
    "payroll:worker-receipt-print": _slip,
    "payroll:worker-history-paper": lambda s: {"pk": s.share.pk},
    "payroll:worker-history-take-back": lambda s: {"pk": s.share.pk},
    "payroll:history-shared": lambda s: {"token": s.share.token},
    "inspection:alarm": lambda s: {"pk": s.alarm.pk},
    "inspection:pause": lambda _s: {"pk": 1},
    "inspection:pause-file": lambda _s: {"pk": 1},
    "notices:open": lambda _s: {"pk": 1},
    "warnings:alarm": lambda s: {"pk": s.alarm.pk},
    "warnings:file": lambda s: {"pk": s.alarm.pk, "number": 1},
    "warnings:pause-new": lambda s: {"project_pk": s.cast.project.pk},
    "inspection:alarm-file": lambda s: {"pk": s.alarm.pk, "kind": "step", "number": 1},
    "inspection:rule": lambda _s: {"code": "D3"},
    "inspection:rule-figure": lambda _s: {"code": "D3", "key": "alarm.D3.days"},
    "inspection:project": _project,
    "inspection:changed-days": _project,
    "inspection:changed-days-export": _project,
    "inspection:contracts": _project,
    "inspection:contracts-export": _project,
    "inspection:contract": _contract("in_force"),
    "inspection:contract-file": _contract("in_force"),
    "inspection:template": lambda s: {"pk": s.in_force.template_id},
    "inspection:project-month": lambda s: {"pk": s.cast.project.pk, "month": "2026-08"},
    "inspection:project-month-export": lambda s: {"pk": s.cast.project.pk, "month": "2026-08"},
    "inspection:person": _person,
    "inspection:person-photo": _person,
    "inspection:person-card-picture": _person,
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
