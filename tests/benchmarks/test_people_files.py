"""The roster of 50,000 people as files: seconds, megabytes of the file, and how much memory it took meanwhile.

Nothing is asserted about time; memory must not grow with the rows.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from registration.access import postings_for
from registration.models import SensitiveView
from registration.roster_files import MOST_ON_PAPER, roster_paper, roster_sheet
from registration.services.disclosures import FULL_ROSTER, disclose
from tests.benchmarks.results import keep
from tests.cast import JOINED, NOW, TODAY, Cast
from wagewatch.lib.copying import copy_rows
from wagewatch.lib.crypto import blind_index, encrypt

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

PEOPLE = 50_000
MEGABYTE = 1024 * 1024
PAGE = 4096


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def measured(act: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result, seconds, and the most megabytes above the start, looked at fifty times a second."""
    start, peak, over = resident(), [resident()], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], resident())

    thread = threading.Thread(target=watch)
    thread.start()
    began = time.perf_counter()
    result = act()
    seconds = time.perf_counter() - began
    over.set()
    thread.join()
    return result, seconds, (peak[0] - start) / MEGABYTE


def crowd(cast: Cast, people: int) -> None:
    """So many people at work in one team, with everything encrypted that is encrypted."""
    number, address, phone, card = (
        encrypt(text, context=context)
        for text, context in (
            ("330703198501010011", "worker.id_number"),
            ("浙江省金华市金东区多湖街道东华街 1 号", "worker.address"),
            ("13857900000", "worker.phone"),
            ("6222020000000000000", "card.number"),
        )
    )
    first = 1_000_000
    with connection.cursor() as cursor:
        copy_rows(
            cursor,
            "registration_worker",
            ["id", "name", "initials", "id_number", "id_index", "id_tail", "sex", "birth_date", "origin_code",
             "ethnicity", "address", "phone", "registered_at"],
            ((first + n, f"林小{n}", " lx", number, blind_index(f"{n}", kind="id"), "0011", 1, TODAY, "330703",
              "汉族", address, phone, NOW) for n in range(people)),
        )  # fmt: skip
        copy_rows(
            cursor,
            "registration_bankcard",
            ["worker_id", "number", "number_index", "tail", "bank_name", "bank_code", "is_current", "added_at"],
            ((first + n, card, blind_index(f"{n}", kind="card"), "0000", "金华商贸银行", "", True, NOW)
             for n in range(people)),
        )  # fmt: skip
        copy_rows(
            cursor,
            "registration_posting",
            ["project_id", "worker_id", "participation_id", "team_id", "pin", "trade", "pay_basis", "rate_fen",
             "joined_on"],
            ((cast.project.pk, first + n, cast.sc_part.pk, cast.team.pk, 1000 + n, "木工", "day", 36000, JOINED)
             for n in range(people)),
        )  # fmt: skip
        cursor.execute("ANALYZE registration_worker, registration_bankcard, registration_posting")


def test_fifty_thousand_people_into_a_spreadsheet(cast: Cast) -> None:
    crowd(cast, PEOPLE)
    postings = postings_for(cast.actor(cast.zhao), cast.project).select_related(
        "worker", "team", "participation__organisation"
    )
    ordered = postings.order_by("team__name", "pin", "pk")
    figures: dict[str, Any] = {"people": PEOPLE}
    for full in (False, True):
        file, seconds, memory = measured(lambda full=full: roster_sheet(ordered, full=full))  # type: ignore[misc]
        size = len(file.read()) / MEGABYTE
        kind = "full" if full else "masked"
        figures |= {
            f"{kind}_s": round(seconds, 1),
            f"{kind}_mb": round(size, 1),
            f"{kind}_memory_mb": round(memory),
        }
        file.close()
        assert memory < 150
    written, seconds, _memory = measured(
        lambda: disclose(
            postings,
            cast.project,
            fields=FULL_ROSTER,
            purpose="authority",
            actor=cast.actor(cast.zhao),
            now=NOW,
        )
    )
    assert written == SensitiveView.objects.count() == PEOPLE + 2
    keep("people_files", figures | {"written_down_s": round(seconds, 2)})


def test_as_many_people_on_paper_as_a_pdf_takes(cast: Cast) -> None:
    crowd(cast, MOST_ON_PAPER - 2)
    postings = postings_for(cast.actor(cast.zhao), cast.project).select_related(
        "worker", "team", "participation__organisation"
    )
    paper, seconds, memory = measured(
        lambda: roster_paper(postings.order_by("pin"), cast.project, full=True, foot="", now=NOW)
    )
    size = len(paper) / MEGABYTE
    keep(
        "people_paper",
        {"people": MOST_ON_PAPER, "s": round(seconds, 1), "mb": round(size, 1), "memory_mb": round(memory)},
    )
