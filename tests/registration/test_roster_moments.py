"""What happens to a roster between its preview and its writing: facts, days and crashes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from registration.models import BankCard, Posting, ReadyRow, RosterRow, RosterUpload, Team, Worker
from registration.services import roster_apply
from registration.services.roster_apply import apply_roster
from registration.services.roster_writer import RecordMoved
from tests.cast import NOW, Cast, make_card_number
from tests.registration.rosters import applied, codes, person, staged, verdicts, xlsx
from wagewatch.lib.errors import TryLater


def write(cast: Cast, upload: RosterUpload, now: Any = NOW) -> RosterUpload:
    return apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=now)


def judged_again(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From now on: how often a roster is judged again."""
    calls: list[int] = []
    judge = roster_apply.judge
    monkeypatch.setattr(
        roster_apply, "judge", lambda rows, facts: calls.append(len(rows)) or judge(rows, facts)
    )
    return calls


def test_nothing_is_judged_again_while_nothing_has_changed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = person(0, 姓名=cast.sun.name, 身份证号=cast.sun.id_number, 联系电话=cast.sun_phone, 日工资=380)
    upload = staged(cast, xlsx([person(1), row]))
    calls = judged_again(monkeypatch)
    assert write(cast, upload).summary["written"] == 2
    assert calls == []
    assert ReadyRow.objects.count() == 0


def test_what_others_did_meanwhile_is_seen(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = person(0, 姓名=cast.sun.name, 身份证号=cast.sun.id_number, 联系电话=cast.sun_phone, 日工资=380)
    upload = staged(cast, xlsx([row, person(1), person(2)]))
    calls = judged_again(monkeypatch)
    cast.sun_posting.rate_fen = 38000
    cast.sun_posting.save()
    cast.sun_card.number = str(row["银行卡号"])
    from wagewatch.lib.crypto import blind_index

    cast.sun_card.number_index = blind_index(str(row["银行卡号"]), kind="card")
    cast.sun_card.save()
    done = write(cast, upload)
    assert calls == [3]
    assert (done.summary["new"], done.summary["changed"]) == (2, 1)
    kept = RosterRow.objects.get(upload_id=upload.pk, row=1)
    assert {c["field"] for c in kept.changes} == {"joined_on"}


def test_a_person_registered_by_others_meanwhile_is_found(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = staged(cast, xlsx([person(1), person(2)]))
    calls = judged_again(monkeypatch)
    elsewhere = staged(cast, xlsx([person(1)]), who=cast.qian)
    write(cast, elsewhere)
    assert calls == []
    done = write(cast, upload)
    assert calls == [2]
    assert (done.summary["written"], done.summary["unchanged"]) == (1, 1)
    assert verdicts(upload) == ["unchanged", "new"]
    assert Worker.objects.count() == 3 + 2


def test_another_day_is_another_judgement(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = staged(cast, xlsx([person(1)]))
    calls = judged_again(monkeypatch)
    write(cast, upload, NOW + timedelta(days=1))
    assert calls == [1]


def test_ready_rows_lost_in_a_crash_are_made_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = staged(cast, xlsx([person(n) for n in range(1, 5)]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'registration_readyrow'")
        assert cursor.fetchone()[0] == "u"
        cursor.execute("TRUNCATE registration_readyrow")
    calls = judged_again(monkeypatch)
    assert write(cast, upload).summary["written"] == 4
    assert calls == [4]
    assert BankCard.objects.filter(is_current=True).count() == 3 + 4


def test_somebody_registered_in_the_very_moment_makes_it_begin_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = staged(cast, xlsx([person(1)]))
    tries: list[int] = []
    real = roster_apply.write_ready_rows

    def moved_once(*args: Any, **options: Any) -> None:
        real(*args, **options)
        tries.append(Posting.objects.filter(project=cast.project).count())
        if len(tries) == 1:
            raise RecordMoved

    monkeypatch.setattr(roster_apply, "write_ready_rows", moved_once)
    assert write(cast, upload).summary["written"] == 1
    assert tries == [3, 3], "the first try was rolled back"
    assert Posting.objects.filter(project=cast.project).count() == 3


def test_gives_up_without_a_trace_if_it_never_ends(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = staged(cast, xlsx([person(1)]))

    def moved(*_args: Any, **_options: Any) -> None:
        raise RecordMoved

    monkeypatch.setattr(roster_apply, "write_ready_rows", moved)
    with pytest.raises(TryLater):
        write(cast, upload)
    upload.refresh_from_db()
    assert upload.state == "staged"
    assert Worker.objects.count() == 3


def test_writes_slice_by_slice_and_tells_how_far(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from registration.services import roster_writer

    monkeypatch.setattr(roster_writer, "SLICE", 3)
    upload = staged(cast, xlsx([person(n, 班组=f"木工{n % 2}班") for n in range(1, 9)]))
    told: list[int] = []
    apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW, tell=told.append)
    assert told == sorted(told)
    assert told[-1] == 8
    assert len(told) == 9
    postings = (
        Posting.objects.filter(project=cast.project, pin__gt=2).order_by("pin").select_related("worker")
    )
    assert [p.worker.name for p in postings] == [person(n)["姓名"] for n in range(1, 9)]
    assert [p.pin for p in postings] == list(range(3, 11))
    assert Team.objects.filter(participation=cast.sc_part).count() == 3
    assert Posting.history.filter(history_change_reason=f"roster {upload.pk}").count() == 8


def test_a_new_card_ends_the_old_one_and_another_bank_is_a_change(cast: Cast) -> None:
    number = make_card_number(778_899)
    row = person(0, 姓名=cast.sun.name, 身份证号=cast.sun.id_number, 联系电话=cast.sun_phone)
    applied(cast, xlsx([row | {"银行卡号": number, "开户行": "甲银行"}, person(1)]))
    applied(cast, xlsx([row | {"银行卡号": number, "开户行": "乙银行"}]))
    assert list(cast.sun.cards.order_by("pk").values_list("tail", "bank_name", "is_current")) == [
        (cast.sun_card.tail, "金华商贸银行", False),
        (number[-4:], "乙银行", True),
    ]
    assert codes(staged(cast, xlsx([person(2, 银行卡号=number)]))) == ["card.other_person"]
