"""Every page and every act of a side works with the rights of its database role, and not only with all rights."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.permissions.stage import ROLES, Stage, on_stage, undone
from tests.permissions.test_matrix import answer, body_of, path_of, rows

OF_BOTH = {"accounts", "evidence", "notices", ""}
SIDES = {
    "wagewatch_supervision": {"inspection", "permits"},
    "wagewatch_enterprise": {"registration", "devices", "payroll", "supervised", "warnings"},
}
ENTRANCES = ("accounts:worker", "accounts:tablet", "accounts:invitation", "accounts:outbox")
"""Of the enterprise side; `registration.urls.accounts` leaves them out on the other."""


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def doors(side: str) -> list[tuple[str, str, str, str]]:
    """Method, name, role and answer, once for every different way to succeed at an address of the side."""
    found = []
    for (method, name), cells in rows().items():
        area = name.partition(":")[0] if ":" in name else ""
        if area not in SIDES[side] | OF_BOTH or name == "readyz":
            continue
        if side == "wagewatch_supervision" and name.startswith(ENTRANCES):
            continue
        inspects = {"li", "wang"}
        for role, cell in zip(ROLES, cells, strict=True):
            of_side = (role in inspects) == (side == "wagewatch_supervision") or role == "anon"
            if of_side and cell in {"200", "go", "201", "204"}:
                found.append((method, name, role, cell))
                if method == "GET":
                    break
    return found


@pytest.mark.parametrize("side", SIDES)
def test_what_a_side_offers_its_database_role_may_do(stage: Stage, side: str) -> None:
    wrong = []
    for method, name, role, expected in doors(side):
        path, body = path_of(stage, name), body_of(stage, method, name)
        with undone():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {side}")
            try:
                got = answer(stage.ask(role, method, path, body))
            except Exception as error:  # the rights lack, whatever the page made of it
                got = f"{type(error).__name__}: {str(error)[:90]}"
            if got != expected:
                wrong.append(f"{method} {name} {role}: {expected} expected, {got} found")
    assert not wrong, "\n".join(wrong)
