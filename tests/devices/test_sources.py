"""Who lets other systems in: key, rotation, shutting out."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from devices.models import Passage
from devices.services.sources import forget_source_nonces
from registration.models import SourceProject, SourceSystem
from registration.services.sources import change_scope, let_in, rotate_secret, shut_out
from tests.cast import Cast, make_project
from tests.devices.post import event
from tests.devices.pushing import ATTENDANCE, System, let_system_in
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation


@pytest.fixture
def system(cast: Cast) -> Iterator[System]:
    with time_machine.travel(cast.now, tick=False):
        yield System(let_system_in(cast), cast)


def test_only_the_general_contractors_clerk_lets_a_system_in(cast: Cast) -> None:
    for who in (cast.he, cast.qian, cast.kong, cast.li, cast.guard, cast.sun):
        with pytest.raises(NotPermitted):
            let_in(cast.gc.pk, "外人系统", project_ids=None, actor=cast.actor(who), now=cast.now)
    assert not SourceSystem.objects.exists()


def test_refuses_projects_that_the_firm_does_not_lead(cast: Cast) -> None:
    for projects in ([cast.other_project.pk], [], [cast.project.pk, cast.other_project.pk]):
        with pytest.raises(Malformed) as refusal:
            let_system_in(cast, projects=projects)
        assert refusal.value.code == "source.projects"
    assert not SourceSystem.objects.exists()


def test_refuses_a_second_system_of_the_same_name(cast: Cast, system: System) -> None:
    with pytest.raises(RuleViolation) as refusal:
        let_system_in(cast)
    assert refusal.value.code == "source.known"
    assert SourceSystem.objects.count() == 1


def test_the_former_secret_is_good_for_a_day_after_a_rotation(cast: Cast, system: System) -> None:
    made = rotate_secret(system.made.source.pk, actor=cast.actor(cast.zhao), now=cast.now)
    assert system.stamps(event(1))["accepted"] == 1
    former, system.secret = system.secret, made.secret
    assert system.stamps(event(2))["accepted"] == 1
    system.secret = former
    system.now = cast.now + timedelta(hours=24)
    with time_machine.travel(system.now, tick=False):
        assert system.send(ATTENDANCE, system.stamps_body(event(1))).status_code == 401
    assert Passage.objects.count() == 2


def test_a_system_that_was_shut_out_stores_nothing(cast: Cast, system: System) -> None:
    shut_out(system.made.source.pk, actor=cast.actor(cast.zhao), now=cast.now)
    response = system.send(ATTENDANCE, system.stamps_body(event(1)))
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "source.shut_out")
    assert not Passage.objects.exists()
    for act in (shut_out, rotate_secret):
        with pytest.raises(RuleViolation) as refusal:
            act(system.made.source.pk, actor=cast.actor(cast.zhao), now=cast.now)
        assert refusal.value.code == "source.shut_out"


def test_the_scope_is_changed_and_holds_at_once(cast: Cast, system: System) -> None:
    second, _owner, _part = make_project("Z2", "Z2", "330703", cast.owner, cast.gc)
    zhao, source = cast.actor(cast.zhao), system.made.source
    assert system.stamps(event(1))["accepted"] == 1
    change_scope(source.pk, project_ids=[second.pk], actor=zhao, now=cast.now)
    response = system.send(ATTENDANCE, system.stamps_body(event(2)))
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "push.outside")
    assert Passage.objects.count() == 1
    change_scope(source.pk, project_ids=[second.pk, cast.project.pk], actor=zhao, now=cast.now)
    assert system.stamps(event(2))["accepted"] == 1
    change_scope(source.pk, project_ids=None, actor=zhao, now=cast.now)
    source.refresh_from_db()
    assert source.all_projects
    assert not SourceProject.objects.exists()
    reason = SourceSystem.history.filter(id=source.pk).order_by("-history_id").first().history_change_reason
    assert reason.startswith(f"scope {cast.project.pk},{second.pk} > all ")


def test_refuses_a_scope_of_nothing_of_others_and_for_others(cast: Cast, system: System) -> None:
    source = system.made.source
    for projects in ([], [cast.other_project.pk], [cast.project.pk, cast.other_project.pk]):
        with pytest.raises(Malformed) as refusal:
            change_scope(source.pk, project_ids=projects, actor=cast.actor(cast.zhao), now=cast.now)
        assert refusal.value.code == "source.projects"
    for who in (cast.kong, cast.qian, cast.he):
        with pytest.raises(NotFound):
            change_scope(source.pk, project_ids=None, actor=cast.actor(who), now=cast.now)
    shut_out(source.pk, actor=cast.actor(cast.zhao), now=cast.now)
    with pytest.raises(RuleViolation):
        change_scope(source.pk, project_ids=[cast.project.pk], actor=cast.actor(cast.zhao), now=cast.now)
    assert SourceSystem.objects.get().all_projects
    assert not SourceProject.objects.exists()


def test_others_do_not_see_the_system(cast: Cast, system: System) -> None:
    for who in (cast.kong, cast.qian, cast.he):
        for act in (shut_out, rotate_secret):
            with pytest.raises(NotFound):
                act(system.made.source.pk, actor=cast.actor(who), now=cast.now)
    assert SourceSystem.objects.get().is_active


def test_keeps_the_secret_encrypted_and_out_of_the_history(cast: Cast, system: System) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM registration_sourcesystem")
        assert system.secret.encode() not in bytes(cursor.fetchone()[0])
    assert not hasattr(SourceSystem.history.get(), "secret")


def test_forgets_nonces_that_are_too_old_to_be_replayed(cast: Cast, system: System) -> None:
    system.stamps(event(1))
    assert forget_source_nonces(now=cast.now + timedelta(seconds=1200)) == 0
    assert forget_source_nonces(now=cast.now + timedelta(seconds=1201)) == 1
