"""A large pay sheet is read by the worker process: progress, a reader that dies, the same file twice."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from payroll import tasks
from payroll.models import PaySheet, SheetUpload
from payroll.services import upload_reading, upload_writing, uploads
from registration import tasks as queue
from registration.services.rosters import INLINE_BYTES
from tests.cast import Cast
from tests.payroll.test_uploads import MONTH, book, receive, rows_of
from wagewatch.lib.errors import NotFound, RuleViolation

pytestmark = pytest.mark.django_db
SLOW = timedelta(minutes=2)


def large(cast: Cast, rows: int = 3_000) -> bytes:
    """Two good rows and many of people who are not here, in a file that is too large for a request."""
    strangers = [
        (n, f"张{n}", f"3422221979030{n:05d}", 20, 7000 + n, n, 7000, f"第{n}行") for n in range(rows)
    ]
    data = book([*rows_of(cast)[:2], *strangers])
    assert len(data) > INLINE_BYTES
    return data


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """The queue takes tasks and nobody works on them yet."""
    found: list[tuple] = []
    monkeypatch.setattr(queue, "start", lambda task, *args: not found.append((task.name, *args)))
    return found


def send(cast: Cast, data: bytes, name: str = "10月.xlsx", who: str = "qian"):
    return cast.client(getattr(cast, who)).post(
        reverse("payroll:sheet-upload"),
        {"part": cast.sc_part.pk, "month": f"{MONTH:%Y-%m}", "file": SimpleUploadedFile(name, data)},
    )


def test_a_large_file_is_read_later_and_the_page_tells_how_far_it_is(cast: Cast, taken: list[tuple]) -> None:
    sent = send(cast, large(cast))
    upload = SheetUpload.objects.get()
    assert (sent.status_code, upload.state, upload.rows) == (302, "reading", [])
    assert taken == [("payroll.tasks.read_sheet", upload.pk)]
    assert bytes(upload.content or b"")[:2] != b"PK"  # encrypted
    client = cast.client(cast.qian)
    page = client.get(sent.url).content.decode()
    poll = reverse("payroll:sheet-upload-progress", args=[upload.pk])
    assert f'hx-get="{poll}"' in page
    assert reverse("payroll:sheet-upload-again", args=[upload.pk]) not in page
    assert "HX-Refresh" not in client.get(poll).headers
    assert client.post(reverse("payroll:sheet-upload-apply", args=[upload.pk])).status_code == 409
    tasks.read_sheet(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_total) == ("staged", 3_002)
    assert upload.reading["counts"] == {"same": 1, "different": 1, "refused": 3_000}
    assert client.get(poll).headers["HX-Refresh"] == "true"
    before = upload.rows
    tasks.read_sheet(upload.pk)  # told twice
    upload.refresh_from_db()
    assert upload.rows == before
    assert client.post(reverse("payroll:sheet-upload-apply", args=[upload.pk])).status_code == 302
    assert PaySheet.objects.get().people == 2


def test_a_small_file_is_read_at_once(cast: Cast, taken: list[tuple]) -> None:
    send(cast, book(rows_of(cast)))
    assert taken == []
    assert SheetUpload.objects.get().state == "staged"


def test_without_a_queue_the_request_reads_itself(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "start", lambda *_args: False)
    send(cast, large(cast, 2_000))
    assert SheetUpload.objects.get().state == "staged"


def test_a_file_sent_twice_is_one_upload(cast: Cast, taken: list[tuple]) -> None:
    data = large(cast)
    first, second = send(cast, data), send(cast, data, "nochmal.xlsx")
    assert first.url == second.url
    upload = SheetUpload.objects.get()
    for _pk in taken:
        tasks.read_sheet(upload.pk)
    assert SheetUpload.objects.get().reading["counts"]["refused"] == 3_000
    assert send(cast, data).url == first.url  # also after it was read: it is compared anew
    upload.refresh_from_db()
    assert (upload.state, SheetUpload.objects.count()) == ("reading", 1)
    tasks.read_sheet(upload.pk)
    upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert send(cast, data).url != first.url  # what was written stays as it is


def test_a_reader_that_was_killed_is_replaced_and_three_dead_ones_are_enough(
    cast: Cast, taken: list[tuple], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(cast, large(cast))
    upload = SheetUpload.objects.get()

    def killed(*_args: object, **_more: object) -> None:
        raise SystemExit

    monkeypatch.setattr(upload_reading, "read_workbook", killed)
    assert uploads.stuck_sheet_files(now=timezone.now()) == []
    later = timezone.now() + SLOW
    for tries in range(1, 4):
        with pytest.raises(SystemExit):
            upload_reading.read_sheet_file(upload.pk)
        upload.refresh_from_db()
        assert (upload.state, upload.read_tries) == ("reading", tries)
        assert uploads.stuck_sheet_files(now=later) == [(upload.pk, "reading")]
    upload_reading.read_sheet_file(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.content) == ("refused", None)
    assert upload.error_text
    assert uploads.stuck_sheet_files(now=later) == []
    assert "HX" not in cast.client(cast.qian).get(reverse("payroll:sheet-staged", args=[upload.pk])).headers


def test_beat_goes_on_with_what_was_left(cast: Cast, taken: list[tuple]) -> None:
    send(cast, large(cast))
    SheetUpload.objects.update(uploaded_at=timezone.now() - SLOW)
    upload = SheetUpload.objects.get()
    page = cast.client(cast.qian).get(reverse("payroll:sheet-staged", args=[upload.pk])).content.decode()
    again = reverse("payroll:sheet-upload-again", args=[upload.pk])
    assert again in page
    assert cast.client(cast.kong).post(again).status_code == 404
    assert cast.client(cast.qian).post(again).status_code == 302
    assert len(taken) == 2
    SheetUpload.objects.update(uploaded_at=timezone.now() - SLOW)
    assert tasks.read_stuck_sheets() == 1
    assert SheetUpload.objects.get().state == "staged"
    uploads.discard_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert cast.client(cast.qian).post(again).status_code == 409


def test_a_file_that_is_being_read_can_be_put_aside(cast: Cast, taken: list[tuple]) -> None:
    send(cast, large(cast))
    upload = SheetUpload.objects.get()
    with pytest.raises(NotFound):
        uploads.discard_sheet_upload(upload.pk, actor=cast.actor(cast.kong), now=cast.now)
    uploads.discard_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    tasks.read_sheet(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.content, upload.rows) == ("discarded", None, [])
    with pytest.raises(RuleViolation, match=r"upload\.applied"):
        uploads.read_sheet_again(upload.pk, actor=cast.actor(cast.qian), now=cast.now)


def test_the_worker_process_speaks_the_language_of_the_uploader(cast: Cast, taken: list[tuple]) -> None:
    with translation.override("en"):
        upload = uploads.keep_sheet_file(
            cast.project.pk, cast.sc_part.pk, MONTH,
            filename="x.png", data=b"\x89PNG\r\n\x1a\n1", actor=cast.actor(cast.qian), now=cast.now,
        )  # fmt: skip
    with translation.override("zh-hans"):
        tasks.read_sheet(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "refused"
    assert upload.error_text.isascii()


def test_the_same_file_for_another_month_is_another_upload(cast: Cast) -> None:
    data = book(rows_of(cast))
    one = receive(cast, data)
    other = receive(cast, data, month=MONTH.replace(month=9))
    assert one.pk != other.pk
