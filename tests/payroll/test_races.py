"""Two people at once, a sender killed in the middle, the real bank process, and random orders of everything."""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import close_old_connections, connection

from payroll.bank.transport import HttpTransport
from payroll.models import AccountEntry, Approval, PaymentLine, PaymentOrder, PaySheet, PaySlip, SubLedger
from payroll.services import approvals, confirmations, messages, orders, sheets
from registration.models import BankCard
from tests.cast import Cast, build_cast
from tests.payroll import stage
from tests.payroll.test_orders import FUNDS, Counter, balances_hold
from wagewatch.lib.errors import WagewatchError

KEY = "test-bank-key"


@pytest.fixture
def real_cast(transactional_db: None) -> Cast:
    """The cast, committed, for tests with threads and processes."""
    return build_cast()


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Run acts at the same moment in threads; "ok" or the error's code of each."""
    gate = threading.Barrier(len(acts))
    results: list[str] = [""] * len(acts)

    def run(n: int, act: Callable[[], object]) -> None:
        close_old_connections()
        gate.wait()
        try:
            act()
            results[n] = "ok"
        except WagewatchError as problem:
            results[n] = problem.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(results)


def test_two_managers_approve_and_instruct_at_once(real_cast: Cast) -> None:
    cast = real_cast
    stage.account(cast, FUNDS)
    sheet = stage.submit(cast, stage.make_sheet(cast))
    for worker in (cast.sun, cast.zhou):
        stage.confirm(cast, sheet, worker)
    he = cast.actor(cast.he)
    approve = lambda: approvals.approve_sheet(sheet.pk, actor=he, now=cast.now)  # noqa: E731
    assert at_once(approve, approve, approve) == ["ok", "sheet.already_approved", "sheet.already_approved"]
    assert Approval.objects.count() == 1
    instruct = lambda: orders.instruct_bank(sheet.pk, actor=he, now=cast.now)  # noqa: E731
    assert at_once(instruct, instruct, instruct) == ["ok", "order.nothing", "order.nothing"]
    assert (PaymentOrder.objects.count(), PaymentLine.objects.count()) == (1, 2)


def test_a_worker_taps_twice_at_once(real_cast: Cast) -> None:
    cast = real_cast
    sheet = stage.submit(cast, stage.make_sheet(cast))
    tap = lambda: stage.confirm(cast, sheet, cast.sun)  # noqa: E731
    assert at_once(tap, tap) == ["ok", "slip.already_confirmed"]


def test_two_clerks_make_the_sheet_at_once(real_cast: Cast) -> None:
    cast = real_cast
    stage.attend(cast.sun_posting, 3)
    make = lambda: sheets.make_sheet_from_attendance(  # noqa: E731
        cast.project.pk, cast.sc_part.pk, stage.MONTH, actor=cast.actor(cast.qian), now=cast.now
    )
    assert at_once(make, make) == ["ok", "sheet.exists"]
    assert PaySheet.objects.count() == 1


@pytest.fixture
def bank_process(tmp_path: Path) -> Iterator[str]:
    """The bank simulator as a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "payroll.bank.simulator", "--port", "0", "--state", str(tmp_path),
         "--status-seconds", "0.1", "--processing-seconds", "0.1", "--statement-seconds", "0", "--any-day"],
        env={**os.environ, "WAGEWATCH_BANK_KEY": KEY},
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
    )  # fmt: skip
    assert process.stdout is not None
    address = re.search(r"http://[\d.:]+", process.stdout.readline())
    assert address is not None
    yield address.group(0)
    process.terminate()
    process.wait(10)


SENDER = """
import os, signal, sys
import django
django.setup()
from django.utils import timezone
from payroll.bank.transport import HttpTransport
from payroll.services.orders import send_ready_orders
class Killed(HttpTransport):
    def send(self, message_id, data):
        super().send(message_id, data)
        os.kill(os.getpid(), signal.SIGKILL)
send_ready_orders(Killed(sys.argv[1], sys.argv[2]), now=timezone.now())
"""


def wait_for_bank(transport: HttpTransport, cast: Cast, done: Callable[[], bool]) -> None:
    for _round in range(80):
        messages.fetch_messages(transport, now=cast.now + timedelta(hours=1))
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("the bank never answered")


def test_a_sender_killed_after_sending_pays_once(real_cast: Cast, bank_process: str) -> None:
    cast = real_cast
    transport = HttpTransport(bank_process, KEY)
    stage.account(cast)
    transport.open_account(stage.ACCOUNT_NUMBER, "专户")
    transport.deposit(stage.ACCOUNT_NUMBER, FUNDS, reference="A1", payer_name="多湖置业", text="人工费")
    wait_for_bank(transport, cast, lambda: AccountEntry.objects.exists())
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    test_url = re.sub(r"//([^/]*)/[^?]*", rf"//\1/{name}", url)
    killed = subprocess.run(
        [sys.executable, "-c", SENDER, bank_process, KEY],
        env={**os.environ, "DATABASE_URL": test_url},
        cwd=settings.BASE_DIR,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    order.refresh_from_db()
    assert (order.state, order.send_tries) == ("ready", 1)  # the bank has it, we do not know
    assert orders.send_ready_orders(transport, now=cast.now) == 1
    order.refresh_from_db()
    assert (order.state in ("sent", "done"), order.send_tries) == (True, 2)

    def settled() -> bool:
        return PaySheet.objects.get(pk=sheet.pk).state == "settled"

    wait_for_bank(transport, cast, settled)
    time.sleep(0.4)
    messages.fetch_messages(transport, now=cast.now + timedelta(hours=1))
    assert AccountEntry.objects.filter(kind="wages").count() == 2
    assert SubLedger.objects.get().balance_fen == FUNDS - 1_506_000
    balances_hold(cast)


CARDS = ["6222020000000002222", "6222020000000003333", "6222020000000006666", "6222020000000001111"]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_never_pays_twice(cast: Cast, tmp_path: Path, seed: int) -> None:
    """Random services, bank faults and replays; after each step the books hold and nobody is paid twice."""
    dice = random.Random(seed)
    bank = Counter(tmp_path, cast.now)
    stage.account(cast)
    postings = stage.crew(cast, 4)
    for posting in postings:
        stage.attend(posting, dice.randint(5, 25))
        if dice.random() < 0.6:
            stage.change_card(posting.worker, CARDS[postings.index(posting)], cast.now)
    sheet = stage.submit(cast, stage.make_sheet(cast))
    he, qian = cast.actor(cast.he), cast.actor(cast.qian)
    replay: list[bytes] = []

    def someone() -> PaySlip:
        return dice.choice(list(PaySlip.objects.filter(sheet=sheet.pk).select_related("worker")))

    def confirm() -> None:
        stage.confirm(cast, sheet, someone().worker, at=bank.now)

    def object_() -> None:
        slip = someone()
        confirmations.object_to_slip(
            slip.reference, reason="days", version=slip.version, actor=cast.actor(slip.worker), now=bank.now
        )

    def answer() -> None:
        found = sheet.objections.filter(state="open").first()
        if found:
            confirmations.answer_objection(
                found.pk, accept=dice.random() < 0.5, answer="看过", days=Decimal(dice.randint(1, 28)), actor=qian, now=bank.now
            )  # fmt: skip

    def new_card() -> None:
        card = f"62220200000000{dice.randint(10000, 99998)}"
        if not card.endswith(("0000", "1111", "2222", "3333", "4444", "5555", "6666")):
            stage.change_card(someone().worker, card, bank.now)

    def fetch() -> None:
        bank.work()
        messages.fetch_messages(bank, now=bank.now)

    def again() -> None:
        files = [data for _name, data in bank.fetch()]
        dice.shuffle(files)
        for data in files[:5]:
            replay.append(data)
            messages.store_message("again", data + b"\n" * len(replay), now=bank.now)
        messages.process_waiting(now=bank.now)

    acts: list[Callable[[], object]] = [
        confirm, confirm, object_, answer, new_card, fetch, again,
        lambda: approvals.approve_sheet(sheet.pk, actor=he, now=bank.now),
        lambda: orders.instruct_bank(sheet.pk, actor=he, now=bank.now),
        lambda: orders.instruct_bank(sheet.pk, worker_ids=[someone().worker_id], actor=he, now=bank.now),
        lambda: orders.send_ready_orders(bank, now=bank.now),
        lambda: PaymentOrder.objects.filter(state="sent").update(state="ready"),
        lambda: bank.bank.issue_statement(stage.ACCOUNT_NUMBER, bank.now),
    ]  # fmt: skip
    fetch()
    for _step in range(60):
        bank.now += timedelta(hours=dice.randint(1, 20))
        with contextlib.suppress(WagewatchError):
            dice.choice(acts)()
        balances_hold(cast)
        for slip in PaySlip.objects.filter(sheet=sheet.pk):
            lines = list(PaymentLine.objects.filter(sheet=sheet.pk, worker=slip.worker_id))
            assert sum(line.state == "paid" for line in lines) <= 1
            assert sum(line.state != "returned" for line in lines) <= 1
            assert (slip.payment == "paid") == any(line.state == "paid" for line in lines)
    books = bank.bank.accounts()[0]["balance_fen"]
    bank.work()
    fetch()
    books = bank.bank.accounts()[0]["balance_fen"]
    assert SubLedger.objects.get().balance_fen == books
    assert BankCard.objects.filter(is_current=True).count() >= 4
    bank.bank.close()
