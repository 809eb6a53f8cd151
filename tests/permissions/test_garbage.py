"""Whatever stands in an address or a body, no page falls over: garbage gets an answer below 500."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.urls import NoReverseMatch, reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.permissions.addresses import PARTS
from tests.permissions.stage import ROLES, Stage, on_stage, undone
from tests.permissions.test_matrix import AREAS, path_of, rows, url_names

VALUES = [
    ";DROP TABLE registration_worker--",
    "%00",
    "%FF%FE",
    "-1",
    "99999999999999999999999",
    "²",
    "9999-12",
    "0001-01",
    "NaN",
    "a" * 3000,
]
ALONE = {
    "page": "99999999999999999999999",
    "month": "9999-12",
    "project": "²",
    "team": "9" * 30,
    "part": "9" * 30,
}
NAMES = [
    "page", "sort", "state", "month", "q", "team", "project", "region", "sector", "level", "rule", "show", "all",
    "part", "day", "next", "receipt", "verdict", "owing", "since", "field", "kind", "date", "order",
    "ids", "all", "asked", "from",
]  # fmt: skip


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def insider(name: str) -> str:
    """Who gets the page, by the table; the one with the most rights."""
    cells = next(cells for (method, other), cells in rows().items() if other == name and method == "GET")
    got = dict(zip(ROLES, cells, strict=True))
    return next((r for r in ("zhao", "li", "sun", "bank", "he", "g1") if got[r] == "200"), "anon")


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area or "shared")
def test_garbage_in_the_query_string_is_answered(stage: Stage, area: str) -> None:
    """All parameters at once, and single ones in an otherwise plain address, which reach further."""
    fallen = []
    pages = [n for (m, n) in rows() if m == "GET" and (n.partition(":")[0] if ":" in n else "") == area]
    queries = ["&".join(f"{name}={value}" for name in NAMES) for value in VALUES]
    queries += [f"{name}={value}" for name, value in ALONE.items()]
    for name in pages:
        path, role = path_of(stage, name), insider(name)
        if name == "readyz":
            continue
        for query in queries:
            with undone():
                status = stage.ask(role, "GET", f"{path}?{query}").status_code
            if status >= 500:
                fallen.append(f"{name} ?{query[:40]} ({role}): {status}")
    assert fallen == []


BODY_NAMES = [
    "number", "bank_name", "left_on", "purpose", "participation", "team", "trade", "rate", "basis", "joined_on",
    "name", "serial", "lane", "part", "month", "version", "typed", "signature", "reason", "claimed", "text",
    "verdict", "answer", "days", "rate_fen", "deduction_fen", "deduction_note", "gross_fen", "note", "username",
    "password", "phone", "code", "tail", "language", "next", "old_password", "new_password",
    "ids", "act", "period", "starts_on", "ends_on", "signed_on", "ended_on", "region", "kind", "title", "version",
    "valid_from", "body",
]  # fmt: skip
BODY_VALUES = [
    "",
    "\x00",
    "x",
    "-1",
    "99999999999999999999999",
    "1e400",
    "NaN",
    "²",
    "9999-99-99",
    "工" * 5000,
    "data:image/png;base64,AAAA",
]


def test_garbage_in_a_form_is_answered(stage: Stage) -> None:
    fallen = []
    for (method, name), cells in rows().items():
        if method != "POST" or name.startswith("devices:api"):
            continue
        got = dict(zip(ROLES, cells, strict=True))
        role = next(
            (r for r in ("he", "zhao", "li", "sun", "anon") if got[r] not in {"in", "404", "403"}), "anon"
        )
        for value in BODY_VALUES:
            with undone():
                body = dict.fromkeys(BODY_NAMES, value) | {"version": "1", "part": str(stage.cast.sc_part.pk)}
                body["file"] = SimpleUploadedFile(
                    f"{value[:20] or 'x'}.xlsx", value.encode() or b"PK\x03\x04"
                )
                status = stage.ask(role, "POST", path_of(stage, name), body).status_code
            if status >= 500:
                fallen.append(f"{name} {value[:20]!r} ({role}): {status}")
    assert fallen == []


def test_an_address_with_impossible_parts_is_not_found(stage: Stage) -> None:
    """Numbers beyond a database's integers, months that are none."""
    fallen = []
    for name, parts_of in PARTS.items():
        parts = parts_of(stage)
        method = "GET" if ("GET", name) in rows() else "POST"
        for key, value in parts.items():
            if not isinstance(value, str | int):
                continue
            wrong: Any = "2026-13" if key == "month" else "2026-13.1.1.1" if key == "reference" else 10**25
            try:
                path = reverse(name, kwargs=parts | {key: wrong})
            except NoReverseMatch:  # the address itself cannot hold it
                continue
            for role in ("zhao", "li", "sun", "he"):
                with undone():
                    status = stage.ask(role, method, path).status_code
                if status >= 500:
                    fallen.append(f"{method} {path} ({role}): {status}")
    assert fallen == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "/api/v1/passages/",
        "/api/v1/heartbeats/",
        "/api/v1/card-reads/",
        "/api/v1/photos/",
        "/api/v1/enrol/",
        "/api/v1/rotate-key/",
    ],
)
def test_signed_garbage_from_a_gate_is_answered(stage: Stage, endpoint: str) -> None:
    @settings(
        max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(st.binary(max_size=200), json_bodies()))
    def answered(body: bytes) -> None:
        with undone():
            response = stage.ask("g1", "POST", endpoint, body)
            assert response.status_code < 500, (body, response.content[:400])
            if response.status_code >= 400:
                assert json.loads(response.content)["code"]

    answered()


def json_bodies() -> st.SearchStrategy[bytes]:
    """Bodies near to what a terminal sends: the right names, any values."""
    scalar = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from(["2026-11-16T07:01:09+08:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "in"]),
    )  # fmt: skip
    names = (
        "id",
        "pin",
        "at",
        "direction",
        "attend_type",
        "id_number",
        "card",
        "person",
        "result",
        "temperature",
    )
    event = st.fixed_dictionaries({}, optional=dict.fromkeys(names, scalar))
    body = st.fixed_dictionaries(
        {},
        optional={"batch": scalar, "events": st.lists(event, max_size=4), "sent_at": scalar, "queue": scalar},
    )
    return body.map(lambda value: json.dumps(value).encode())


def test_what_the_interface_document_allows_never_breaks_the_terminal_endpoints(stage: Stage) -> None:
    """schemathesis reads the OpenAPI document and makes requests from it; the application runs in this process."""
    document = json.loads(Client().get("/api/v1/schema/?format=json").content)
    served = [name for name in url_names() if name.startswith(("devices:api-", "devices:push-"))]
    told = re.compile("|".join(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) for path in document["paths"]))
    untold = [name for name in served if not told.fullmatch(path_of(stage, name))]
    assert untold == ["devices:push-example"]
    schema = schemathesis.openapi.from_dict(document)
    schema.app = WSGIHandler()
    for operation in schema.get_all_operations():
        case_strategy = operation.ok().as_strategy()

        @settings(
            max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @given(case=case_strategy)
        def answered(case: Any) -> None:
            body = json.dumps(case.body).encode() if isinstance(case.body, dict | list) else b""
            with undone():
                response = stage.ask("g1", case.method.upper(), case.formatted_path, body)
                assert response.status_code < 500, (case.method, case.path, body, response.content[:400])
                unsigned = Client(raise_request_exception=False).generic(
                    case.method.upper(), case.formatted_path, body, content_type="application/json"
                )
                assert unsigned.status_code < 500

        answered()
