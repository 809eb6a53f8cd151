"""A large pay sheet is written by the worker process: progress, a writer that dies, what came in between."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from payroll import tasks
from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.services import sheets, upload_writing, uploads
from payroll.views import uploads as pages
from registration import tasks as queue
from tests.cast import Cast
from tests.payroll.test_uploads import MONTH, book, receive, rows_of
from wagewatch.lib.errors import RuleViolation, TryLater

pytestmark = pytest.mark.django_db
SLOW = timedelta(minutes=2)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """The queue takes tasks and nobody works on them yet; two people are many."""
    found: list[tuple] = []
    monkeypatch.setattr(queue, "start", lambda task, *args: not found.append((task.name, *args)))
    monkeypatch.setattr(pages, "WRITE_INLINE", 1)
    return found


def address(name: str, upload: SheetUpload) -> str:
    return reverse(f"payroll:{name}", args=[upload.pk])


@pytest.fixture
def asked(cast: Cast, taken: list[tuple]) -> SheetUpload:
    """A compared upload of two people whose clerk asked for the draft."""
    upload = receive(cast, book(rows_of(cast)))
    answer = cast.client(cast.qian).post(address("sheet-upload-apply", upload))
    assert (answer.status_code, answer.url) == (302, address("sheet-staged", upload))
    upload.refresh_from_db()
    return upload


def killed(*_args: object, **_more: object) -> None:
    raise SystemExit


def nothing_written() -> bool:
    return not PaySheet.objects.exists() and not PaySlip.objects.exists()


def test_the_worker_process_writes_and_the_page_tells_how_far_it_is(
    cast: Cast, asked: SheetUpload, taken: list[tuple]
) -> None:
    assert (asked.state, asked.applied_by_id) == ("applying", cast.qian.pk)
    assert taken == [("payroll.tasks.write_sheet", asked.pk)]
    assert nothing_written()
    client = cast.client(cast.qian)
    page = client.get(address("sheet-staged", asked)).content.decode()
    poll = address("sheet-upload-progress", asked)
    assert f'hx-get="{poll}"' in page
    assert "0 / 2" in page
    assert address("sheet-upload-discard", asked) not in page
    assert "HX-Refresh" not in client.get(poll).headers
    tasks.write_sheet(asked.pk)
    sheet = PaySheet.objects.get()
    asked.refresh_from_db()
    assert (asked.state, asked.sheet_id, asked.content, asked.samples) == ("applied", sheet.pk, None, None)
    assert (sheet.people, sheet.net_fen, sheet.made_by_id) == (2, 1_535_500, cast.qian.pk)
    assert client.get(poll).headers["HX-Refresh"] == "true"
    done = client.get(address("sheet-staged", asked)).content.decode()
    assert reverse("payroll:sheet", args=[sheet.pk]) in done
    tasks.write_sheet(asked.pk)  # told twice
    assert (PaySheet.objects.count(), PaySlip.objects.count()) == (1, 2)


def test_while_it_is_written_nothing_else_can_be_done_with_it(cast: Cast, asked: SheetUpload) -> None:
    actor: dict[str, Any] = {"actor": cast.actor(cast.qian), "now": cast.now}
    for act in (
        lambda: upload_writing.apply_sheet_upload(asked.pk, **actor),
        lambda: upload_writing.begin_writing(asked.pk, **actor),
        lambda: uploads.discard_sheet_upload(asked.pk, **actor),
        lambda: uploads.read_sheet_again(asked.pk, **actor),
        lambda: uploads.choose_columns(asked.pk, {}, **actor),
    ):
        with pytest.raises(RuleViolation, match=r"upload\.applying"):
            act()
    assert cast.client(cast.qian).post(address("sheet-upload-apply", asked)).status_code == 409
    asked.refresh_from_db()
    assert asked.state == "applying"


def test_a_few_people_are_written_while_the_clerk_waits(cast: Cast, taken: list[tuple]) -> None:
    upload = receive(cast, book(rows_of(cast)[:1]))
    answer = cast.client(cast.qian).post(address("sheet-upload-apply", upload))
    assert taken == []
    assert answer.url == reverse("payroll:sheet", args=[PaySheet.objects.get().pk])


def test_without_a_queue_the_request_writes_itself(
    cast: Cast, taken: list[tuple], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "start", lambda *_args: False)
    upload = receive(cast, book(rows_of(cast)))
    cast.client(cast.qian).post(address("sheet-upload-apply", upload))
    assert PaySheet.objects.get().people == 2


def test_a_writer_that_was_killed_left_nothing_and_the_next_one_writes_all(
    cast: Cast, asked: SheetUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(upload_writing, "refresh_totals", killed)  # all slips are in, nothing is committed
        with pytest.raises(SystemExit):
            tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.read_tries) == ("applying", 1)
    assert nothing_written()
    later = timezone.now() + SLOW
    assert uploads.stuck_sheet_files(now=timezone.now()) == []
    assert uploads.stuck_sheet_files(now=later) == [(asked.pk, "applying")]
    SheetUpload.objects.update(applied_at=timezone.now() - SLOW)
    assert tasks.read_stuck_sheets() == 1
    assert PaySheet.objects.get().people == 2
    assert tasks.read_stuck_sheets() == 0


def test_three_dead_writers_are_enough(
    cast: Cast, asked: SheetUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(upload_writing, "refresh_totals", killed)
        for _try in range(upload_writing.MOST_TRIES):
            with pytest.raises(SystemExit):
                tasks.write_sheet(asked.pk)
    tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.applied_by_id) == ("staged", None)
    assert nothing_written()
    page = cast.client(cast.qian).get(address("sheet-staged", asked)).content.decode()
    assert asked.error_text in page
    assert cast.client(cast.qian).post(address("sheet-upload-apply", asked)).status_code == 302
    tasks.write_sheet(asked.pk)  # asked for anew
    assert PaySheet.objects.get().people == 2


def test_a_sheet_made_in_between_is_told_and_the_file_can_be_compared_anew(
    cast: Cast, asked: SheetUpload
) -> None:
    made = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
    )
    with translation.override("en"):
        tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, list(PaySheet.objects.all())) == ("staged", [made])
    assert PaySlip.objects.count() == 2
    client = cast.client(cast.qian)
    page = client.get(address("sheet-staged", asked)).content.decode()
    assert "另一张" in asked.error_text  # in the language of who asked
    assert asked.error_text in page
    assert address("sheet-upload-again", asked) in page
    assert client.post(address("sheet-upload-again", asked)).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.error_text) == ("staged", "")
    assert asked.reading["counts"] == {"refused": 2}  # both stand on the other sheet


def test_a_month_without_rows_that_is_taken_is_told(cast: Cast, asked: SheetUpload) -> None:
    PaySheet.objects.create(
        project=cast.project, participation=cast.sc_part, month=MONTH, source="upload", due_on=MONTH,
        made_at=cast.now,
    )  # fmt: skip
    tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, PaySlip.objects.count()) == ("staged", 0)
    assert "已有" in asked.error_text or "已经" in asked.error_text


@pytest.mark.parametrize("gone", ["role", "account"])
def test_whoever_may_not_write_any_more_does_not(cast: Cast, asked: SheetUpload, gone: str) -> None:
    if gone == "account":
        cast.qian.is_active = False
        cast.qian.save()
    else:
        cast.qian.memberships.all().delete()
    tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert asked.state == "staged"
    assert asked.error_text
    assert nothing_written()


def test_what_breaks_is_told_and_nothing_is_written(
    cast: Cast, asked: SheetUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(upload_writing, "refresh_totals", broken)
    with pytest.raises(ZeroDivisionError):
        tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert asked.state == "staged"
    assert asked.error_text
    assert nothing_written()


def test_a_busy_moment_is_waited_out(cast: Cast, asked: SheetUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_args: object) -> None:
        raise TryLater

    with monkeypatch.context() as patched:
        patched.setattr(upload_writing, "refresh_totals", busy)
        tasks.write_sheet(asked.pk)
    asked.refresh_from_db()
    assert asked.state == "applying"
    tasks.write_sheet(asked.pk)
    assert PaySheet.objects.get().people == 2


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_make_one_sheet(cast: Cast, asked: SheetUpload) -> None:
    def write() -> None:
        try:
            tasks.write_sheet(asked.pk)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _n in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert (PaySheet.objects.count(), PaySlip.objects.count()) == (1, 2)
    asked.refresh_from_db()
    assert asked.state == "applied"


def test_uploads_of_late_are_listed(cast: Cast, asked: SheetUpload) -> None:
    page = cast.client(cast.qian).get(reverse("payroll:sheet-upload")).content.decode()
    assert address("sheet-staged", asked) in page
    assert (
        address("sheet-staged", asked)
        not in cast.client(cast.kong).get(reverse("payroll:sheet-upload")).content.decode()
    )
