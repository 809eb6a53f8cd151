"""The permit offices' interface in the document of all interfaces."""

from typing import Any

REF = "#/components/schemas/{name}"
JSON = "application/json"
POINT = {
    "type": "object",
    "required": ["code", "state", "zh", "en"],
    "properties": {
        "code": {
            "enum": [
                "registered",
                "account",
                "deposit",
                "guarantee",
                "social",
                "clerk",
                "subcontracts",
                "contracts",
                "listed",
            ],
        },
        "state": {"enum": ["met", "missing", "not_asked"]},
        "on": {"type": "string", "format": "date", "nullable": True, "description": "the day it rests on"},
        "paper": {"type": "string", "description": "number of the paper it rests on"},
        "zh": {"type": "string"},
        "en": {"type": "string"},
    },
}
ANSWER = {
    "type": "object",
    "required": ["number", "project", "ready", "at", "points"],
    "properties": {
        "number": {"type": "string", "description": "quote it; it can be looked up at any time"},
        "project": {"type": "string", "description": "code of the project"},
        "ready": {"type": "boolean", "description": "nothing that is asked for is missing"},
        "at": {"type": "string", "format": "date-time"},
        "points": {"type": "array", "items": {"$ref": REF.format(name="PermitPoint")}},
    },
}
LOOKED_UP = {
    "allOf": [
        {"$ref": REF.format(name="PermitAnswer")},
        {
            "type": "object",
            "required": ["today"],
            "properties": {
                "today": {
                    "type": "object",
                    "required": ["ready", "changed"],
                    "properties": {
                        "ready": {"type": "boolean"},
                        "changed": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "codes of conditions that stand otherwise than answered",
                        },
                    },
                }
            },
        },
    ]
}
QUESTION = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": {"type": "string", "description": "code of the project"}},
}
ERRORS = {
    "401": "no key, or one that is out of use",
    "404": "no such project or number, or not of this office's region and works",
}


def add_permit_endpoints(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: adds the question, the look-up and their schemas."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(
        {
            "PermitPoint": POINT,
            "PermitQuestion": QUESTION,
            "PermitAnswer": ANSWER,
            "PermitAnswerToday": LOOKED_UP,
        }
    )
    components.setdefault("securitySchemes", {})["permitKey"] = {"type": "http", "scheme": "bearer"}
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "string"}}
    result["paths"].update(
        {
            "/api/v1/permits/": {
                "post": _operation("permit_ask", "Is a project ready for its permit?", "PermitAnswer")
                | {
                    "requestBody": {
                        "required": True,
                        "content": {JSON: {"schema": {"$ref": REF.format(name="PermitQuestion")}}},
                    }
                }
            },
            "/api/v1/permits/{number}/": {
                "get": _operation("permit_look_up", "What was answered", "PermitAnswerToday")
                | {"parameters": [number]}
            },
        }
    )
    return result


def _operation(name: str, summary: str, answer: str) -> dict[str, Any]:
    texts = ERRORS | ({"400": "not understood"} if name == "permit_ask" else {})
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["permits"],
        "security": [{"permitKey": []}],
        "responses": {
            "200": {
                "description": summary,
                "content": {JSON: {"schema": {"$ref": REF.format(name=answer)}}},
            },
            **{status: {"description": text} for status, text in texts.items()},
        },
    }
