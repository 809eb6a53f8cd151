"""Approval by two people over the limit, and mediation of what was not accepted."""

from datetime import date, timedelta
from typing import Any

import pytest

from payroll.models import Approval, FirstApproval, Mediation, PaySheet
from payroll.services import approvals, confirmations, mediations, proxies
from registration.models import Parameter, Role
from registration.services import parameters
from tests.cast import Cast, make_user
from tests.payroll import stage
from tests.payroll.test_on_site import answer as answer_on_site
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db


def limit(fen: int) -> None:
    Parameter.objects.create(
        key="pay.four_eyes_fen", region_id="330703", value=fen, valid_from=date(2020, 5, 1), source="test"
    )
    parameters.forget()


def ready(cast: Cast) -> PaySheet:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    return sheet


def approve(cast: Cast, sheet: PaySheet, who: Any, days: int = 0) -> Any:
    return approvals.approve_sheet(sheet.pk, actor=cast.actor(who), now=cast.now + timedelta(days=days))


def test_two_different_managers_approve_what_the_first_one_saw(cast: Cast) -> None:
    sheet = ready(cast)
    limit(sheet.net_fen)
    second = make_user("lin", "林海", Role.GC_MANAGER, cast.gc)
    first = approve(cast, sheet, cast.he)
    assert isinstance(first, FirstApproval)
    assert (first.people, first.net_fen, first.state) == (1, 792_000, "waiting")
    assert not stage.slip_of(sheet, cast.sun).is_approved
    with pytest.raises(RuleViolation) as refusal:
        approve(cast, sheet, cast.he)
    assert refusal.value.code == "approval.same_person"
    stage.confirm(cast, sheet, cast.zhou)  # after the first one looked: waits for the next approval
    made = approve(cast, sheet, second, days=1)
    assert isinstance(made, Approval)
    assert (made.people, made.first_by, made.approved_by) == (1, cast.he, second)
    assert (made.first_at, made.approved_at) == (cast.now, cast.now + timedelta(days=1))
    assert stage.slip_of(sheet, cast.sun).is_approved
    assert not stage.slip_of(sheet, cast.zhou).is_approved
    for kind in ("sheet.first_approved", "sheet.approved"):
        entry = Entry.objects.get(kind=kind)
        assert record_matches(entry, rebuilt_record(entry) or {})


def test_below_the_limit_one_is_enough_and_a_firm_can_only_be_stricter(cast: Cast) -> None:
    sheet = ready(cast)
    limit(sheet.net_fen + 1)
    assert approvals.needs_two(sheet, cast.project, cast.now) is None
    with pytest.raises(NotFound):
        approvals.set_limit(cast.gc.pk, 1, actor=cast.actor(cast.kong), now=cast.now)
    with pytest.raises(NotFound):
        approvals.set_limit(cast.gc.pk, 1, actor=cast.actor(cast.zhao), now=cast.now)
    approvals.set_limit(cast.gc.pk, 10**12, actor=cast.actor(cast.he), now=cast.now)
    assert approvals.limit_of(sheet, cast.project, cast.now) == sheet.net_fen + 1
    approvals.set_limit(cast.gc.pk, sheet.net_fen, actor=cast.actor(cast.he), now=cast.now)
    assert isinstance(approve(cast, sheet, cast.he), FirstApproval)


def test_who_prepared_the_sheet_is_not_the_second(cast: Cast) -> None:
    sheet = ready(cast)
    limit(1)
    second = make_user("lin", "林海", Role.GC_MANAGER, cast.gc)
    PaySheet.objects.filter(pk=sheet.pk).update(made_by=second)
    approve(cast, sheet, cast.he)
    with pytest.raises(RuleViolation) as refusal:
        approve(cast, sheet, second)
    assert refusal.value.code == "approval.prepared"
    assert Approval.objects.count() == 0


def test_the_first_approval_can_be_taken_back(cast: Cast) -> None:
    sheet = ready(cast)
    limit(1)
    approve(cast, sheet, cast.he)
    with pytest.raises(NotPermitted):
        approvals.take_back_first(sheet.pk, actor=cast.actor(cast.zhao), now=cast.now)
    approvals.take_back_first(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        approvals.take_back_first(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    assert refusal.value.code == "approval.none"


def test_the_pages_show_both_and_the_limit(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = ready(cast)
    limit(1)
    client = cast.client(cast.he)
    assert client.post(f"/pay/sheets/{sheet.pk}/approve/").status_code == 302
    page = client.get(f"/pay/sheets/{sheet.pk}/").content.decode()
    assert "/approve/take-back/" in page
    assert client.get(f"/pay/approval-limit/{cast.gc.pk}/").status_code == 200
    assert client.post(f"/pay/approval-limit/{cast.gc.pk}/", {"limit_fen": "1000"}).status_code == 302
    assert client.post(f"/pay/approval-limit/{cast.gc.pk}/", {"limit_fen": "-"}).status_code == 400
    assert client.get(f"/pay/approval-limit/{cast.sc.pk}/").status_code == 404


# ---- mediation -----------------------------------------------------------------------------------------------


def rejected(cast: Cast) -> PaySheet:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    objection = confirmations.object_to_slip(
        stage.slip_of(sheet, cast.zhou).reference,
        reason="days", claimed_fen=748_000, version=1, actor=cast.actor(cast.zhou), now=cast.now,
    )  # fmt: skip
    confirmations.answer_objection(
        objection.pk, accept=False, answer="闸机没有记录", actor=cast.actor(cast.qian), now=cast.now
    )
    return sheet


def ask(cast: Cast, sheet: PaySheet, who: Any) -> Mediation:
    return mediations.ask_for_mediation(
        stage.slip_of(sheet, cast.zhou).reference, statement="那天在场", actor=cast.actor(who), now=cast.now
    )


def outcome(cast: Cast, mediation: Mediation, **change: Any) -> Mediation:
    facts: dict[str, Any] = {
        "held_on": cast.today, "persons": "钱文娟、周长根、司法所李调解员", "agreed_fen": 731_000,
        "outcome": "补半天", "signature_png": stage.signature(), "actor": cast.actor(cast.qian), "now": cast.now,
    } | change  # fmt: skip
    return mediations.record_outcome(mediation.pk, **facts)


def test_an_agreement_holds_when_both_have_signed(cast: Cast) -> None:
    sheet = rejected(cast)
    mediation = ask(cast, sheet, cast.zhou)
    assert (mediation.worker_statement, mediation.due_on) == ("那天在场", cast.today + timedelta(days=15))
    with pytest.raises(RuleViolation) as refusal:
        ask(cast, sheet, cast.qian)
    assert refusal.value.code == "mediation.exists"
    mediations.state_ones_side(mediation.pk, statement="没有打卡", actor=cast.actor(cast.qian), now=cast.now)
    outcome(cast, mediation)
    assert stage.slip_of(sheet, cast.zhou).confirmation == "objected"
    for who, error in ((cast.sun, NotFound), (cast.qian, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(error):
            mediations.sign_agreement(
                mediation.pk, signature_png=stage.signature(), actor=cast.actor(who), now=cast.now
            )
    made = mediations.sign_agreement(
        mediation.pk, signature_png=stage.signature(), actor=cast.actor(cast.zhou), now=cast.now
    )
    slip = stage.slip_of(sheet, cast.zhou)
    assert (slip.net_fen, slip.version, slip.confirmation) == (731_000, 2, "confirmed")
    sheet.refresh_from_db()
    assert sheet.net_fen == 792_000 + 731_000
    assert (made.state, made.worker_statement, made.firm_statement) == ("agreed", "那天在场", "没有打卡")
    entry = Entry.objects.filter(kind="mediation").order_by("-pk")[0]
    assert record_matches(entry, rebuilt_record(entry) or {})
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    assert stage.slip_of(sheet, cast.zhou).is_approved


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"held_on": None}, "mediation.day"),
        ({"held_on": date(2026, 11, 17)}, "mediation.day"),
        ({"persons": " "}, "mediation.persons"),
        ({"outcome": ""}, "mediation.words"),
        ({"agreed_fen": -1}, "mediation.amount"),
        ({"signature_png": None}, "signature.blank"),
        ({"signature_png": stage.blank()}, "signature.blank"),
    ],
)
def test_refuses_an_outcome_with_a_gap(cast: Cast, change: dict, code: str) -> None:
    mediation = ask(cast, rejected(cast), cast.zhou)
    with pytest.raises(RuleViolation) as refusal:
        outcome(cast, mediation, **change)
    assert refusal.value.code == code
    mediation.refresh_from_db()
    assert (mediation.state, mediation.firm_signed_at) == ("open", None)


def test_not_agreed_ends_it_and_a_refused_proposal_opens_it_again(cast: Cast) -> None:
    sheet = rejected(cast)
    mediation = ask(cast, sheet, cast.qian)
    outcome(cast, mediation)
    again = mediations.refuse_proposal(mediation.pk, actor=cast.actor(cast.zhou), now=cast.now)
    assert (again.state, again.agreed_fen, again.firm_signed_by) == ("open", None, None)
    ended = outcome(cast, mediation, agreed_fen=None)
    assert ended.state == "not_agreed"
    with pytest.raises(RuleViolation) as refusal:
        outcome(cast, mediation)
    assert refusal.value.code == "mediation.closed"
    assert stage.slip_of(sheet, cast.zhou).net_fen == 714_000


def test_mediation_needs_an_objection_that_was_not_accepted(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    with pytest.raises(RuleViolation) as refusal:
        ask(cast, sheet, cast.zhou)
    assert refusal.value.code == "mediation.nothing"
    with pytest.raises(NotFound):
        ask(cast, sheet, cast.sun)


def test_after_approval_the_rest_comes_by_a_supplement(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    answer_on_site(cast, sheet)
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    objection = proxies.deny_proxy(
        stage.slip_of(sheet, cast.zhou).reference, actor=cast.actor(cast.zhou), now=cast.now
    )
    assert objection is not None
    confirmations.answer_objection(
        objection.pk, accept=False, answer="是本人", actor=cast.actor(cast.qian), now=cast.now
    )
    mediation = ask(cast, sheet, cast.zhou)
    outcome(cast, mediation, agreed_fen=730_000)
    made = mediations.sign_agreement(
        mediation.pk, signature_png=stage.signature(), actor=cast.actor(cast.zhou), now=cast.now
    )
    assert made.supplement is not None
    assert (made.supplement.kind, made.supplement.state, made.supplement.net_fen) == (
        "supplement",
        "draft",
        16_000,
    )
    assert stage.slip_of(sheet, cast.zhou).net_fen == 714_000


def test_both_sides_have_a_page(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = rejected(cast)
    reference = stage.slip_of(sheet, cast.zhou).reference
    worker, clerk = cast.client(cast.zhou), cast.client(cast.qian)
    assert worker.get(f"/my/pay/{reference}/mediation/").status_code == 200
    assert clerk.get(f"/pay/lines/{reference}/mediation/").status_code == 200
    assert worker.post(f"/my/pay/{reference}/mediation/", {"statement": ""}).status_code == 400
    assert worker.post(f"/my/pay/{reference}/mediation/", {"statement": "在场"}).status_code == 302
    body = {
        "act": "outcome",
        "verdict": "agreed",
        "held_on": "2026-11-16",
        "persons": "三方",
        "outcome": "补半天",
    }
    assert clerk.post(f"/pay/lines/{reference}/mediation/", body | {"agreed": "7310"}).status_code == 400
    outcome(cast, Mediation.objects.get())
    assert "7,310.00" in worker.get(f"/my/pay/{reference}/mediation/").content.decode()
    assert worker.post(f"/my/pay/{reference}/mediation/", {"act": "refuse"}).status_code == 302
    assert Mediation.objects.get().state == "open"
    assert cast.client(cast.sun).get(f"/my/pay/{reference}/mediation/").status_code == 404
