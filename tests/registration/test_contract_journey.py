"""The whole way in the browser: draft and send on the desk, read and sign on the phone, countersign, keep."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from registration.models import ContractSignature, LabourContract, User, Worker
from registration.services.contract_documents import make_documents
from tests.cast import Cast, build_cast
from tests.journeys.walker import axe, draw_name, sideways
from tests.registration import contracts as stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.journey
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 740}


@pytest.fixture
def house(transactional_db: None) -> Cast:
    cast = build_cast()
    stage.set_stage()
    return cast


def enter(page: "Page", cast: Cast, who: User | Worker, address: str) -> None:
    """Give the browser the session of a person who has signed in."""
    cookie = cast.client(who).cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])


def fine(page: "Page") -> None:
    """Nothing for axe to say, nothing wider than the screen."""
    assert axe(page) == []
    assert sideways(page) == 0


def test_a_contract_from_the_desk_to_the_phone_and_back(
    house: Cast, live_server: object, new_page: Callable[..., "Page"]
) -> None:
    cast, root = house, str(live_server.url)  # type: ignore[attr-defined]
    desk = new_page(DESKTOP)
    enter(desk, cast, cast.qian, root)
    desk.goto(f"{root}/people/{cast.project.pk}/contracts/")
    assert "2 人在场没有合同" in desk.locator("h1").inner_text()
    fine(desk)
    desk.locator("tbody tr", has_text="孙**").locator("input[name=ids]").check()
    desk.get_by_role("button", name="拟订合同").click()
    fine(desk)
    desk.get_by_role("button", name="拟订 1 份").click()
    desk.locator("input[name=all]").check()
    desk.get_by_role("button", name="发给本人").click()
    fine(desk)
    desk.get_by_role("button", name="发出 1 份").click()
    desk.get_by_text("已发给 1 人").wait_for()
    contract = LabourContract.objects.get()
    assert contract.state == "offered"

    phone = new_page(PHONE)
    enter(phone, cast, cast.sun, root)
    phone.goto(f"{root}/contract/")
    fine(phone)
    phone.get_by_role("link", name="看合同、签字").click()
    assert "¥360.00" in phone.locator(".ask").inner_text()
    assert "孙德旺" in phone.locator(".contract-text").inner_text()
    fine(phone)
    phone.get_by_role("link", name="签字").click()
    fine(phone)
    phone.get_by_role("button", name="给我发验证码").click()
    phone.fill("input[name=code]", "12345")
    draw_name(phone)
    phone.get_by_role("button", name="我签这份合同").click()
    phone.get_by_text("验证码是六位数字").first.wait_for()
    assert ContractSignature.objects.count() == 0
    phone.fill("input[name=code]", stage.last_code(cast.sun))
    draw_name(phone)
    fine(phone)
    phone.get_by_role("button", name="我签这份合同").click()
    phone.get_by_text("您已签，等单位签").wait_for()

    desk.goto(f"{root}/people/{cast.project.pk}/contracts/?show=signed")
    desk.locator("input[name=all]").check()
    desk.get_by_role("button", name="代表单位签字").click()
    draw_name(desk)
    desk.fill("input[name=password]", "wrong-horse-9")
    desk.get_by_role("button", name="签 1 份").click()
    desk.get_by_text("密码不对").first.wait_for()
    assert LabourContract.objects.get().state == "signed"
    draw_name(desk)
    desk.fill("input[name=password]", cast.password)
    fine(desk)
    desk.get_by_role("button", name="签 1 份").click()
    desk.get_by_text("合同生效").first.wait_for()
    fine(desk)
    assert make_documents(now=cast.now) == 0

    phone.goto(f"{root}/contract/{cast.project.pk}/{contract.pk}/")
    fine(phone)
    with phone.expect_download() as kept:
        phone.get_by_role("link", name="存到手机").click()
    assert kept.value.suggested_filename == f"contract-{contract.pk}.pdf"
    drawings = ContractSignature.objects.order_by("party").values_list("party", "signer", "by_code")
    assert list(drawings) == [("employer", "钱文娟", False), ("worker", "孙德旺", True)]
