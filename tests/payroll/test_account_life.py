"""A special account from registration to closing: who may do what, deadlines, conditions, and what is refused."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from payroll import account_rules as rules
from payroll import closing_rules
from payroll.models import AccountAgreement, AccountEvent, AccountRuling, SpecialAccount, SubLedger
from payroll.services import account_closing, account_opening, accounts, agreements, orders
from payroll.services.account_facts import load_life
from registration.models import Project
from tests.cast import NOW, TODAY, Cast
from tests.payroll import stage
from tests.payroll.deposit_papers import deposit_scan
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db
NUMBER = "3300 0171 9000 0968"


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def facts(cast: Cast, **changes: object) -> account_opening.AccountFacts:
    values: dict[str, object] = {
        "opened_on": date(2026, 11, 2),
        "bank_id": cast.bank.pk,
        "name": rules.proper_name(cast.gc.name, cast.project.name),
        "number": NUMBER,
    }
    return account_opening.AccountFacts(**(values | changes))  # type: ignore[arg-type]


def registered(cast: Cast) -> SubLedger:
    return account_opening.register_account(
        cast.project.pk, facts(cast), actor=cast.actor(cast.zhao), now=cast.now
    )


def confirmed(cast: Cast) -> SubLedger:
    registered(cast)
    return account_opening.answer_account(
        cast.project.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now
    )


def agreement(**changes: object) -> agreements.AgreementFacts:
    values: dict[str, object] = {
        "number": "SF-2026-01", "signed_on": date(2026, 11, 3), "mode": "amount", "day": 9, "amount_fen": 500_000_000,
    }  # fmt: skip
    return agreements.AgreementFacts(**(values | changes))  # type: ignore[arg-type]


def test_the_contractor_registers_and_the_bank_confirms(cast: Cast) -> None:
    share = registered(cast)
    assert (share.state, share.account.state, share.account.tail) == ("pending", "pending", "0968")
    assert str(share.account.number) == "3300017190000968"
    with pytest.raises(RuleViolation) as refusal:
        account_opening.check_serves(share)
    assert refusal.value.code == "account.not_open"
    for who in (cast.zhao, cast.ye):
        with pytest.raises(NotPermitted):
            account_opening.answer_account(cast.project.pk, confirm=True, actor=cast.actor(who), now=cast.now)
    share = account_opening.answer_account(
        cast.project.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now
    )
    account_opening.check_serves(share)
    assert (share.state, SpecialAccount.objects.get().state) == ("open", "open")
    with pytest.raises(RuleViolation) as twice:
        account_opening.answer_account(
            cast.project.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now
        )
    assert twice.value.code == "account.answered"
    kinds = AccountEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["registered", "confirmed"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "浙江岑岭建设有限公司基本户"}, "account.name"),
        ({"number": "12-34"}, "account.number"),
        ({"number": "AB00017190000968"}, "account.number"),
        ({"number": "0000000000000000"}, "account.number"),
        ({"bank_id": None}, "account.bank"),
        ({"opened_on": TODAY + timedelta(days=1)}, "account.day"),
        ({"account_id": 999_999}, "account.existing"),
    ],
)
def test_refuses_an_account_that_cannot_be_right(cast: Cast, changes: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        account_opening.register_account(
            cast.project.pk, facts(cast, **changes), actor=cast.actor(cast.zhao), now=cast.now
        )
    assert refusal.value.code == code
    assert not SubLedger.objects.exists()
    assert not AccountEvent.objects.exists()


def test_a_wage_card_is_no_special_account_and_outsiders_register_nothing(cast: Cast) -> None:
    card = str(cast.sun_card.number)
    with pytest.raises(Malformed) as refusal:
        account_opening.register_account(
            cast.project.pk, facts(cast, number=card), actor=cast.actor(cast.zhao), now=cast.now
        )
    assert refusal.value.code == "account.number"
    for who in (cast.kong, cast.officer, cast.qian):
        with pytest.raises(NotFound):
            account_opening.register_account(
                cast.project.pk, facts(cast), actor=cast.actor(who), now=cast.now
            )
    assert not SubLedger.objects.exists()


def test_what_the_bank_refused_is_put_right_in_the_same_record(cast: Cast) -> None:
    registered(cast)
    with pytest.raises(Malformed):
        account_opening.answer_account(
            cast.project.pk, confirm=False, reason=" ", actor=cast.actor(cast.officer), now=cast.now
        )
    share = account_opening.answer_account(
        cast.project.pk, confirm=False, reason="账号少了一位", actor=cast.actor(cast.officer), now=cast.now
    )
    assert share.state == "refused"
    again = account_opening.register_account(
        cast.project.pk, facts(cast, number="33000171900009681"), actor=cast.actor(cast.zhao), now=cast.now
    )
    assert (again.pk, again.state, again.account.tail) == (share.pk, "pending", "9681")
    assert SpecialAccount.objects.count() == 1


def test_deadlines_are_counted_from_contract_and_opening(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(contract_signed_on=date(2026, 9, 1))
    project = Project.objects.get(pk=cast.project.pk)
    life = load_life(project, today=TODAY)
    assert (life.opening.due_on, life.opening.code, life.opening.late_days) == (date(2026, 10, 1), "late", 46)
    confirmed(cast)
    life = load_life(project, today=TODAY)
    assert (life.opening.code, life.opening.late_days) == ("done_late", 32)
    assert (life.filing.due_on, life.filing.code, life.filing.days_left) == (date(2026, 12, 2), "open", 16)
    account_opening.file_account(
        cast.project.pk, filed_on=TODAY, number="金人社备〔2026〕7号", scan=deposit_scan(),
        actor=cast.actor(cast.zhao), now=cast.now,
    )  # fmt: skip
    assert load_life(project, today=TODAY).filing.code == "done"


def test_any_of_the_three_parties_enters_the_agreement_and_versions_stay(cast: Cast) -> None:
    confirmed(cast)
    for number, who in enumerate((cast.zhao, cast.ye, cast.officer), start=1):
        made = agreements.enter_agreement(
            cast.project.pk, agreement(), scan=deposit_scan(), actor=cast.actor(who), now=cast.now
        )
        assert (made.version, made.made_by, made.owner) == (number, who, cast.owner)
    for who in (cast.qian, cast.kong):
        with pytest.raises(NotFound):
            agreements.enter_agreement(
                cast.project.pk, agreement(), scan=deposit_scan(), actor=cast.actor(who), now=cast.now
            )
    with pytest.raises(RuleViolation) as older:
        agreements.enter_agreement(
            cast.project.pk, agreement(signed_on=date(2026, 10, 1)), scan=deposit_scan(),
            actor=cast.actor(cast.zhao), now=cast.now,
        )  # fmt: skip
    assert older.value.code == "agreement.older"
    assert AccountAgreement.objects.count() == 3


def test_nothing_is_instructed_from_an_account_that_the_bank_has_not_confirmed(cast: Cast) -> None:
    ledger = stage.account(cast, 10_000_000)
    sheet = stage.approved_sheet(cast)
    SubLedger.objects.filter(pk=ledger.pk).update(state="closed")
    with pytest.raises(RuleViolation) as refusal:
        orders.instruct_bank(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    assert refusal.value.code == "account.closed"
    assert not cast.project.orders.exists()


def test_pays_nobody_off_the_roster(cast: Cast) -> None:
    accounts.check_payees(cast.project.pk, [cast.sun.pk, cast.zhou.pk])
    with pytest.raises(RuleViolation) as refusal:
        accounts.check_payees(cast.project.pk, [cast.sun.pk, cast.wu.pk])
    assert refusal.value.code == "account.foreign_payee"


def ask(cast: Cast, notice_from: date = TODAY) -> AccountEvent:
    return account_closing.ask_to_close(
        cast.project.pk, notice_from=notice_from, where="大门公示栏，电话 0579-0000000", scan=deposit_scan(),
        actor=cast.actor(cast.zhao), now=cast.now,
    )  # fmt: skip


def test_closing_needs_every_condition_the_notice_and_the_authority(cast: Cast) -> None:
    confirmed(cast)
    with pytest.raises(RuleViolation) as unfinished:
        ask(cast)
    assert unfinished.value.code == "closing.finished"
    Project.objects.filter(pk=cast.project.pk).update(state="done", done_on=date(2026, 11, 10))
    ask(cast)
    share = SubLedger.objects.get(project=cast.project)
    assert share.state == "closing"

    def rule(days: int, *, release: bool = True) -> AccountRuling:
        return account_closing.rule_on_closing(
            cast.project.pk, release=release, document="金人社销〔2026〕1号", reason="条件全部满足",
            actor=cast.actor(cast.li), now=cast.now + timedelta(days=days),
        )  # fmt: skip

    for who in (cast.zhao, cast.officer):
        with pytest.raises(NotPermitted):
            account_closing.rule_on_closing(
                cast.project.pk,
                release=True,
                document="x",
                reason="条件满足",
                actor=cast.actor(who),
                now=cast.now,
            )
    with pytest.raises(RuleViolation) as early:
        rule(30)
    assert early.value.code == "closing.notice"
    with pytest.raises(RuleViolation) as unruled:
        account_closing.close_account(
            cast.project.pk, actor=cast.actor(cast.officer), now=cast.now + timedelta(days=31)
        )
    assert unruled.value.code == "closing.released"
    rule(31)
    with pytest.raises(RuleViolation) as again:
        rule(31, release=False)
    assert again.value.code == "closing.ruled"
    with pytest.raises(NotPermitted):
        account_closing.close_account(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    share = account_closing.close_account(
        cast.project.pk, actor=cast.actor(cast.officer), now=cast.now + timedelta(days=31)
    )
    assert (share.state, SpecialAccount.objects.get().state) == ("closed", "closed")


def test_unpaid_wages_and_money_left_stand_against_closing(cast: Cast) -> None:
    ledger = stage.account(cast, 10_000_000)
    stage.approved_sheet(cast)
    Project.objects.filter(pk=cast.project.pk).update(state="done", done_on=date(2026, 11, 10))
    found = account_closing.closing_facts(ledger, today=TODAY)
    held = {c.code: c.holds for c in closing_rules.closing_conditions(found)}
    assert (found.unpaid_people, found.unpaid_fen, found.open_sheets) == (2, 1_506_000, 1)
    assert [code for code, holds in held.items() if not holds] == [
        "paid", "sheets", "pledge", "notice", "released", "balance",
    ]  # fmt: skip
    with pytest.raises(RuleViolation) as refusal:
        ask(cast)
    assert refusal.value.code == "closing.paid"
    assert not AccountEvent.objects.exists()


def test_pages_from_registration_to_the_checklist(cast: Cast) -> None:
    clerk, officer, inspector = cast.client(cast.zhao), cast.client(cast.officer), cast.client(cast.li)
    page = reverse("payroll:project-account", args=[cast.project.pk])
    assert "还没有工资专用账户" in clerk.get(page).content.decode()
    assert officer.get(page).status_code == 404
    form = reverse("payroll:account-register", args=[cast.project.pk])
    body = {
        "account": "new", "bank": cast.bank.pk, "name": rules.proper_name(cast.gc.name, cast.project.name),
        "number": "12", "opened_on": "2026-11-02",
    }  # fmt: skip
    refused = clerk.post(form, body)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["number"])
    assert clerk.post(form, body | {"number": NUMBER}).status_code == 302
    answer = reverse("payroll:account-answer", args=[cast.project.pk])
    assert "3300017190000968" in officer.get(answer).content.decode()
    assert clerk.get(answer).status_code == 403
    assert officer.post(answer, {"verdict": "confirm"}).status_code == 302
    for client in (clerk, officer, cast.client(cast.ye)):
        assert client.get(page).status_code == 200
        assert client.get(reverse("payroll:account-closing", args=[cast.project.pk])).status_code == 200
    seen = reverse("inspection:account", args=[cast.project.pk])
    assert inspector.get(seen).status_code == 200
    assert cast.client(cast.wang).get(seen).status_code == 404
    assert cast.project.name in inspector.get(reverse("inspection:accounts")).content.decode()
