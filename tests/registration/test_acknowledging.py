"""Workers answer for what others registered: right, not me, something is wrong, I am leaving."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from registration.models import Posting, PostingNotice, SmsMessage
from registration.services import acknowledging
from registration.services.leaving import leave
from tests.cast import NOW, TODAY, Cast
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation


def own(cast: Cast) -> dict[str, int]:
    return {"project_id": cast.project.pk, "posting_id": cast.sun_posting.pk}


def acknowledge(cast: Cast) -> PostingNotice:
    return acknowledging.acknowledge(**own(cast), actor=cast.actor(cast.sun), now=NOW)


def deny(cast: Cast, reason: str = "never", text: str = "") -> PostingNotice:
    return acknowledging.deny(**own(cast), reason=reason, text=text, actor=cast.actor(cast.sun), now=NOW)


def test_yes_is_written_down_once_with_the_terms_seen(cast: Cast) -> None:
    notice = acknowledge(cast)
    posting = Posting.objects.get(pk=cast.sun_posting.pk)
    assert (posting.acknowledged_at, posting.denied_at) == (NOW, None)
    assert notice.terms == {
        "firm": "金华沐川建筑劳务有限公司",
        "team": "木工一班",
        "trade": "木工",
        "pay_basis": "day",
        "rate_fen": 36000,
        "piece_unit": "",
        "joined_on": "2026-08-03",
    }
    assert acknowledging.waiting_for_worker(cast.sun.pk) == []
    for again in (acknowledge, deny):
        with pytest.raises(RuleViolation, match=r"posting\.answered"):
            again(cast)
    assert (PostingNotice.objects.count(), Entry.objects.count()) == (1, 1)


def test_the_evidence_is_rebuilt_after_the_posting_changed(cast: Cast) -> None:
    acknowledge(cast)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(rate_fen=20000, trade="普工")
    entry = Entry.objects.get()
    assert entry.kind == "posting.acknowledged"
    record = rebuilt_record(entry)
    assert record is not None
    assert record_matches(entry, record)
    PostingNotice.objects.update(terms={"rate_fen": 20000})
    changed = rebuilt_record(entry)
    assert changed is not None
    assert not record_matches(entry, changed)


def test_a_denial_is_seen_by_the_clerk_and_asked_again(cast: Cast) -> None:
    notice = deny(cast, text="我没去过那里")
    assert Posting.objects.get(pk=cast.sun_posting.pk).denied_at == NOW
    assert Entry.objects.get().kind == "posting.denied"
    page = cast.client(cast.zhao).get(f"/people/{cast.project.pk}/?state=denied").content.decode()
    assert "孙**" in page
    assert "周**" not in page
    listed = cast.client(cast.qian).get(f"/people/{cast.project.pk}/notices/").content.decode()
    assert "我没去过那里" in listed
    done = acknowledging.handle_notice(
        cast.project.pk,
        notice.pk,
        answer="当面核对过了",
        ask_again=True,
        actor=cast.actor(cast.qian),
        now=NOW,
    )
    assert (done.answer, done.handled_by_id) == ("当面核对过了", cast.qian.pk)
    posting = Posting.objects.get(pk=cast.sun_posting.pk)
    assert (posting.denied_at, posting.acknowledged_at) == (None, None)
    assert [p.pk for p in acknowledging.waiting_for_worker(cast.sun.pk)] == [posting.pk]
    with pytest.raises(RuleViolation, match=r"notice\.handled"):
        acknowledging.handle_notice(
            cast.project.pk, notice.pk, answer="再次", actor=cast.actor(cast.qian), now=NOW
        )


def test_something_wrong_goes_to_the_clerk_and_leaves_the_posting_open(cast: Cast) -> None:
    def say() -> PostingNotice:
        return acknowledging.say_wrong(
            **own(cast), reason="pay", text="说好 380", actor=cast.actor(cast.sun), now=NOW
        )

    say()
    with pytest.raises(RuleViolation, match=r"notice\.open"):
        say()
    posting = Posting.objects.get(pk=cast.sun_posting.pk)
    assert (posting.acknowledged_at, posting.denied_at) == (None, None)
    assert acknowledging.waiting_for_worker(cast.sun.pk) == []
    assert PostingNotice.objects.get().text == "说好 380"


def test_leaving_asks_for_settlement_and_the_clerks_day_closes_it(cast: Cast) -> None:
    acknowledging.say_leaving(**own(cast), last_day=TODAY, actor=cast.actor(cast.sun), now=NOW)
    assert Posting.objects.get(pk=cast.sun_posting.pk).left_on is None
    leave(cast.sun.pk, cast.project.pk, TODAY, reason="resigned", actor=cast.actor(cast.qian), now=NOW)
    notice = PostingNotice.objects.get()
    assert (notice.handled_at, notice.handled_by_id) == (NOW, cast.qian.pk)
    with pytest.raises(RuleViolation, match=r"posting\.not_open"):
        acknowledging.say_leaving(**own(cast), last_day=TODAY, actor=cast.actor(cast.sun), now=NOW)


@pytest.mark.parametrize(
    ("day", "code"), [(date(2026, 8, 2), "before_joining"), (TODAY + timedelta(days=61), "far_ahead")]
)
def test_refuses_a_last_day_that_cannot_be(cast: Cast, day: date, code: str) -> None:
    with pytest.raises(RuleViolation, match=code):
        acknowledging.say_leaving(**own(cast), last_day=day, actor=cast.actor(cast.sun), now=NOW)
    assert PostingNotice.objects.count() == 0


def test_nobody_answers_for_another(cast: Cast) -> None:
    for stranger in (cast.actor(cast.zhou), cast.actor(cast.wu), cast.actor(cast.zhao)):
        with pytest.raises(NotFound):
            acknowledging.acknowledge(**own(cast), actor=stranger, now=NOW)
    for who in (cast.zhou, cast.wu):
        client = cast.client(who)
        for tail in ("", "not-me/", "wrong/", "leave/"):
            address = f"/my/work/{cast.project.pk}/{cast.sun_posting.pk}/{tail}"
            assert client.get(address).status_code == 404
            assert client.post(address, {"reason": "never", "last_day": "2026-11-16"}).status_code == 404
    assert Posting.objects.get(pk=cast.sun_posting.pk).acknowledged_at is None
    assert (PostingNotice.objects.count(), Entry.objects.count()) == (0, 0)


def test_a_notice_is_answered_by_the_employers_clerk_only(cast: Cast) -> None:
    notice = deny(cast)
    for who, refusal in ((cast.kong, NotFound), (cast.li, NotPermitted), (cast.he, NotPermitted)):
        with pytest.raises(refusal):
            acknowledging.handle_notice(
                cast.project.pk, notice.pk, answer="好", actor=cast.actor(who), now=NOW
            )
    notice.refresh_from_db()
    assert notice.handled_at is None


def test_workers_are_asked_once_and_reminded_once(cast: Cast) -> None:
    assert acknowledging.ask_workers(now=NOW) == 3
    assert acknowledging.ask_workers(now=NOW) == 0
    acknowledge(cast)
    later = NOW + timedelta(days=3)
    assert acknowledging.ask_workers(now=later) == 2
    assert acknowledging.ask_workers(now=later + timedelta(days=9)) == 0
    texts = [str(m.text) for m in SmsMessage.objects.all()]
    assert len(texts) == 5
    for secret in (cast.sun.name, cast.sun.id_number, "多湖", "沐川", "360"):
        assert not any(secret in text for text in texts)


def test_who_registered_themselves_or_has_no_phone_is_not_asked(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(registered_by="self")
    cast.zhou.phone = cast.zhou.phone_index = None
    cast.zhou.save()
    assert acknowledging.ask_workers(now=NOW) == 1
    assert SmsMessage.objects.get().phone == "13957901142"


@pytest.mark.django_db(transaction=True)
def test_of_two_taps_at_once_one_counts(transactional_db: None, cast: Cast) -> None:
    start, outcomes = threading.Barrier(2), []

    def tap(act: object) -> None:
        start.wait(10)
        try:
            act(cast)  # type: ignore[operator]
            outcomes.append("done")
        except RuleViolation as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=tap, args=(act,)) for act in (acknowledge, deny)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["done", "posting.answered"]
    posting = Posting.objects.get(pk=cast.sun_posting.pk)
    assert (posting.acknowledged_at is None) != (posting.denied_at is None)
    assert PostingNotice.objects.count() == 1


def test_the_card_on_the_pay_page_leads_to_yes(cast: Cast) -> None:
    client = cast.client(cast.sun)
    address = f"/my/work/{cast.project.pk}/{cast.sun_posting.pk}/"
    for page in ("/my/pay/", "/me/"):
        text = client.get(page).content.decode()
        assert address in text
        assert "¥360.00" in text
    assert client.post(address).status_code == 302
    assert "金华沐川建筑劳务有限公司" in client.get(address).content.decode()
    assert address + '"' not in client.get("/my/pay/").content.decode()
    assert timezone.now() - Posting.objects.get(pk=cast.sun_posting.pk).acknowledged_at < timedelta(minutes=1)
