"""Permit readiness: each condition, answers that are kept, the office's key, the pre-deposit of Nanjing."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from inspection.models import PermitAnswer, PermitKey, SocialDeposit
from inspection.permit_rules import social_due_fen
from inspection.services.permits import (
    end_key,
    give_answer,
    make_key,
    points_now,
    record_social,
)
from registration.models import Authority, LabourContract, Participation, Posting, Project
from tests.cast import NOW, TODAY, Cast, make_user
from tests.inspection.permits import ask_for_guarantee, ask_for_social, bring_in_order, housing_key
from tests.payroll.guarantee_papers import end_early
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

RATES = {"labour_percent": "2", "construction_permille": "3"}


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def states(cast: Cast) -> dict[str, str]:
    project = Project.objects.select_related("region").get(pk=cast.project.pk)
    return {point.code: point.state for point in points_now(project, today=TODAY)}


def social(cast: Cast, **changes: object) -> SocialDeposit:
    facts: dict[str, object] = {
        "base": "labour",
        "base_fen": 4_650_000_000,
        "paid_fen": 93_000_000,
        "paid_on": date(2026, 3, 5),
        "paper": "宁社预缴〔2026〕3号",
    }
    return record_social(
        cast.project.pk,
        **(facts | changes),  # type: ignore[arg-type]
        actor=cast.actor(cast.li),
        now=cast.now,
    )


def test_a_project_of_which_nothing_is_known_lacks_everything(cast: Cast) -> None:
    Participation.objects.filter(pk=cast.gc_part.pk).update(clerk_name="")
    ask_for_guarantee()
    assert states(cast) == {
        "registered": "met",
        "account": "missing",
        "deposit": "missing",
        "guarantee": "missing",
        "social": "not_asked",
        "clerk": "missing",
        "subcontracts": "missing",
        "contracts": "missing",
        "listed": "met",
    }


def test_a_project_in_order_is_ready_and_each_condition_can_break_it(cast: Cast) -> None:
    ledger = bring_in_order(cast)
    met = dict.fromkeys(
        ("registered", "account", "deposit", "guarantee", "clerk", "subcontracts", "contracts", "listed"),
        "met",
    )
    assert states(cast) == met | {"social": "not_asked"}
    for change, broken in (
        (lambda: Project.objects.filter(pk=cast.project.pk).update(address=""), "registered"),
        (lambda: Participation.objects.filter(pk=cast.owner_part.pk).update(left_on=TODAY), "registered"),
        (lambda: type(ledger).objects.filter(pk=ledger.pk).update(filed_on=None), "account"),
        (lambda: type(ledger).objects.filter(pk=ledger.pk).update(state="closed"), "account"),
        (lambda: type(ledger.account).objects.filter(pk=ledger.account_id).update(state="pending"), "account"),
        (lambda: Project.objects.filter(pk=cast.project.pk).update(contract_sum_fen=10**12), "deposit"),
        (lambda: end_early(cast), "guarantee"),
        (lambda: Participation.objects.filter(pk=cast.gc_part.pk).update(clerk=None), "clerk"),
        (lambda: Participation.objects.filter(pk=cast.sc_part.pk).update(contract_signed_on=None), "subcontracts"),
        (lambda: LabourContract.objects.filter(worker=cast.sun).update(ended_on=TODAY - timedelta(days=1)), "contracts"),
    ):  # fmt: skip
        with transaction.atomic():
            change()
            now = states(cast)
            assert [code for code, state in now.items() if state == "missing"] == [broken]
            transaction.set_rollback(True)


def test_who_left_is_not_counted_and_an_empty_site_needs_no_contracts(cast: Cast) -> None:
    bring_in_order(cast)
    LabourContract.objects.filter(worker=cast.sun).update(state="void")
    assert states(cast)["contracts"] == "missing"
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=TODAY - timedelta(days=1))
    assert states(cast)["contracts"] == "met"
    Posting.objects.filter(project=cast.project).update(left_on=TODAY - timedelta(days=1))
    assert states(cast)["contracts"] == "not_asked"


def test_the_answer_is_kept_as_given_and_shows_what_changed(cast: Cast) -> None:
    bring_in_order(cast)
    client = cast.client(cast.li)
    page = reverse("inspection:permit", args=[cast.project.pk])
    assert "具备施工许可条件" in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    answer = PermitAnswer.objects.get()
    assert (answer.is_ready, answer.office, answer.asked_by, answer.key) == (
        True,
        "金东区人力社保局",
        cast.li,
        None,
    )
    assert Entry.objects.filter(kind="permit.answer", subject=f"permit-answer:{answer.pk}").count() == 1
    Participation.objects.filter(pk=cast.gc_part.pk).update(clerk=None)
    kept = client.get(reverse("inspection:permit-answer", args=[answer.number])).content.decode()
    assert "已答复：具备施工许可条件" in kept
    assert "赵春燕" in kept
    assert "之后有变化，现在不具备条件" in kept
    listed = client.get(reverse("inspection:permits"), {"q": answer.number.lower()})
    assert [a.pk for a in listed.context["page"]] == [answer.pk]
    for query, count in ((cast.project.code, 1), (cast.project.name[:4], 1), ("没有这个", 0)):
        assert len(client.get(reverse("inspection:permits"), {"q": query}).context["page"]) == count


def test_an_answer_cannot_be_changed_or_deleted(cast: Cast) -> None:
    answer = give_answer(cast.project.pk, actor=cast.actor(cast.li), now=cast.now)
    for act in (
        lambda: PermitAnswer.objects.filter(pk=answer.pk).update(is_ready=True),
        lambda: PermitAnswer.objects.filter(pk=answer.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_outsiders_get_no_answer_and_write_none(cast: Cast) -> None:
    for who, error in ((cast.wang, NotFound), (cast.zhao, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(error):
            give_answer(cast.project.pk, actor=cast.actor(who), now=cast.now)
    answer = give_answer(cast.project.pk, actor=cast.actor(cast.li), now=cast.now)
    neighbour = cast.client(cast.wang)
    assert neighbour.get(reverse("inspection:permit-answer", args=[answer.number])).status_code == 404
    assert len(neighbour.get(reverse("inspection:permits")).context["page"]) == 0
    assert PermitAnswer.objects.count() == 1


def test_a_factory_needs_no_building_permit(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(sector="manufacturing")
    with pytest.raises(NotFound):
        give_answer(cast.project.pk, actor=cast.actor(cast.li), now=cast.now)
    assert cast.client(cast.zhao).get(reverse("supervised:permit", args=[cast.project.pk])).status_code == 404


def test_contractor_and_owner_see_what_is_missing_others_do_not(cast: Cast) -> None:
    bring_in_order(cast)
    answer = give_answer(cast.project.pk, actor=cast.actor(cast.li), now=cast.now)
    page = reverse("supervised:permit", args=[cast.project.pk])
    text = cast.client(cast.zhao).get(page).content.decode()
    assert answer.number in text
    assert reverse("payroll:deposit", args=[cast.project.pk]) in text
    owner = cast.client(cast.ye).get(page).content.decode()
    assert reverse("registration:chain", args=[cast.project.pk]) not in owner
    for who in (cast.kong, cast.qian, cast.officer, cast.guard, cast.li):
        assert cast.client(who).get(page).status_code == 404


@pytest.mark.parametrize(
    ("base_fen", "base", "due"),
    [
        (4_650_000_000, "labour", 93_000_000),
        (18_600_000_000, "construction", 55_800_000),
        (25, "labour", 1),
        (24, "labour", 0),
        (167, "construction", 1),
    ],
)
def test_the_pre_deposit_is_two_percent_or_three_per_mille(base_fen: int, base: str, due: int) -> None:
    assert social_due_fen(base_fen, base, RATES) == due


def test_the_pre_deposit_is_asked_for_where_the_city_does_and_met_when_paid(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refused:
        social(cast)
    assert refused.value.code == "social.none_here"
    ask_for_social("330703")
    assert states(cast)["social"] == "missing"
    made = social(cast, paid_fen=0, paid_on=None)
    assert (made.due_fen, states(cast)["social"]) == (93_000_000, "missing")
    social(cast, paid_fen=92_999_999)
    assert states(cast)["social"] == "missing"
    social(cast)
    assert states(cast)["social"] == "met"
    assert Entry.objects.filter(kind="social.deposit").count() == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"base": "roof"}, "social.base_fen"),
        ({"base_fen": 0}, "social.base_fen"),
        ({"paid_on": date(2026, 11, 17)}, "social.paid_on"),
        ({"paid_on": None}, "social.paid_on"),
        ({"paper": "  "}, "social.paper"),
    ],
)
def test_refuses_a_pre_deposit_that_cannot_be(cast: Cast, changes: dict[str, object], code: str) -> None:
    ask_for_social("330703")
    with pytest.raises(Malformed) as refused:
        social(cast, **changes)
    assert refused.value.code == code
    assert not SocialDeposit.objects.exists()


def test_the_page_says_a_refusal_beside_its_field(cast: Cast) -> None:
    ask_for_social("330703")
    page = reverse("inspection:permit-social", args=[cast.project.pk])
    client = cast.client(cast.li)
    body = {"base": "labour", "base_fen": "46500000", "paid_fen": "930000", "paid_on": "", "paper": "A-1"}
    answer = client.post(page, body)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["paid_on"]
    assert client.post(page, body | {"paid_on": "2026-03-05"}).status_code == 302
    assert SocialDeposit.objects.get().due_fen == 93_000_000
    road = make_user(
        "road",
        "陆远",
        "inspector",
        Authority.objects.create(name="住建局", kind="housing", region_id="330703"),
    )
    assert cast.client(road).get(page).status_code == 403
    assert cast.client(road).get(reverse("inspection:permit", args=[cast.project.pk])).status_code == 200


def ask(secret: str, code: object) -> object:
    return Client().post(
        "/api/v1/permits/",
        json.dumps({"code": code}),
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )


def test_an_offices_system_asks_and_looks_its_answer_up(cast: Cast) -> None:
    bring_in_order(cast)
    key, secret = housing_key(cast)
    said = ask(secret, cast.project.code)
    assert said.status_code == 200
    data = said.json()
    assert (data["ready"], data["project"]) == (True, cast.project.code)
    account = next(p for p in data["points"] if p["code"] == "account")
    assert account == {
        "code": "account",
        "state": "met",
        "on": "2026-04-01",
        "paper": "金人社备〔2026〕7号",
        "zh": "工资专用账户：2026-03-20 开户，已备案。",
        "en": "Special wage account: Opened on 2026-03-20, filed with the authority.",
    }
    answer = PermitAnswer.objects.get(number=data["number"])
    assert (answer.key, answer.asked_by, answer.office) == (key, None, "金东区住房和城乡建设局")
    Participation.objects.filter(pk=cast.gc_part.pk).update(clerk=None)
    again = (
        Client()
        .get(f"/api/v1/permits/{data['number']}/", headers={"authorization": f"Bearer {secret}"})
        .json()
    )
    assert (again["ready"], again["today"]) == (True, {"ready": False, "changed": ["clerk"]})


def test_a_key_opens_only_its_region_and_works(cast: Cast) -> None:
    _key, secret = housing_key(cast)
    assert ask(secret, cast.other_project.code).status_code == 404
    Project.objects.filter(pk=cast.project.pk).update(sector="water")
    assert ask(secret, cast.project.code).status_code == 404
    assert not PermitAnswer.objects.exists()


@pytest.mark.parametrize("code", [None, 7, "\x00", ["a"], ""])
def test_an_unreadable_question_writes_nothing(cast: Cast, code: object) -> None:
    _key, secret = housing_key(cast)
    assert ask(secret, code).status_code in {400, 404}
    assert not PermitAnswer.objects.exists()


def test_a_key_out_of_use_opens_nothing(cast: Cast) -> None:
    key, secret = housing_key(cast)
    end_key(key.pk, actor=cast.actor(cast.li), now=cast.now)
    assert ask(secret, cast.project.code).status_code == 401
    assert ask("wwp_wrong", cast.project.code).status_code == 401
    assert Client().post("/api/v1/permits/", b"{}", content_type="application/json").status_code == 401
    with pytest.raises(RuleViolation):
        end_key(key.pk, actor=cast.actor(cast.li), now=cast.now)
    with pytest.raises(NotFound):
        end_key(key.pk, actor=cast.actor(cast.wang), now=cast.now)


def test_only_the_labour_office_of_the_region_makes_keys_and_each_is_shown_once(cast: Cast) -> None:
    key, secret = housing_key(cast)
    assert secret.encode() not in bytes(key.digest)
    with pytest.raises(NotPermitted):
        make_key(key.authority_id, "另一个", actor=cast.actor(cast.wang), now=cast.now)
    with pytest.raises(Malformed):
        make_key(key.authority_id, "x", actor=cast.actor(cast.li), now=cast.now)
    assert PermitKey.objects.count() == 1
    page = reverse("inspection:permit-keys")
    client = cast.client(cast.li)
    shown = client.post(page, {"authority": key.authority_id, "name": "新系统"})
    assert shown.context["secret"] in shown.content.decode()
    assert shown.context["secret"] not in client.get(page).content.decode()
    assert [row.history_type for row in PermitKey.history.all()] == ["+", "+"]


def test_a_key_ends_only_after_a_page_that_says_what_follows(cast: Cast) -> None:
    key, _secret = housing_key(cast)
    client = cast.client(cast.li)
    end = reverse("inspection:permit-key-end", args=[key.pk])
    keys = client.get(reverse("inspection:permit-keys")).content.decode()
    assert f'href="{end}"' in keys
    assert f'action="{end}"' not in keys
    asked = client.get(end).content.decode()
    assert "停用的密钥不能恢复" in asked
    assert "从未使用" in asked
    assert "用途" in asked
    assert PermitKey.objects.get().is_active, "to look is not to end"
    assert client.post(end).status_code == 302
    assert not PermitKey.objects.get().is_active
    assert client.get(end).status_code == 302
    assert "这个密钥早已停用" in client.post(end, follow=True).content.decode()


def test_the_interface_document_knows_the_question(client: Client, db: None) -> None:
    text = client.get(reverse("schema")).content.decode()
    assert "/api/v1/permits/{number}/" in text
    assert "permitKey" in text
