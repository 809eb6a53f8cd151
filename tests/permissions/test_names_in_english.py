"""A project with an English name bears it on every page of every role that reads English, and in their workbooks;
a trade of the code list is said in English there."""

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tests.permissions.addresses import PARTS
from tests.permissions.matrix import HEADING, LINES
from tests.permissions.stage import Stage, on_stage
from wagewatch.lib.sheets import read_workbook

ENGLISH = "Starlight Bay, phase two"
IN_CHINESE = {
    "gallery",
    "inspection:board",
    "inspection:contract",
    "inspection:person",
    "payroll:account",
    "payroll:account-form",
    "payroll:account-register",
    "payroll:board",
    "payroll:board-public",
    "payroll:history-shared",
    "payroll:project-account",
    "payroll:worker-history",
    "registration:contract",
    "registration:project-edit",
    "registration:worker-contract-read",
}
"""Papers, records and legal names that are Chinese stand on these: the board's text, contracts, the name of an account,
a work history as it is handed over, also on the page of a person; the form with both names; the component sheet."""
TYPED_TRADES = {
    "devices:push-example",
    "inspection:template",
    "registration:card-desk-waiting",
    "registration:card-read",
    "registration:person-agreement",
    "registration:roster",
    "registration:roster-columns",
    "registration:roster-refused",
    "registration:roster-upload",
    "registration:site-join",
}
"""Where a trade is typed as it will stand on record, or stands as it does in an uploaded file."""
READERS = ("zhao", "li", "sun", "ye", "bank", "qian")


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def test_no_page_in_english_names_a_project_in_chinese(stage: Stage) -> None:
    project = stage.cast.project
    project.name_en = ENGLISH
    project.save(update_fields=["name_en"])
    chinese: dict[str, str] = {}
    english = trades = 0
    for reader in READERS:
        stage.clients[reader].cookies["django_language"] = "en"
    for method, name, *cells in LINES:
        gets = dict(zip(HEADING, cells, strict=True))
        reader = next((one for one in READERS if gets[one] == "200"), None)
        if method != "GET" or name in IN_CHINESE or reader is None:
            continue
        path = reverse(name, kwargs=PARTS[name](stage) if name in PARTS else {})
        answer = stage.clients[reader].get(path)
        kind = answer.get("Content-Type", "")
        if answer.status_code != 200:
            continue
        if kind.startswith("text/html"):
            text = answer.content.decode()
        elif "spreadsheetml" in kind:
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            book = read_workbook(content, "a.xlsx")
            text = " ".join(str(c.text) for sheet in book.sheets for row in sheet.rows for c in row)
        else:
            continue
        english += ENGLISH in text
        trades += "carpenter" in text
        if name not in TYPED_TRADES and (found := re.search(r"木工(?![一二三]?班)", text)):
            chinese[f"{reader} {name} trade"] = text[max(0, found.start() - 60) : found.end() + 20]
        if project.name in text:
            at = text.index(project.name)
            chinese[f"{reader} {name}"] = text[max(0, at - 60) : at + 20]
    assert not chinese, "\n".join(f"{key}: {text!r}" for key, text in chinese.items())
    assert english > 60
    assert trades > 10
