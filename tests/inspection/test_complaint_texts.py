"""Text messages to whoever complained: at each step, once, without a word of who or what."""

import pytest

from inspection.models import Case
from inspection.services import case_acceptance, case_closing, case_intake
from registration.models import SmsMessage
from registration.services.complaints import Told, file_complaint, text_complainant
from tests.cast import Cast
from tests.inspection.cases import filed
from tests.inspection.stage import set_parameters


@pytest.fixture(autouse=True)
def _stage(plain_papers: None, cast: Cast) -> None:
    set_parameters()


def texts() -> list[str]:
    return [str(one.text) for one in SmsMessage.objects.filter(kind="complaint").order_by("pk")]


def handled(cast: Cast, reference: str) -> Case:
    li = cast.actor(cast.li)
    case = case_intake.take_complaint(reference, actor=li, now=cast.now)
    case_acceptance.accept_case(case.pk, ended_on=None, actor=li, now=cast.now)
    return case_closing.close_case(
        case.pk, outcome="unfounded", text="经查工资已按时足额支付。", actor=li, now=cast.now
    )


def test_a_named_worker_is_told_of_each_step_on_the_own_phone(cast: Cast) -> None:
    sun = cast.actor(cast.sun)
    told = Told(
        topic="unpaid", text="九月工资没发", project_id=cast.project.pk, worker_id=cast.sun.pk,
        contact="13900000000",
    )  # fmt: skip
    found = file_complaint(told, address="10.9.9.9", actor=sun, now=cast.now)
    assert len(texts()) == 1
    handled(cast, found.reference)
    sent = SmsMessage.objects.filter(kind="complaint")
    assert {str(one.phone) for one in sent} == {str(cast.sun.phone)}
    assert len(texts()) == 3, "received, accepted, closed"
    for text in texts():
        for secret in (cast.sun.name, cast.project.name, found.reference, "投诉", "工资", "unpaid"):
            assert secret not in text
    assert "已受理" in texts()[1]


def test_who_left_a_mobile_number_is_told_there(cast: Cast) -> None:
    found = filed(cast, contact="139 5790 0000")
    handled(cast, found.reference)
    assert {str(one.phone) for one in SmsMessage.objects.filter(kind="complaint")} == {"13957900000"}
    assert len(texts()) == 3


@pytest.mark.parametrize("contact", ["", "0579-82000000", "微信 abc", "1395790000"])
def test_all_others_follow_by_number_alone(cast: Cast, contact: str) -> None:
    handled(cast, filed(cast, contact=contact).reference)
    assert texts() == []


def test_a_repeat_sends_nothing(cast: Cast) -> None:
    for _n in range(2):
        text_complainant("13957900000", "received", "TS26-AAAA-BBBB:received", now=cast.now)
    assert len(texts()) == 1
