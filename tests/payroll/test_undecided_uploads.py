"""Pay sheets and rosters about which nobody decides: their files go after the region's days, their pages say so."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from payroll import tasks
from payroll.models import SheetUpload
from payroll.services import upload_writing, uploads
from registration.models import Parameter, RosterRow, RosterUpload
from registration.rules.roster_row import Defaults
from registration.services import parameters
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from tests.cast import Cast
from tests.payroll.test_uploads import MONTH, book, receive, rows_of
from wagewatch.lib.errors import RuleViolation

pytestmark = pytest.mark.django_db


def old(upload: SheetUpload | RosterUpload, days: int) -> None:
    type(upload).objects.filter(pk=upload.pk).update(uploaded_at=timezone.now() - timedelta(days=days))


def another(cast: Cast) -> SheetUpload:
    """One more file of the same month."""
    return uploads.receive_sheet_file(
        cast.project.pk, cast.sc_part.pk, MONTH, filename="10月（二）.xlsx", data=book([(1, "孙德旺", str(cast.sun.id_number), 22, 7920, 0, 7920, "")]),
        actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip


def test_a_pay_sheet_nobody_decides_on_loses_its_file_and_says_so(cast: Cast) -> None:
    kept, late = receive(cast, book(rows_of(cast))), another(cast)
    old(kept, 89)
    old(late, 91)
    assert tasks.forget_undecided_uploads() == 1
    kept.refresh_from_db()
    late.refresh_from_db()
    assert (kept.state, bool(kept.content), len(kept.rows)) == ("staged", True, 2)
    assert (late.state, late.content, late.samples, late.rows) == ("discarded", None, None, [])
    assert (late.filename, late.rows_total, late.uploaded_by) == ("10月（二）.xlsx", 1, cast.qian)
    page = cast.client(cast.qian).get(reverse("payroll:sheet-staged", args=[late.pk]))
    assert page.status_code == 200
    assert "90 天内无人处理" in page.content.decode()
    with pytest.raises(RuleViolation, match=r"upload\.applied"):
        uploads.read_sheet_again(late.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert tasks.forget_undecided_uploads() == 0


def test_what_was_written_or_waits_for_its_reader_is_left_alone(cast: Cast) -> None:
    written = receive(cast, book(rows_of(cast)))
    upload_writing.apply_sheet_upload(written.pk, actor=cast.actor(cast.qian), now=cast.now)
    old(written, 400)
    reading = another(cast)
    SheetUpload.objects.filter(pk=reading.pk).update(state="reading")
    old(reading, 400)
    assert tasks.forget_undecided_uploads() == 0
    written.refresh_from_db()
    assert (written.state, len(written.rows)) == ("applied", 2)


def test_the_region_says_how_long(cast: Cast) -> None:
    Parameter.objects.create(
        region=cast.project.region, key="upload.undecided_days", valid_from=cast.today - timedelta(days=400),
        value=7, source="x",
    )  # fmt: skip
    parameters.forget()
    late = receive(cast, book(rows_of(cast)))
    old(late, 8)
    assert tasks.forget_undecided_uploads() == 1


def test_a_roster_nobody_decides_on_loses_its_file_and_its_rows(cast: Cast) -> None:
    text = "姓名,身份证号,工种,班组\n张三,110101199003070011,木工,木工一班\n"
    upload = receive_roster(
        cast.project.pk, cast.sc_part.pk, "花名册.csv", text.encode(),
        defaults=Defaults(), actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip
    read_upload(upload.pk, now=cast.now)
    upload.refresh_from_db()
    assert upload.state == "staged"
    assert RosterRow.objects.filter(upload=upload.pk).exists()
    old(upload, 91)
    assert tasks.forget_undecided_uploads() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.content, upload.samples) == ("discarded", None, None)
    assert not RosterRow.objects.filter(upload=upload.pk).exists()
    page = cast.client(cast.qian).get(
        reverse("registration:roster", args=[cast.project.pk, upload.pk])
    ).content.decode()  # fmt: skip
    assert "90 天内无人处理" in page


def test_it_runs_every_night() -> None:
    tasks_of_beat = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "payroll.tasks.forget_undecided_uploads" in tasks_of_beat
