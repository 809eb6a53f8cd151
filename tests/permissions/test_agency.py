"""The clerk of a labour agency below a subcontractor, at every address: her own people, and nobody else's."""

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tests.cast import Agency, add_agency
from tests.permissions.stage import Stage, fingerprint, on_stage, undone, writes, written_since
from tests.permissions.test_matrix import REFUSED, answer, body_of, path_of, rows
from wagewatch.lib.identity import mask_name

FOR_ANYBODY = {
    "accounts:password", "accounts:second-factor-set-up", "accounts:sign-out", "accounts:worker-sign-in",
    "evidence:verify", "gallery", "home", "registration:join", "registration:join-card", "registration:join-phone",
    "registration:join-send", "registration:join-who", "registration:join-work", "set_language",
}  # fmt: skip
"""What everybody with an account may do, and what anybody may."""
OF_THE_DESK = {
    "registration:card-read-discard", "registration:citizen-cards-import", "registration:people-files",
    "registration:complain",  # open to everybody
    "registration:person-new", "registration:tablet-make", "registration:tablet-end",
    "payroll:ledger",  # of the own part
    "notices:choice", "notices:read-all",  # the own inbox
    "accounts:tablet", "registration:notices-shown",  # open to everybody
}  # fmt: skip
"""What a clerk does for the own people; a card on the site's reader waits for whichever clerk it belongs to."""
SHOWN_BY_THE_WORKER = {"payroll:history-shared"}
"""Open to whom the worker gave the link."""


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


@pytest.fixture
def agency(stage: Stage) -> Agency:
    found = add_agency(stage.cast)
    stage.clients["lan"] = stage.cast.client(found.lan)
    return found


def test_no_page_names_people_of_other_firms(stage: Stage, agency: Agency) -> None:
    cast = stage.cast
    others = (cast.sun, cast.zhou, cast.wu)
    secrets = [re.escape(word) for w in others for word in (w.name, w.id_number, str(w.phone))]
    # Four digits alone may be any count or part of a hash: what stands before them says that they end a number.
    secrets += [rf"(?:尾号|末四位|[*…])\s?{w.id_number[-4:]}(?![0-9a-f])" for w in others]
    broken, told, seen = [], [], 0
    for method, name in rows():
        if method == "GET" and name not in SHOWN_BY_THE_WORKER:
            with undone():
                response = stage.ask("lan", method, path_of(stage, name))
                if response.status_code >= 500 and name != "readyz":
                    broken.append(f"{name}: {response.status_code}")
                if response.status_code != 200:
                    continue
                seen += 1
                content = b"".join(response.streaming_content) if response.streaming else response.content
                text = re.sub(r"/\d+/\d+/", "/", content.decode(errors="replace"))
                told += [f"{name}: {word}" for word in secrets if re.search(word, text)]
    assert broken == []
    assert told == []
    assert seen > 40, "most addresses were out of reach: the test looks at nothing"


def test_nothing_of_other_firms_is_written(stage: Stage, agency: Agency) -> None:
    before = fingerprint()
    done, wrote = [], []
    for method, name in rows():
        if method != "POST" or name in FOR_ANYBODY:
            continue
        with undone():
            so_far = writes()
            got = answer(stage.ask("lan", method, path_of(stage, name), body_of(stage, method, name)))
            if got not in REFUSED:
                done.append(name)
            elif changed := written_since(so_far, before):
                wrote.append(f"{name}: {got} and {changed}")
    assert wrote == []
    assert set(done) == OF_THE_DESK


def test_her_own_people_are_there(stage: Stage, agency: Agency) -> None:
    cast = stage.cast
    listed = stage.ask("lan", "GET", reverse("registration:people", kwargs={"project_pk": cast.project.pk}))
    assert mask_name(agency.fang.name) in listed.content.decode()
    own = {"project_pk": cast.project.pk, "worker_pk": agency.fang.pk}
    assert stage.ask("lan", "GET", reverse("registration:person", kwargs=own)).status_code == 200
