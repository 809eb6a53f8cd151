"""Slips and sheets as PDF: who takes them, and what stands in them."""

from typing import Any

import pytest
from django.urls import reverse

from payroll.papers import MOST_ON_PAPER, sheet_paper
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.pdf import Paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that was put on paper: the file itself holds numbers of glyphs only."""
    texts: list[str] = []
    grid, facts, heading, paragraph = Paper.grid, Paper.facts, Paper.heading, Paper.paragraph

    def on_grid(self: Paper, heads: Any, rows: Any, **kw: Any) -> None:
        kept = [list(row) for row in rows]
        texts.extend([*heads, *(cell for row in kept for cell in row)])
        grid(self, heads, kept, **kw)

    def on_facts(self: Paper, pairs: Any, **kw: Any) -> None:
        kept = list(pairs)
        texts.extend(part for pair in kept for part in pair)
        facts(self, kept, **kw)

    def on_heading(self: Paper, text: str, **kw: Any) -> None:
        texts.append(text)
        heading(self, text, **kw)

    def on_paragraph(self: Paper, text: str, **kw: Any) -> None:
        texts.append(text)
        paragraph(self, text, **kw)

    for name, spy in (
        ("grid", on_grid),
        ("facts", on_facts),
        ("heading", on_heading),
        ("paragraph", on_paragraph),
    ):
        monkeypatch.setattr(Paper, name, spy)
    return texts


def test_the_worker_saves_the_own_slip(cast: Cast, said: list[str]) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.confirm(cast, sheet, cast.sun)
    reference = stage.slip_of(sheet, cast.sun).reference
    url = reverse("payroll:worker-slip-paper", kwargs={"reference": reference})
    answer = cast.client(cast.sun).get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"%PDF-")
    text = "\n".join(said)
    for word in ("工资清单 2026-10", "孙德旺", cast.sc.name, "¥7,920.00", "360.00", "12333"):
        assert word in text, word
    assert str(cast.sun.id_number) not in text
    assert cast.client(cast.zhou).get(url).status_code == 404


def test_a_slip_not_sent_does_not_exist_for_the_worker(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    reference = stage.slip_of(sheet, cast.sun).reference
    url = reverse("payroll:worker-slip-paper", kwargs={"reference": reference})
    assert cast.client(cast.sun).get(url).status_code == 404


def test_contractors_take_slip_and_sheet(cast: Cast, said: list[str]) -> None:
    sheet = stage.approved_sheet(cast)
    line = reverse("payroll:line-paper", kwargs={"reference": stage.slip_of(sheet, cast.zhou).reference})
    paper = reverse("payroll:sheet-paper", kwargs={"pk": sheet.pk})
    for who in (cast.qian, cast.zhao, cast.he):
        assert cast.client(who).get(line).content.startswith(b"%PDF-")
        assert {"周长根", "¥7,140.00"} <= set(said)
        said.clear()
        assert cast.client(who).get(paper).content.startswith(b"%PDF-")
        assert {"孙德旺", "周长根", "¥7,920.00"} <= set(said)
        assert any("¥15,060.00" in text for text in said)
        said.clear()
    for url in (line, paper):
        assert cast.client(cast.kong).get(url).status_code == 404


def test_too_many_lines_are_for_a_spreadsheet(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    with pytest.raises(RuleViolation, match=r"export\.too_long"):
        sheet_paper(sheet, [None] * (MOST_ON_PAPER + 1), made_by="", now=cast.now)
