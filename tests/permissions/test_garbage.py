"""Whatever stands in an address or a body, no page falls over: garbage gets an answer below 500."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import QueryDict
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
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


class Watched(QueryDict):
    """A query string that remembers what a page asks of it; whoever reads it as a whole asks for all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.asked: set[str] = set()
        self.whole = False
        super().__init__(*args, **kwargs)
        self.asked.clear()
        self.whole = False

    @property
    def reads_any(self) -> bool:
        """Whether any value of this query string could have changed the answer."""
        return self.whole or bool(self.asked)

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def _getlist(self, key: str, default: Any = None, force_list: bool = False) -> Any:
        self.asked.add(key)
        return super()._getlist(key, default, force_list)

    def __iter__(self) -> Iterator[str]:
        self.whole = True
        return super().__iter__()

    def lists(self) -> Any:
        self.whole = True
        return super().lists()

    def items(self) -> Any:
        self.whole = True
        return super().items()

    def dict(self) -> Any:
        self.whole = True
        return super().dict()

    def copy(self) -> Any:
        self.whole = True
        return QueryDict(self.urlencode(), mutable=True)

    def urlencode(self, safe: str | None = None) -> str:
        self.whole = True
        return super().urlencode(safe)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Watched]:
    """The query strings of the requests answered since this list was cleared."""
    seen: list[Watched] = []

    def watch(request: WSGIRequest) -> Watched:
        query = Watched(request.META.get("QUERY_STRING", ""), encoding=request.encoding)
        seen.append(query)
        return query

    watch_once = cached_property(watch)
    watch_once.__set_name__(WSGIRequest, "GET")
    monkeypatch.setattr(WSGIRequest, "GET", watch_once)
    return seen


def test_a_page_that_reads_its_query_string_is_seen_to_do_so(stage: Stage, watched: list[Watched]) -> None:
    for name, asked in (("inspection:projects", "sort"), ("registration:person", "")):
        watched.clear()
        assert stage.ask(insider(name), "GET", path_of(stage, name)).status_code == 200
        assert (
            any(asked in query.asked for query in watched) if asked else not any(q.reads_any for q in watched)
        )


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area or "shared")
def test_garbage_in_the_query_string_is_answered(stage: Stage, watched: list[Watched], area: str) -> None:
    """All parameters at once, and single ones in an otherwise plain address, which reach further.

    Besides the usual names, those that the page itself asks for. A page that asks for none, neither bare nor with
    all of them given, has been tried enough by these two requests.
    """
    fallen = []

    def fell(name: str, role: str, query: str) -> None:
        with undone():
            status = stage.ask(role, "GET", f"{path_of(stage, name)}?{query}").status_code
        if status >= 500:
            fallen.append(f"{name} ?{query[:40]} ({role}): {status}")

    for name in [n for (m, n) in rows() if m == "GET" and (n.partition(":")[0] if ":" in n else "") == area]:
        if name == "readyz":
            continue
        role = insider(name)
        watched.clear()
        fell(name, role, "")
        fell(name, role, "&".join(f"{key}={VALUES[0]}" for key in NAMES))
        if not any(query.reads_any for query in watched):
            continue
        names = dict.fromkeys([*NAMES, *sorted(set().union(*(query.asked for query in watched)))])
        for value in VALUES:
            fell(name, role, "&".join(f"{key}={value}" for key in names))
        for key, value in ALONE.items():
            fell(name, role, f"{key}={value}")
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
