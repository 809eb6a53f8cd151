"""A corrected wage card: asked back to the worker, who alone says whose it is."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from registration.models import BankCard, CardAnswer, SmsMessage, StoredFile, TabletVisit, Worker
from registration.rules.card_word import CardWord, card_word, may_receive, needs_picture
from registration.services import card_words, corrections, parameters
from registration.services.people import change_card
from tests.cast import NOW, Cast, make_card_number
from tests.payroll.test_submissions import photo
from tests.registration.test_tablets import by_code, code_for, set_up
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

NEW_CARD = make_card_number(7001)
PAGE, NO = "/my/card/", "/my/card/not-mine/"


@pytest.fixture
def changed(cast: Cast) -> BankCard:
    """Clerk Qian writes another card down for Sun."""
    parameters.forget()
    return change_card(
        cast.sun.pk, cast.project, NEW_CARD, "金华商贸银行", actor=cast.actor(cast.qian), now=cast.now
    )


def say(cast: Cast, card: BankCard, worker: Worker | None = None, **more: object) -> CardAnswer:
    facts: dict[str, object] = {"is_own": True, "actor": cast.actor(worker or cast.sun), "now": cast.now}
    return card_words.answer_card(card.pk, **(facts | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("replaced", "said", "word", "may"),
    [
        (False, None, CardWord.FIRST, True),
        (True, None, CardWord.ASKED, False),
        (True, True, CardWord.OWN, True),
        (True, False, CardWord.NOT_OWN, False),
        (False, False, CardWord.NOT_OWN, False),
    ],
)
def test_wages_go_to_a_first_card_and_to_one_the_worker_calls_their_own(
    replaced: bool, said: bool | None, word: CardWord, may: bool
) -> None:
    assert card_word(replaced=replaced, said=said) == word
    assert may_receive(word) is may


def test_a_picture_is_needed_at_a_tablet_and_from_a_number_written_down_lately() -> None:
    settled = timedelta(days=30)
    ask = {"card_since": NOW, "settled": settled}
    assert needs_picture(at_tablet=True, phone_since=None, **ask)
    assert not needs_picture(at_tablet=False, phone_since=None, **ask)
    assert not needs_picture(at_tablet=False, phone_since=NOW - settled, **ask)
    assert needs_picture(at_tablet=False, phone_since=NOW - settled + timedelta(seconds=1), **ask)
    assert needs_picture(at_tablet=False, phone_since=NOW + settled, **ask)


def test_a_changed_card_is_asked_back_by_a_text_without_name_or_number(cast: Cast, changed: BankCard) -> None:
    assert card_words.asked_card(cast.zhou.pk) is None
    asked = card_words.asked_card(cast.sun.pk)
    assert asked is not None
    assert (asked.pk, asked.word) == (changed.pk, "asked")
    text = str(SmsMessage.objects.get(kind="card_changed").text)
    for secret in (NEW_CARD, changed.tail, cast.sun.name, cast.sun_card.tail):
        assert secret not in text


def test_yes_is_kept_once_and_as_evidence(cast: Cast, changed: BankCard) -> None:
    first = say(cast, changed)
    assert say(cast, changed).pk == first.pk
    assert card_words.current_card(cast.sun.pk).word == "own"  # type: ignore[union-attr]
    entry = Entry.objects.get(kind="card.answered")
    assert (entry.subject, entry.actor_kind) == (f"card-answer:{first.pk}", "worker")
    with pytest.raises(DatabaseError), transaction.atomic():
        CardAnswer.objects.update(is_own=False)


def test_no_needs_a_reason_and_takes_a_yes_back(cast: Cast, changed: BankCard) -> None:
    say(cast, changed)
    with pytest.raises(RuleViolation) as refusal:
        say(cast, changed, is_own=False)
    assert refusal.value.code == "card.reason"
    answer = say(cast, changed, is_own=False, reason="others", text=" 这是\x00班长的卡 ")
    assert (answer.reason, answer.text) == ("others", "这是班长的卡")
    assert card_words.current_card(cast.sun.pk).word == "not_own"  # type: ignore[union-attr]
    assert [a.is_own for a in CardAnswer.objects.order_by("pk")] == [True, False]


def test_nobody_answers_for_another(cast: Cast, changed: BankCard) -> None:
    with pytest.raises(NotPermitted):
        card_words.answer_card(changed.pk, is_own=True, actor=cast.actor(cast.qian), now=cast.now)
    with pytest.raises(NotFound):
        say(cast, changed, cast.zhou)
    assert not CardAnswer.objects.exists()
    assert not Entry.objects.filter(kind="card.answered").exists()


def test_an_answer_about_a_former_card_is_refused(cast: Cast, changed: BankCard) -> None:
    change_card(
        cast.sun.pk, cast.project, make_card_number(7002), "", actor=cast.actor(cast.qian), now=cast.now
    )
    with pytest.raises(RuleViolation) as refusal:
        say(cast, changed)
    assert refusal.value.code == "card.changed"
    assert not CardAnswer.objects.exists()


def test_a_number_the_worker_called_their_own_is_not_asked_twice(cast: Cast, changed: BankCard) -> None:
    say(cast, changed)
    for number in (make_card_number(7002), NEW_CARD):
        change_card(cast.sun.pk, cast.project, number, "", actor=cast.actor(cast.qian), now=cast.now)
    assert card_words.current_card(cast.sun.pk).word == "own"  # type: ignore[union-attr]


def test_one_card_is_never_two_peoples(cast: Cast, changed: BankCard) -> None:
    for worker in (cast.zhou, cast.wu):
        project = cast.project if worker is cast.zhou else cast.other_project
        actor = cast.actor(cast.qian if worker is cast.zhou else cast.kong)
        with pytest.raises(RuleViolation) as refusal:
            change_card(worker.pk, project, NEW_CARD, "", actor=actor, now=cast.now)
        assert refusal.value.code == "card.other_person"
    assert BankCard.objects.filter(is_current=True, number_index=changed.number_index).count() == 1


def test_a_clerk_who_takes_phone_and_card_still_has_to_show_the_worker(cast: Cast) -> None:
    """Both written down by the same hand: a yes from that phone needs a picture, which the inspector can see."""
    parameters.forget()
    cast.sun.save()  # the history begins with the number that the worker brought
    clerk = cast.actor(cast.qian)
    corrections.change_details(
        cast.sun.pk, cast.project.pk, {"phone": "13957901111"}, actor=clerk, now=cast.now
    )
    card = change_card(cast.sun.pk, cast.project, NEW_CARD, "", actor=clerk, now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        say(cast, card)
    assert refusal.value.code == "card.picture"
    assert not CardAnswer.objects.exists()
    answer = say(cast, card, picture=photo())
    assert answer.picture is not None
    seen = cast.client(cast.li).get(
        reverse("inspection:person-card-picture", args=[cast.project.pk, cast.sun.pk])
    )
    assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")


def test_the_worker_answers_on_the_phone(cast: Cast, changed: BankCard) -> None:
    client = cast.client(cast.sun)
    for page in ("/my/pay/", "/me/"):
        assert "/my/card/" in client.get(page).content.decode()
    page = client.get(PAGE).content.decode()
    assert changed.tail in page
    assert NEW_CARD not in page
    assert client.post(NO, {"card": changed.pk}).status_code == 400
    for nonsense in ("", "x", "9" * 30, "-1"):
        assert client.post(PAGE, {"card": nonsense}).status_code == 404
    answer = client.post(PAGE, {"card": changed.pk})
    assert (answer.status_code, answer.url) == (302, PAGE)
    assert CardAnswer.objects.get().is_own
    receipt = reverse("evidence:receipt", args=[Entry.objects.get(kind="card.answered").pk])
    assert receipt in client.get(PAGE).content.decode()
    assert client.post(NO, {"card": changed.pk, "reason": "unknown"}).status_code == 302
    clerk = cast.client(cast.qian)
    shown = clerk.get(reverse("registration:person", args=[cast.project.pk, cast.sun.pk])).content.decode()
    assert str(CardAnswer.Reason.UNKNOWN.label) in shown
    listed = clerk.get(f"/people/{cast.project.pk}/?state=card").content.decode()
    assert f"/people/{cast.project.pk}/{cast.sun.pk}/" in listed
    assert f"/people/{cast.project.pk}/{cast.zhou.pk}/" not in listed


def test_without_a_phone_the_tablet_takes_the_answer_with_a_picture(cast: Cast, changed: BankCard) -> None:
    Worker.objects.filter(pk=cast.sun.pk).update(phone=None, phone_index=None)
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        assert by_code(client, cast.sun, code_for(cast, cast.sun)) == 302
        assert client.post(PAGE, {"card": changed.pk}).status_code == 400
        assert not CardAnswer.objects.exists()
        sent = {"card": changed.pk, "photo": SimpleUploadedFile("p.jpg", photo(), "image/jpeg")}
        assert client.post(PAGE, sent).status_code == 302
    answer = CardAnswer.objects.get()
    assert answer.visit_id == TabletVisit.objects.get().pk
    assert StoredFile.objects.get(pk=answer.picture_id).kind == "photo"


def test_the_clerk_is_told_whose_cards_wait(cast: Cast, changed: BankCard) -> None:
    [mine] = card_words.words_by_project(cast.actor(cast.qian))
    assert (mine["project_id"], mine["number"], mine["denied"]) == (cast.project.pk, 1, 0)
    say(cast, changed, is_own=False, reason="unknown")
    assert card_words.words_by_project(cast.actor(cast.zhao))[0]["denied"] == 1
    assert card_words.words_by_project(cast.actor(cast.kong)) == []
