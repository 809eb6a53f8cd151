"""The terminals' endpoints in the interface document: drf-spectacular sees only REST framework's own views."""

from typing import Any

import msgspec

from devices import signing, wire
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
ALLOW_LIST = {
    "type": "object",
    "required": ["version", "people", "denied", "removed"],
    "properties": {
        "version": {"type": "string"},
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
        [wire.PostedBatch, wire.PostedCardReads, wire.Heartbeat, wire.BadEvent], ref_template=REF
    )
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {}).update(
        {
            **components,
            "BatchAnswer": ANSWER,
            "CardReadsAnswer": CARD_READS_ANSWER,
            "AllowList": ALLOW_LIST,
            "HeartbeatAnswer": BEAT,
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


def _content(name: str) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": REF.format(name=name)}}}
