"""The closed loop on real input, by everybody who takes part, with every process running.

Roster, gate, pay sheet, confirmation, approval, bank, alarm, proof: issue points 2 to 8 in one story.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devices.client import TerminalClient
from tests.journeys.people import Person, card_number, crew, messy_roster
from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Visitor
from tests.journeys.walker import (
    DESKTOP,
    PHONE,
    Album,
    House,
    draw_name,
    reload_until,
    sideways,
    sign_in,
    sign_in_worker,
)
from wagewatch.lib.dates import SITE_TZ, first_of_month, month_range, previous_month
from wagewatch.lib.identity import make_id_number
from wagewatch.lib.money import format_cny
from wagewatch.lib.sheets import read_workbook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.journey
DAYS = 20
NAMES = ("孙德旺", "周长根", "吴小妹", "郑国强", "冯志明", "陈玉兰", "褚建军", "卫永福")


@dataclass
class Story:
    """Who and what the story is about."""

    stack: Stack
    house: House
    folder: Path
    album: Album = field(default_factory=lambda: Album("loop"))
    rooms: dict[str, "Page"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site = self.stack.county["journey"]
        self.project, self.part, self.account = site["project"], site["parts"][0], site["account"]
        self.name, self.key = site["name"], site["terminal"]
        people = [replace(p, name=n) for p, n in zip(crew(8, start=9500), NAMES, strict=True)]
        people[2] = replace(people[2], card=card_number(77, "1111"))
        self.people = people
        self.sun, self.zhou, self.wu = people[:3]
        self.month = previous_month(first_of_month(datetime.now(SITE_TZ).date()))

    def money(self, person: Person, days: int = DAYS) -> str:
        return format_cny(person.yuan * 100 * days)

    def slip(self, person: Person) -> tuple[str, str, str]:
        """Reference, confirmation and payment of a person's slip."""
        row = self.stack.sql(
            "SELECT s.sheet_id, s.worker_id, s.confirmation, s.payment FROM payroll_payslip s"
            " JOIN registration_worker w ON w.id = s.worker_id WHERE s.project_id = %s AND w.name = %s",
            self.project,
            person.name,
        )[0]
        return f"{self.month:%Y-%m}.{self.project}.{row[0]}.{row[1]}", row[2], row[3]

    @property
    def sheet(self) -> int:
        return int(self.stack.one("SELECT id FROM payroll_paysheet WHERE project_id = %s", self.project))

    def alarm(self) -> tuple[Any, ...]:
        """State, fen and people of the overdue alarm; empty while there is none."""
        rows = self.stack.sql(
            "SELECT state, amount_fen, people, id, due_on FROM inspection_alarm WHERE project_id = %s AND rule = 'D3'",
            self.project,
        )
        return rows[0] if rows else ()


@pytest.fixture
def story(stack: Stack, browser: "Browser", tmp_path: Path) -> Iterator[Story]:
    house = House(browser, stack.url)
    yield Story(stack, house, tmp_path)
    house.close()


def test_from_a_roster_file_to_a_paid_wage_and_a_proof(story: Story) -> None:
    zhao = roster(story)
    at_the_gate(story, zhao)
    qian = pay_sheet(story)
    li = alarm_raised(story)
    sun = confirmed_and_objected(story)
    order = approved_and_instructed(story)
    returned_and_sent_again(story, zhao, order)
    objection_settled(story, qian)
    alarm_closed(story, li)
    proof(story, sun)
    assert story.house.errors == []


# --- 2. the roster ----------------------------------------------------------------------------------


def roster(story: Story) -> "Page":
    """Clerk Zhao uploads what the subcontractor sent: most rows are good, three are not."""
    zhao = sign_in(story.house.room(DESKTOP), "zhao")
    start = f"/people/{story.project}/rosters/"
    zhao.goto(start)
    template = _download(story, zhao, "a[href$='/rosters/template/']")
    assert read_workbook(template.read_bytes(), "template.xlsx").sheets

    stranger, typo, numeric = crew(3, start=9520)
    registered_elsewhere = crew(1, start=200)[0]
    wrong = typo.id_number[:-1] + ("0" if typo.id_number[-1] != "0" else "1")
    bad = [replace(stranger, card=registered_elsewhere.card), replace(typo, id_number=wrong)]
    file = story.folder / "木工班花名册.xlsx"
    file.write_bytes(messy_roster(story.people, bad, story.month, numeric=numeric))
    upload = _upload(zhao, start, story.part, file)
    story.album.take(zhao, "roster-preview")
    body = zhao.inner_text("main")
    assert _figures(zhao)[:4] == ["8", "0", "0", "3"], body
    for person in story.people:
        assert person.id_number not in zhao.content(), "a whole ID number on the screen"

    zhao.locator("button[form=apply]").click()
    zhao.wait_for_load_state()
    assert story.stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload) == "applied"
    assert "8" in zhao.locator(".msgs[role=status]").inner_text()
    refused = _download(story, zhao, "a[href$='/refused/']")
    rows = read_workbook(refused.read_bytes(), "refused.xlsx").sheets[0].rows
    text = [" ".join(str(cell.value) for cell in row) for row in rows]
    assert sum(any(p.name in line for p in (stranger, typo, numeric)) for line in text) == 3, text
    story.album.take(zhao, "roster-written")

    before = story.stack.sql("SELECT count(*) FROM registration_historicalposting")
    _upload(zhao, start, story.part, file)
    assert _figures(zhao)[:4] == ["0", "0", "8", "3"]
    assert zhao.locator("button[form=apply]").is_disabled()
    assert story.stack.sql("SELECT count(*) FROM registration_historicalposting") == before
    zhao.goto(f"/people/{story.project}/")
    assert "8" in zhao.inner_text("main")
    story.album.take(zhao, "people")
    return zhao


def _upload(page: "Page", start: str, part: int, file: Path) -> int:
    page.goto(start)
    if page.locator("select[name=participation]").count():
        page.select_option("select[name=participation]", str(part))
    page.set_input_files("input[type=file]", file)
    page.locator("main form[enctype] button.go").click()
    page.wait_for_url(re.compile(rf"{start}\d+/"))
    return int(page.url.rstrip("/").rsplit("/", 1)[1])


def _figures(page: "Page") -> list[str]:
    """The numbers of the statistics above a table."""
    page.locator(".stats").first.wait_for()
    return [re.sub(r"\D", "", text) for text in page.locator(".stat dd:not(.n)").all_inner_texts()]


def _download(story: Story, page: "Page", selector: str) -> Path:
    with page.expect_download() as waiting:
        page.locator(selector).first.click()
    target = story.folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


# --- 3. the gate ------------------------------------------------------------------------------------


def _train(story: Story) -> None:
    """Everybody had the safety training before the month began; its own page is tested elsewhere."""
    day = story.month - timedelta(days=1)
    training = story.stack.one(
        "INSERT INTO registration_training (project_id, kind, name, held_on, minutes, trainer, place, recorded_at)"
        " VALUES (%s, '003001', '三级安全教育', %s, 120, '', '', now()) RETURNING id",
        story.project,
        day,
    )
    story.stack.sql(
        "INSERT INTO registration_trainingattendance (project_id, training_id, worker_id, passed)"
        " SELECT project_id, %s, worker_id, true FROM registration_posting WHERE project_id = %s",
        training,
        story.project,
    )


def at_the_gate(story: Story, zhao: "Page") -> None:
    """The terminal posts last month in three batches and today's stranger; a repeat changes nothing."""
    client = TerminalClient(story.stack.url, story.key["key_id"], story.key["secret"])
    untrained = client.allow_list()
    assert untrained
    assert [person["reason"] for person in untrained["denied"]] == ["entry.training"] * 8
    _train(story)
    listed = client.allow_list()
    assert listed
    pins = [person["pin"] for person in listed["people"]]
    assert len(pins) == 8
    batches = [_batch(story, pins, range(n, DAYS, 3), f"last-month-{n}") for n in range(3)]
    answers = [client.passages(body) for body in batches]
    assert [client.passages(body) for body in batches] == answers
    now = datetime.now(SITE_TZ)
    stranger = make_id_number("411300", date(1990, 5, 17), 901)
    today = {
        "batch": "today",
        "events": [
            {"id": "t-1", "pin": pins[0], "direction": "in", "at": (now - timedelta(seconds=40)).isoformat()},
            {"id": "t-2", "id_number": stranger, "direction": "in", "at": (now - timedelta(seconds=20)).isoformat(), "admitted": False},
        ],
    }  # fmt: skip
    client.passages(json.dumps(today).encode())
    client.close()
    stored = "SELECT count(*) FROM devices_passage WHERE project_id = %s AND day < %s"
    assert story.stack.one(stored, story.project, first_of_month(now.date())) == DAYS * 2 * 8
    wait_for("the days are rolled up", lambda: _worked(story) == DAYS * 8)
    zhao.goto(f"/sites/{story.project}/")
    text = zhao.inner_text("main")
    assert "未登记" in text or "未实名登记" in text, text
    assert stranger not in zhao.content()
    story.album.take(zhao, "site")
    zhao.goto(f"/sites/{story.project}/days/?month={story.month:%Y-%m}")
    assert str(DAYS) in zhao.inner_text("main")
    story.album.take(zhao, "site-days")


def _worked(story: Story) -> int:
    first, last = month_range(story.month)
    return int(
        story.stack.one(
            "SELECT coalesce(sum(days), 0) FROM devices_attendanceday"
            " WHERE project_id = %s AND day BETWEEN %s AND %s",
            story.project,
            first,
            last,
        )
    )


def _batch(story: Story, pins: list[int], days: range, name: str) -> bytes:
    first = datetime.combine(story.month, datetime.min.time(), SITE_TZ)
    events = [
        {"id": f"{n}-{pin}-{way}", "pin": pin, "direction": way, "at": (first + timedelta(days=n) + at).isoformat()}
        for n in days
        for pin in pins
        for way, at in (("in", timedelta(hours=6, minutes=40, seconds=pin)), ("out", timedelta(hours=17, minutes=45, seconds=pin)))
    ]  # fmt: skip
    return json.dumps({"batch": name, "events": events}).encode()


# --- 4. the pay sheet -------------------------------------------------------------------------------


def pay_sheet(story: Story) -> "Page":
    """The subcontractor's clerk Qian makes the month's sheet from attendance and sends it out."""
    qian = sign_in(story.house.room(DESKTOP), "qian")
    qian.goto("/pay/sheets/new/")
    options = qian.locator("select[name=part] option")
    mine = next(o for o in options.all() if story.name in o.inner_text())
    qian.select_option("select[name=part]", mine.get_attribute("value"))
    qian.select_option("select[name=month]", f"{story.month:%Y-%m}")
    qian.locator("main form button.go").click()
    qian.wait_for_url(re.compile(r"/pay/sheets/\d+/"))
    total = format_cny(sum(p.yuan * 100 * DAYS for p in story.people))
    assert total in qian.inner_text("main")
    story.album.take(qian, "sheet-draft")
    _ask_and_do(qian, "submit", total)
    assert story.stack.one("SELECT state FROM payroll_paysheet WHERE id = %s", story.sheet) == "confirming"
    story.album.take(qian, "sheet-sent")
    return qian


def _ask_and_do(page: "Page", dialog: str, *figures: str) -> None:
    """Open a dialog, read its figures, do it."""
    page.locator(f"[data-dialog={dialog}]").first.click()
    box = page.locator(f"dialog#{dialog}")
    box.wait_for(state="visible")
    for figure in figures:
        assert figure in box.inner_text()
    with page.expect_navigation():
        box.locator("button.go").click()


# --- 7. the alarm -----------------------------------------------------------------------------------


def alarm_raised(story: Story) -> "Page":
    """Nobody clicks anything: beat runs the overdue rule, and the inspector of this county sees it."""
    total = sum(p.yuan * 100 * DAYS for p in story.people)
    wait_for(
        "the overdue alarm is raised with the sheet's figures",
        lambda: story.alarm()[:3] == ("open", total, 8),
    )
    due_on = story.alarm()[4]
    overdue = (datetime.now(SITE_TZ).date() - due_on).days
    li = sign_in(story.house.room(DESKTOP), "li")
    li.goto("/supervision/")
    assert story.name in li.inner_text("main")
    story.album.take(li, "inspector-today")
    li.goto(f"/supervision/alarms/{story.alarm()[3]}/")
    text = li.inner_text("main")
    for figure in (format_cny(total), "8", str(overdue), due_on.isoformat()):
        assert figure in text
    for firm in ("多湖置业", "岑岭建设", "沐川"):
        assert firm in text, f"{firm} is missing in the chain"
    story.album.take(li, "alarm-open")

    wang = sign_in(story.house.room(DESKTOP), "wang")
    for path in ("/supervision/", "/supervision/alarms/", "/supervision/projects/"):
        wang.goto(path)
        assert story.name not in wang.inner_text("body")
    answer = wang.goto(f"/supervision/alarms/{story.alarm()[3]}/")
    assert answer
    assert answer.status == 404
    return li


# --- 5. the workers ---------------------------------------------------------------------------------


def confirmed_and_objected(story: Story) -> "Page":
    """Sun signs with a finger, Zhou objects, Wu signs too; five more answer on old phones without scripts."""
    sun = sign_in_worker(story.house.room(PHONE), story.sun.phone)
    assert story.money(story.sun) in sun.inner_text("main")
    story.album.take(sun, "worker-pay")
    _confirm(story, sun, story.sun)
    wait_for("the receipt is published", lambda: _is_published(sun), 30, 0.5)
    story.album.take(sun, "worker-receipt")

    zhou = story.rooms["zhou"] = sign_in_worker(story.house.room(PHONE), story.zhou.phone)
    reference = story.slip(story.zhou)[0]
    zhou.goto(f"/my/pay/{reference}/object/")
    zhou.locator("input[name=reason][value=days]").check(force=True)
    zhou.fill("input[name=claimed]", "7920")
    zhou.fill("textarea[name=text]", "有两天加班没有算")
    story.album.take(zhou, "worker-objects")
    zhou.locator("button[form=object]").click()
    zhou.wait_for_url("**/receipt/")
    assert story.slip(story.zhou)[1] == "objected"
    other = zhou.goto(f"/my/pay/{story.slip(story.sun)[0]}/")
    assert other
    assert other.status == 404

    wu = sign_in_worker(story.house.room(PHONE), story.wu.phone)
    _confirm(story, wu, story.wu)
    story.rooms["wu"] = wu
    for person in story.people[3:]:
        phone = Visitor(story.stack.url).sign_in_worker(person.phone)
        page = f"/my/pay/{story.slip(person)[0]}/confirm/"
        form = phone.get(page).text
        version = re.search(r'name="version" value="(\d+)"', form)
        assert version
        assert phone.post(page, {"version": version[1], "typed": "1", "signature": ""}).status == 302
    assert [story.slip(p)[1] for p in story.people] == ["confirmed", "objected", *["confirmed"] * 6]
    return sun


def _confirm(story: Story, page: "Page", person: Person) -> None:
    reference = story.slip(person)[0]
    page.goto(f"/my/pay/{reference}/")
    assert sideways(page) <= 0
    page.locator(f"a[href$='{reference}/confirm/']").click()
    page.wait_for_url("**/confirm/")
    draw_name(page)
    story.album.take(page, "worker-signs")
    page.locator("button[form=confirm]").click()
    page.wait_for_url("**/receipt/")
    assert story.slip(person)[1] == "confirmed"


def _is_published(page: "Page") -> bool:
    """Of the three stages on the receipt the last is in bold."""
    page.reload()
    page.locator("details.more summary").last.click()
    line = page.locator("details.more p").filter(has_text="→")
    return line.inner_text().endswith(line.locator("b").inner_text())


# --- 6. approval, bank, results ---------------------------------------------------------------------


def approved_and_instructed(story: Story) -> int:
    """Manager He approves seven of eight, the owner's money arrives, and a double click pays once."""
    he = story.rooms["he"] = sign_in(story.house.room(DESKTOP), "he")
    he.goto(f"/pay/sheets/{story.sheet}/")
    ready = format_cny(sum(p.yuan * 100 * DAYS for p in story.people if p != story.zhou))
    _ask_and_do(he, "approve", ready, "1")
    story.album.take(he, "approved")
    he.goto(f"/pay/sheets/{story.sheet}/instruct/")
    story.album.take(he, "account-short")

    total = sum(p.yuan * 100 * (DAYS + 2) for p in story.people)
    story.stack.deposit(story.account, total, "JH-loop-labour-cost")
    he.goto("/pay/accounts/")
    reload_until(
        he, lambda: format_cny(total) in he.inner_text("main"), "the owner's money is on the account"
    )
    story.album.take(he, "account-funded")

    he.goto(f"/pay/sheets/{story.sheet}/")
    he.locator("[data-dialog=instruct]").first.click()
    box = he.locator("dialog#instruct")
    assert ready in box.inner_text()
    story.album.take(he, "instruct-dialog")
    box.locator("button.go").dblclick()
    he.wait_for_url(re.compile(r"/pay/orders/\d+/"))
    order = int(he.url.rstrip("/").rsplit("/", 1)[1])
    count = "SELECT count(*) FROM payroll_paymentorder WHERE project_id = %s"
    assert story.stack.one(count, story.project) == 1
    reload_until(he, lambda: "户名不符" in he.inner_text("main"), "the bank's answer is on the page", 90)
    wait_for("six are paid", lambda: [story.slip(p)[2] for p in story.people].count("paid") == 6)
    assert story.slip(story.wu)[2] == "returned"
    he.reload()
    story.album.take(he, "order-returned")
    assert story.stack.one(count, story.project) == 1
    return order


def returned_and_sent_again(story: Story, zhao: "Page", order: int) -> None:
    """Zhao corrects the card, He sends the one payment again, and it is paid."""
    zhao.goto(f"/pay/orders/{order}/")
    zhao.locator(f".tbl a[href*='/people/{story.project}/']").click()
    if not zhao.url.endswith("/card/"):
        zhao.locator("a[href$='/card/']").first.click()
    new = card_number(78)
    zhao.fill("input[name=number]", new)
    zhao.locator("main form button.go").first.click()
    zhao.wait_for_url(re.compile(rf"/people/{story.project}/\d+/$"))
    assert new[-4:] in zhao.inner_text("main")
    assert new not in zhao.content()
    story.album.take(zhao, "card-corrected")

    wu = story.rooms["wu"]
    wu.goto("/my/card/")
    story.album.take(wu, "worker-card")
    wu.locator("button[form=own]").click()
    wait_for("the worker has said yes", lambda: "您说过：这是我的卡" in wu.inner_text("main"))

    he = story.rooms["he"]
    he.goto(f"/pay/orders/{order}/")
    _ask_and_do(he, "resend", story.money(story.wu))
    wait_for("the returned wage is paid", lambda: story.slip(story.wu)[2] == "paid")
    he.reload()
    story.album.take(he, "order-resent")
    booked = story.stack.bank_books(
        "SELECT count(*) FROM lines WHERE state = 'booked' AND end_to_end_id LIKE ?",
        f"{story.project}-{story.sheet}-%",
    )
    assert booked == [(7,)]


def objection_settled(story: Story, qian: "Page") -> None:
    """Qian agrees to two more days; Zhou confirms the new figure; He approves and pays it."""
    reference = story.slip(story.zhou)[0]
    qian.goto(f"/pay/lines/{reference}/")
    qian.locator("input[name=verdict][value=accept]").check(force=True)
    qian.fill("input[name=days]", str(DAYS + 2))
    qian.fill("textarea[name=answer]", "核对了加班记录，补两天。")
    story.album.take(qian, "objection-answer")
    qian.locator("main form button.go").first.click()
    qian.wait_for_url("**/pay/sheets/**")
    assert story.slip(story.zhou)[1] == "waiting"

    phone = story.rooms["zhou"]
    phone.goto("/my/pay/")
    assert story.money(story.zhou, DAYS + 2) in phone.inner_text("main")
    assert "核对了加班记录" in _slip_text(phone, reference)
    _confirm(story, phone, story.zhou)

    he = story.rooms["he"]
    he.goto(f"/pay/sheets/{story.sheet}/")
    figure = story.money(story.zhou, DAYS + 2)
    _ask_and_do(he, "approve", figure)
    _ask_and_do(he, "instruct", figure)
    wait_for("everybody is paid", lambda: {story.slip(p)[2] for p in story.people} == {"paid"})
    he.goto(f"/pay/sheets/{story.sheet}/")
    story.album.take(he, "settled")
    assert story.stack.one("SELECT state FROM payroll_paysheet WHERE id = %s", story.sheet) == "settled"


def _slip_text(page: "Page", reference: str) -> str:
    page.goto(f"/my/pay/{reference}/")
    return page.inner_text("main")


# --- 7 again, and 8. the proof ------------------------------------------------------------------------


def alarm_closed(story: Story, li: "Page") -> None:
    """The last result closes the alarm; there is no button for it."""
    wait_for("the alarm closes by data", lambda: story.alarm()[:1] == ("closed",))
    li.goto(f"/supervision/alarms/{story.alarm()[3]}/")
    assert "数据" in li.inner_text("h1")
    story.album.take(li, "alarm-closed")
    li.goto("/supervision/alarms/")
    assert not li.locator(f"a[href$='/alarms/{story.alarm()[3]}/']").count()
    flips = story.stack.sql(
        "SELECT kind FROM inspection_alarmflip WHERE alarm_id = %s ORDER BY at, id", story.alarm()[3]
    )
    assert flips[0] == ("opened",)
    assert flips[-1] == ("closed",)


def proof(story: Story, sun: "Page") -> None:
    """Sun's saved receipt is genuine; a row changed behind the system's back is found and named."""
    reference = story.slip(story.sun)[0]
    sun.goto(f"/my/pay/{reference}/receipt/")
    receipt = _download(story, sun, "a[href$='/receipt/file/']")
    sun.goto("/verify/")
    sun.set_input_files("input[type=file]", receipt)
    sun.locator("form[enctype] button").click()
    sun.wait_for_load_state()
    assert sun.locator("h2.t-accent").count()
    assert not sun.locator("ul.checks li.no, ul.checks li.open").count()
    story.album.take(sun, "receipt-genuine")
    forged = receipt.with_name("forged.json")
    forged.write_text(receipt.read_text(encoding="utf-8").replace("720000", "920000"), encoding="utf-8")
    assert forged.read_bytes() != receipt.read_bytes()
    sun.goto("/verify/")
    sun.set_input_files("input[type=file]", forged)
    sun.locator("form[enctype] button").click()
    sun.wait_for_load_state()
    assert sun.locator("ul.checks li.no").count()
    story.album.take(sun, "receipt-forged")

    project = ("--project", str(story.project))
    wait_for(
        "every entry has its place",
        lambda: not story.stack.one("SELECT count(*) FROM evidence_entry WHERE leaf_index IS NULL"),
    )
    wait_for(
        "the days at the gate are sealed",
        lambda: (
            story.stack.one("SELECT count(*) FROM devices_dayseal WHERE project_id = %s", story.project)
            >= DAYS
        ),
    )
    story.stack.command("manage.py", "verify_evidence", *project)
    change = (
        "UPDATE payroll_payslip SET net_fen = net_fen + %s, gross_fen = gross_fen + %s"
        " WHERE project_id = %s AND worker_id = %s"
    )
    worker = int(reference.rsplit(".", 1)[1])
    story.stack.sql("ALTER TABLE payroll_payslip DISABLE TRIGGER USER")
    story.stack.sql(change, 100, 100, story.project, worker)
    said = story.stack.command("manage.py", "verify_evidence", *project, expect=1)
    story.stack.sql(change, -100, -100, story.project, worker)
    story.stack.sql("ALTER TABLE payroll_payslip ENABLE TRIGGER USER")
    assert reference in said
    story.stack.command("manage.py", "verify_evidence", *project)
