"""Fixtures of the inspection tests."""

import pytest

from inspection.services import case_papers


@pytest.fixture
def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents of cases without their pages: laying them out takes a second each."""

    def plain(kind: str, number: str, values: object, **_more: object) -> bytes:
        return f"%PDF-1.4 {kind} {number} {values}".encode()

    monkeypatch.setattr(case_papers, "paper_pdf", plain)
