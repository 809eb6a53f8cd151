"""Contracts from the draft to their end, through the services, with refusals that write nothing."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from registration.models import ContractSignature, LabourContract, LoginCode, SmsMessage, StoredFile
from registration.services import (
    contract_documents,
    contract_drafts,
    contract_endings,
    contract_offers,
    contract_papers,
    contract_signing,
)
from registration.services.codes import check_code
from registration.services.contract_facts import postings_with_contract
from registration.services.contract_templates import publish_template, templates_for
from tests.cast import Cast, make_posting, make_worker
from tests.payroll.stage import blank, signature
from tests.registration import contracts as stage
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.crypto import encrypt_bytes
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, WagewatchError

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a scan"


@pytest.fixture(autouse=True)
def _stage(cast: Cast) -> None:
    stage.set_stage()


def refused(act: Callable[[], object], code: str, kind: type[WagewatchError] = RuleViolation) -> None:
    """The act is refused with the code, and no row of contracts, signatures, files, entries changes."""

    def picture() -> object:
        rows = LabourContract.objects.order_by("pk").values_list(
            "pk", "state", "text", "ended_on", "document"
        )
        return (
            list(rows),
            LabourContract.history.count(),
            *(m.objects.count() for m in (ContractSignature, StoredFile, Entry)),
        )

    before = picture()
    with pytest.raises(kind) as refusal:
        act()
    assert refusal.value.code == code
    assert refusal.value.message
    assert picture() == before


def sun(pk: int) -> LabourContract:
    return LabourContract.objects.get(pk=pk)


def test_reminds_once_of_an_offer_that_waits(cast: Cast) -> None:
    first, second = stage.offer(cast, stage.draft(cast, cast.sun_posting, cast.zhou_posting))
    stage.worker_signs(cast, second, cast.zhou)
    for days, told in ((2, 0), (3, 1), (4, 0)):
        assert contract_offers.remind_of_offers(now=cast.now + timedelta(days=days)) == told
    message = SmsMessage.objects.get(kind="contract.waiting")
    assert message.phone == cast.sun_phone
    assert sun(first).number not in message.text


def test_does_not_remind_who_has_left(cast: Cast) -> None:
    stage.offer(cast, stage.draft(cast))
    cast.sun_posting.left_on = cast.now.date()
    cast.sun_posting.save()
    assert contract_offers.remind_of_offers(now=cast.now + timedelta(days=9)) == 0


def test_from_the_posting_to_a_pdf_in_the_evidence_log(cast: Cast) -> None:
    (pk,) = stage.draft(cast)
    made = sun(pk)
    assert (made.state, made.number, made.kind, made.period) == (
        "draft",
        f"HT-{cast.project.pk}-00001",
        "labour",
        "1",
    )
    assert (made.starts_on, made.template.region_id) == (date(2026, 8, 3), "330000")
    assert made.text is None
    stage.offer(cast, [pk])
    offered = sun(pk)
    for words in (
        "孙德旺", cast.sun.id_number, "金华沐川建筑劳务有限公司", "按日计酬，每日 360.00 元", "次月 15 日", "多湖 B-07 地块住宅",
        "浙江省金华市金东区东华街 1 号", "每月 2,260.00 元", "浙江岑岭建设有限公司", "木工一班", made.number,
    ):  # fmt: skip
        assert words in str(offered.text), words
    assert "{" not in str(offered.text)
    assert cast.sun.name not in str(offered.terms)
    waiting = SmsMessage.objects.get(kind="contract.offered")
    assert "合同" in str(waiting.text)
    assert not [w for w in ("孙", "360", cast.sun.id_tail) if w in str(waiting.text)]

    stage.worker_signs(cast, pk, cast.sun)
    assert sun(pk).state == "signed"
    assert Entry.objects.count() == 0
    assert stage.employer_signs(cast, [pk]).ids == [pk]
    contract = sun(pk)
    assert (contract.state, contract.signed_on, contract.document) == ("in_force", cast.today, None)
    signatures = {s.party: s for s in ContractSignature.objects.filter(contract=pk)}
    assert {p: (s.signer, s.by_code, bool(s.drawing)) for p, s in signatures.items()} == {
        "worker": ("孙德旺", True, True),
        "employer": ("钱文娟", False, True),
    }

    file = contract_documents.make_document(pk, cast.project.pk, now=cast.now)
    assert bytes(file.content).startswith(b"%PDF-")
    assert bytes(sun(pk).sha256 or b"") == bytes(file.sha256)
    assert contract_documents.make_document(pk, cast.project.pk, now=cast.now) == file
    assert {e.kind for e in Entry.objects.all()} == {"contract.signed", "contract.document"}
    for entry in Entry.objects.all():
        assert entry.subject == f"contract:{cast.project.pk}.{pk}"
        assert record_matches(entry, rebuilt_record(entry) or {})
    history = list(contract.history.order_by("history_id").values_list("state", flat=True))
    assert history == ["draft", "offered", "signed", "in_force", "in_force"]
    assert audit().findings == []


def test_the_same_contract_gives_the_same_pdf(cast: Cast) -> None:
    contract = stage.in_force(cast)
    files = []
    for _again in range(2):
        file = contract_documents.make_document(contract.pk, cast.project.pk, now=cast.now)
        files.append(bytes(file.content))
        LabourContract.objects.filter(pk=contract.pk).update(document=None, sha256=None)
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "what", ["rate", "text", "drawing", "pdf", "pdf_garbage", "state", "smuggled", "ended"]
)
def test_the_audit_finds_what_was_changed(cast: Cast, what: str) -> None:
    contract = stage.in_force(cast)
    file = contract_documents.make_document(contract.pk, cast.project.pk, now=cast.now)
    assert audit().findings == []
    rows = LabourContract.objects.filter(pk=contract.pk)
    if what == "rate":
        rows.update(terms=contract.terms | {"rate_fen": 20_000})
    elif what == "text":
        rows.update(text=str(contract.text).replace("360.00", "260.00"))
    elif what == "drawing":
        ContractSignature.objects.filter(party="worker").update(drawing=None)
    elif what == "pdf":
        StoredFile.objects.filter(pk=file.pk).update(content=b"%PDF-1.7 another")
    elif what == "pdf_garbage":
        from django.db import connection

        with connection.cursor() as cursor:
            sealed = encrypt_bytes(b"x", context="elsewhere")
            cursor.execute("UPDATE registration_storedfile SET content = %s", [sealed])
    elif what == "state":
        rows.update(state="terminated", ended_on=cast.today)
    elif what == "smuggled":
        contract.pk, contract.number, contract.state = None, "HT-9", "renewed"
        contract._state.adding = True
        contract.document = None
        contract.save()
    else:
        contract_endings.terminate_contract(
            contract.pk, cast.project.pk, ended_on=cast.today, reason="回乡", actor=cast.actor(cast.qian), now=cast.now
        )  # fmt: skip
        assert audit().findings == []
        rows.update(end_reason="旷工")
    problems = {(f.problem, f.kind) for f in audit().findings}
    assert problems == {
        "state": {("record_unrecorded", "contract.ended")},
        "smuggled": {("record_unrecorded", "contract.signed"), ("record_unrecorded", "contract.ended")},
        "pdf": {("record_changed", "contract.document")},
        "pdf_garbage": {("record_changed", "contract.document")},
        "ended": {("record_changed", "contract.ended")},
    }.get(what, {("record_changed", "contract.signed")})


def test_many_are_drafted_at_once_and_the_refused_hold_back_nobody(cast: Cast) -> None:
    old, _card = make_worker("高寿", seq=511, birth=date(1960, 1, 5), phone="13757900511")
    poor, _card = make_worker("廉一", seq=513, phone="13757900513")
    elder = make_posting(old, cast.team, pin=511)
    cheap = make_posting(poor, cast.team, pin=513, rate_fen=9_000)
    done = contract_drafts.draft_contracts(
        cast.project.pk,
        [cast.sun_posting.pk, cast.zhou_posting.pk, elder.pk, cheap.pk],
        period="0",
        ends_on=date(2027, 8, 2),
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
    assert {pk: e.code for pk, e in done.refused.items()} == {cheap.pk: "contract.below_minimum"}
    rows = LabourContract.objects.filter(pk__in=done.ids).order_by("number")
    assert [(c.kind, c.number[-5:]) for c in rows] == [
        ("labour", "00001"),
        ("labour", "00002"),
        ("agreement", "00003"),
    ]
    assert LabourContract.history.count() == 3
    again = contract_drafts.draft_contracts(
        cast.project.pk, [cast.sun_posting.pk], period="1", actor=cast.actor(cast.zhao), now=cast.now
    )
    assert {e.code for e in again.refused.values()} == {"contract.under_way"}
    assert LabourContract.objects.count() == 3


def test_who_may_draft_and_who_may_sign(cast: Cast) -> None:
    draft = lambda who: contract_drafts.draft_contracts(  # noqa: E731
        cast.project.pk, [cast.sun_posting.pk], period="1", actor=cast.actor(who), now=cast.now
    )
    refused(lambda: draft(cast.he), "not_permitted", NotPermitted)
    for outsider in (cast.kong, cast.ye, cast.wang):
        refused(lambda who=outsider: draft(who), "not_found" if outsider != cast.ye else "not_permitted",
                NotFound if outsider != cast.ye else NotPermitted)  # fmt: skip
    (pk,) = stage.offer(cast, stage.draft(cast))
    stage.worker_signs(cast, pk, cast.sun)
    sign = lambda who: contract_signing.sign_as_employer(  # noqa: E731
        cast.project.pk, [pk], drawing=None, actor=cast.actor(who), now=cast.now
    )
    # The general contractor's manager signs for the general contractor, not for its subcontractor.
    refused(lambda: sign(cast.he), "not_permitted", NotPermitted)
    refused(lambda: sign(cast.zhao), "not_permitted", NotPermitted)
    refused(lambda: sign(cast.kong), "not_found", NotFound)
    assert sign(cast.qian).ids == [pk]


def test_the_general_contractors_manager_signs_for_its_own_people(cast: Cast) -> None:
    worker, _card = make_worker("何小满", seq=777, phone="13757900777")
    posting = make_posting(worker, cast.gc_team, pin=77)
    done = contract_drafts.draft_contracts(
        cast.project.pk, [posting.pk], period="1", actor=cast.actor(cast.zhao), now=cast.now
    )
    zhao = cast.actor(cast.zhao)
    assert (
        contract_offers.offer_contracts(cast.project.pk, done.ids, actor=zhao, now=cast.now).ids == done.ids
    )
    stage.worker_signs(cast, done.ids[0], worker)
    sign = contract_signing.sign_as_employer
    refused(
        lambda: sign(cast.project.pk, done.ids, drawing=None, actor=cast.actor(cast.qian), now=cast.now),
        "not_found",
        NotFound,
    )
    assert (
        sign(cast.project.pk, done.ids, drawing=None, actor=cast.actor(cast.he), now=cast.now).ids == done.ids
    )


def test_a_workers_code_signs_once_in_time_and_nothing_else(cast: Cast) -> None:
    (pk,) = stage.offer(cast, stage.draft(cast))
    (other,) = stage.offer(cast, stage.draft(cast, cast.zhou_posting))
    code = stage.code_for(cast, pk, cast.sun)

    def sign(
        typed: str,
        at: timedelta = timedelta(0),
        who: object = None,
        which: int = pk,
        drawing: bytes | None = None,
    ) -> None:
        contract_signing.sign_as_worker(
            which, cast.project.pk, code=typed, drawing=drawing, actor=cast.actor(who or cast.sun), now=cast.now + at
        )  # fmt: skip

    wrong = f"{(int(code) + 1) % 10**6:06d}"
    refused(lambda: sign(wrong), "code.wrong")
    assert LoginCode.objects.get().tries == 1
    refused(lambda: sign(code, timedelta(minutes=5)), "code.spent")
    refused(lambda: sign(code, which=other), "not_found", NotFound)
    refused(lambda: sign(code, who=cast.zhou), "not_found", NotFound)
    refused(lambda: sign(code, who=cast.qian), "not_permitted", NotPermitted)
    refused(lambda: sign(code, drawing=blank()), "signature.blank")
    refused(lambda: sign(code, drawing=b"no picture"), "signature.unreadable", Malformed)
    refused(lambda: check_code(cast.sun_phone, code, now=cast.now), "code.spent")  # opens no session
    assert LoginCode.objects.get().tries == 1
    sign(code)
    refused(lambda: sign(code), "contract.is_signed")
    assert LoginCode.objects.get().used_at == cast.now


def test_five_wrong_codes_spend_the_code(cast: Cast) -> None:
    (pk,) = stage.offer(cast, stage.draft(cast))
    code = stage.code_for(cast, pk, cast.sun)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for said in ("code.wrong",) * 4 + ("code.spent",):
        refused(lambda: _sign(cast, pk, wrong), said)
    refused(lambda: _sign(cast, pk, code), "code.spent")
    refused(lambda: stage.code_for(cast, pk, cast.sun), "code.too_soon")
    fresh = stage.code_for(cast, pk, cast.sun, cast.now + timedelta(minutes=2))
    contract_signing.sign_as_worker(
        pk, cast.project.pk, code=fresh, drawing=None, actor=cast.actor(cast.sun), now=cast.now + timedelta(minutes=2)
    )  # fmt: skip
    assert ContractSignature.objects.get().drawing is None


def _sign(cast: Cast, pk: int, code: str) -> None:
    contract_signing.sign_as_worker(
        pk, cast.project.pk, code=code, drawing=signature(), actor=cast.actor(cast.sun), now=cast.now
    )


def test_a_change_after_the_offer_needs_a_new_draft(cast: Cast) -> None:
    (pk,) = stage.offer(cast, stage.draft(cast))
    code = stage.code_for(cast, pk, cast.sun)
    cast.sun_posting.rate_fen = 30_000
    cast.sun_posting.save(update_fields=["rate_fen"])
    refused(lambda: _sign(cast, pk, code), "contract.posting_changed")
    cast.sun_posting.rate_fen = 36_000
    cast.sun_posting.save(update_fields=["rate_fen"])
    _sign(cast, pk, code)
    cast.sun_posting.rate_fen = 30_000
    cast.sun_posting.save(update_fields=["rate_fen"])
    done = stage.employer_signs(cast, [pk])
    assert (done.ids, done.refused[pk].code) == ([], "contract.posting_changed")
    assert sun(pk).state == "signed"
    contract_drafts.withdraw_contract(pk, cast.project.pk, actor=cast.actor(cast.qian), now=cast.now)
    (fresh,) = stage.offer(cast, stage.draft(cast))
    assert "每日 300.00 元" in str(sun(fresh).text)


def test_refuses_an_offer_that_cannot_reach_or_no_longer_holds(cast: Cast) -> None:
    mute, _card = make_worker("默一", seq=521, phone=None)
    silent = make_posting(mute, cast.team, pin=521)
    ids = stage.draft(cast, cast.sun_posting, cast.zhou_posting, silent)
    cast.zhou_posting.rate_fen = 5_000
    cast.zhou_posting.save(update_fields=["rate_fen"])
    done = contract_offers.offer_contracts(cast.project.pk, ids, actor=cast.actor(cast.qian), now=cast.now)
    assert done.ids == ids[:1]
    assert {pk: e.code for pk, e in done.refused.items()} == {
        ids[1]: "contract.below_minimum",
        ids[2]: "contract.no_phone",
    }
    again = contract_offers.offer_contracts(
        cast.project.pk, ids[:1], actor=cast.actor(cast.qian), now=cast.now
    )
    assert again.refused[ids[0]].code == "contract.is_offered"
    assert SmsMessage.objects.filter(kind="contract.offered").count() == 1


def test_the_worker_says_no_with_a_reason(cast: Cast) -> None:
    (pk,) = stage.offer(cast, stage.draft(cast))
    say = lambda words, who=cast.sun: contract_signing.refuse_contract(  # noqa: E731
        pk, cast.project.pk, reason=words, actor=cast.actor(who), now=cast.now
    )
    refused(lambda: say("  "), "contract.reason")
    refused(lambda: say("工资不对", cast.zhou), "not_found", NotFound)
    say("说好每天 380 元")
    assert (sun(pk).state, sun(pk).end_reason) == ("refused", "说好每天 380 元")
    refused(lambda: say("不签"), "contract.is_refused")
    assert stage.draft(cast) != [pk]


def test_a_draft_does_not_exist_for_its_worker(cast: Cast) -> None:
    (pk,) = stage.draft(cast)
    ask = lambda: contract_signing.request_sign_code(  # noqa: E731
        pk, cast.project.pk, address="", actor=cast.actor(cast.sun), now=cast.now
    )
    refused(ask, "not_found", NotFound)
    assert LoginCode.objects.count() == 0


def test_an_agency_engages_for_two_years(cast: Cast) -> None:
    posting = stage.agency_posting(cast)
    ask = lambda **more: contract_drafts.draft_contracts(  # noqa: E731
        cast.project.pk, [posting.pk], actor=cast.actor(cast.zhao), now=cast.now, **more
    )
    assert ask(period="1").refused[posting.pk].code == "contract.agency_fixed"
    assert ask(period="0", ends_on=date(2028, 8, 1)).refused[posting.pk].code == "contract.agency_short"
    assert LabourContract.objects.count() == 0
    assert len(ask(period="0", ends_on=date(2028, 8, 2)).ids) == 1


def test_a_paper_contract_counts_from_its_scan(cast: Cast) -> None:
    record = lambda **more: contract_papers.record_paper_contracts(  # noqa: E731
        cast.project.pk, [cast.sun_posting.pk],
        **({"filename": "合同.pdf", "data": PDF, "number": "MC-2026-7", "period": "0", "starts_on": date(2026, 8, 3),
            "ends_on": date(2027, 8, 2), "signed_on": date(2026, 8, 3), "actor": cast.actor(cast.qian), "now": cast.now} | more),
    )  # fmt: skip
    refused(lambda: record(data=b"MZ"), "file.kind", Malformed)
    refused(lambda: record(signed_on=date(2026, 11, 17)), "contract.signed_ahead")
    refused(lambda: record(number="HT-1-00009"), "contract.number_reserved")
    (pk,) = record().ids
    contract = sun(pk)
    assert (contract.state, contract.form, contract.number, contract.text) == (
        "in_force",
        "paper",
        "MC-2026-7",
        None,
    )
    assert bytes(contract.document.content) == PDF
    assert {e.kind for e in Entry.objects.all()} == {"contract.signed", "contract.document"}
    assert audit().findings == []
    assert record(number="B").refused[cast.sun_posting.pk].code == "contract.renewal_early"
    refused(lambda: record(starts_on=date(2027, 8, 3), ends_on=date(2028, 8, 2)), "contract.number_taken")
    (newer,) = record(number="", starts_on=date(2027, 8, 3), ends_on=date(2028, 8, 2)).ids
    assert (sun(pk).state, sun(pk).ended_on, sun(newer).renews_id) == ("renewed", date(2027, 8, 2), pk)
    assert audit().findings == []


def test_one_scan_holds_the_contracts_of_a_team(cast: Cast) -> None:
    done = contract_papers.record_paper_contracts(
        cast.project.pk,
        [cast.sun_posting.pk, cast.zhou_posting.pk],
        filename="木工一班.pdf",
        data=PDF,
        period="1",
        starts_on=date(2026, 8, 3),
        signed_on=date(2026, 8, 3),
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    assert len(done.ids) == 2
    assert StoredFile.objects.count() == 1
    assert postings_with_contract(cast.project.pk, on=cast.today) == {
        cast.sun_posting.pk,
        cast.zhou_posting.pk,
    }
    assert audit().findings == []


def test_a_renewal_takes_over_without_a_gap(cast: Cast) -> None:
    old = stage.in_force(cast, period="0", ends_on=date(2026, 12, 31))
    draft = lambda begin: contract_drafts.draft_contracts(  # noqa: E731
        cast.project.pk, [cast.sun_posting.pk], period="0", starts_on=begin, ends_on=date(2027, 12, 31),
        renewing=True, actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip
    assert draft(date(2026, 8, 3)).refused[cast.sun_posting.pk].code == "contract.renewal_early"
    (pk,) = draft(date(2027, 1, 1)).ids
    stage.offer(cast, [pk])
    minute = cast.now + timedelta(minutes=2)
    stage.worker_signs(cast, pk, cast.sun, minute)
    assert sun(old.pk).state == "in_force"
    assert stage.employer_signs(cast, [pk], minute).ids == [pk]
    assert (sun(old.pk).state, sun(old.pk).ended_on) == ("renewed", date(2026, 12, 31))
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31)):
        assert postings_with_contract(cast.project.pk, on=day) == {cast.sun_posting.pk}
    assert postings_with_contract(cast.project.pk, on=date(2028, 1, 1)) == set()
    assert audit().findings == []


def test_in_force_on_a_day_means_signed_begun_and_not_over(cast: Cast) -> None:
    contract = stage.in_force(cast, period="0", ends_on=date(2026, 11, 30))
    on = lambda day: postings_with_contract(cast.project.pk, on=day)  # noqa: E731
    assert on(cast.today - timedelta(days=1)) == set()  # signed today, for work since August
    assert on(cast.today) == on(date(2026, 11, 30)) == {cast.sun_posting.pk}
    assert on(date(2026, 12, 1)) == set()
    assert postings_with_contract(cast.other_project.pk, on=cast.today) == set()
    contract_endings.terminate_contract(
        contract.pk, cast.project.pk, ended_on=date(2026, 11, 20), reason="本人要求", actor=cast.actor(cast.qian), now=cast.now
    )  # fmt: skip
    assert on(date(2026, 11, 20)) == {cast.sun_posting.pk}
    assert on(date(2026, 11, 21)) == set()


def test_terminating_needs_a_reason_and_a_possible_day(cast: Cast) -> None:
    contract = stage.in_force(cast, period="0", ends_on=date(2026, 12, 31))
    end = lambda day, reason="回乡", who=cast.qian: contract_endings.terminate_contract(  # noqa: E731
        contract.pk, cast.project.pk, ended_on=day, reason=reason, actor=cast.actor(who), now=cast.now
    )
    refused(lambda: end(cast.today, " "), "contract.reason")
    refused(lambda: end(date(2026, 8, 2)), "contract.before_start")
    refused(lambda: end(date(2027, 1, 1)), "contract.after_end")
    refused(lambda: end(cast.today, who=cast.he), "not_permitted", NotPermitted)
    refused(lambda: end(cast.today, who=cast.kong), "not_found", NotFound)
    end(cast.today)
    refused(lambda: end(cast.today), "contract.is_terminated")
    assert Entry.objects.filter(kind="contract.ended").count() == 1


def test_the_night_ends_what_is_over_once(cast: Cast) -> None:
    first = stage.in_force(cast, period="0", ends_on=date(2026, 11, 30))
    second = stage.in_force(cast, cast.zhou_posting)
    midnight = cast.now + timedelta(days=14)
    assert contract_endings.expire_contracts(now=midnight) == 0  # its last day is not over yet
    cast.zhou_posting.left_on = date(2026, 11, 20)
    cast.zhou_posting.save(update_fields=["left_on"])
    assert contract_endings.expire_contracts(now=midnight + timedelta(days=1)) == 2
    assert contract_endings.expire_contracts(now=midnight + timedelta(days=1)) == 0
    assert [(c.state, c.ended_on, c.end_reason) for c in (sun(first.pk), sun(second.pk))] == [
        ("ended", date(2026, 11, 30), "期限届满"),
        ("ended", date(2026, 11, 20), "工作完成，已离场"),
    ]
    assert audit().findings == []


def test_an_authority_publishes_a_wording_for_its_region(cast: Cast) -> None:
    body = templates_for("330703", on=cast.today)["labour"].body
    publish = lambda who, **more: publish_template(  # noqa: E731
        **({"region_code": "330703", "kind": "labour", "version": "2027.1", "title": "金东区简易劳动合同", "body": body,
            "valid_from": date(2027, 1, 1), "source": "", "actor": cast.actor(who), "now": cast.now} | more)
    )  # fmt: skip
    refused(lambda: publish(cast.li, body="{worker"), "template.brace", Malformed)
    refused(lambda: publish(cast.li, region_code="330702"), "not_permitted", NotPermitted)
    refused(lambda: publish(cast.li, region_code="990000"), "not_found", NotFound)
    refused(lambda: publish(cast.zhao), "not_permitted", NotPermitted)
    refused(lambda: publish(cast.li, valid_from=date(2026, 11, 15)), "template.backdated")
    made = publish(cast.li)
    refused(lambda: publish(cast.li), "template.known")
    assert templates_for("330703", on=date(2026, 12, 31))["labour"].region_id == "330000"
    assert templates_for("330703", on=date(2027, 1, 1))["labour"] == made
    assert templates_for("330702", on=date(2027, 1, 1))["labour"].region_id == "330000"
    assert templates_for("320100", on=date(2027, 1, 1))["labour"].region_id is None
