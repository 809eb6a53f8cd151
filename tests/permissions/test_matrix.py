"""Who gets what at every address, and that a refusal writes nothing."""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.urls import URLResolver, get_resolver, reverse

from registration.models import Region
from tests.permissions.addresses import PARTS
from tests.permissions.bodies import BODIES, RAW
from tests.permissions.matrix import HEADING, LINES
from tests.permissions.stage import ROLES, Stage, fingerprint, on_stage, undone, writes, written_since

METHODS = ("GET", "POST")
REFUSED = {"in", "400", "401", "403", "404", "405", "409"}


def rows() -> dict[tuple[str, str], list[str]]:
    """The table: (method, name) to one cell per role."""
    assert tuple(HEADING) == ROLES
    found = {(method, name): cells for method, name, *cells in LINES}
    assert len(found) == len(LINES), "a row stands twice in the table"
    assert all(len(cells) == len(ROLES) for cells in found.values())
    return found


def url_names(resolver: URLResolver | None = None, namespace: str = "") -> list[str]:
    """Every name of an address, with its namespace."""
    names: list[str] = []
    for pattern in (resolver or get_resolver("wagewatch.urls")).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            names += url_names(pattern, inner)
        else:
            names.append(f"{namespace}{pattern.name}" if pattern.name else f"(no name) {pattern.pattern}")
    return list(dict.fromkeys(names))


AREAS = sorted({name.partition(":")[0] if ":" in name else "" for _method, name in rows()})


def answer(response: HttpResponse) -> str:
    """A cell of the table."""
    if response.status_code != 302:
        return str(response.status_code)
    to_sign_in = response["Location"].startswith(("/accounts/sign-in/", "/accounts/worker/?"))
    return "in" if to_sign_in or response["Location"] == "/accounts/worker/" else "go"


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def path_of(stage: Stage, name: str) -> str:
    """The address behind a name on this stage."""
    return reverse(name, kwargs=PARTS[name](stage) if name in PARTS else {})


def body_of(stage: Stage, method: str, name: str) -> object:
    """A fresh body for a POST, None for a GET."""
    if method == "GET":
        return None
    return (BODIES.get(name) or RAW.get(name) or (lambda _stage: {}))(stage)


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area or "shared")
def test_each_role_gets_what_the_table_says_and_a_refusal_writes_nothing(stage: Stage, area: str) -> None:
    before = fingerprint()
    wrong, wrote = [], []
    for (method, name), cells in rows().items():
        if (name.partition(":")[0] if ":" in name else "") != area:
            continue
        for role, expected in zip(ROLES, cells, strict=True):
            with undone():
                so_far = writes()
                got = answer(stage.ask(role, method, path_of(stage, name), body_of(stage, method, name)))
                if expected not in (got, "-"):
                    wrong.append(f"{method} {name} {role}: {expected} expected, {got} found")
                if method == "POST" and got in REFUSED and (changed := written_since(so_far, before)):
                    wrote.append(f"{method} {name} {role}: {got} and {changed}")
    assert wrong == []
    assert wrote == []


def test_a_row_written_is_seen_and_one_undone_is_not_held_against_anybody(stage: Stage) -> None:
    before, so_far = fingerprint(), writes()
    with undone():
        assert written_since(so_far, before) == []
        Region.objects.filter(pk=stage.cast.project.region_id).update(name="别处")
        assert written_since(so_far, before) == ["registration_region"]
    assert writes() > so_far
    assert written_since(so_far, before) == []


def test_every_address_is_in_the_table() -> None:
    named = {name for _method, name in rows()}
    assert [name for name in url_names() if name not in named] == []
    assert named <= set(url_names()), "the table knows names that no address has"


def test_a_method_without_a_row_is_refused(stage: Stage) -> None:
    table = rows()
    open_methods = []
    for name in url_names():
        for method in METHODS:
            if (method, name) in table:
                continue
            with undone():
                role = "li" if name.startswith("inspection:") else "sun" if ":worker-" in name else "zhao"
                status = stage.ask(
                    role, method, path_of(stage, name), body_of(stage, method, name)
                ).status_code
                if status != 405:
                    open_methods.append(f"{method} {name}: {status}")
    assert open_methods == []


def test_an_object_of_the_rival_does_not_exist_for_the_insiders(stage: Stage) -> None:
    """The other way round: clerk Zhao's own pages with the rival's numbers in the address."""
    cast = stage.cast
    other, wu = cast.other_project.pk, cast.wu.pk
    rival_gate = {"pk": other, "terminal_pk": cast.terminal.pk}
    paths = [
        reverse("registration:project", kwargs={"pk": other}),
        reverse("registration:people-export", kwargs={"project_pk": other}),
        reverse("registration:person", kwargs={"project_pk": other, "worker_pk": wu}),
        reverse("registration:person", kwargs={"project_pk": cast.project.pk, "worker_pk": wu}),
        reverse("registration:person", kwargs={"project_pk": other, "worker_pk": cast.sun.pk}),
        reverse("registration:roster", kwargs={"project_pk": other, "pk": stage.roster.pk}),
        reverse("registration:roster-upload", kwargs={"project_pk": other}),
        reverse("registration:training-new", kwargs={"project_pk": other}),
        reverse("registration:training", kwargs={"project_pk": other, "pk": stage.training.pk}),
        reverse("registration:training-record", kwargs={"project_pk": other, "pk": stage.training.pk}),
        reverse("registration:certificate-new", kwargs={"project_pk": cast.project.pk, "worker_pk": wu}),
        reverse(
            "registration:certificate-scan",
            kwargs={"project_pk": cast.project.pk, "worker_pk": cast.zhou.pk, "pk": stage.certificate.pk},
        ),
        reverse("registration:citizen-card", kwargs={"project_pk": other, "pk": stage.citizen_card.pk}),
        reverse("devices:site", kwargs={"pk": other}),
        reverse("devices:site-days", kwargs={"pk": other}),
        reverse("devices:terminal-revoke", kwargs=rival_gate),
    ]
    assert {path: stage.ask("zhao", "GET", path).status_code for path in paths} == dict.fromkeys(paths, 404)


def test_a_gate_of_another_project_is_not_revoked_through_the_own_project(stage: Stage) -> None:
    foreign = stage.foreign_gate.pk
    path = reverse("devices:terminal-revoke", kwargs={"pk": stage.cast.project.pk, "terminal_pk": foreign})
    assert stage.ask("zhao", "POST", path, {}).status_code == 404
    stage.foreign_gate.refresh_from_db()
    assert stage.foreign_gate.is_active


def test_a_signed_request_opens_no_page(stage: Stage) -> None:
    """A terminal's key opens its three endpoints and nothing else."""
    named = [name for (method, name), cells in rows().items() if method == "GET" and cells[0] == "in"]
    assert named
    for name in named:
        assert answer(stage.ask("g1", "GET", path_of(stage, name))) == "in", name
