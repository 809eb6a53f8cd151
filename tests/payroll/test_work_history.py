"""The work history: what the worker sees, the paper, and what a link shows to others."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from payroll.work_history import history_facts
from registration.models import HistoryShare
from registration.services import sharing
from registration.services.acknowledging import acknowledge
from tests.cast import NOW, Cast, make_posting
from tests.inspection.stage import sent_sheet
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import NotFound, RuleViolation

OCTOBER = date(2026, 10, 1)


def worked(cast: Cast) -> None:
    """Sun worked on two projects in two counties and was paid for October on the first."""
    stage.attend(cast.sun_posting, 3, month=OCTOBER)
    sent_sheet(
        cast.sc_part, [(cast.sun_posting, 108_000)], month=OCTOBER, due_on=date(2026, 11, 13), payment="paid"
    )
    make_posting(
        cast.sun,
        cast.other_team,
        pin=7,
        trade="钢筋工",
        joined_on=date(2026, 5, 1),
        left_on=date(2026, 7, 31),
    )
    acknowledge(cast.project.pk, cast.sun_posting.pk, actor=cast.actor(cast.sun), now=NOW)


def shared(cast: Cast, *, days: int = 30, with_pay: bool = False) -> HistoryShare:
    facts = history_facts(cast.sun, with_pay=with_pay)
    return sharing.share_history(facts, days=days, actor=cast.actor(cast.sun), now=NOW)


def test_the_history_spans_cities_and_adds_up(cast: Cast) -> None:
    worked(cast)
    facts = history_facts(cast.sun, with_pay=True)
    assert [(s["project"], s["trade"], s["days"], s["till"], s["in_log"]) for s in facts["stints"]] == [
        ("多湖 B-07 地块住宅", "木工", "3", None, True),
        ("白龙桥标准厂房", "钢筋工", "0", "2026-07-31", False),
    ]
    assert (facts["name"], facts["id_tail"], facts["paid_fen"], facts["months_paid"]) == (
        "孙**",
        cast.sun.id_tail,
        108_000,
        1,
    )
    assert history_facts(cast.wu, with_pay=False).get("paid_fen") is None


def test_anybody_with_the_link_sees_it_masked_and_its_evidence(cast: Cast, client: Client) -> None:
    worked(cast)
    share = shared(cast)
    with time_machine.travel(NOW, tick=False):
        page = client.get(f"/history/{share.token}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "白龙桥标准厂房" in text
    for secret in (cast.sun.name, cast.sun.id_number, cast.sun_phone, "1,080.00"):
        assert str(secret) not in text
    entry = Entry.objects.get(kind="history.shared")
    assert f"/receipts/{entry.pk}" in text or str(entry.pk) in text
    assert bytes(share.sha256).hex() in text
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_pay_is_shown_only_if_the_worker_wants(cast: Cast, client: Client) -> None:
    worked(cast)
    with time_machine.travel(NOW, tick=False):
        assert "1,080.00" in client.get(f"/history/{shared(cast, with_pay=True).token}/").content.decode()


def test_what_was_shared_stays_as_it_was(cast: Cast, client: Client) -> None:
    share = shared(cast)
    worked(cast)
    with time_machine.travel(NOW, tick=False):
        assert "白龙桥" not in client.get(f"/history/{share.token}/").content.decode()
    HistoryShare.objects.filter(pk=share.pk).update(facts=share.facts.replace("木工", "焊工"))
    share.refresh_from_db()
    with pytest.raises(RuleViolation, match=r"share\.changed"):
        sharing.facts_of(share)


def test_a_link_closes_by_time_and_by_the_worker(cast: Cast, client: Client) -> None:
    share, other = shared(cast, days=7), shared(cast)
    assert share.token != other.token
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert client.get(f"/history/{share.token}/").status_code == 404
        assert client.get(f"/history/{other.token}/").status_code == 200
    with pytest.raises(NotFound):
        sharing.take_back(other.pk, actor=cast.actor(cast.zhou), now=NOW)
    sharing.take_back(other.pk, actor=cast.actor(cast.sun), now=NOW)
    with time_machine.travel(NOW, tick=False):
        assert client.get(f"/history/{other.token}/").status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 24, "é" * 24, "a" * 200])
def test_guessed_links_lead_nowhere(cast: Cast, client: Client, token: str) -> None:
    shared(cast)
    assert client.get(f"/history/{token}/").status_code == 404


def test_the_worker_makes_saves_and_closes_links_on_the_phone(cast: Cast) -> None:
    worked(cast)
    client, other = cast.client(cast.sun), cast.client(cast.zhou)
    assert client.post("/my/history/", {"days": "365"}).status_code == 400
    assert client.post("/my/history/", {"days": "30"}).status_code == 302
    share = HistoryShare.objects.get()
    assert re.search(r"/history/[\w-]{24}/", client.get("/my/history/").content.decode())
    paper = client.get(f"/my/history/{share.pk}/paper/")
    assert paper.content.startswith(b"%PDF-")
    assert paper.content == client.get(f"/my/history/{share.pk}/paper/").content
    assert other.get(f"/my/history/{share.pk}/paper/").status_code == 404
    assert other.post(f"/my/history/{share.pk}/take-back/").status_code == 404
    assert client.post(f"/my/history/{share.pk}/take-back/").status_code == 302
    assert client.get(f"/my/history/{share.pk}/paper/").status_code == 404


def test_ten_links_are_enough(cast: Cast) -> None:
    for _n in range(sharing.MOST_AT_ONCE):
        shared(cast)
    with pytest.raises(RuleViolation, match=r"share\.many"):
        shared(cast)
