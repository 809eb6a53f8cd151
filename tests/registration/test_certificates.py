"""Certificates: entered once, corrected with history, and the skill grade that follows."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from registration.actors import SYSTEM
from registration.models import Certificate, Worker
from registration.services import certificates
from registration.services.certificates import CertificateFacts, refresh_skill_grades
from registration.tasks import tidy_up
from tests.cast import NOW, TODAY, Cast
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, WagewatchError

SPECIAL = CertificateFacts(
    "special", "建筑架子工", "浙A 042-019 0001", "浙江省住建厅", date(2025, 3, 1), date(2027, 2, 28)
)


def facts(**changes: Any) -> CertificateFacts:
    return CertificateFacts(**({k: getattr(SPECIAL, k) for k in SPECIAL.__dataclass_fields__} | changes))


def add(cast: Cast, worker: Worker | None = None, who: Any = None, **changes: Any) -> Certificate:
    worker = worker or cast.sun
    project = cast.other_project if worker == cast.wu else cast.project
    return certificates.add_certificate(
        worker.pk, project.pk, facts(**changes), actor=cast.actor(who or cast.qian), now=NOW
    )


def grade(worker: Worker) -> int:
    return Worker.objects.values_list("skill_grade", flat=True).get(pk=worker.pk)


def test_keeps_the_number_encrypted_and_finds_it_by_its_index(cast: Cast) -> None:
    found = add(cast)
    assert (found.number, found.number_tail) == ("浙A042-0190001", "0001")
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM registration_certificate WHERE id = %s", [found.pk])
        assert "042" not in bytes(cursor.fetchone()[0]).decode("latin1")
    assert (found.kind, found.grade, found.expires_on) == ("special", 0, date(2027, 2, 28))
    assert [h.history_type for h in Certificate.history.all()] == ["+"]


def test_the_same_certificate_is_on_record_once_for_everybody(cast: Cast) -> None:
    add(cast)
    for worker in (cast.sun, cast.zhou):
        with pytest.raises(RuleViolation) as caught:
            add(cast, worker, number="浙a042-0190001")
        assert caught.value.code == "certificate.known"
    assert Certificate.objects.count() == 1
    assert add(cast, cast.zhou, kind="skill", grade=2).pk


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "AB"}, "certificate.number"),
        ({"number": "无编号"}, "certificate.number"),
        ({"trade": " "}, "certificate.trade"),
        ({"issuer": ""}, "certificate.issuer"),
        ({"issued_on": TODAY + timedelta(days=1)}, "certificate.issued"),
        ({"expires_on": date(2025, 2, 28)}, "certificate.expires"),
        ({"expires_on": date(2099, 1, 1)}, "certificate.expires"),
        ({"kind": "skill"}, "certificate.grade"),
        ({"kind": "driving"}, "certificate.kind"),
    ],
)
def test_refuses_what_no_certificate_says(cast: Cast, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        add(cast, **changes)
    assert caught.value.code == code
    assert not Certificate.objects.exists()


def test_only_clerks_of_the_persons_own_projects(cast: Cast) -> None:
    for who, error in ((cast.kong, NotFound), (cast.he, NotPermitted), (cast.li, NotPermitted)):
        with pytest.raises(error):
            add(cast, who=who)
    with pytest.raises(NotFound):
        certificates.add_certificate(
            cast.wu.pk, cast.project.pk, facts(), actor=cast.actor(cast.qian), now=NOW
        )
    assert not Certificate.objects.exists()


def test_the_skill_grade_follows_the_highest_valid_certificate(cast: Cast) -> None:
    act = {"actor": cast.actor(cast.qian), "now": NOW}
    Worker.objects.filter(pk=cast.zhou.pk).update(skill_grade=3)
    low = add(cast, kind="skill", trade="木工", number="S-0001", grade=1, expires_on=None)
    assert grade(cast.sun) == 1
    high = add(cast, kind="skill", trade="木工", number="S-0004", grade=4, expires_on=TODAY)
    assert grade(cast.sun) == 4
    assert Worker.history.filter(id=cast.sun.pk).latest("history_id").skill_grade == 4
    assert refresh_skill_grades(actor=SYSTEM, now=NOW) == 0
    assert refresh_skill_grades(actor=SYSTEM, now=NOW + timedelta(days=1)) == 1
    assert grade(cast.sun) == 1
    certificates.correct_certificate(
        high.pk,
        cast.sun.pk,
        cast.project.pk,
        facts(kind="skill", number="S-0004", grade=5, expires_on=None),
        **act,
    )
    assert grade(cast.sun) == 5
    for one in (high, low):
        certificates.remove_certificate(one.pk, cast.sun.pk, cast.project.pk, **act)
    assert grade(cast.sun) == 0
    assert grade(cast.zhou) == 3, "entered by hand, without a certificate"
    assert [h.history_type for h in Certificate.history.order_by("history_id")] == ["+", "+", "~", "-", "-"]


def test_the_nightly_task_lets_grades_expire(cast: Cast, time_machine: Any) -> None:
    add(cast, kind="skill", trade="木工", number="S-0004", grade=4, expires_on=TODAY)
    time_machine.move_to(NOW + timedelta(days=2))
    tidy_up()
    assert grade(cast.sun) == 0


def test_lists_what_ends_within_the_notice(cast: Cast) -> None:
    first = add(cast, number="E-0001", expires_on=TODAY + timedelta(days=60))
    add(cast, cast.zhou, number="E-0002", expires_on=TODAY + timedelta(days=61))
    add(cast, cast.zhou, number="E-0003", expires_on=None)
    gone = add(cast, number="E-0004", expires_on=TODAY - timedelta(days=1))
    assert certificates.notice_days("330703", on=TODAY) == 60
    found = certificates.certificates_at_work(cast.project, [cast.sc_part.pk], on=TODAY, within_days=60)
    assert list(found) == [gone, first]
    assert not certificates.certificates_at_work(cast.project, [cast.gc_part.pk], on=TODAY).exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_two_at_once_enters_the_certificate(transactional_db: None, cast: Cast) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def enter(worker: Worker) -> None:
        barrier.wait()
        try:
            add(cast, worker)
            outcomes.append("entered")
        except WagewatchError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enter, args=[worker]) for worker in (cast.sun, cast.zhou)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["certificate.known", "entered"]
    assert Certificate.objects.count() == 1
