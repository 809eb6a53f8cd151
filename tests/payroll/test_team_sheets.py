"""A sheet of one team alone: made, uploaded, split off a draft, sent and paid while the others are not ready."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from devices.models import AttendanceDay
from payroll.late import late_changes, of_sheet
from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.services import approvals, late, sheets, upload_writing, uploads
from payroll.services.money_check import check_money
from registration.models import Posting, Team
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.stage import MONTH
from tests.payroll.test_uploads import book
from wagewatch.lib.errors import NotFound, RuleViolation

pytestmark = pytest.mark.django_db


@pytest.fixture
def masons(cast: Cast) -> Team:
    """Zhou works in a second team of Qian's firm; both teams came in October."""
    team = Team.objects.create(project=cast.project, participation=cast.sc_part, name="瓦工班")
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(team=team)
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    return team


def make(cast: Cast, team: Team | None = None, who: str = "qian") -> PaySheet:
    return sheets.make_sheet_from_attendance(
        cast.project.pk,
        cast.sc_part.pk,
        MONTH,
        team_id=team.pk if team else None,
        actor=cast.actor(getattr(cast, who)),
        now=cast.now,
    )


def on(sheet: PaySheet) -> set[int]:
    return set(PaySlip.objects.filter(month=MONTH, sheet=sheet.pk).values_list("worker_id", flat=True))


def test_a_teams_sheet_holds_that_team_and_the_firms_holds_the_rest(cast: Cast, masons: Team) -> None:
    own = make(cast, masons)
    assert (on(own), own.team_name, own.people, own.net_fen) == ({cast.zhou.pk}, "瓦工班", 1, 714_000)
    with pytest.raises(RuleViolation, match=r"sheet\.exists"):
        make(cast, masons)
    rest = make(cast)
    assert (on(rest), rest.team_id, rest.number) == ({cast.sun.pk}, None, 1)
    with pytest.raises(RuleViolation, match=r"sheet\.exists"):
        make(cast)
    with pytest.raises(RuleViolation, match=r"sheet\.all_listed"):
        make(cast, cast.team)
    assert PaySheet.objects.count() == 2
    sheets.recompute_sheet(own.pk, actor=cast.actor(cast.qian), now=cast.now)
    sheets.recompute_sheet(rest.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (on(own), on(rest)) == ({cast.zhou.pk}, {cast.sun.pk})


def test_one_team_is_paid_while_the_other_is_not_ready(cast: Cast, masons: Team) -> None:
    stage.account(cast, 5_000_000)
    own, rest = make(cast, masons), make(cast)
    stage.submit(cast, own)
    stage.confirm(cast, own, cast.zhou)
    approvals.approve_sheet(own.pk, actor=cast.actor(cast.he), now=cast.now)
    order = stage.instructed(cast, own)
    assert order.total_fen == 714_000
    rest.refresh_from_db()
    assert rest.state == "draft"
    sheets.discard_sheet(rest.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert on(make(cast)) == {cast.sun.pk}  # never again who has been instructed
    assert check_money().findings == []


def test_a_worker_who_changed_teams_stands_on_the_sheet_of_the_latest(cast: Cast, masons: Team) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=MONTH + timedelta(days=21))
    later = Posting.objects.get(pk=cast.sun_posting.pk)
    later.pk, later.team, later.joined_on, later.left_on = None, masons, MONTH + timedelta(days=22), None
    later.gate_pin = 77 if hasattr(later, "gate_pin") else None
    later.pin = 77 if hasattr(later, "pin") else None
    later.save()
    stage.attend(later, 3, start=23)
    own = make(cast, masons)
    assert on(own) == {cast.sun.pk, cast.zhou.pk}
    assert stage.slip_of(own, cast.sun).days == 25
    with pytest.raises(RuleViolation, match=r"sheet\.all_listed"):
        make(cast)


def test_others_teams_are_not_found(cast: Cast, masons: Team) -> None:
    for team in (cast.gc_team, cast.other_team):
        with pytest.raises(NotFound):
            make(cast, team)
    with pytest.raises(NotFound):
        make(cast, masons, who="kong")
    assert not PaySheet.objects.exists()


def test_a_team_is_split_off_a_draft_with_its_corrections(cast: Cast, masons: Team) -> None:
    sheet = make(cast)
    slip = stage.slip_of(sheet, cast.zhou)
    sheets.edit_line(
        slip.reference, days=slip.days + 1, note="补登", actor=cast.actor(cast.qian), now=cast.now
    )
    client = cast.client(cast.qian)
    page = client.get(reverse("payroll:sheet", args=[sheet.pk]), {"team": "瓦工班"}).content.decode()
    split = reverse("payroll:sheet-split", args=[sheet.pk])
    assert split in page
    assert cast.client(cast.kong).post(split, {"team": masons.pk}).status_code == 404
    assert client.post(split, {"team": "x"}).status_code == 400
    done = client.post(split, {"team": masons.pk})
    own = PaySheet.objects.get(team=masons)
    assert done.url == reverse("payroll:sheet", args=[own.pk])
    sheet.refresh_from_db()
    assert (sheet.people, sheet.net_fen, own.people, own.net_fen) == (1, 792_000, 1, 748_000)
    assert stage.slip_of(own, cast.zhou).note == "补登"
    assert split not in client.get(reverse("payroll:sheet", args=[sheet.pk])).content.decode()
    with pytest.raises(RuleViolation, match=r"sheet\.one_team"):
        sheets.split_team(sheet.pk, cast.team.pk, actor=cast.actor(cast.qian), now=cast.now)
    stage.submit(cast, own)
    with pytest.raises(RuleViolation, match=r"sheet\.not_draft"):
        sheets.split_team(own.pk, masons.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert check_money().findings == []


def upload(cast: Cast, rows: list[tuple], team: Team | None) -> SheetUpload:
    return uploads.receive_sheet_file(
        cast.project.pk, cast.sc_part.pk, MONTH, filename="班组.xlsx", data=book(rows),
        team_id=team.pk if team else None, actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip


def rows(cast: Cast) -> tuple[tuple, tuple]:
    return (
        (1, "孙德旺", str(cast.sun.id_number), 22, 7920, 0, 7920, ""),
        (2, "周长根", str(cast.zhou.id_number), 21, 7140, 0, 7140, ""),
    )


def test_an_uploaded_sheet_of_a_team_takes_that_team_and_misses_nobody_else(cast: Cast, masons: Team) -> None:
    sun, zhou = rows(cast)
    read = upload(cast, [sun, zhou], masons)
    assert [r["verdict"] for r in read.rows] == ["refused", "same"]
    assert "木工一班" in read.rows[0]["messages"][-1]["text"]
    assert read.reading["absent"] == []
    own = upload_writing.apply_sheet_upload(read.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (own.team_id, on(own)) == (masons.pk, {cast.zhou.pk})
    whole = upload(cast, [sun, zhou], None)
    assert [r["verdict"] for r in whole.rows] == ["same", "refused"]
    assert "瓦工班" in whole.rows[1]["messages"][-1]["text"]
    rest = upload_writing.apply_sheet_upload(whole.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert on(rest) == {cast.sun.pk}


def test_a_file_that_was_overtaken_by_another_sheet_is_not_written(cast: Cast, masons: Team) -> None:
    sun, zhou = rows(cast)
    read = upload(cast, [sun, zhou], None)
    make(cast, masons)
    with pytest.raises(RuleViolation, match=r"upload\.listed"):
        upload_writing.apply_sheet_upload(read.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert PaySlip.objects.count() == 1


def test_the_pages_offer_teams_and_refuse_strange_ones(cast: Cast, masons: Team) -> None:
    client = cast.client(cast.qian)
    for name in ("sheet-new", "sheet-upload"):
        page = client.get(reverse(f"payroll:{name}")).content.decode()
        assert f'value="{cast.sc_part.pk}-{masons.pk}"' in page
        assert "瓦工班" in page
    url = reverse("payroll:sheet-new")
    month = f"{MONTH:%Y-%m}"
    for value in (f"{cast.sc_part.pk}-x", f"{cast.sc_part.pk}-²", "9-1", ""):
        assert client.post(url, {"part": value, "month": month}).status_code == 400
    assert (
        client.post(url, {"part": f"{cast.sc_part.pk}-{cast.gc_team.pk}", "month": month}).status_code == 404
    )
    made = client.post(url, {"part": f"{cast.sc_part.pk}-{masons.pk}", "month": month})
    own = PaySheet.objects.get()
    assert made.url == reverse("payroll:sheet", args=[own.pk])
    assert "瓦工班" in client.get(made.url).content.decode()
    assert "瓦工班" in client.get(reverse("payroll:sheets")).content.decode()
    today = client.get(reverse("payroll:today")).content.decode()
    assert f"part={cast.sc_part.pk}&amp;month={month}" in today  # the rest still wants its sheet
    make(cast)
    assert (
        f"part={cast.sc_part.pk}&amp;month={month}"
        not in client.get(reverse("payroll:today")).content.decode()
    )


def test_late_stamps_belong_to_the_sheet_their_person_stands_on(cast: Cast, masons: Team) -> None:
    own = make(cast, masons)
    stage.submit(cast, own)
    PaySheet.objects.update(made_at=cast.now - timedelta(days=1))
    stage.attend(cast.zhou_posting, 1, start=28)
    stage.attend(cast.sun_posting, 1, start=28)
    changes = late_changes(cast.project)
    assert [(c.worker_id, c.difference) for c in changes] == [
        (cast.zhou.pk, 1)
    ]  # Sun's sheet is still to come
    rest = make(cast)
    stage.submit(cast, rest)
    PaySheet.objects.update(made_at=cast.now - timedelta(days=1))
    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=MONTH + timedelta(days=27)).delete()
    stage.attend(cast.sun_posting, 1, start=29)
    stage.attend(cast.sun_posting, 1, start=30)
    changes = late_changes(cast.project)
    assert {c.worker_id: (c.days, c.quantity) for c in changes} == {
        cast.zhou.pk: (21, 22), cast.sun.pk: (23, 24),
    }  # fmt: skip
    own.refresh_from_db()
    rest.refresh_from_db()
    assert [c.worker_id for c in of_sheet(own, changes)] == [cast.zhou.pk]
    assert [c.worker_id for c in of_sheet(rest, changes)] == [cast.sun.pk]
    more = late.make_supplement(own.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert on(more) == {cast.zhou.pk}


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_put_nobody_on_two_sheets(cast: Cast, masons: Team) -> None:
    def one(team: Team | None) -> str:
        try:
            make(cast, team)
            return "made"
        except RuleViolation as problem:
            return problem.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, [masons, None, masons, None]))
    assert found.count("made") in (1, 2)
    workers = list(PaySlip.objects.values_list("worker_id", flat=True))
    assert sorted(workers) == sorted(set(workers))
    assert set(workers) == {cast.sun.pk, cast.zhou.pk}
