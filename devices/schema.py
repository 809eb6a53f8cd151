"""The terminals' endpoints in the interface document: drf-spectacular sees only REST framework's own views."""

from typing import Any

import msgspec

from devices import signing, wire
from devices.services.photos import MAX_BYTES
from registration.rules.entry import SHORT

REF = "#/components/schemas/{name}"
JSON = "application/json"

ANSWER = {
    "type": "object",
    "description": "What became of each event; the same batch id gets the same answer for ever.",
    "required": ["batch", "accepted", "repeated", "duplicates", "refused", "bad"],
    "properties": {
        "batch": {"type": "string"},
        "accepted": {"type": "integer", "description": "new passages"},
        "repeated": {"type": "integer", "description": "new, but within 60 s of the same: kept, not counted"},
        "duplicates": {"type": "integer", "description": "already known"},
        "refused": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "reason"],
                "properties": {
                    "id": {"type": "string"},
                    "reason": {"enum": ["unregistered", "left", "not_yet", "bad_time", "device"]},
                },
            },
        },
        "bad": {"type": "array", "items": {"$ref": "#/components/schemas/BadEvent"}},
    },
}
CARD_INDEXES = {
    "type": "array",
    "items": {"type": "string"},
    "description": "only for who has a citizen card",
}
FACE = {
    "type": "string",
    "description": 'the picture that gates shall have of them: its name, or "" where they want none and a gate deletes '
    "what it has; left out where they were not asked",
}
ALLOW_LIST = {
    "type": "object",
    "description": "Whole, or what changed since the version that was named: a pin then stands in one of the three.",
    "required": ["version", "complete", "people", "denied", "removed"],
    "properties": {
        "version": {"type": "string"},
        "complete": {"type": "boolean", "description": "false: only what changed since `since`"},
        "since": {"type": "string", "description": "the version that was named, in a list of changes"},
        "card_key": {
            "type": "string",
            "description": "hexadecimal; `card_indexes` are the first 12 bytes of HMAC-SHA256 under it, over the "
            "card's number in capitals without spaces and hyphens, in hexadecimal",
        },
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pin", "name", "from", "until"],
                "properties": {
                    "pin": {"type": "integer"},
                    "name": {"type": "string", "description": "masked"},
                    "from": {"type": "string", "format": "date"},
                    "until": {"type": "string", "format": "date", "nullable": True},
                    "face": FACE,
                    "card_indexes": CARD_INDEXES,
                },
            },
        },
        "denied": {
            "type": "array",
            "description": "registered, but kept out by the region's conditions of entry until the next list",
            "items": {
                "type": "object",
                "required": ["pin", "reason", "text"],
                "properties": {
                    "pin": {"type": "integer"},
                    "reason": {"enum": list(SHORT)},
                    "text": {"type": "string", "description": "a few Chinese words for the display"},
                    "card_indexes": CARD_INDEXES,
                },
            },
        },
        "removed": {"type": "array", "items": {"type": "integer"}},
    },
}
BEAT = {
    "type": "object",
    "required": ["server_time", "skew_ms", "allow_list"],
    "properties": {
        "server_time": {"type": "string", "format": "date-time"},
        "skew_ms": {"type": "integer", "nullable": True},
        "allow_list": {"type": "string", "description": "version of the allow-list"},
        "rotate_key": {"type": "boolean", "description": "true: ask for a new key soon"},
    },
}
DEVICES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["serial", "kind", "name", "lane", "networks"],
        "properties": {
            "serial": {"type": "string"},
            "kind": {"type": "string"},
            "name": {"type": "string"},
            "lane": {"enum": ["in", "out", "both"]},
            "networks": {
                "type": "array",
                "items": {"type": "string"},
                "description": "where it may call from",
            },
        },
    },
}
FACES_ANSWER = {
    "type": "object",
    "required": ["deleted"],
    "properties": {"deleted": {"type": "integer", "description": "how many deletions this proves"}},
}
PHOTO_ANSWER = {
    "type": "object",
    "required": ["kept", "reason"],
    "properties": {
        "kept": {"type": "boolean"},
        "reason": {
            "enum": ["", "picture", "event_unknown"],
            "description": "picture: not worth sending again; event_unknown: send it after its event",
        },
    },
}
KEY = {
    "type": "object",
    "description": "Told this once. `old_until` is how long the former key is good beside it.",
    "required": ["key_id", "secret"],
    "properties": {
        "key_id": {"type": "string"},
        "secret": {"type": "string"},
        "serial": {"type": "string"},
        "name": {"type": "string"},
        "server_time": {"type": "string", "format": "date-time"},
        "old_until": {"type": "string", "format": "date-time"},
    },
}
CARD_READS_ANSWER = {
    "type": "object",
    "description": "Every read that was sent is named once, kept or refused; what is not named is sent again.",
    "required": ["server_time", "kept", "refused"],
    "properties": {
        "server_time": {"type": "string", "format": "date-time"},
        "kept": {"type": "array", "items": {"type": "string"}},
        "refused": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "code"],
                "properties": {
                    "key": {"type": "string", "nullable": True},
                    "code": {"enum": ["card_read.late", "card_read.unreadable"]},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
}
SIGNED = (
    "Signed with HMAC-SHA256 over six lines: WW1, method, path with query, unix seconds, nonce, SHA-256 of "
    f"the body in hexadecimal; good for {signing.WINDOW_SECONDS} s, each nonce once."
)


def add_terminal_endpoints(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: adds the paths of terminals, their schemas and the signature."""
    _, components = msgspec.json.schema_components(
        [
            wire.PostedBatch,
            wire.PostedCardReads,
            wire.Heartbeat,
            wire.BadEvent,
            wire.Enrolment,
            wire.FacesSaid,
        ],
        ref_template=REF,
    )
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {}).update(
        {
            **components,
            "BatchAnswer": ANSWER,
            "CardReadsAnswer": CARD_READS_ANSWER,
            "AllowList": ALLOW_LIST,
            "HeartbeatAnswer": BEAT,
            "DeviceList": DEVICES,
            "FacesAnswer": FACES_ANSWER,
            "PhotoAnswer": PHOTO_ANSWER,
            "TerminalKey": KEY,
            "Error": ERROR,
        }
    )
    parts.setdefault("securitySchemes", {})["terminalKey"] = {
        "type": "apiKey",
        "in": "header",
        "name": signing.KEY_HEADER,
        "description": SIGNED,
    }
    result["paths"].update(
        {
            "/api/v1/passages/": {
                "post": _operation(
                    "terminals_passages", "Post a batch of events", "BatchAnswer", body="PostedBatch"
                )
            },
            "/api/v1/card-reads/": {
                "post": _operation(
                    "terminals_card_reads",
                    "Post identity cards that were read",
                    "CardReadsAnswer",
                    body="PostedCardReads",
                )
            },
            "/api/v1/allow-list/": {
                "get": _operation(
                    "terminals_allow_list",
                    "Who may come in",
                    "AllowList",
                    query="since",
                    more={"304": "unchanged"},
                )
            },
            "/api/v1/heartbeats/": {
                "post": _operation(
                    "terminals_heartbeat", "Say that you live", "HeartbeatAnswer", body="Heartbeat"
                )
            },
            "/api/v1/devices/": {
                "get": _operation("terminals_devices", "Devices that this agent speaks for", "DeviceList")
            },
            "/api/v1/photos/": {"post": _photo()},
            "/api/v1/faces/": {
                "post": _operation(
                    "terminals_faces", "Say what gates hold of faces", "FacesAnswer", body="FacesSaid"
                )
            },
            "/api/v1/faces/{pin}/{face}/": {"get": _face()},
            "/api/v1/rotate-key/": {"post": _operation("terminals_rotate_key", "A new key", "TerminalKey")},
            "/api/v1/enrol/": {"post": _enrolment()},
        }
    )
    return result


def _operation(
    name: str,
    summary: str,
    answer: str,
    *,
    body: str = "",
    query: str = "",
    more: dict[str, str] | None = None,
) -> dict[str, Any]:
    headers = (signing.TIMESTAMP_HEADER, signing.NONCE_HEADER, signing.SIGNATURE_HEADER)
    parameters: list[dict[str, Any]] = [
        {"name": header, "in": "header", "required": True, "schema": {"type": "string"}} for header in headers
    ]
    if query:
        parameters.append({"name": query, "in": "query", "schema": {"type": "string"}})
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "description": SIGNED,
        "tags": ["terminals"],
        "security": [{"terminalKey": []}],
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": _content(answer)},
            **{code: {"description": text} for code, text in (more or {}).items()},
            "401": {"description": "not signed, late or replayed", "content": _content("Error")},
            "403": {"description": "the terminal was taken out of use", "content": _content("Error")},
            "503": {"description": "nothing was stored; try again", "content": _content("Error")},
        },
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body)}
        operation["responses"]["400"] = {"description": "not understood", "content": _content("Error")}
        operation["responses"]["413"] = {"description": "too large", "content": _content("Error")}
    if body == "PostedBatch":
        operation["responses"]["409"] = {
            "description": "batch id with other events",
            "content": _content("Error"),
        }
    return operation


def _photo() -> dict[str, Any]:
    operation = _operation("terminals_photo", "Post the picture of an event", "PhotoAnswer")
    operation["parameters"] += [
        {
            "name": "X-Wagewatch-Event",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "maxLength": 64},
            "description": "the event's id",
        },
        {
            "name": "X-Wagewatch-Device",
            "in": "header",
            "schema": {"type": "string", "maxLength": 40},
            "description": "serial number of the device, if it is not the one that signs",
        },
    ]
    picture = {"schema": {"type": "string", "format": "binary", "maxLength": MAX_BYTES}}
    operation["requestBody"] = {
        "required": True,
        "content": {"image/jpeg": picture, "image/png": picture},
    }
    for code, text in (("400", "no event named"), ("413", "too large")):
        operation["responses"][code] = {"description": text, "content": _content("Error")}
    return operation


def _face() -> dict[str, Any]:
    operation = _operation("terminals_face", "The picture that the allow-list names for a person", "Error")
    operation["parameters"] += [
        {"name": "pin", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}},
        {
            "name": "face",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{20}$"},
        },
    ]
    picture = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
    operation["responses"]["200"] = {"description": "the picture; keep it in memory only", "content": picture}
    operation["responses"]["404"] = {
        "description": "the list names no such picture",
        "content": _content("Error"),
    }
    return operation


def _enrolment() -> dict[str, Any]:
    """The one request that is not signed: it has no key yet."""
    operation = _operation("terminals_enrol", "A key for a one-time code", "TerminalKey", body="Enrolment")
    operation |= {"description": "Not signed. A code is good once.", "security": [], "parameters": []}
    del operation["responses"]["401"]
    operation["responses"] |= {
        code: {"description": text, "content": _content("Error")}
        for code, text in (
            ("403", "the code is wrong, was used, or its time is over"),
            ("409", "the code is for another serial number"),
            ("429", "too many wrong codes from this address"),
        )
    }
    return operation


def _content(name: str) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": REF.format(name=name)}}}
