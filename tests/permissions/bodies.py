"""What the requests of the permission table send: form fields by address, raw bodies of machines."""

from collections.abc import Callable
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.cast import make_card_number
from tests.devices.post import batch, event
from tests.payroll.deposit_papers import deposit_scan
from tests.permissions.addresses import Parts, identity_of
from tests.permissions.stage import Stage
from tests.registration.papers import sheet
from tests.registration.rosters import person, xlsx
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import make_id_number

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _results(s: Stage) -> SimpleUploadedFile:
    data = sheet(("身份证号", "卡号"), [(s.cast.sun.id_number, "NJ00000001")])
    return SimpleUploadedFile("制卡结果.xlsx", data, XLSX)


def _guarantee() -> dict[str, object]:
    return {
        "form": "bank",
        "issuer": "金华商贸银行",
        "paper_number": "BH-1",
        "amount_fen": "1000",
        "valid_from": "2026-03-12",
        "valid_until": "2027-12-31",
        "scan": SimpleUploadedFile("保函.png", deposit_scan().data),
    }


_TRAINING_FACTS = {"kind": "003001", "name": "安全教育", "held_on": "2026-11-12", "minutes": "60"}
_CERTIFICATE_FACTS = {"kind": "special", "trade": "焊工", "issuer": "应急管理局", "issued_on": "2025-01-01"}

BODIES: dict[str, Parts] = {
    "registration:complain": lambda s: {
        "site": s.cast.project.join_code,
        "topic": "unpaid",
        "text": "九月工资没发",
    },
    "registration:training-new": lambda s: (
        _TRAINING_FACTS | {"part": s.cast.sc_part.pk, "who": s.cast.zhou.pk}
    ),
    "registration:training-add": lambda s: {"people": s.cast.zhou.name},
    "registration:training-result": lambda s: {"who": s.cast.sun.pk, "act": "failed"},
    "registration:training-edit": lambda _s: _TRAINING_FACTS,
    "registration:certificate-new": lambda _s: _CERTIFICATE_FACTS | {"number": "Z-0002"},
    "registration:certificate-edit": lambda _s: _CERTIFICATE_FACTS,
    "registration:citizen-cards-step": lambda s: {"who": s.cast.zhou.pk, "act": "apply", "on": "2026-11-16"},
    "registration:citizen-cards-import": lambda s: {"file": _results(s)},
    "registration:citizen-card": lambda _s: {"to": "submitted", "on": "2026-11-16"},
    "registration:person-unmask": lambda _s: {"purpose": "contract"},
    "registration:person-card": lambda _s: {"number": make_card_number(990_001), "bank_name": "金华商贸银行"},
    "registration:person-leave": lambda _s: {"left_on": "2026-11-15"},
    "registration:people-leave": lambda s: {
        "whom": f"t:{s.cast.team.pk}",
        "left_on": "2026-11-16",
        "reason": "done",
    },
    "registration:notice": lambda _s: {"answer": "已核对"},
    "registration:site-join": lambda _s: {"verdict": "refuse", "reason": "请带身份证来"},
    "registration:tablet-make": lambda _s: {"name": "门卫室"},
    "registration:site-join-code": lambda _s: {"act": "new"},
    "registration:join": lambda _s: {"phone": "13700007001"},
    "registration:worker-posting-deny": lambda _s: {"reason": "never"},
    "registration:worker-posting-wrong": lambda _s: {"reason": "pay"},
    "registration:worker-posting-leave": lambda _s: {"last_day": "2026-11-16"},
    "payroll:allocation-plan": lambda _s: {
        "basis": "progress",
        "percent": "25",
        "day": "20",
        "interval_months": "1",
        "starts_on": "2027-01",
        "reason": "补充协议 1 号",
    },
    "payroll:progress-new": lambda _s: {"month": "2026-09", "amount_fen": "9000000", "note": "计量单 9 号"},
    "payroll:receipt-month": lambda _s: {"month": "", "reason": "按规则即可"},
    "payroll:top-up-ask": lambda _s: {"basis": "agreed", "amount_fen": "100"},
    "payroll:top-up-answer": lambda _s: {"promised_on": "2026-11-20", "answer": ""},
    "payroll:top-up-transfer": lambda _s: {"reference": "ZF-1", "amount_fen": "100", "on": "2026-11-16"},
    "payroll:loan-ask": lambda _s: {"amount_fen": "1000", "guarantor": "金华担保", "reason": "备付"},
    "payroll:loan-answer": lambda _s: {
        "limit_fen": "1000",
        "contract_number": "DK-1",
        "valid_from": "2026-11-01",
        "valid_until": "2027-05-01",
    },
    "payroll:draw-answer": lambda _s: {"verdict": "confirm"},
    "payroll:sheet-draw": lambda _s: {"amount_fen": "100"},
    "payroll:draw-repay": lambda _s: {"entry_number": "1", "amount_fen": "100"},
    "payroll:guarantee-enter": lambda _s: _guarantee() | {"paper_number": "BH-2"},
    "payroll:guarantee-correct": lambda _s: _guarantee() | {"note": "到期日录错"},
    "payroll:guarantee-end": lambda _s: {"ended_on": "2026-11-10", "note": "银行提前解除"},
    "payroll:deposit-enter": lambda _s: {
        "form": "cash",
        "amount_fen": "1000",
        "issuer": "金华商贸银行",
        "paper_number": "CZ-2",
        "happened_on": "2026-11-16",
        "scan": SimpleUploadedFile("回单.png", deposit_scan().data),
    },
    "inspection:deposit-rule": lambda _s: {
        "amount_fen": "5000",
        "document": "金人社监〔2026〕31号",
        "reason": "拖欠木工一班九月工资",
    },
    "inspection:data-request-new": lambda _s: {
        "department": "金东区税务局",
        "contact": "方志",
        "purpose": "核对个人所得税代扣",
        "basis": "金税函〔2026〕15号",
        "content": ["project", "net_fen"],
        "region_code": "330703",
        "first_month": "2026-09",
        "last_month": "2026-10",
    },
    "inspection:data-request-decide": lambda _s: {"act": "approve", "decision": "同意"},
    "inspection:listing-new": lambda _s: {
        "ground": "mass",
        "responsible": "沈总",
        "order_document": "金人社监令〔2026〕9号",
        "order_due_on": "2026-11-02",
        "reason": "拖欠工资引发群体性事件",
    },
    "supervised:order": lambda _s: {"text": "已支付十二人工资，附银行回单"},
    "supervised:listing": lambda _s: {"text": "已在筹款，请求不列入名单"},
    "inspection:listing-step": lambda _s: {"on": "2026-11-16", "reason": "已在筹款，请求延期"},
    "inspection:permit-social": lambda _s: {
        "base": "labour",
        "base_fen": "1000000",
        "paid_fen": "20000",
        "paid_on": "2026-11-10",
        "paper": "YJ-1",
    },
    "inspection:permit-keys": lambda s: {"authority": s.permit_key.authority_id, "name": "施工许可系统"},
    "inspection:alarm-case": lambda _s: {"text": "九月工资到期未付", "people": "3"},
    "inspection:case-new": lambda _s: {
        "origin": "hotline",
        "topic": "unpaid",
        "region": "330703",
        "text": "来电反映没发工资",
        "people": "1",
    },
    "inspection:case-act": lambda _s: {"kind": "note", "text": "到现场看过了"},
    "inspection:case-contact": lambda _s: {"purpose": "电话核实情况"},
    "inspection:firm-record": lambda _s: {
        "kind": "clean",
        "since": "2024-01-01",
        "reason": "监管平台查询无欠薪",
    },
    "payroll:worker-history": lambda _s: {"days": "30"},
    "registration:card-read": lambda s: {
        "participation": s.cast.sc_part.pk,
        "team": "木工一班",
        "trade": "木工",
        "pay_basis": "day",
        "rate": "360",
        "joined_on": "2026-11-16",
        "phone": "13857901234",
    },
    "registration:person-new": lambda _s: {
        "id_kind": "01",
        "id_number": make_id_number("522121", date(1988, 4, 5), 331),
        "name": "罗大勇",
    },
    "registration:people-files": lambda _s: {"content": "masked", "format": "xlsx"},
    "registration:person-details": lambda _s: {"education": "03"},
    "registration:person-identity": identity_of,
    "registration:person-agreement": lambda _s: {"team": "木工一班", "trade": "木工", "rate": "360"},
    "registration:person-file": lambda _s: {"format": "xlsx", "purpose": "contract"},
    "inspection:people": lambda s: {"q": s.cast.sun.id_number},
    "inspection:person-identity": identity_of,
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
    "registration:contracts-draft": lambda s: {"ids": str(s.rest_posting.pk), "period": "1", "act": "apply"},
    "registration:contracts-paper": lambda s: {
        "ids": str(s.rest_posting.pk),
        "period": "1",
        "starts_on": "2026-08-03",
        "signed_on": "2026-08-03",
        "file": SimpleUploadedFile("合同.pdf", b"%PDF-1.7 scan", "application/pdf"),
    },
    "registration:contracts-offer": lambda s: {"ids": str(s.drafted.pk)},
    "registration:contracts-sign": lambda s: {
        "ids": str(s.signed.pk),
        "typed": "1",
        "password": s.cast.password,
    },
    "registration:contract-file": lambda _s: {"purpose": "keep"},
    "registration:contract-terminate": lambda _s: {"ended_on": "2026-11-16", "reason": "回乡"},
    "registration:contract-renew": lambda _s: {"period": "1", "starts_on": "2026-12-01"},
    "registration:worker-contract-sign": lambda _s: {"act": "code"},
    "registration:worker-contract-refuse": lambda _s: {"reason": "rate"},
    "inspection:contract-file": lambda _s: {"purpose": "complaint"},
    "inspection:template-new": lambda s: {
        "region": "330703",
        "kind": "labour",
        "title": "简易劳动合同",
        "version": "2027",
        "valid_from": "2027-01-01",
        "body": s.in_force.template.body if s.in_force.template else "",
        "act": "publish",
    },
    "registration:roster-columns": lambda _s: {"s0-c0": "name", "s0-c1": "id_number"},
    "devices:source-scope": lambda s: {"scope": "some", "projects": [s.cast.project.pk]},
    "devices:source-new": lambda s: {"name": "市实名制", "scope": "some", "projects": [s.cast.project.pk]},
    "devices:badges": lambda _s: {"who": "2", "number": "188,24911"},
    "devices:badges-take-over": lambda _s: {"table": '"188,24912" = 2'},
    "devices:terminal-new": lambda _s: {"name": "2 号门", "serial": "G2-0002", "lane": "in"},
    "payroll:sheet-new": lambda s: {"part": s.cast.gc_part.pk, "month": "2026-10"},
    "payroll:sheet-columns": lambda _s: {"s0-c0": "name", "s0-c1": "net"},
    "payroll:sheet-upload": lambda s: {"part": s.cast.sc_part.pk, "month": "2026-11"},
    "payroll:line": lambda _s: {"verdict": "reject", "answer": "闸机记录清楚，请看考勤。"},
    "inspection:ledger": lambda _s: {"content": "masked"},
    "payroll:ledger": lambda _s: {"content": "masked"},
    "payroll:month-starts": lambda _s: {"part": "", "start_day": "26", "from_month": "2027-01"},
    "payroll:item-add": lambda _s: {"kind": "meals", "amount_fen": "100"},
    "payroll:item-remove": lambda _s: {"position": "7", "kind": "meals"},
    "payroll:item-low-pay": lambda _s: {"reason": "学徒"},
    "payroll:correct": lambda _s: {"direction": "up", "amount_fen": "10", "reason": "漏算"},
    "payroll:advance-withdraw": lambda _s: {"reason": "重复"},
    "payroll:worker-confirm": lambda s: {"typed": "1", "version": s.slip.version},
    "payroll:worker-object": lambda s: {"reason": "days", "claimed": "400", "version": s.slip.version},
    "registration:project-new": lambda s: {
        "firm": s.cast.gc.pk,
        "region": "330703",
        "code": "JH330703900",
        "name": "新项目",
        "sector": "manufacturing",
        "state": "building",
        "pay_day": "15",
    },
    "registration:project-edit": lambda _s: {"name": "多湖住宅", "state": "building", "pay_day": "10"},
    "registration:part": lambda s: {
        "by": s.cast.gc_part.pk,
        "engagement": "lawful",
        "corp_type": "006",
        "manager_name": "沈总",
    },
    "registration:part-end": lambda _s: {"left_on": "2026-11-16"},
    "registration:part-invite": lambda _s: {"name": "兰晓", "username": "qian_sc", "role": "sc_clerk"},
    "registration:team-new": lambda _s: {"name": "抹灰班"},
    "registration:team": lambda _s: {"name": "木工甲班"},
    "registration:staff-invite": lambda _s: {"name": "新门卫", "username": "men", "role": "site"},
    "inspection:project-breach": lambda _s: {"breach": "on", "reason": "金资规罚 2026-7"},
    "inspection:firm": lambda _s: {"legal_form": "company", "standing": "active", "reason": "企业信用公示"},
    "inspection:firm-account": lambda _s: {"name": "兰晓", "username": "lan", "role": "sc_clerk"},
    "inspection:worker-unmask": lambda _s: {"purpose": "complaint"},
    "inspection:rule-figure": lambda _s: {
        "region": "330703",
        "valid_from": site_date(timezone.now()).isoformat(),
        "yellow": 0,
        "orange": 20,
        "red": 40,
        "act": "preview",
    },
    "accounts:sign-in": lambda _s: {"username": "zhao", "password": "wrong-horse-9"},
    "accounts:worker-sign-in": lambda _s: {"phone": "13857906017"},
    "set_language": lambda _s: {"language": "en"},
    "evidence:verify": lambda _s: {"text": "{}"},
}


def _passages(_stage: Stage) -> bytes:
    return batch(event(1), name="matrix")


RAW: dict[str, Callable[[Stage], bytes]] = {
    "permits:ask": lambda s: f'{{"code":"{s.cast.project.code}"}}'.encode(),
    "devices:api-passages": _passages,
    "devices:api-card-reads": lambda _s: b'{"reads": []}',
    "devices:api-heartbeats": lambda _s: b"{}",
    "devices:api-rotate-key": lambda _s: b"{}",
    "devices:api-photos": lambda _s: b"no picture",
    "devices:api-faces": lambda _s: b"{}",
    "devices:worker-face": lambda _s: {"word": "no"},
    "payroll:api-board-photo": lambda _s: b"no picture",
    "devices:api-enrol": lambda _s: b"{}",  # a wrong code is refused with 403, and counted
    "devices:push-people": lambda s: (
        f'{{"request":"m","project":"{s.cast.project.code}","people":[]}}'.encode()
    ),
    "devices:push-attendance": lambda s: (
        f'{{"batch":"m","project":"{s.cast.project.code}","events":[]}}'.encode()
    ),
}
