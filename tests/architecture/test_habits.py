"""The habits of DESIGN 5 that a machine can watch: where time comes from, who writes, how services are called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("registration", "devices", "payroll", "inspection", "wagewatch/evidence")
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "time.time", "datetime.today"}
KNOW_THE_TIME = (
    "views",
    "commands",
    "tasks.py",
    "api.py",
    "push_api.py",
    "demo",
    "simulator",
    "simulator.py",
    "simulators",
    "edge",
)
"""Where a clock may be read: the edges, and programs of their own."""
OWN_CLOCK = {
    "inspection/http.py": "the edge of every inspector's page: the menu counts what is late today",
    "devices/client.py": "runs on the terminal's side of the wire, with the terminal's clock",
    "devices/services/seals.py": "an audit asks about the present, and the evidence registry passes no moment",
    "registration/middleware.py": "the edge of every request notes when a phone was last used",
    "wagewatch/evidence/models.py": "a receipt number is a version 7 UUID with its own milliseconds (RFC 9562, 5.7)",
}


SENDS_ONE_BY_ONE = {
    "inspection/services/mail.py": "each letter goes out on its own and must be marked before the next one does",
    "registration/services/messages.py": "each text goes out on its own and must be marked before the next one does",
}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module below the folders, but migrations: its path and its tree."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def is_service(name: str) -> bool:
    """Whether a path belongs to an app's services."""
    return "/services/" in name or name.endswith("/services.py")


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls of dotted names, by their last two parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ".".join(ast.unparse(node.func).split(".")[-2:]), node


def test_time_is_an_argument_below_views_tasks_and_commands() -> None:
    readers = [
        f"{name}:{node.lineno} {dotted}"
        for name, tree in sources(*APPS)
        if not set(Path(name).parts) & set(KNOW_THE_TIME) and name not in OWN_CLOCK
        for dotted, node in calls(tree)
        if dotted in CLOCKS
    ]
    assert readers == []


def test_no_service_saves_row_by_row() -> None:
    """A loop over rows is one statement, or bulk_create."""
    loops = []
    for name, tree in sources(*APPS):
        if not is_service(name) or name in SENDS_ONE_BY_ONE:
            continue
        for loop in ast.walk(tree):
            if isinstance(loop, ast.For | ast.While | ast.ListComp | ast.GeneratorExp | ast.SetComp):
                loops += [
                    f"{name}:{node.lineno}"
                    for node in ast.walk(loop)
                    if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in {"save", "create", "get_or_create", "update_or_create"}
                ]
    assert sorted(set(loops)) == []


def test_actor_and_now_are_named_where_a_service_is_called() -> None:
    """`confirm_slip(reference, actor=..., now=...)`: who and when are never a matter of position."""
    by_position = []
    for name, tree in sources(*APPS):
        if not is_service(name):
            continue
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and changes_something(node)
            ):
                given = {argument.arg for argument in [*node.args.posonlyargs, *node.args.args]}
                by_position += [f"{name} {node.name}({word})" for word in sorted(given & {"actor", "now"})]
    assert by_position == []


def changes_something(function: ast.FunctionDef) -> bool:
    """Whether a function takes both who and when: it is a sentence, not a question."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return {"actor", "now"} <= {argument.arg for argument in arguments}


def test_views_write_through_services_only() -> None:
    """A view that saves would be a second place where a sentence of the law is told."""
    writers = []
    for name, tree in sources(*APPS):
        if "/views/" not in name and not name.endswith(("/views.py", "/api.py")):
            continue
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            said = ast.unparse(node.func)
            if node.func.attr in {"bulk_create", "bulk_update", "update_or_create", "get_or_create"} or (
                node.func.attr in {"create", "update", "delete"} and ".objects" in said
            ):
                writers.append(f"{name}:{node.lineno} {said[:60]}")
    assert writers == []


@pytest.mark.parametrize("app", APPS)
def test_an_app_explains_itself_on_one_page(app: str) -> None:
    page = ROOT / app / "README.md"
    assert page.is_file(), f"{app} has no README.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    assert 8 <= len(lines) <= 120, "one page"


def test_every_public_service_says_what_it_does() -> None:
    silent = [
        f"{name} {node.name}"
        for name, tree in sources(*APPS)
        if is_service(name)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []
