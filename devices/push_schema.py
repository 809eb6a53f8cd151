"""The endpoints of other real-name systems in the interface document."""

from typing import Any

import msgspec

from devices import signing
from devices.push_wire import MAX_PEOPLE, PostedPeople
from devices.services.sources import LONGEST_SPAN, REQUESTS_A_MINUTE
from devices.wire import Event

REF = "#/components/schemas/{name}"
JSON = "application/json"
SHA = {"type": "string", "description": "SHA-256 in hexadecimal"}
COUNT = {"type": "integer"}
LINE = {
    "type": "object",
    "description": "A line of WorkerAttendance of the national interface; without `id` it gets one from what it says.",
    "required": ["idCardNumber", "date"],
    "properties": {
        "id": {"type": "string"},
        "idCardType": {"type": "string"},
        "idCardNumber": {"type": "string"},
        "date": {"type": "string", "description": "2026-11-16 07:01:09, time in China"},
        "direction": {"enum": ["01", "02"]},
        "attendType": {"type": "string", "description": "001 to 011"},
    },
}
ATTENDANCE = {
    "type": "object",
    "required": ["batch", "project", "events"],
    "properties": {
        "batch": {"type": "string", "maxLength": 64},
        "project": {"type": "string", "maxLength": 30, "description": "project code"},
        "gate": {"type": "string", "maxLength": 40, "description": "the gate as the other system calls it"},
        "events": {
            "type": "array",
            "maxItems": 5000,
            "items": {
                "oneOf": [{"$ref": REF.format(name="Event")}, {"$ref": REF.format(name="NationalStamp")}]
            },
        },
    },
}
PEOPLE_ANSWER = {
    "type": "object",
    "required": ["request", "project", "written", "unchanged", "refused", "rows"],
    "properties": {
        "request": {"type": "string"},
        "project": {"type": "string"},
        "written": COUNT,
        "unchanged": COUNT,
        "refused": COUNT,
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "result"],
                "properties": {
                    "index": COUNT,
                    "result": {"enum": ["new", "changed", "unchanged", "refused"]},
                    "pin": {"type": "integer", "description": "number at the gates of the project"},
                    "code": {"type": "string"},
                    "message": {"type": "string", "description": "Chinese or English by Accept-Language"},
                    "field": {"type": "string"},
                    "notes": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
    },
}
PEOPLE_STATE = {
    "type": "object",
    "required": ["project", "people", "at_work", "left", "digest"],
    "properties": {
        "project": {"type": "string"},
        "people": COUNT,
        "at_work": COUNT,
        "left": COUNT,
        "digest": {**SHA, "description": "SHA-256 over the lines `pin,first day,last day` by pin"},
    },
}
DAYS = {
    "type": "object",
    "required": ["project", "days"],
    "properties": {
        "project": {"type": "string"},
        "days": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["day", "received", "digest", "passages", "refused"],
                "properties": {
                    "day": {"type": "string", "format": "date"},
                    "received": {"type": "integer", "description": "different event ids"},
                    "digest": {
                        **SHA,
                        "description": "SHA-256 over the sorted event ids, each ended by a line feed",
                    },
                    "passages": COUNT,
                    "refused": {"type": "object", "additionalProperties": COUNT},
                },
            },
        },
    },
}


def add_push_endpoints(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: adds the paths of pushing systems and their schemas."""
    _, components = msgspec.json.schema_components([PostedPeople, Event], ref_template=REF)
    result.setdefault("components", {}).setdefault("schemas", {}).update(
        {
            **components,
            "NationalStamp": LINE,
            "PostedAttendance": ATTENDANCE,
            "PeopleAnswer": PEOPLE_ANSWER,
            "PeopleState": PEOPLE_STATE,
            "ReconciledDays": DAYS,
        }
    )
    people, span = f"At most {MAX_PEOPLE} rows.", f"At most {LONGEST_SPAN} days."
    result["paths"].update(
        {
            "/api/v1/push/people/": {
                "post": _operation(
                    "push_people", f"Push people. {people}", "PeopleAnswer", body="PostedPeople"
                ),
                "get": _operation("push_people_state", "People on record", "PeopleState", query=("project",)),
            },
            "/api/v1/push/attendance/": {
                "post": _operation("push_attendance", "Push stamps", "BatchAnswer", body="PostedAttendance")
            },
            "/api/v1/push/days/": {
                "get": _operation(
                    "push_days", f"Prove days. {span}", "ReconciledDays", query=("project", "from", "to")
                )
            },
        }
    )
    return result


def _operation(
    name: str, summary: str, answer: str, *, body: str = "", query: tuple[str, ...] = ()
) -> dict[str, Any]:
    headers = (signing.TIMESTAMP_HEADER, signing.NONCE_HEADER, signing.SIGNATURE_HEADER)
    texts = {
        "400": "not understood",
        "401": "not signed, late or replayed",
        "403": "shut out, or outside the scope: nothing was stored",
        "413": "too large",
        "429": f"more than {REQUESTS_A_MINUTE} requests in a minute",
        "503": "nothing was stored; try again",
    }
    if body:
        texts["409"] = "the id came before with other content"
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "description": "Signed as terminals sign, with the key of the system.",
        "tags": ["push"],
        "security": [{"terminalKey": []}],
        "parameters": [
            {"name": one, "in": "header", "required": True, "schema": {"type": "string"}} for one in headers
        ]
        + [
            {"name": one, "in": "query", "required": one != "to", "schema": {"type": "string"}}
            for one in query
        ],
        "responses": {
            "200": {"description": "done", "content": _content(answer)},
            **{code: {"description": text, "content": _content("Error")} for code, text in texts.items()},
        },
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    return operation


def _content(name: str) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": REF.format(name=name)}}}
