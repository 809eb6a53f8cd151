"""Orders and the list as firms see them: who sees what, answers, objections, and what the office reads of them."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import InternalError, ProgrammingError, connection, connections, transaction
from django.urls import reverse

from inspection.firm_counts import count_waiting
from inspection.models import FirmWord, Listing, Notice, ServedOrder
from inspection.services.audience import project_of_firm
from inspection.services.case_orders import issue_order
from inspection.services.case_sanctions import Proposed, notify_party, propose_sanction
from inspection.services.case_service import check_order, withdraw_order
from inspection.services.case_transfer import assign_case
from inspection.services.firm_words import WORD, answer_order, ask_removal, object_to_listing
from inspection.services.listing import kinds_of, take_step
from registration.models import SmsMessage
from tests.cast import NOW, Cast
from tests.inspection.cases import accepted, after, asked, later, ordered, second
from tests.inspection.listing import notice
from tests.inspection.stage import set_parameter, set_parameters
from tests.registration.papers import png
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, RuleViolation


@pytest.fixture(autouse=True)
def _plain(plain_papers: None) -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stage(cast: Cast) -> Cast:
    set_parameters()
    set_parameter("sanction.54.unit", {"from": 2_000_000, "to": 5_000_000})
    return cast


def served(cast: Cast, **more: object) -> ServedOrder:
    _case, order = ordered(cast, **more)
    return ServedOrder.objects.get(order=order)


def test_an_order_reaches_its_firm_when_it_is_served_and_not_before(stage: Cast) -> None:
    case = accepted(stage)
    issue_order(case.pk, asked(stage), actor=stage.actor(stage.li), now=stage.now)
    assert not ServedOrder.objects.exists()
    found = served(stage)
    assert (found.organisation_id, found.authority_id) == (stage.sc.pk, stage.authority.pk)
    assert (found.amount_fen, found.rest_fen, found.deadline_on) == (4_200_000, 4_200_000, date(2026, 11, 23))
    assert found.paper is not None
    assert found.paper.name.startswith(found.document)
    told = Notice.objects.filter(kind="ordered").values_list("user__username", "project")
    assert list(told) == [(stage.qian.username, stage.project.pk)]


def test_the_firm_answers_with_its_proof_and_the_officer_is_told(stage: Cast) -> None:
    found = served(stage)
    assert count_waiting(stage.qian.pk) == 1
    word = answer_order(
        found.pk, text="已支付六人", file=("回单.png", png()), actor=stage.actor(stage.qian), now=stage.now
    )
    assert (word.kind, word.order_id, word.organisation_id, word.by_id) == (
        "reply", found.order_id, stage.sc.pk, stage.qian.pk,
    )  # fmt: skip
    assert count_waiting(stage.qian.pk) == 0
    assert Entry.objects.filter(kind=WORD).count() == 1
    assert Notice.objects.filter(kind="replied", user=stage.li).count() == 1
    page = stage.client(stage.li).get(reverse("inspection:case", args=[found.order.case_id]))
    assert "已支付六人" in page.content.decode()
    paper = reverse("inspection:case-answer", args=[found.order.case_id, word.pk])
    assert stage.client(stage.li).get(paper).status_code == 200
    assert stage.client(stage.wang).get(paper).status_code == 404


@pytest.mark.parametrize("who", ["zhao", "he", "kong", "ye"])
def test_no_other_firm_sees_or_answers_it(stage: Cast, who: str) -> None:
    found, user = served(stage), getattr(stage, who)
    with pytest.raises(NotFound):
        answer_order(found.pk, text="已支付六人", actor=stage.actor(user), now=stage.now)
    client = stage.client(user)
    assert client.get(reverse("supervised:order", args=[found.pk])).status_code == 404
    assert client.get(reverse("supervised:order-paper", args=[found.pk])).status_code == 404
    assert list(client.get(reverse("supervised:orders")).context["rows"]) == []
    assert not FirmWord.objects.exists()


def test_refuses_an_answer_without_a_word_or_to_what_is_over(stage: Cast) -> None:
    found, li = served(stage), stage.actor(stage.li)
    qian = stage.actor(stage.qian)
    with pytest.raises(RuleViolation, match=r"word\.text"):
        answer_order(found.pk, text="好", actor=qian, now=stage.now)
    with pytest.raises(Malformed, match=r"file\.kind"):
        answer_order(found.pk, text="已支付六人", file=("a.exe", b"MZ"), actor=qian, now=stage.now)
    check_order(
        found.order.case_id, found.order_id, corrected=True, text="十二人全部付清", actor=li, now=stage.now
    )
    with pytest.raises(RuleViolation, match=r"word\.corrected"):
        answer_order(found.pk, text="已支付六人", actor=qian, now=stage.now)
    other = served(stage)
    withdraw_order(other.order.case_id, other.order_id, reason="事实认定不清", actor=li, now=stage.now)
    with pytest.raises(RuleViolation, match=r"word\.withdrawn"):
        answer_order(other.pk, text="已支付六人", actor=qian, now=stage.now)
    assert not FirmWord.objects.exists()
    assert count_waiting(stage.qian.pk) == 0


def test_a_notice_leads_to_its_order_and_an_answer_to_its_case(stage: Cast) -> None:
    found = served(stage)
    told = Notice.objects.get(kind="ordered")
    opened = stage.client(stage.qian).get(reverse("notices:open", args=[told.pk]))
    assert opened["Location"] == reverse("supervised:order", args=[found.pk])
    answer_order(found.pk, text="已支付六人", actor=stage.actor(stage.qian), now=stage.now)
    told = Notice.objects.get(kind="replied")
    opened = stage.client(stage.li).get(reverse("notices:open", args=[told.pk]))
    assert opened["Location"] == reverse("inspection:case", args=[found.order.case_id])


def test_ten_answers_a_day_are_enough(stage: Cast) -> None:
    found, qian = served(stage), stage.actor(stage.qian)
    for _n in range(10):
        answer_order(found.pk, text="已支付六人", actor=qian, now=stage.now)
    with pytest.raises(RuleViolation, match=r"word\.often"):
        answer_order(found.pk, text="已支付六人", actor=qian, now=stage.now)
    assert FirmWord.objects.count() == 10
    answer_order(found.pk, text="已支付六人", actor=qian, now=stage.now + timedelta(days=1))


def test_the_firm_reads_what_the_office_found_and_intends(stage: Cast) -> None:
    found = served(stage)
    case = found.order.case_id
    check_order(
        case, found.order_id, corrected=False, text="核对流水只付了一半", rest_fen=2_100_000, rest_people=6,
        rest_most_fen=400_000, **after(stage),
    )  # fmt: skip
    found.refresh_from_db()
    assert (found.rest_fen, found.rest_people, found.fine_state) == (2_100_000, 6, "")
    proposed = Proposed(found.order_id, "54-2", 2_000_000, "期满未编制台账，情节一般，予以处罚。")
    sanction = propose_sanction(case, proposed, **after(stage))
    found.refresh_from_db()
    assert found.fine_state == "", "what is only proposed is the office's own"
    sanction = notify_party(case, sanction.pk, **after(stage))
    found.refresh_from_db()
    assert (found.fine_state, found.fine_fen, found.heard_by) == ("notified", 2_000_000, sanction.heard_by)
    with time_machine.travel(stage.now + timedelta(days=8), tick=False):
        page = stage.client(stage.qian).get(reverse("supervised:order", args=[found.pk]))
    assert "¥20,000.00" in page.content.decode()
    assert "¥21,000.00" in page.content.decode()


def test_another_officer_is_told_of_answers_once_the_case_is_theirs(stage: Cast) -> None:
    found, chen = served(stage), second(stage)
    assign_case(found.order.case_id, officer_id=chen.pk, **later(stage, stage.actor(stage.li), 1))
    answer_order(found.pk, text="已支付六人", actor=stage.actor(stage.qian), now=stage.now)
    assert list(Notice.objects.filter(kind="replied").values_list("user", flat=True)) == [chen.pk]


def test_the_page_takes_the_answer_and_says_beside_the_field_what_lacks(stage: Cast) -> None:
    found = served(stage)
    address, client = reverse("supervised:order", args=[found.pk]), stage.client(stage.qian)
    refused = client.post(address, {"text": ""})
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["text"])
    short = client.post(address, {"text": "好"})
    assert (short.status_code, list(short.context["form"].errors)) == (400, ["text"])
    sent = client.post(address, {"text": "七张工资卡已退还本人"}, follow=True)
    assert "七张工资卡已退还本人" in sent.content.decode()
    rows = client.get(reverse("supervised:orders")).context["rows"]
    assert [(row["answered"], row["state"]) for row in rows] == [(True, "running")]


def test_a_firm_objects_once_and_the_office_answers_before_it_decides(stage: Cast) -> None:
    listing, qian, li = notice(stage), stage.actor(stage.qian), stage.actor(stage.li)
    assert count_waiting(stage.qian.pk) == 1
    object_to_listing(listing.pk, text="已与工人达成协议", actor=qian, now=stage.now)
    assert kinds_of(listing) == ("notice", "objection")
    assert count_waiting(stage.qian.pk) == 0
    with pytest.raises(RuleViolation, match=r"list\.not_now"):
        object_to_listing(listing.pk, text="再次反对列入", actor=qian, now=stage.now)
    act: dict[str, object] = {"on": None, "document": "决1号", "reason": "所述理由不成立", "actor": li}
    late = stage.now + timedelta(days=8)
    with pytest.raises(RuleViolation, match=r"list\.not_now"):
        take_step(listing.pk, "listed", now=late, **act)  # type: ignore[arg-type]
    take_step(listing.pk, "answered", now=late, **act)  # type: ignore[arg-type]
    assert kinds_of(listing) == ("notice", "objection", "answered")
    take_step(listing.pk, "listed", now=late, **act)  # type: ignore[arg-type]
    assert FirmWord.objects.count() == 1


def test_refuses_an_objection_after_its_days_and_one_of_another_firm(stage: Cast) -> None:
    listing = notice(stage)
    with pytest.raises(RuleViolation, match=r"list\.objection_late"):
        object_to_listing(
            listing.pk,
            text="已与工人达成协议",
            actor=stage.actor(stage.qian),
            now=stage.now + timedelta(days=8),
        )
    for who in (stage.zhao, stage.kong):
        with pytest.raises(NotFound):
            object_to_listing(listing.pk, text="已与工人达成协议", actor=stage.actor(who), now=stage.now)
        assert stage.client(who).get(reverse("supervised:listing", args=[listing.pk])).status_code == 404
    assert not FirmWord.objects.exists()


def test_a_listed_firm_asks_for_removal_after_half_a_year(stage: Cast) -> None:
    listing, qian, li = notice(stage), stage.actor(stage.qian), stage.actor(stage.li)
    act: dict[str, object] = {"on": None, "document": "决1号", "reason": "期满仍未支付", "actor": li}
    take_step(listing.pk, "listed", now=stage.now + timedelta(days=8), **act)  # type: ignore[arg-type]
    paid = date(2026, 12, 1)
    with pytest.raises(RuleViolation, match=r"list\.too_soon"):
        ask_removal(
            listing.pk, on=paid, text="全部付清并承诺", actor=qian, now=stage.now + timedelta(days=100)
        )
    assert not FirmWord.objects.exists()
    ask_removal(listing.pk, on=paid, text="全部付清并承诺", actor=qian, now=stage.now + timedelta(days=200))
    assert kinds_of(listing)[-1] == "asked"
    take_step(listing.pk, "removed", now=stage.now + timedelta(days=201), **act)  # type: ignore[arg-type]
    assert Listing.objects.get().state == "removed"


def test_pages_of_a_proceeding_show_both_sides_what_was_sent(stage: Cast) -> None:
    listing, client = notice(stage), stage.client(stage.qian)
    address = reverse("supervised:listing", args=[listing.pk])
    assert client.get(address).status_code == 200
    sent = client.post(address, {"text": "已与工人达成协议"}, follow=True).content.decode()
    assert "已与工人达成协议" in sent
    assert stage.li.name not in sent, "which official wrote it is not the firm's"
    office = stage.client(stage.li).get(reverse("inspection:listing", args=[listing.pk]))
    assert "已与工人达成协议" in office.content.decode()
    assert client.post(address, {"text": "再说一次反对"}).status_code == 400
    assert FirmWord.objects.count() == 1


def test_the_enterprise_side_reads_the_copy_and_never_the_case(stage: Cast) -> None:
    found, listing = served(stage), notice(stage)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
        answer_order(found.pk, text="已支付六人", actor=stage.actor(stage.qian), now=stage.now)
        object_to_listing(listing.pk, text="已与工人达成协议", actor=stage.actor(stage.qian), now=stage.now)
        assert (
            stage.client(stage.qian).get(reverse("supervised:listing", args=[listing.pk])).status_code == 200
        )
        assert stage.client(stage.qian).get(reverse("supervised:order", args=[found.pk])).status_code == 200
        assert stage.client(stage.qian).get(reverse("supervised:orders")).status_code == 200
    for sql in (
        "SELECT made_by_id FROM inspection_listingstep",
        "INSERT INTO inspection_listingstep SELECT * FROM inspection_listingstep WHERE false",
        "UPDATE inspection_servedorder SET corrected_on = now()",
        "SELECT 1 FROM inspection_casealarm",
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(sql)


def test_words_cannot_be_changed(stage: Cast) -> None:
    found = served(stage)
    answer_order(found.pk, text="已支付六人", actor=stage.actor(stage.qian), now=stage.now)
    with pytest.raises(InternalError), transaction.atomic():
        FirmWord.objects.update(kind="asked")


@pytest.mark.django_db(transaction=True)
def test_of_two_objections_at_once_one_counts(cast: Cast) -> None:
    set_parameters()
    listing = notice(cast)
    start, refused = threading.Barrier(2), []

    def send() -> None:
        try:
            start.wait()
            object_to_listing(listing.pk, text="已与工人达成协议", actor=cast.actor(cast.qian), now=cast.now)
        except RuleViolation as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["list.not_now"]
    assert FirmWord.objects.count() == 1


def test_the_firms_people_are_told_of_each_step_about_the_list_once(stage: Cast) -> None:
    stage.qian.phone = "13857900003"
    stage.qian.save()
    listing = notice(stage)
    told = Notice.objects.filter(kind="listing")
    found = [(n.user, n.project, n.level, n.facts["step"], n.facts["firm"]) for n in told]
    assert found == [(stage.qian, stage.project, 3, "notice", stage.sc.name)]
    text = str(SmsMessage.objects.get(kind="alarm").text)
    assert stage.sc.name not in text
    client = stage.client(stage.qian)
    page = client.get(reverse("notices:list")).content.decode()
    assert stage.sc.name in page
    assert "已告知" in page
    opened = client.get(reverse("notices:open", args=[told.get().pk]))
    assert opened["Location"] == reverse("supervised:listing", args=[listing.pk])
    assert client.get(opened["Location"]).status_code == 200
    object_to_listing(listing.pk, text="已在筹款，请求不列入", **later(stage, stage.actor(stage.qian), 0))
    assert told.count() == 1, "the firm knows its own words"
    said = Notice.objects.get(kind="list_said")
    assert (said.user, said.facts["step"]) == (stage.li, "objection")
    inbox = stage.client(stage.li)
    assert inbox.get(reverse("notices:open", args=[said.pk]))["Location"] == reverse(
        "inspection:listing", args=[listing.pk]
    )
    for kind, days in (("answered", 1), ("listed", 8)):
        take_step(
            listing.pk,
            kind,
            on=None,
            document="金人社名单〔2026〕2号",
            reason="事实清楚，期满仍未支付",
            **later(stage, stage.actor(stage.li), days),
        )
    assert list(told.order_by("pk").values_list("facts__step", "level")) == [
        ("notice", 3),
        ("answered", 2),
        ("listed", 3),
    ]
    other = stage.client(stage.kong)
    assert other.get(reverse("notices:open", args=[told.first().pk])).status_code == 404


def test_a_firm_without_a_project_here_is_still_listed_and_nobody_else_is_told(stage: Cast) -> None:
    notice(stage)
    assert project_of_firm(stage.bank.pk, "3307") is None
    assert project_of_firm(stage.sc.pk, "3301") == stage.project.pk
    assert set(Notice.objects.values_list("user__username", flat=True)) == {stage.qian.username}


def test_the_firms_people_are_told_of_a_fine_and_of_an_order_that_was_followed(stage: Cast) -> None:
    found = served(stage)
    case, steps = found.order.case_id, Notice.objects.filter(kind="order_step").order_by("pk")
    left = {
        "corrected": False,
        "text": "只付了一半",
        "rest_fen": 2_100_000,
        "rest_people": 6,
        "rest_most_fen": 400_000,
    }
    check_order(case, found.order_id, **left, **after(stage))
    proposed = Proposed(found.order_id, "54-2", 2_000_000, "期满未编制台账，情节一般，予以处罚。")
    sanction = propose_sanction(case, proposed, **after(stage))
    assert not steps.exists(), "what is only proposed is the office's own"
    notify_party(case, sanction.pk, **after(stage))
    assert [(n.user, n.facts["step"], n.level) for n in steps] == [(stage.qian, "fine_notified", 2)]
    check_order(
        case,
        found.order_id,
        corrected=True,
        text="全部付清，流水已核对",
        **later(stage, stage.actor(stage.li), 9),
    )
    assert [(n.facts["step"], n.level) for n in steps.all()] == [
        ("fine_notified", 2),
        ("corrected", 1),
    ]
    opened = stage.client(stage.qian).get(reverse("notices:open", args=[steps[0].pk]))
    assert opened["Location"] == reverse("supervised:order", args=[found.pk])
