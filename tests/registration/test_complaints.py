"""Complaints: anonymous ones hold nothing of their sender, secrets cannot be tried out, authorities alone read."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from registration.actors import SYSTEM
from registration.models import Attempt, Complaint, SmsMessage, StoredFile
from registration.services import complaints
from registration.services.complaints import Told
from registration.services.doors import forget_attempts, knock
from tests.cast import NOW, Cast
from tests.payroll.recordings import WEBM
from wagewatch.lib.errors import Malformed, NotFound, RuleViolation

ADDRESS = "10.1.2.3"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def filed(cast: Cast, **more: object) -> complaints.Filed:
    told = {"topic": "unpaid", "text": "九月工资没发", "project_id": cast.project.pk} | more
    return complaints.file_complaint(Told(**told), address=ADDRESS, actor=SYSTEM, now=cast.now)  # type: ignore[arg-type]


def test_a_complaint_without_a_name_holds_nothing_of_its_sender(cast: Cast, clock: None) -> None:
    client = cast.client(cast.sun)
    answer = client.post(
        reverse("registration:complain"),
        {"topic": "unpaid", "text": "九月工资没发", "project": cast.project.pk, "voice": _recording()},
    )
    assert answer.status_code == 302
    kept = Complaint.objects.get()
    assert kept.worker_id is None
    assert kept.project_id == cast.project.pk
    assert kept.region_id == "330703"
    assert kept.made_at.minute == kept.made_at.second == 0
    assert StoredFile.objects.get().uploaded_by_id is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM registration_complaint")
        assert "九月".encode() not in bytes(cursor.fetchone()[0])
    assert [a.hour.minute for a in Attempt.objects.all()] == [0]


def _recording():
    import io

    return io.BytesIO(WEBM)


def test_number_and_secret_are_shown_once_and_follow_it(cast: Cast, clock: None) -> None:
    client = Client()
    client.post(
        reverse("registration:complain"),
        {"topic": "cash", "text": "发现金", "region": "330703", "place": "多湖工地南门"},
    )
    done = client.get(reverse("registration:complain-done")).content.decode()
    reference, secret = re.findall(r'class="code">([^<]+)<', done)
    assert client.get(reverse("registration:complain-done")).status_code == 302
    stored = connection.cursor()
    stored.execute("SELECT session_data FROM django_session")
    assert secret not in "".join(row[0] for row in stored.fetchall())
    page = Client().post(
        reverse("registration:complain-follow"),
        {"reference": reference.lower(), "secret": f" {secret[:4]} {secret[4:].lower()}"},
    )
    assert page.status_code == 200
    assert "多湖工地南门" not in page.content.decode(), "who finds the paper does not read what was said"


def test_a_wrong_secret_and_an_unknown_number_get_the_same_answer_and_a_limit(cast: Cast) -> None:
    one = filed(cast)
    codes = []
    for secret in ["A" * 8] * 10 + [one.secret]:
        with pytest.raises(RuleViolation) as refusal:
            complaints.follow_complaint(one.reference, secret, now=cast.now)
        codes.append(refusal.value.code)
    assert codes == ["complaint.unknown"] * 10 + ["door.too_many"]
    with pytest.raises(RuleViolation) as refusal:
        complaints.follow_complaint("TS26-AAAA-AAAA", one.secret, now=cast.now)
    assert refusal.value.code == "complaint.unknown"
    later = cast.now + timedelta(hours=1)
    assert complaints.follow_complaint(one.reference, one.secret, now=later).state == "received"


def test_an_address_complains_so_often_and_no_more(cast: Cast) -> None:
    for _n in range(complaints.PER_ADDRESS_AND_HOUR):
        filed(cast)
    with pytest.raises(RuleViolation) as refusal:
        filed(cast)
    assert refusal.value.code == "door.too_many"
    assert Complaint.objects.count() == complaints.PER_ADDRESS_AND_HOUR


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"topic": "x"}, "complaint.topic"),
        ({"text": " "}, "complaint.empty"),
        ({"text": "字" * 40_001}, "complaint.long"),
        ({"project_id": None}, "complaint.region"),
        ({"project_id": None, "region_code": "330700"}, "complaint.region"),
        ({"worker_id": 1}, "complaint.name"),
        ({"voice": b"MZ"}, "voice.kind"),
    ],
)
def test_refuses_what_says_nothing_or_comes_from_nowhere(
    cast: Cast, told: dict[str, object], code: str
) -> None:
    with pytest.raises((RuleViolation, Malformed)) as refusal:
        filed(cast, **told)
    assert refusal.value.code == code
    assert not Complaint.objects.exists()
    assert not StoredFile.objects.exists()


def test_forty_pages_are_kept_whole(cast: Cast) -> None:
    filed(cast, text="四十页的经过。" * 5_000)
    assert Complaint.objects.get().text == "四十页的经过。" * 5_000


def test_only_the_authority_of_the_place_reads_and_answers(cast: Cast) -> None:
    one = filed(cast)
    for outsider in (cast.wang, cast.zhao, cast.he, cast.qian):
        assert not complaints.complaints_for(cast.actor(outsider)).exists()
        with pytest.raises(NotFound):
            complaints.answer_complaint(
                one.reference, answer="好", done=True, actor=cast.actor(outsider), now=cast.now
            )
    li = cast.actor(cast.li)
    assert complaints.complaints_for(li).get().text == "九月工资没发"
    with pytest.raises(RuleViolation):
        complaints.answer_complaint(one.reference, answer=" ", done=True, actor=li, now=cast.now)
    complaints.answer_complaint(one.reference, answer="已责令总包先行清偿", done=True, actor=li, now=cast.now)
    seen = complaints.follow_complaint(one.reference, one.secret, now=cast.now)
    assert (seen.state, seen.answer) == ("answered", "已责令总包先行清偿")


def test_the_enterprise_side_writes_a_complaint_and_reads_nothing_of_its_sender(cast: Cast) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
        one = filed(cast)
        assert complaints.follow_complaint(one.reference, one.secret, now=cast.now).reference == one.reference
        for column in ("text", "place", "contact", "worker_id", "project_id", "voice_id"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT {column} FROM registration_complaint")  # noqa: S608 names from above
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_counts_of_a_door_are_forgotten_after_a_day(cast: Cast) -> None:
    knock("complain", ADDRESS, most=5, now=cast.now)
    assert forget_attempts(now=cast.now + timedelta(hours=20)) == 0
    assert forget_attempts(now=cast.now + timedelta(hours=26)) == 1


def test_anybodys_number_gets_three_receipts_a_day_and_no_more(cast: Cast, clock: None) -> None:
    for _n in range(complaints.RECEIPTS_PER_PHONE_AND_DAY + 3):
        filed(cast, contact="139 0000 0000")
    filed(cast, contact="13900000001")
    assert Complaint.objects.count() == complaints.RECEIPTS_PER_PHONE_AND_DAY + 4
    assert sorted(str(message.phone) for message in SmsMessage.objects.all()) == [
        "13900000000"
    ] * complaints.RECEIPTS_PER_PHONE_AND_DAY + ["13900000001"]
