"""A large bank statement is read by the worker process: progress, refusals, a reader that dies, the same file twice."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from payroll import tasks
from payroll.models import BankMessage, BankStatement, SpecialAccount, StatementLine, StatementUpload
from payroll.services import statement_uploads, statements
from payroll.services.statement_uploads import CONFIRM_INLINE, INLINE_BYTES
from registration import tasks as queue
from registration.models import Membership
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_schema_refusals import broken
from tests.payroll.test_statements import HEADS, ROWS, xlsx
from tests.payroll.test_strange_bank_files import entry, file, statement
from wagewatch.lib.errors import NotFound, WagewatchError

pytestmark = pytest.mark.django_db
SLOW = timedelta(minutes=2)
LINES = 1_200


def table(lines: int = LINES, account: str = "3300017190000968") -> bytes:
    """A bank's export of many fees, in a file that is too large for a request."""
    rows = "".join(
        f"2026-11-{n % 9 + 1:02d},,{n}.{n % 100:02d},,金华多湖置业有限公司,3301,人工费{n},R{n}\r\n"
        for n in range(1, lines + 1)
    )
    data = f"账号：{account}\r\n{','.join(HEADS)}\r\n{rows}".encode()
    assert len(data) > INLINE_BYTES
    return data


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """The queue takes tasks and nobody works on them yet."""
    found: list[tuple] = []
    monkeypatch.setattr(queue, "start", lambda task, *args: not found.append((task.name, *args)))
    return found


def send(cast: Cast, data: bytes, name: str = "11月.csv", who: str = "officer"):
    page = reverse("payroll:statements", args=[SpecialAccount.objects.get().pk])
    return cast.client(getattr(cast, who)).post(page, {"file": SimpleUploadedFile(name, data)})


def test_a_large_file_is_read_later_and_the_page_tells_how_far_it_is(cast: Cast, taken: list[tuple]) -> None:
    share = stage.account(cast)
    sent = send(cast, table())
    upload = StatementUpload.objects.get()
    assert (sent.status_code, upload.state, upload.by_bank) == (302, "reading", True)
    assert sent.url == reverse("payroll:statement-upload", args=[upload.pk])
    assert taken == [("payroll.tasks.read_statement", upload.pk)]
    client = cast.client(cast.officer)
    poll = reverse("payroll:statement-upload-progress", args=[upload.pk])
    assert f'hx-get="{poll}"' in client.get(sent.url).content.decode()
    assert "HX-Refresh" not in client.get(poll).headers
    listed = reverse("payroll:statements", args=[share.account_id])
    assert sent.url in cast.client(cast.zhao).get(listed).content.decode()
    assert not BankMessage.objects.exists()
    tasks.read_statement(upload.pk)
    upload.refresh_from_db()
    record = BankStatement.objects.get()
    assert (upload.state, upload.lines_total, upload.statement_id, upload.content) == (
        "done", LINES, record.pk, None,
    )  # fmt: skip
    assert (record.state, record.line_count, record.uploaded_by) == ("applied", LINES, cast.officer)
    share.refresh_from_db()
    assert share.balance_fen == record.entries_fen > 0
    assert client.get(poll).headers["HX-Refresh"] == "true"
    shown = client.get(sent.url, follow=True)
    assert shown.redirect_chain == [(reverse("payroll:statement", args=[record.pk]), 302)]
    assert "已读取并入账" in shown.content.decode()
    assert sent.url not in client.get(listed).content.decode()
    tasks.read_statement(upload.pk)  # told twice
    assert (StatementLine.objects.count(), BankMessage.objects.count()) == (LINES, 1)


def test_a_small_file_is_read_at_once_and_so_is_a_large_one_without_a_queue(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.account(cast)
    monkeypatch.setattr(queue, "start", lambda *_args: False)
    assert send(cast, xlsx(ROWS), "明细.xlsx").url.startswith("/pay/statements/")
    assert not StatementUpload.objects.exists()
    send(cast, table())
    assert StatementUpload.objects.get().state == "done"
    assert BankStatement.objects.count() == 2


def test_a_contractors_large_statement_waits_and_is_taken_in_by_the_worker(
    cast: Cast, taken: list[tuple]
) -> None:
    share = stage.account(cast)
    send(cast, table(), who="zhao")
    tasks.read_statement(StatementUpload.objects.get().pk)
    record = BankStatement.objects.get()
    assert (record.state, record.message.source, StatementLine.objects.count()) == (
        "waiting",
        "contractor",
        0,
    )
    assert record.line_count > CONFIRM_INLINE
    answer = reverse("payroll:statement-answer", args=[record.pk])
    assert cast.client(cast.zhao).post(answer, {"verdict": "confirm"}).status_code == 403
    officer = cast.client(cast.officer)
    told = officer.post(answer, {"verdict": "confirm"})
    upload = StatementUpload.objects.get(by_bank=True)
    assert (told.url, taken[1:]) == (
        reverse("payroll:statement-upload", args=[upload.pk]),
        [("payroll.tasks.read_statement", upload.pk)],
    )
    assert officer.post(answer, {"verdict": "confirm"}).url == told.url  # clicked twice
    for _twice in range(2):
        tasks.read_statement(upload.pk)
    record.refresh_from_db()
    share.refresh_from_db()
    assert (record.state, record.answered_by) == ("applied", cast.officer)
    assert share.balance_fen == record.entries_fen
    assert "已确认并入账" in officer.get(told.url, follow=True).content.decode()


def test_a_statement_answered_meanwhile_is_not_taken_in_twice(cast: Cast, taken: list[tuple]) -> None:
    share = stage.account(cast)
    send(cast, table(), who="zhao")
    tasks.read_statement(StatementUpload.objects.get().pk)
    record = BankStatement.objects.get()
    officer = cast.actor(cast.officer)
    upload = statement_uploads.begin_confirming(record.pk, actor=officer, now=cast.now)
    statements.answer_statement(record.pk, confirm=False, reason="不是本行的", actor=officer, now=cast.now)
    tasks.read_statement(upload.pk)
    upload.refresh_from_db()
    share.refresh_from_db()
    assert (upload.state, share.balance_fen, StatementLine.objects.count()) == ("refused", 0, 0)


def bloated(xml: bytes) -> bytes:
    """The same message, too large for a request."""
    return xml + b"\n<!--" + b" " * INLINE_BYTES + b"-->"


def refused(cast: Cast, data: bytes, name: str = "11月.csv", who: str = "officer") -> str:
    """Why a large file is refused, as the page tells it."""
    sent = send(cast, data, name, who)
    tasks.read_statement(StatementUpload.objects.get().pk)
    page = cast.client(getattr(cast, who)).get(sent.url)
    upload = StatementUpload.objects.get()
    assert (upload.state, upload.content, page.status_code) == ("refused", None, 200)
    assert upload.error_text in page.content.decode()
    return str(upload.error_text)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x00\x01" * INLINE_BYTES, "明细.xlsx"),
        (b"<Document>" * INLINE_BYTES, "a.xml"),
        (bloated(broken()), "a.xml"),
        (table(account="3300017190000999"), "明细.csv"),
        (table().replace("交易日期".encode(), "什么".encode()), "明细.csv"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_words_that_a_small_file_gets(
    cast: Cast, taken: list[tuple], data: bytes, name: str
) -> None:
    account = stage.account(cast).account
    text = refused(cast, data, name)
    with pytest.raises(WagewatchError) as problem, translation.override("zh-hans"):
        statements.upload_statement(
            account.pk, filename=name, data=data, actor=cast.actor(cast.officer), now=cast.now
        )
    with translation.override("zh-hans"):
        assert text == problem.value.message
    assert not BankMessage.objects.exists()


def test_a_refused_file_can_be_brought_again(cast: Cast, taken: list[tuple]) -> None:
    stage.account(cast)
    data = table(account="3300017190000999")
    refused(cast, data)
    send(cast, data)
    upload = StatementUpload.objects.get()
    assert (upload.state, upload.error_text, upload.read_tries) == ("reading", "", 0)


def test_a_file_sent_twice_is_one_upload(cast: Cast, taken: list[tuple]) -> None:
    stage.account(cast)
    first, second = send(cast, table()), send(cast, table(), "nochmal.csv")
    assert first.url == second.url
    for _pk in taken:
        tasks.read_statement(StatementUpload.objects.get().pk)
    assert send(cast, table()).url == first.url
    tasks.read_statement(StatementUpload.objects.get().pk)
    page = cast.client(cast.officer).get(first.url, follow=True).content.decode()
    assert "这份文件以前读取过" in page
    assert (StatementLine.objects.count(), BankStatement.objects.count()) == (LINES, 1)


def test_the_bank_that_brings_the_contractors_file_confirms_it(cast: Cast, taken: list[tuple]) -> None:
    stage.account(cast)
    send(cast, table(), who="zhao")
    send(cast, table())
    for upload in StatementUpload.objects.order_by("pk"):
        tasks.read_statement(upload.pk)
    assert (BankStatement.objects.get().state, StatementLine.objects.count()) == ("applied", LINES)


def test_a_reader_that_was_killed_is_replaced_and_three_dead_ones_are_enough(
    cast: Cast, taken: list[tuple], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.account(cast)
    send(cast, table())
    upload = StatementUpload.objects.get()

    def killed(*_args: object, **_more: object) -> None:
        raise SystemExit

    monkeypatch.setattr(statements, "join_statements", killed)
    assert statement_uploads.stuck_statements(now=timezone.now()) == []
    for tries in range(1, 4):
        with pytest.raises(SystemExit):
            tasks.read_statement(upload.pk)
        upload.refresh_from_db()
        assert (upload.state, upload.read_tries) == ("reading", tries)
        assert statement_uploads.stuck_statements(now=timezone.now() + SLOW) == [upload.pk]
        assert not BankMessage.objects.exists()
        assert not StatementLine.objects.exists()
    tasks.read_statement(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.content) == ("refused", None)


def test_beat_goes_on_with_what_was_left(cast: Cast, taken: list[tuple]) -> None:
    stage.account(cast)
    send(cast, table())
    StatementUpload.objects.update(uploaded_at=timezone.now() - SLOW)
    assert tasks.read_stuck_sheets() == 1
    assert BankStatement.objects.get().state == "applied"
    assert tasks.read_stuck_sheets() == 0


def test_nobody_else_sees_it_and_who_lost_the_role_brings_nothing(cast: Cast, taken: list[tuple]) -> None:
    stage.account(cast)
    sent = send(cast, table())
    upload = StatementUpload.objects.get()
    for who in (cast.ye, cast.kong, cast.qian, cast.li):
        assert cast.client(who).get(sent.url).status_code == 404
        with pytest.raises(NotFound):
            statement_uploads.access_statement_upload(upload.pk, cast.actor(who))
    Membership.objects.filter(user=cast.officer).update(is_active=False)
    tasks.read_statement(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, BankMessage.objects.count()) == ("refused", 0)


def test_the_worker_process_speaks_the_language_of_who_brought_it(cast: Cast, taken: list[tuple]) -> None:
    account = stage.account(cast).account
    with translation.override("en"):
        upload = statement_uploads.keep_statement_file(
            account.pk, filename="x.png", data=b"\x89PNG\r\n\x1a\n1", actor=cast.actor(cast.officer), now=cast.now
        )  # fmt: skip
    with translation.override("zh-hans"):
        tasks.read_statement(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "refused"
    assert upload.error_text.isascii()


def test_an_officer_who_brings_a_clerks_file_of_two_statements_confirms_both(cast: Cast) -> None:
    account = stage.account(cast).account
    data = file(statement(entry("A1"), name="S1"), statement(entry("A2"), name="S2"))
    for who in (cast.zhao, cast.officer):
        statements.upload_statement(
            account.pk, filename="a.xml", data=data, actor=cast.actor(who), now=cast.now
        )
    assert list(BankStatement.objects.values_list("state", flat=True)) == ["applied", "applied"]
    assert StatementLine.objects.count() == 2
