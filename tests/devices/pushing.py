"""Pushing as another real-name system does, through Django's test client."""

import itertools
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from registration.services.sources import Made, let_in
from tests.cast import Cast
from tests.devices.post import headers
from wagewatch.lib.identity import make_id_number

PEOPLE, ATTENDANCE, DAYS = "/api/v1/push/people/", "/api/v1/push/attendance/", "/api/v1/push/days/"
_numbers = itertools.count(1)


def let_system_in(cast: Cast, name: str = "岑岭实名制", *, projects: list[int] | None = None) -> Made:
    """Zhao lets a system push for her firm's projects, all or these."""
    return let_in(cast.gc.pk, name, project_ids=projects, actor=cast.actor(cast.zhao), now=cast.now)


class System:
    """A system with its key; every call signs with a new nonce at the cast's time."""

    def __init__(self, made: Made, cast: Cast) -> None:
        self.made, self.cast, self.now = made, cast, cast.now
        self.client = Client()
        self.secret = made.secret

    def send(self, path: str, body: bytes, *, language: str = "zh-hans", **changes: str) -> HttpResponse:
        """POST signed; `changes` replace headers."""
        signed = headers("POST", path, body, now=self.now, key_id=self.made.source.key_id, secret=self.secret)
        more = {"Accept-Language": language, **changes}
        return self.client.post(path, body, content_type="application/json", headers={**signed, **more})

    def get(self, path: str) -> HttpResponse:
        """GET signed."""
        signed = headers("GET", path, b"", now=self.now, key_id=self.made.source.key_id, secret=self.secret)
        return self.client.get(path, headers=signed)

    def people(self, *rows: Any, **more: Any) -> dict[str, Any]:
        """The answer to people that must be taken; for the subcontractor unless told."""
        response = self.send(PEOPLE, self.people_body(*rows, **more))
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def people_body(self, *rows: Any, **more: Any) -> bytes:
        asked = {
            "request": f"r{next(_numbers)}",
            "project": self.cast.project.code,
            "firm": self.cast.sc.uscc,
            "people": list(rows),
        }
        return json.dumps(asked | more).encode()

    def stamps(self, *events: Any, **more: Any) -> dict[str, Any]:
        """The answer to stamps that must be taken."""
        response = self.send(ATTENDANCE, self.stamps_body(*events, **more))
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def stamps_body(self, *events: Any, **more: Any) -> bytes:
        asked = {"batch": f"b{next(_numbers)}", "project": self.cast.project.code, "events": list(events)}
        return json.dumps(asked | more).encode()


def person(seq: int = 311, **more: Any) -> dict[str, Any]:
    """A person as a system pushes them, with the day rate of a carpenter."""
    from datetime import date

    return {
        "name": "郑大江",
        "id_number": make_id_number("330723", date(1988, 4, 12), seq),
        "phone": f"138579{seq:05d}",
        "team": "木工一班",
        "trade": "木工",
        "rate": "380",
        "joined_on": "2026-11-16",
        **more,
    }
