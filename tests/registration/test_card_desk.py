"""Registering by identity card: what the card says is locked, a read is used once, by those who may."""

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from PIL import Image

from devices.edge.drivers.idcard import card_fields
from devices.simulators.persons import person
from registration.models import BankCard, CardRead, Posting, User, Worker, WorkerPhoto
from registration.rules.card_read import person_of_card, remarks
from registration.services.card_reads import NewRead, Reader, note_readers, receive_card_reads
from tests.cast import Cast, make_card_number
from wagewatch.lib.crypto import blind_index

WORK = {
    "team": "木工一班", "trade": "木工", "pay_basis": "day", "rate": "360", "piece_unit": "", "joined_on": "2026-11-16",
    "phone": "13857901234", "card_number": "", "bank_name": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _now(cast: Cast, clean_cache: None) -> Iterator[None]:
    with time_machine.travel(cast.now, tick=False):
        yield


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (102, 126), "#8a9").save(out, "JPEG")
    return out.getvalue()


def lay(
    cast: Cast,
    who: int = 1,
    kind: str = "citizen",
    *,
    photo: bytes = b"",
    reader: str = "登记台",
    **more: Any,
) -> CardRead:
    """A card laid on the reader of the cast's project."""
    data = card_fields(person(who, kind).card) | more  # type: ignore[arg-type]
    key = f"{reader}-{kind}-{who}-{CardRead.objects.count()}"
    receive_card_reads(cast.project.pk, [NewRead(key, reader, data, photo, cast.now)], now=cast.now)
    return CardRead.objects.get(key=key)


def desk(cast: Cast, name: str = "card-desk", *parts: int) -> str:
    return reverse(f"registration:{name}", args=[cast.project.pk, *parts])


def register(cast: Cast, read: CardRead, who: User | None = None, **changes: Any) -> Any:
    typed = WORK | {"participation": cast.sc_part.pk} | changes
    return cast.client(who or cast.qian).post(desk(cast, "card-read", read.pk), typed)


def worker_of(number: int, kind: str = "citizen") -> Worker | None:
    index = blind_index(person(number, kind).card.number, kind="id")  # type: ignore[arg-type]
    return Worker.objects.filter(id_index=index).first()


def test_registers_the_person_of_the_card(cast: Cast) -> None:
    read = lay(cast, photo=jpeg())
    card = person(1).card
    page = cast.client(cast.qian).get(desk(cast, "card-read", read.pk))
    assert page.status_code == 200
    assert page["Cache-Control"].startswith("no-store") or "no-store" in page["Cache-Control"]
    text = page.content.decode()
    assert card.name in text
    assert card.number in text
    assert card.issuer in text
    done = register(cast, read, card_number=make_card_number(77), bank_name="金华商贸银行")
    assert (done.status_code, done["Location"]) == (302, desk(cast))
    worker = worker_of(1)
    assert worker is not None
    assert (worker.name, worker.sex, worker.birth_date, worker.address) == (
        card.name,
        card.sex,
        card.birth,
        card.address,
    )
    assert (worker.id_issuer, worker.id_valid_from, worker.id_valid_until) == (
        card.issuer,
        card.valid_from,
        card.valid_to,
    )
    assert worker.ethnicity == {"01": "汉族", "03": "回族", "05": "维吾尔族", "13": "瑶族"}[card.nation]
    assert (worker.phone, worker.registered_by) == ("13857901234", "card")
    posting = Posting.objects.get(worker=worker)
    assert (posting.team, posting.trade, posting.rate_fen) == (cast.team, "木工", 36000)
    assert (posting.joined_on, posting.registered_by, posting.pin) == (date(2026, 11, 16), "card", 3)
    assert BankCard.objects.get(worker=worker, is_current=True).number == make_card_number(77)
    assert WorkerPhoto.objects.get(worker=worker).source == "card"
    read.refresh_from_db()
    assert (read.used_at, read.used_by, read.photo, read.data) == (cast.now, cast.qian, None, "")


def test_what_is_typed_cannot_change_what_the_card_says(cast: Cast) -> None:
    read = lay(cast)
    forged = {
        "name": "某某某", "id_number": "342222197903086017", "sex": "2", "birth_date": "1999-01-01", "address": "某地",
        "id_kind": "08", "id_issuer": "某局", "ethnicity": "满族", "nationality": "VNM", "english_name": "X",
        "id_valid_until": "2099-01-01", "photo_source": "file",
    }  # fmt: skip
    assert register(cast, read, **forged).status_code == 302
    worker, card = worker_of(1), person(1).card
    assert worker is not None
    assert (worker.name, worker.id_number, worker.id_kind) == (card.name, card.number, "01")
    assert (worker.address, worker.english_name) == (card.address, "")


@pytest.mark.parametrize(("kind", "id_kind", "name"), [
    ("permit", "02", None), ("foreigner_2017", "03", "NGUYEN VAN MINH"), ("foreigner_2023", "03", "阮文明"),
])  # fmt: skip
def test_registers_the_other_kinds_of_card(cast: Cast, kind: str, id_kind: str, name: str | None) -> None:
    read = lay(cast, 2, kind)
    done = register(cast, read)
    assert done.status_code == 302, done.content.decode()
    worker, card = worker_of(2, kind), person(2, kind).card  # type: ignore[arg-type]
    assert worker is not None
    assert (worker.id_kind, worker.name) == (id_kind, name or card.name)
    assert worker.nationality == (card.nationality or "CHN")


def test_a_person_on_record_is_found_again(cast: Cast) -> None:
    """Sun works here already; Wu works for the rival in the next county."""
    of = {"name": cast.wu.name, "number": str(cast.wu.id_number), "birth": "1990-01-15", "sex": cast.wu.sex}
    read = lay(cast, **of)
    page = cast.client(cast.qian).get(desk(cast, "card-read", read.pk))
    assert (page.context["worker"], page.context["here"]) == (cast.wu, None)
    assert register(cast, read).status_code == 302
    assert Worker.objects.filter(id_index=cast.wu.id_index).count() == 1
    assert Posting.objects.filter(worker=cast.wu).count() == 2
    of = {
        "name": cast.sun.name,
        "number": str(cast.sun.id_number),
        "birth": "1979-03-08",
        "sex": cast.sun.sex,
    }
    again = lay(cast, **of)
    page = cast.client(cast.qian).get(desk(cast, "card-read", again.pk))
    assert reverse("registration:person", args=[cast.project.pk, cast.sun.pk]) in page.content.decode()
    assert b'name="team"' not in page.content
    refused = register(cast, again)
    assert refused.status_code == 400
    assert Posting.objects.filter(worker=cast.sun).count() == 1
    again.refresh_from_db()
    assert again.used_at is None


def test_a_read_is_used_once(cast: Cast) -> None:
    read = lay(cast)
    assert register(cast, read).status_code == 302
    again = register(cast, read, who=cast.zhao, team="别的班")
    assert (again.status_code, again["Location"]) == (302, desk(cast) + "?stay=1")
    assert Posting.objects.count() == 4


def test_errors_stand_beside_their_fields_and_nothing_is_written(cast: Cast) -> None:
    read = lay(cast)
    page = register(cast, read, rate="viel", phone="123", joined_on="2026-13-05")
    assert page.status_code == 400
    errors = page.context["form"].errors
    assert set(errors) == {"rate", "phone", "joined_on"}  # all at once
    page = register(cast, read, phone="123", card_number="12")
    assert set(page.context["form"].errors) == {"phone", "card_number"}
    page = register(cast, read, team="", trade="", rate="")
    assert "rate" in page.context["form"].errors
    page = register(cast, read, team="")
    assert set(page.context["form"].errors) == {"team"}
    page = register(cast, read, card_number=str(cast.sun_card.number))
    assert "card_number" in page.context["form"].errors
    page = register(cast, read, participation=cast.gc_part.pk)
    assert "participation" in page.context["form"].errors  # the subcontractor's clerk may not
    assert worker_of(1) is None
    assert CardRead.objects.get().used_at is None


def test_a_number_that_cannot_be_is_refused_whatever_reader_it_came_from(cast: Cast) -> None:
    number = person(1).card.number
    read = lay(cast, number=number[:17] + ("0" if number[17] != "0" else "1"))
    page = cast.client(cast.qian).get(desk(cast, "card-read", read.pk))
    assert len(page.context["stops"]) == 1
    assert b'name="team"' not in page.content
    assert register(cast, read).status_code == 400
    assert Worker.objects.count() == 3


def test_a_name_that_only_the_card_can_show_is_typed(cast: Cast) -> None:
    read = lay(cast, name="王\ue123")
    page = cast.client(cast.qian).get(desk(cast, "card-read", read.pk))
    assert b'name="name"' in page.content
    assert len(page.context["warnings"]) == 1
    assert register(cast, read).status_code == 400  # no name typed
    assert register(cast, read, name="王\U0002c1d5").status_code == 302
    worker = worker_of(1)
    assert worker is not None
    assert worker.name == "王\U0002c1d5"


def test_the_desk_opens_the_one_card_and_lets_choose_among_several(cast: Cast) -> None:
    client = cast.client(cast.qian)
    assert client.get(desk(cast)).status_code == 200
    state = client.get(desk(cast)).context["state"]
    assert client.get(desk(cast, "card-desk-waiting")).status_code == 200
    assert client.get(desk(cast, "card-desk-waiting") + f"?state={state}").status_code == 204  # nothing new
    note_readers(cast.project.pk, cast.terminal.pk, [Reader("登记台", "ready")])
    assert client.get(desk(cast, "card-desk-waiting") + f"?state={state}").status_code == 200
    read = lay(cast)
    address = desk(cast, "card-read", read.pk)
    assert client.get(desk(cast))["Location"] == address
    part = client.get(desk(cast, "card-desk-waiting") + f"?state={state}")
    assert (part["HX-Push-Url"], part["HX-Retarget"], part["HX-Reselect"]) == (address, "main", "main")
    assert person(1).card.number in part.content.decode()
    assert "no-store" in part["Cache-Control"]
    assert client.get(desk(cast) + "?stay=1").status_code == 200
    other = lay(cast, 2, reader="二号台")
    both = client.get(desk(cast))
    assert both.status_code == 200
    text = both.content.decode()
    assert address in text
    assert person(1).card.name not in text  # masked in the list
    assert person(1).card.number not in text
    assert client.get(desk(cast) + "?reader=二号台")["Location"] == desk(cast, "card-read", other.pk)


def test_the_desk_says_how_the_readers_are(cast: Cast) -> None:
    client = cast.client(cast.qian)
    note_readers(cast.project.pk, cast.terminal.pk, [Reader("登记台", "lost"), Reader("二号台", "ready")])
    note_readers(cast.project.pk, 999, [Reader("西门", "ready")])
    said = client.get(desk(cast)).context["readers"]
    assert [(one["name"], one["ready"]) for one in said] == [
        ("二号台", True),
        ("登记台", False),
        ("西门", True),
    ]
    cache.clear()
    assert client.get(desk(cast)).context["readers"] == []


def test_a_read_can_be_discarded_at_once(cast: Cast) -> None:
    read = lay(cast)
    done = cast.client(cast.qian).post(desk(cast, "card-read-discard", read.pk))
    assert done.status_code == 302
    assert not CardRead.objects.exists()
    assert cast.client(cast.qian).post(desk(cast, "card-read-discard", read.pk)).status_code == 404


def test_after_ten_minutes_there_is_nothing_to_see(cast: Cast) -> None:
    read = lay(cast, photo=jpeg())
    client = cast.client(cast.qian)
    assert client.get(desk(cast, "card-read-photo", read.pk)).content.startswith(b"\xff\xd8")
    with time_machine.travel(cast.now + timedelta(minutes=10), tick=False):
        assert client.get(desk(cast, "card-read", read.pk))["Location"].endswith("?stay=1")
        assert client.get(desk(cast, "card-read-photo", read.pk)).status_code == 404
        assert client.post(desk(cast, "card-read", read.pk), WORK).status_code == 302
    assert worker_of(1) is None


def test_outsiders_see_no_card(cast: Cast) -> None:
    read = lay(cast, photo=jpeg())
    for who in (cast.kong, cast.li, cast.he, cast.guard, cast.officer, cast.ye):
        client = cast.client(who)
        for name, parts in (
            ("card-desk", ()),
            ("card-desk-waiting", ()),
            ("card-read", (read.pk,)),
            ("card-read-photo", (read.pk,)),
        ):
            assert client.get(desk(cast, name, *parts)).status_code == 404, (who, name)
        assert client.post(desk(cast, "card-read", read.pk), WORK).status_code == 404
        assert client.post(desk(cast, "card-read-discard", read.pk)).status_code == 404
    assert Client().get(desk(cast)).status_code == 302
    rival = reverse("registration:card-read", args=[cast.other_project.pk, read.pk])
    assert (
        cast.client(cast.kong).get(rival)["Location"].endswith("?stay=1")
    )  # another project's read is no read
    assert CardRead.objects.count() == 1
    assert worker_of(1) is None


def test_what_to_look_at_on_a_card() -> None:
    today = date(2026, 11, 16)
    card = {"valid_to": "2026-11-15", "name": "孙德旺"}
    assert [m.code for m in remarks(card, today=today)] == ["card_read.expired"]
    assert [m.code for m in remarks(card | {"valid_to": "2026-12-16"}, today=today)] == ["card_read.expires"]
    assert remarks(card | {"valid_to": "2026-12-17"}, today=today) == []
    assert remarks({"long_term": True, "name": "孙\ufffd"}, today=today)[0].code == "card_read.name"


def test_fields_of_a_card_under_the_names_of_a_person() -> None:
    said = person_of_card(json.loads(json.dumps(card_fields(person(1).card))))
    assert said["id_valid_until"] == ("" if person(1).card.long_term else str(person(1).card.valid_to))
    assert person_of_card({})["id_number"] == ""
