"""Numbers of somebody else's things in the fields of a form that one may send: nothing comes of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from registration.models import Participation, Posting, Team, User
from tests.permissions.stage import ROLES, Stage, fingerprint, on_stage, undone, writes, written_since
from tests.permissions.test_matrix import answer, body_of, path_of, rows


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def foreign(stage: Stage) -> dict[str, int]:
    """By the names that such fields have: what the rival has there."""
    other = stage.cast.other_project
    part = Participation.objects.filter(project=other).values_list("pk", flat=True)[0]
    posting = Posting.objects.filter(project=other).values_list("pk", flat=True)[0]
    team = Team.objects.filter(project=other).values_list("pk", flat=True)[0]
    wu = stage.cast.wu.pk
    return {
        "project": other.pk,
        "part": part,
        "participation": part,
        "team": team,
        "worker": wu,
        "who": wu,
        "posting": posting,
        "ids": posting,
        "user": User.objects.get(username="kong").pk,
    }


def test_a_foreign_number_in_a_form_writes_nothing(stage: Stage) -> None:
    before, theirs = fingerprint(), foreign(stage)
    tried, wrote = set(), []
    for (method, name), cells in rows().items():
        role = next(
            (r for r, c in zip(ROLES, cells, strict=True) if c in {"go", "200"} and r != "anon"), None
        )
        if method != "POST" or role is None:
            continue
        with undone():
            body: Any = body_of(stage, method, name)
        if not isinstance(body, dict):
            continue
        for key in [
            key for key in theirs if str(body.get(key, "")).isdigit()
        ]:  # a team may be asked for by its name
            with undone():
                so_far = writes()
                fresh: Any = body_of(stage, method, name)
                made = written_since(so_far, before)  # some bodies need something to be there first
                got = answer(stage.ask(role, method, path_of(stage, name), fresh | {key: theirs[key]}))
                tried.add(key)
                if got in {"go", "200"} and (changed := set(written_since(so_far, before)) - set(made)):
                    wrote.append(f"{name} {role} {key}={fresh[key]!r} -> {theirs[key]}: {sorted(changed)}")
    assert wrote == []
    assert tried >= {"part", "participation", "ids", "who"}
