"""What the permission tests put on stage beside the cast: the outsiders, and one object behind every address."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from http.cookies import SimpleCookie
from typing import Any

import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from devices.edge.drivers.idcard import card_fields
from devices.models import DayCorrection, SiteBadge, Terminal
from devices.services import badges, corrections
from devices.services.terminals import forget_terminals
from devices.simulators.persons import person as invented_person
from inspection.models import (
    Alarm,
    Case,
    CasePaper,
    CheckDraw,
    DataRequest,
    FirmWord,
    InspectorCertificate,
    Listing,
    PermitAnswer,
    PermitKey,
    ProjectStat,
    ServedOrder,
)
from inspection.services import (
    case_intake,
    case_work,
    check_draws,
    check_library,
    checks,
    data_requests,
    permits,
)
from inspection.services.firm_words import answer_order
from payroll.models import (
    Advance,
    BankMessage,
    NoticeBoard,
    Objection,
    PaymentOrder,
    PaySheet,
    PaySlip,
    SheetUpload,
    SpecialAccount,
    StatementLine,
    SubLedger,
)
from payroll.services import account_opening, board_checks, boards, confirmations, statements
from payroll.services import sheets as sheet_services
from payroll.services.statement_uploads import keep_statement_file
from payroll.services.upload_reading import CONTEXT as SHEET_FILE
from payroll.work_history import history_facts
from registration.actors import SYSTEM
from registration.models import (
    Authority,
    Bulletin,
    CardRead,
    Certificate,
    CitizenCard,
    Complaint,
    HistoryShare,
    JoinRequest,
    LabourContract,
    Parameter,
    Posting,
    PostingNotice,
    RosterUpload,
    SiteTablet,
    SourceSystem,
    Training,
    WorkerDevice,
)
from registration.services import acknowledging, complaints, joining, parameters, sharing
from registration.services.certificates import CertificateFacts, add_certificate
from registration.services.citizen_cards import apply_for_cards
from registration.services.phones import add_device
from registration.services.portraits import store_portrait
from registration.services.sources import let_in
from registration.services.tablets import make_tablet
from registration.services.trainings import Result, Scan, record_training
from tests.cast import NOW, Cast, build_cast, make_posting, make_user, make_worker
from tests.devices.post import headers
from tests.inspection.cases import ordered
from tests.inspection.listing import notice
from tests.inspection.permits import ask_for_social
from tests.inspection.stage import sent_sheet, set_parameters
from tests.payroll import stage as payroll
from tests.payroll.deposit_papers import deposit_scan, lodge_cash
from tests.payroll.guarantee_papers import give_guarantee
from tests.payroll.labour_cost import labour_cost
from tests.payroll.recordings import WEBM
from tests.registration import contracts
from tests.registration.papers import FACTS, png
from tests.registration.rosters import person, staged, xlsx
from wagewatch.evidence.models import Entry
from wagewatch.lib.crypto import encrypt_bytes
from wagewatch.lib.identity import make_id_number

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
ROLES = (
    "anon", "sun", "zhou", "guard", "zhao", "he", "qian", "kong", "ye", "bank", "li", "wang", "road", "g1", "g9",
)  # fmt: skip
"""Anonymous; workers Sun (own things) and Zhou (another's); site guard, clerk and manager of the general
contractor; clerk of the subcontractor; clerk of a rival; owner's clerk; bank officer; inspector of this county,
of the next, of transport in this county; this project's gate, and the rival's gate, by signed requests."""


@dataclass
class Stage:
    """The cast, one object per kind, and a signed-in client per role."""

    cast: Cast
    clients: dict[str, Client]
    alarm: Alarm
    order: PaymentOrder
    paid_sheet: PaySheet
    draft: PaySheet
    sheet: PaySheet
    slip: PaySlip
    objection: Objection
    account: SpecialAccount
    roster: RosterUpload
    correction: DayCorrection
    card_read: CardRead
    training: Training
    certificate: Certificate
    citizen_card: CitizenCard
    upload: SheetUpload
    unread: BankMessage
    entry: Entry
    gates: dict[str, tuple[str, str]]
    foreign_gate: Terminal
    source: SourceSystem
    drafted: LabourContract
    offered: LabourContract
    signed: LabourContract
    in_force: LabourContract
    rest_posting: Posting
    left_posting: Posting
    advance: Advance
    join_request: JoinRequest
    notice: PostingNotice
    share: HistoryShare
    loan_pk: int
    device: WorkerDevice
    tablet: SiteTablet
    badge: SiteBadge
    bulletin: Bulletin
    permit_answer: PermitAnswer
    permit_key: PermitKey
    listing: Listing
    served: ServedOrder
    reply: FirmWord
    asked_word: FirmWord
    case: Case
    complaint: Complaint
    data_request: DataRequest
    board: NoticeBoard
    draw: CheckDraw

    def ask(self, role: str, method: str, path: str, data: Any = None, **options: Any) -> HttpResponse:
        """One request by a role, with the cookies it had at first; a terminal's is signed.

        Data that is bytes travels as JSON, anything else as a form.
        """
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self.clients[role].cookies.output(header="", sep=";"))
        if role in self.gates:
            key_id, secret = self.gates[role]
            body = data if isinstance(data, bytes) else b""
            signed = headers(method, path, body, now=self.cast.now, key_id=key_id, secret=secret)
            return client.generic(
                method, path, body, content_type="application/json", headers=signed, **options
            )
        if isinstance(data, bytes):
            return client.generic(method, path, data, content_type="application/json", **options)
        return client.get(path, **options) if method == "GET" else client.post(path, data or {}, **options)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (102, 126), "#8a9").save(out, "JPEG")
    return out.getvalue()


def _account_papers(cast: Cast, ledger: SubLedger) -> None:
    """A filing with its paper, a statement that waits for the bank, a line that matches nothing."""
    account_opening.file_account(
        cast.project.pk,
        filed_on=cast.today,
        number="金人社备〔2026〕7号",
        scan=deposit_scan(),
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
    text = "交易日期,借方发生额,贷方发生额,余额,对方户名\n2026-11-09,,1000.00,1000.00,金华多湖置业有限公司\n"
    record, _is_new = statements.upload_statement(
        ledger.account_id,
        filename="明细.csv",
        data=text.encode(),
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
    keep_statement_file(
        ledger.account_id, filename="明细2.csv", data=b"x", actor=cast.actor(cast.zhao), now=cast.now
    )
    StatementLine.objects.create(
        account=ledger.account,
        message=record.message,
        bank_reference="M-1",
        booked_at=cast.now,
        amount_fen=-2000,
        counterparty="路人",
        state="unmatched",
        is_foreign=True,
    )


def build_stage() -> Stage:
    """Write everything; the clock must stand at the cast's now."""
    cast = build_cast()
    set_parameters()
    parameters.forget()
    forget_terminals()
    cache.clear()
    transport = Authority.objects.create(
        name="金东区交通运输局", kind=Authority.Kind.TRANSPORT, region_id="330703"
    )
    road = make_user("road", "陆远", "inspector", transport)
    rival_secret = "g9-" + "7b" * 16
    foreign_gate = Terminal.objects.create(
        project=cast.other_project,
        serial="G9-0009",
        name="9 号门",
        lane="both",
        key_id="g9",
        secret=rival_secret,
    )

    left_worker, _card = make_worker("郑离场", seq=911)
    left_posting = make_posting(left_worker, cast.team, pin=911, left_on=date(2026, 9, 30))
    left_posting.settle_by = date(2026, 9, 30)
    left_posting.save()
    ledger = payroll.account(cast, 100_000_000)
    lodge_cash(cast)
    give_guarantee(cast)
    _account_papers(cast, ledger)
    paid_sheet = payroll.approved_sheet(cast)
    order = payroll.instructed(cast, paid_sheet)
    loan_pk = labour_cost(cast, paid_sheet)
    payroll.attend(cast.sun_posting, 20, month=SEPTEMBER)
    payroll.attend(cast.zhou_posting, 19, month=SEPTEMBER)
    draft = sheet_services.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, SEPTEMBER, actor=cast.actor(cast.qian), now=cast.now
    )
    slips = [(cast.sun_posting, 36000), (cast.zhou_posting, 34000)]
    sheet = sent_sheet(cast.sc_part, slips, month=AUGUST, due_on=date(2026, 9, 15))
    confirmations.object_to_slip(
        payroll.slip_of(sheet, cast.zhou).reference,
        reason="days",
        claimed_fen=40000,
        text="少记一天",
        voice=WEBM,
        version=1,
        actor=cast.actor(cast.zhou),
        now=cast.now,
    )
    advance = Advance.objects.create(
        project=cast.project,
        participation=cast.sc_part,
        worker=cast.zhou,
        amount_fen=50_000,
        paid_on=date(2026, 11, 10),
        method="cash",
        code_at=cast.now,
        made_by=cast.qian,
        made_at=cast.now,
    )
    unread = BankMessage.objects.create(
        name="000009-unknown.xml",
        content=b"<no></yes>",
        sha256=b"\x02" * 32,
        received_at=cast.now,
        state=BankMessage.State.UNREADABLE,
        error_text="?",
    )
    upload = SheetUpload.objects.create(
        project=cast.project,
        participation=cast.sc_part,
        month=date(2026, 11, 1),
        filename="十一月.xlsx",
        sha256=b"\x01" * 32,
        content=encrypt_bytes("姓名,到账\n孙德旺,7920\n".encode(), context=SHEET_FILE),
        reading={
            "tables": [
                {
                    "name": "十一月",
                    "read": False,
                    "layout": "0" * 32,
                    "chosen_at": "",
                    "heading_rows": [1],
                    "rows": 0,
                    "skipped": [],
                    "columns": [
                        {"column": n, "heading": text, "key": [text, "", 1], "field": "", "spelled": ""}
                        for n, text in enumerate(("姓名", "到账"))
                    ],
                }
            ]
        },
        state=SheetUpload.State.STAGED,
        uploaded_by=cast.qian,
        uploaded_at=cast.now,
    )
    alarm = Alarm.objects.create(
        project=cast.project,
        rule="D3",
        period="2026-08",
        level=3,
        due_on=date(2026, 9, 15),
        amount_fen=70000,
        people=2,
        opened_at=cast.now,
        changed_at=cast.now,
        participation=cast.sc_part,
        told_level=3,
    )
    store_portrait(cast.sun.pk, b"\xff\xd8\xff\xe0 face", source="file", now=cast.now)
    for project in (cast.project, cast.other_project):
        ProjectStat.objects.create(project=project, as_of=cast.now)
    contracts.set_stage()
    ask_for_social("330703")
    rest_posting = contracts.make_people(cast)
    offered, signed, in_force, drafted = contracts.one_of_each(cast)
    users = {
        "guard": cast.guard, "zhao": cast.zhao, "he": cast.he, "qian": cast.qian, "kong": cast.kong, "ye": cast.ye,
        "bank": cast.officer, "li": cast.li, "wang": cast.wang, "road": road, "sun": cast.sun, "zhou": cast.zhou,
    }  # fmt: skip
    clients = {role: cast.client(users[role]) if role in users else Client() for role in ROLES}
    return Stage(
        cast=cast,
        clients=clients,
        alarm=alarm,
        order=order,
        paid_sheet=paid_sheet,
        draft=draft,
        sheet=sheet,
        slip=payroll.slip_of(sheet, cast.sun),
        objection=Objection.objects.get(sheet=sheet.pk),
        account=ledger.account,
        **_papers(cast),
        roster=staged(cast, xlsx([person(1), person(2, 身份证号="1")])),
        correction=corrections.add_stamp(
            cast.project.pk,
            cast.sun.pk,
            at=cast.now - timedelta(days=3),
            direction=1,
            reason="forgot",
            note="忘了刷",
            actor=cast.actor(cast.qian),
            now=cast.now,
        ),
        card_read=CardRead.objects.create(
            project=cast.project,
            key="read-1",
            reader="登记台",
            data=json.dumps(card_fields(invented_person(1).card)),
            photo=_picture(),
            read_at=cast.now,
            received_at=cast.now,
        ),
        upload=upload,
        unread=unread,
        entry=Entry.objects.filter(kind="slip.confirmed").order_by("pk")[0],
        gates={"g1": ("g1", cast.terminal_secret), "g9": ("g9", rival_secret)},
        foreign_gate=foreign_gate,
        source=let_in(
            cast.gc.pk, "岑岭实名制", project_ids=None, actor=cast.actor(cast.zhao), now=cast.now
        ).source,
        drafted=drafted,
        offered=offered,
        signed=signed,
        in_force=in_force,
        rest_posting=rest_posting,
        left_posting=left_posting,
        advance=advance,
        join_request=_join_request(cast),
        notice=acknowledging.say_wrong(
            cast.project.pk, cast.zhou_posting.pk, reason="pay", actor=cast.actor(cast.zhou), now=cast.now
        ),
        loan_pk=loan_pk,
        badge=badges.hand_out_badge(
            cast.project.pk, "1", "188,24910", actor=cast.actor(cast.zhao), now=cast.now
        ),
        tablet=make_tablet(cast.project.pk, "食堂", "", actor=cast.actor(cast.zhao), now=cast.now)[0],
        device=add_device(cast.sun, user_agent="Android 9 Chrome/90", now=cast.now),
        permit_answer=permits.give_answer(cast.project.pk, actor=cast.actor(cast.li), now=cast.now),
        permit_key=permits.make_key(transport.pk, "水运许可系统", actor=cast.actor(cast.li), now=cast.now)[0],
        **_letters(cast),
        data_request=data_requests.ask_for_data(
            department="金东区税务局",
            contact="方志",
            purpose="核对个人所得税代扣",
            basis="金税函〔2026〕15号",
            fields=["project", "net_fen"],
            region_code="330703",
            first_month=SEPTEMBER,
            last_month=OCTOBER,
            actor=cast.actor(cast.li),
            now=cast.now,
        ),
        bulletin=Bulletin.objects.create(
            kind="help",
            region_id="330703",
            title="金东区劳动仲裁委",
            call="0579-82000000",
            valid_from=date(2026, 1, 1),
            made_at=cast.now,
        ),
        **_complaints(cast),
        board=_board(cast),
        draw=_draw(cast),
        share=sharing.share_history(
            history_facts(cast.sun, with_pay=True), days=30, actor=cast.actor(cast.sun), now=cast.now
        ),
    )


def _letters(cast: Cast) -> dict[str, Any]:
    """What Li's office served on Qian's firm, an order and a notice of the list, and what the firm said."""
    _case, order = ordered(cast)
    served, listing = ServedOrder.objects.get(order=order), notice(cast)
    qian: dict[str, Any] = {"actor": cast.actor(cast.qian), "now": cast.now}
    reply = answer_order(served.pk, text="已支付六人工资", file=("回单.png", png()), **qian)
    asked_word = FirmWord.objects.create(
        kind="asked", listing=listing, after=1, organisation=cast.sc, by=cast.qian, at=cast.now,
        text="全部付清，申请移出", file=reply.file,
    )  # fmt: skip
    return {"served": served, "listing": listing, "reply": reply, "asked_word": asked_word}


def _complaints(cast: Cast) -> dict[str, Any]:
    """A complaint that waits, and one that Li made a case, with a photo, a note's file and a document."""
    told = complaints.Told(topic="unpaid", text="没发工资", project_id=cast.project.pk, voice=WEBM)
    system: dict[str, Any] = {"address": "10.1.2.3", "actor": SYSTEM, "now": cast.now}
    waiting = complaints.file_complaint(told, **system)
    told = complaints.Told(topic="unpaid", text="没发工资", project_id=cast.project.pk, photo=_picture())
    act: dict[str, Any] = {"actor": cast.actor(cast.li), "now": cast.now}
    case = case_intake.take_complaint(complaints.file_complaint(told, **system).reference, **act)
    step = case_work.add_note(case.pk, kind="papers", text="工地现场照片", name="a.png", data=png(), **act)
    CasePaper.objects.create(
        case=case, kind="accept", number="人社监受〔2026〕1号", file=step.file, made_at=cast.now
    )
    return {"case": case, "complaint": Complaint.objects.get(reference=waiting.reference)}


def _board(cast: Cast) -> NoticeBoard:
    """The site's notice board, made today and photographed."""
    board = boards.make_board(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    picture = board_checks.read_picture(_picture())
    board_checks.check_by_photo(cast.project.pk, picture, actor=cast.actor(cast.zhao), now=cast.now)
    return board


def _draw(cast: Cast) -> CheckDraw:
    """A random check of the site by Li and a colleague, with a photo of it."""
    li = cast.actor(cast.li)
    check_library.start_items(cast.authority.pk, actor=li, now=cast.now)
    for number, user in enumerate((cast.li, make_user("gu", "顾平", "inspector", cast.authority))):
        InspectorCertificate.objects.create(
            authority=cast.authority,
            user=user,
            number=f"ZF-{number}",
            valid_from=cast.today,
            valid_until=cast.today + timedelta(days=400),
        )
    plan = check_draws.Plan(
        "抽查", 1, cast.today, cast.today + timedelta(days=20), check_library.Reach("330703")
    )
    draw = check_draws.make_draw(cast.authority.pk, plan, actor=li, now=cast.now)
    checks.add_photo(draw.pk, cast.project.pk, _picture(), actor=li, now=cast.now)
    return draw


def _join_request(cast: Cast) -> JoinRequest:
    """The site's QR code is on, and somebody has asked for a place in Qian's team."""
    joining.renew_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    cast.project.refresh_from_db()
    number = make_id_number("411300", date(1990, 5, 6), 701)
    person = joining.Applicant("方来顺", number, "13700007002", trade="木工", team_id=cast.team.pk)
    return joining.ask_to_join(cast.project, person, now=cast.now)


def _papers(cast: Cast) -> dict[str, Any]:
    """A training, a certificate and a citizen card of Sun's."""
    Parameter.objects.create(
        key="card.scheme", region_id="330700", value=True, valid_from=date(2020, 5, 1), source="test"
    )
    parameters.forget()
    act: dict[str, Any] = {"actor": cast.actor(cast.qian), "now": cast.now}
    scan = Scan("a.png", png())
    training = record_training(
        cast.project.pk, FACTS, {cast.sun.pk: Result()}, participation_id=cast.sc_part.pk, scan=scan, **act
    ).training
    facts = CertificateFacts(
        "special", "建筑架子工", "Z-0001", "省住建厅", date(2025, 3, 1), date(2027, 3, 1)
    )
    apply_for_cards(cast.project.pk, [cast.sun.pk], on=date(2026, 11, 3), **act)
    return {
        "training": training,
        "certificate": add_certificate(cast.sun.pk, cast.project.pk, facts, scan=scan, **act),
        "citizen_card": CitizenCard.objects.get(worker=cast.sun),
    }


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back; what asks for a durable one gets it, as in a test case of Django's."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


@contextmanager
def on_stage() -> Iterator[Stage]:
    """The stage in a database that is as before afterwards, while the clock stands still."""
    with undone(), time_machine.travel(NOW, tick=False):
        yield build_stage()
    forget_terminals()
    parameters.forget()
    cache.clear()


NOT_COUNTED = {
    "django_session",
    "registration_attempt",
    "axes_accessattempt",
    "axes_accesslog",
    "axes_accessfailureattempt",
}
"""Who came to the door and with what key; not the business of the page."""


def fingerprint() -> dict[str, tuple[int, int]]:
    """Rows and a sum over their contents of every table, partitions within their parents; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        tables = sorted(name for (name,) in cursor.fetchall() if name not in NOT_COUNTED)
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{t}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM \"{t}\" t"  # noqa: S608 our tables
                for t in tables
            )
        )
        return {name: (count, int(total)) for name, count, total in cursor.fetchall()}


def writes() -> int:
    """Rows that this transaction has inserted, changed or deleted so far, also those undone again since.

    As long as it stays the same nothing was written, and no fingerprint needs to be taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
            " WHERE relname <> ALL(%s)",
            [sorted(NOT_COUNTED)],
        )
        return int(cursor.fetchone()[0])


def written_since(so_far: int, before: dict[str, tuple[int, int]]) -> list[str]:
    """The tables whose rows differ from `before`; `so_far` is what `writes` said then."""
    if writes() == so_far:
        return []
    return sorted(table for table, state in fingerprint().items() if state != before[table])


__all__ = ["ROLES", "Stage", "fingerprint", "on_stage", "undone", "writes", "written_since"]
