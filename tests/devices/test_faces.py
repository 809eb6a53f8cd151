"""Pictures of faces at the gates: only with the worker's own yes, taken back at will, deleted with proof."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from devices import face_words
from devices.allow_list import allow_list
from devices.models import FaceConsent, FaceHeld, FaceRemoval, Terminal
from devices.services import faces, list_versions
from registration.models import SiteTablet, TabletVisit, User, Worker, WorkerPhoto
from registration.services import corrections
from registration.services.portraits import store_portrait
from tests.cast import Cast
from tests.devices.post import Gate
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

JPEG = b"\xff\xd8\xff\xe0 a drawn face"
SAID = "/api/v1/faces/"


def say(cast: Cast, word: str, who: Worker | User | None = None, **more: Any) -> FaceConsent | None:
    facts: dict[str, Any] = {
        "version": face_words.VERSION,
        "shown": b"x" * 32,
        "language": "zh-hans",
        "actor": cast.actor(who or cast.sun),
        "now": cast.now,
    }
    return faces.answer_face(cast.project.pk, cast.sun_posting.pk, word, **(facts | more))


def photo(cast: Cast, data: bytes = JPEG, at: datetime | None = None) -> WorkerPhoto:
    made = store_portrait(cast.sun.pk, data, source="camera", now=at or cast.now)
    assert made is not None
    return made


def listed(cast: Cast, pin: int = 1) -> dict[str, Any]:
    (row,) = [row for row in allow_list(cast.project.pk, now=cast.now)["people"] if row["pin"] == pin]
    return row


def report(gate: Gate, faces: dict[str, str], serial: str = "", at: str = "2026-11-16T09:00:00+08:00") -> Any:
    body = json.dumps({"gates": [{"serial": serial, "at": at, "faces": faces}]}).encode()
    return gate.send(body, path=SAID)


def fetch(gate: Gate, name: str, pin: int = 1) -> Any:
    return gate.get(f"/api/v1/faces/{pin}/{name}/")


@pytest.fixture
def agreed(cast: Cast) -> str:
    """Sun said yes and has a picture: how the gates call it."""
    photo(cast)
    say(cast, "yes")
    name: str = listed(cast)["face"]
    return name


@pytest.mark.parametrize(
    ("before", "said", "word"),
    [
        (None, "yes", "yes"), (None, "no", "no"), ("yes", "yes", None), ("yes", "no", "withdrawn"),
        ("no", "no", None), ("no", "yes", "yes"), ("withdrawn", "no", None), ("withdrawn", "yes", "yes"),
    ],
)  # fmt: skip
def test_a_no_after_a_yes_takes_it_back(before: str | None, said: str, word: str | None) -> None:
    assert face_words.next_word(before, said) == word


@pytest.mark.django_db
def test_nobody_who_was_not_asked_is_on_the_list_with_a_face(cast: Cast, gate: Gate) -> None:
    kept = photo(cast)
    assert "face" not in listed(cast)
    assert fetch(gate, faces.face_name(1, bytes(kept.sha256))).status_code == 404
    assert "face" not in listed(cast, 2)


@pytest.mark.django_db
def test_a_yes_brings_the_picture_to_the_gates_of_this_site_only(cast: Cast, gate: Gate, agreed: str) -> None:
    assert len(agreed) == 20
    answer = fetch(gate, agreed)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, JPEG, "image/jpeg")
    assert answer["Cache-Control"] == "no-store"
    assert fetch(gate, agreed, pin=2).status_code == 404
    Terminal.objects.filter(pk=cast.terminal.pk).update(project=cast.other_project)
    faces_of_others = Gate("g1", cast.terminal_secret, cast.now)
    from devices.services.terminals import forget_terminals

    forget_terminals()
    assert fetch(faces_of_others, agreed).status_code == 404
    entry = Entry.objects.get(kind="face.answered")
    assert entry.subject == f"face-word:{cast.project.pk}:{FaceConsent.objects.get().pk}"


@pytest.mark.django_db
def test_a_yes_without_a_picture_waits_for_one(cast: Cast) -> None:
    say(cast, "yes")
    assert "face" not in listed(cast)
    version = list_versions.current_version(cast.project.pk, now=cast.now)
    photo(cast)
    first = listed(cast)["face"]
    assert list_versions.current_version(cast.project.pk, now=cast.now) != version
    photo(cast, JPEG + b" newer", cast.now + timedelta(seconds=1))
    assert listed(cast)["face"] not in ("", first)


@pytest.mark.django_db
def test_taken_back_the_list_says_delete_and_nobody_gets_the_picture(
    cast: Cast, gate: Gate, agreed: str
) -> None:
    assert report(gate, {"1": agreed}).json() == {"deleted": 0}
    held = FaceHeld.objects.get()
    assert (held.terminal_id, held.posting_id, held.face) == (cast.terminal.pk, cast.sun_posting.pk, agreed)
    since = list_versions.list_since(cast.project.pk, "", now=cast.now)["version"]
    taken = say(cast, "no", now=cast.now + timedelta(minutes=1))
    assert taken is not None
    assert taken.word == "withdrawn"
    answer = list_versions.list_since(cast.project.pk, since, now=cast.now)
    assert [(row["pin"], row["face"]) for row in answer["people"]] == [(1, "")]
    assert fetch(gate, agreed).status_code == 404
    assert FaceRemoval.objects.count() == 0, "said is not done"
    assert report(gate, {"1": ""}, at="2026-11-16T08:59:30+08:00").json() == {"deleted": 1}
    proof = FaceRemoval.objects.get()
    assert (proof.consent, proof.why, proof.terminal_id) == (taken, "word", cast.terminal.pk)
    assert proof.at == cast.now - timedelta(seconds=30)
    assert not FaceHeld.objects.exists()
    assert Entry.objects.filter(kind="face.removed").count() == 1
    assert report(gate, {"1": ""}).json() == {"deleted": 0}, "told twice is proved once"
    assert FaceRemoval.objects.count() == 1


@pytest.mark.django_db
def test_a_gate_that_refused_the_picture_deleted_nothing(cast: Cast, gate: Gate, agreed: str) -> None:
    report(gate, {"1": "!" + agreed})
    assert FaceHeld.objects.get().is_refused
    assert report(gate, {"1": agreed}).json() == {"deleted": 0}
    assert not FaceHeld.objects.get().is_refused
    report(gate, {"1": "!" + agreed})
    assert report(gate, {}).json() == {"deleted": 0}
    assert FaceHeld.objects.exists(), "who is not named stays"
    assert report(gate, {"1": ""}).json() == {"deleted": 0}
    assert not FaceHeld.objects.exists()


@pytest.mark.django_db
def test_who_leaves_is_deleted_too(cast: Cast, gate: Gate, agreed: str) -> None:
    report(gate, {"1": agreed})
    type(cast.sun_posting).objects.filter(pk=cast.sun_posting.pk).update(
        left_on=cast.today - timedelta(days=1)
    )
    assert 1 in allow_list(cast.project.pk, now=cast.now)["removed"]
    assert fetch(gate, agreed).status_code == 404
    assert report(gate, {"1": ""}).json() == {"deleted": 1}
    assert FaceRemoval.objects.get().why == "left"
    say(cast, "no")
    with pytest.raises(RuleViolation, match=r"face\.left"):
        say(cast, "yes")


@pytest.mark.django_db
def test_a_gate_enrolled_by_hand_proves_its_deletion_to_who_said_no(cast: Cast, gate: Gate) -> None:
    no = say(cast, "no")
    assert listed(cast)["face"] == ""
    assert report(gate, {"1": "", "2": ""}).json() == {"deleted": 1}
    assert FaceRemoval.objects.get().consent == no


@pytest.mark.django_db
def test_only_the_worker_says_it(cast: Cast) -> None:
    for who in (cast.zhao, cast.qian, cast.li):
        with pytest.raises(NotPermitted):
            say(cast, "yes", who)
    for other in (cast.zhou, cast.wu):
        with pytest.raises(NotFound):
            say(cast, "yes", other)
    for word, code in (("withdrawn", "face.choose"), ("", "face.choose")):
        with pytest.raises(RuleViolation) as refusal:
            say(cast, word)
        assert refusal.value.code == code
    with pytest.raises(RuleViolation, match=r"face\.text_changed"):
        say(cast, "yes", version="2025-01")
    assert FaceConsent.objects.count() == Entry.objects.count() == 0


@pytest.mark.django_db
def test_a_code_from_the_clerk_is_enough_for_a_no_and_not_for_a_yes(cast: Cast) -> None:
    tablet = SiteTablet.objects.create(
        project=cast.project, name="门口", secret_hash=b"x", made_by=cast.zhao, made_at=cast.now
    )
    by = {
        way: TabletVisit.objects.create(
            project=cast.project, tablet=tablet, worker=cast.sun, way=way, at=cast.now, seen_at=cast.now
        )
        for way in ("code", "card")
    }
    with pytest.raises(RuleViolation, match=r"face\.by_code"):
        say(cast, "yes", visit=by["code"])
    assert FaceConsent.objects.count() == 0
    yes = say(cast, "yes", visit=by["card"])
    no = say(cast, "no", visit=by["code"])
    assert yes is not None
    assert no is not None
    assert [(w.word, w.way, w.visit_pk) for w in (yes, no)] == [
        ("yes", "card", by["card"].pk),
        ("withdrawn", "code", by["code"].pk),
    ]


def new_phone(cast: Cast, at: datetime, number: str = "13957900007") -> None:
    """A clerk writes down another number for Sun."""
    with time_machine.travel(at, tick=False):
        corrections.change_details(
            cast.sun.pk, cast.project.pk, {"phone": number}, actor=cast.actor(cast.zhao), now=at
        )


@pytest.mark.django_db
def test_a_yes_by_a_phone_that_a_clerk_wrote_down_lately_counts_for_nothing(cast: Cast) -> None:
    changed = cast.now - timedelta(days=29)
    with time_machine.travel(cast.now - timedelta(days=90), tick=False):
        cast.sun.save()  # the history of the cast begins today
    Worker.history.filter(id=cast.sun.pk).exclude(history_type="~").delete()
    new_phone(cast, changed)
    with pytest.raises(RuleViolation) as refusal:
        say(cast, "yes")
    assert (refusal.value.code, refusal.value.facts["day"]) == ("face.new_phone", "2026-11-17")
    tablet = SiteTablet.objects.create(
        project=cast.project, name="门口", secret_hash=b"x", made_by=cast.zhao, made_at=cast.now
    )
    sitting = {
        way: TabletVisit.objects.create(
            project=cast.project, tablet=tablet, worker=cast.sun, way=way, at=cast.now, seen_at=cast.now
        )
        for way in ("sms", "card")
    }
    with pytest.raises(RuleViolation, match=r"face\.new_phone"):
        say(cast, "yes", visit=sitting["sms"])
    assert FaceConsent.objects.count() == Entry.objects.count() == 0
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="hikvision")
    with time_machine.travel(cast.now, tick=False):
        text = cast.client(cast.sun).get(_page(cast)).content.decode()
    assert 'id="new-phone"' in text
    assert 'value="yes"' not in text
    assert 'value="no"' in text, "a no is taken at any time"
    no = say(cast, "no")
    yes = say(cast, "yes", visit=sitting["card"])
    assert no is not None
    assert yes is not None
    assert (yes.word, yes.way) == ("yes", "card")
    say(cast, "no")
    assert say(cast, "yes", now=changed + timedelta(days=30)) is not None, "the number has stood long enough"


@pytest.mark.django_db
def test_a_number_changed_and_changed_back_is_a_new_one(cast: Cast) -> None:
    with time_machine.travel(cast.now - timedelta(days=90), tick=False):
        cast.sun.save()
    Worker.history.filter(id=cast.sun.pk).exclude(history_type="~").delete()
    assert faces.yes_counts_from(cast.sun_posting, visit=None, now=cast.now) is None
    new_phone(cast, cast.now - timedelta(days=2))
    new_phone(cast, cast.now - timedelta(days=1), cast.sun_phone)
    assert str(faces.yes_counts_from(cast.sun_posting, visit=None, now=cast.now)) == "2026-12-15"


@pytest.mark.django_db
def test_words_and_proofs_cannot_be_changed(cast: Cast, gate: Gate, agreed: str) -> None:
    say(cast, "no")
    report(gate, {"1": ""})
    for model in (FaceConsent, FaceRemoval):
        for change in (lambda m: m.objects.update(worker=cast.zhou), lambda m: m.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change(model)


@pytest.mark.django_db
def test_the_evidence_log_knows_each_word_and_each_deletion(cast: Cast, gate: Gate, agreed: str) -> None:
    say(cast, "no", now=cast.now + timedelta(seconds=1))
    report(gate, {"1": ""})
    assert sorted(Entry.objects.values_list("kind", flat=True)) == ["face.answered"] * 2 + ["face.removed"]
    assert [(f.problem, f.subject) for f in audit().findings] == []
    proof = FaceRemoval.objects.get()
    proof.pk = None
    proof.save(force_insert=True)
    (found,) = audit().findings
    assert found.subject == f"face-removal:{cast.project.pk}:{proof.pk}", "a proof that no gate gave"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b'{"gates": [{"serial": "x", "at": 1, "faces": {}}]}',
        b'{"gates": [{"serial": "", "at": "2026-11-16T09:00:00+08:00", "faces": {"0": ""}}]}',
        b'{"gates": [{"serial": "", "at": "2026-11-16T09:00:00+08:00", "faces": {"1": "x"}}]}',
        b'{"gates": [{"serial": "", "at": "2026-11-16T09:00:00+08:00", "faces": {"9999999999": ""}}]}',
    ],
)  # fmt: skip
def test_nonsense_is_told_and_nothing_is_kept(cast: Cast, gate: Gate, agreed: str, body: bytes) -> None:
    answer = gate.send(body, path=SAID)
    assert (answer.status_code, answer.json()["code"]) == (400, "faces.unreadable")
    assert not FaceHeld.objects.exists()


@pytest.mark.django_db
def test_a_gate_of_somebody_else_is_refused_with_everything(cast: Cast, gate: Gate, agreed: str) -> None:
    Terminal.objects.create(project=cast.project, serial="F-1", name="别的", kind="hikvision")
    assert report(gate, {"1": agreed}, serial="F-1").status_code == 403
    assert not FaceHeld.objects.exists()
    device = Terminal.objects.create(
        project=cast.project, serial="F-2", name="东门", kind="hikvision", agent=cast.terminal
    )
    assert report(gate, {"1": agreed}, serial="F-2").json() == {"deleted": 0}
    assert FaceHeld.objects.get().terminal_id == device.pk


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_are_one_word(cast: Cast) -> None:
    barrier = threading.Barrier(2)

    def tap() -> None:
        barrier.wait()
        say(cast, "yes")
        connection.close()

    threads = [threading.Thread(target=tap) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FaceConsent.objects.count() == 1


def _page(cast: Cast) -> str:
    return reverse("devices:worker-face", args=[cast.project.pk, cast.sun_posting.pk])


@pytest.mark.django_db
def test_the_worker_is_asked_with_both_ways_side_by_side(cast: Cast) -> None:
    client = cast.client(cast.sun)
    days = reverse("devices:worker-days")
    assert client.get(days).context["open_face"] is None, "no gate here knows faces"
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="hikvision")
    assert client.get(days).context["open_face"] == cast.sun_posting
    answer = client.get(reverse("devices:worker-faces"))
    assert (answer.status_code, answer.url) == (302, _page(cast))
    text = client.get(_page(cast)).content.decode()
    assert text.count('<button class="big" name="word"') == 2, "the same button twice"
    assert cast.gc.name in text
    client.post(_page(cast), {"word": "yes", "version": face_words.VERSION})
    word = FaceConsent.objects.get()
    assert (word.word, word.text_version, word.language, word.way) == ("yes", "2026-11", "zh-hans", "phone")
    assert bytes(word.text_sha256) != bytes(32)
    assert client.get(days).context["open_face"] is None
    text = client.get(_page(cast)).content.decode()
    assert text.count('name="word"') == 1, "one tap takes it back"
    client.post(_page(cast), {"word": "no"})
    assert FaceConsent.objects.latest("pk").word == "withdrawn"
    assert client.get(_page(cast)).context["face"].state == "withdrawn"
    assert client.post(_page(cast), {"word": "yes", "version": "old"}).status_code == 400
    assert cast.client(cast.zhou).get(_page(cast)).status_code == 404


@pytest.mark.django_db
def test_the_clerk_sees_who_agreed_and_which_gate_still_has_a_picture(
    cast: Cast, gate: Gate, agreed: str
) -> None:
    page = reverse("devices:site-may-enter", args=[cast.project.pk])
    assert cast.client(cast.zhao).get(page).context["asks_faces"] is False
    device = Terminal.objects.create(
        project=cast.project, serial="F-2", name="东门", kind="hikvision", agent=cast.terminal
    )
    report(gate, {"1": agreed}, serial="F-2")
    found = cast.client(cast.zhao).get(page)
    assert found.context["faces"] == {"yes": 1, "no": 0, "open": 1}
    rows = {row["posting"].pin: row["face"] for row in found.context["rows"]}
    assert [(one.name, one.state) for one in rows[1].gates] == [("东门", "held")]
    assert rows[2].state == ""
    say(cast, "no")
    assert "东门还没有删除" in cast.client(cast.zhao).get(page).content.decode()
    assert cast.client(cast.qian).get(page).context["faces"] is None
    Terminal.objects.create(
        project=cast.project, serial="F-3", name="北门", kind="uface", agent=cast.terminal
    )
    assert "北门还没有答复" in cast.client(cast.zhao).get(page).content.decode(), "silence is no proof"
    assert "还没有答复" in cast.client(cast.sun).get(_page(cast)).content.decode()
    report(gate, {"1": ""}, serial="F-2")
    text = cast.client(cast.zhao).get(page).content.decode()
    assert "东门还没有删除" not in text
    assert "1 个闸机已删除" in text
    assert FaceRemoval.objects.get().terminal_id == device.pk


@pytest.mark.django_db
def test_a_gate_that_gets_no_people_owes_no_answer(cast: Cast, gate: Gate, agreed: str) -> None:
    page = reverse("devices:site-may-enter", args=[cast.project.pk])
    for serial, name in (("F-2", "东门"), ("F-3", "北门")):
        Terminal.objects.create(
            project=cast.project, serial=serial, name=name, kind="adms", agent=cast.terminal
        )
    say(cast, "no")
    text = cast.client(cast.zhao).get(page).content.decode()
    assert "北门还没有答复" in text
    at = "2026-11-16T09:00:00+08:00"
    gates = [
        {"serial": "F-3", "at": at, "faces": {}, "people": False},
        {"serial": "F-2", "at": at, "faces": {"1": ""}},
    ]
    assert gate.send(json.dumps({"gates": gates}).encode(), path=SAID).json() == {"deleted": 1}
    assert dict(Terminal.objects.exclude(agent=None).values_list("serial", "keeps_people")) == {
        "F-2": True,
        "F-3": False,
    }
    text = cast.client(cast.zhao).get(page).content.decode()
    assert "北门还没有答复" not in text
    assert "北门不接收人员名单" in text
    assert "东门不接收人员名单" not in text
    assert "还没有答复" not in cast.client(cast.sun).get(_page(cast)).content.decode()


@pytest.mark.django_db
def test_where_no_gate_takes_pictures_nobody_is_asked(cast: Cast, gate: Gate) -> None:
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="uface")
    assert list(faces.postings_with_faces(cast.sun.pk)) == [cast.sun_posting]
    say(cast, "yes")
    gates = [{"serial": "", "at": "2026-11-16T09:00:00+08:00", "faces": {}, "people": False}]
    gate.send(json.dumps({"gates": gates}).encode(), path=SAID)
    assert list(faces.postings_with_faces(cast.zhou.pk)) == []
    assert list(faces.postings_with_faces(cast.sun.pk)) == [cast.sun_posting], "who said yes may take it back"
    photo(cast)
    assert "闸机现在不接收照片" in cast.client(cast.sun).get(_page(cast)).content.decode()
    report(gate, {"1": ""})
    assert list(faces.postings_with_faces(cast.zhou.pk)) == [cast.zhou_posting], (
        "the gate was set up otherwise"
    )
