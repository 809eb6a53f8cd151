"""What the collector of texts must not pass over: a text under another name of gettext stays English for ever."""

import re
from datetime import date
from pathlib import Path

import pytest

from payroll.services.sheets import slip_text
from wagewatch.translations import APPS, FUNCTIONS

ALIAS = re.compile(r"import \(?\s*(?:n|p|np)?gettext(?:_lazy)? as (\w+)")
KINDS = (
    "slip.waiting", "slip.reminder", "slip.proxy", "mediation.opened", "mediation.proposed", "mediation.failed",
    "slip.cash",
)  # fmt: skip


def test_every_name_under_which_gettext_is_imported_is_collected(root: Path) -> None:
    names = {
        name
        for app in APPS
        for path in (root / app).rglob("*.py")
        for name in ALIAS.findall(path.read_text(encoding="utf-8"))
    }
    assert "_" in names
    assert names - set(FUNCTIONS) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_text_messages_to_workers_are_chinese_and_name_nobody(kind: str) -> None:
    text = slip_text(kind, date(2026, 10, 1))
    assert "10 月" in text
    assert not re.search(r"[A-Za-z]{2}", text), text
    assert "¥" not in text
