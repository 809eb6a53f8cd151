"""`--enrol CODE`: get this PC, or one of its gates, a key for a one-time code from the site's page."""

import json
import logging
import ssl
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from devices.edge.config import BadConfig, Options, server_url
from devices.edge.keys import claim_beside, drop_claim, replace_key

log = logging.getLogger(__name__)
SECONDS = 20.0


class NotEnrolled(Exception):
    """Why there is no key; in words for who typed the code."""


def enrol(config: Path, code: str, *, gate: str = "") -> None:
    """Fetch a key and write it where site.toml says the secret is. Raises BadConfig, NotEnrolled, OSError.

    The same code may be tried again when the line or the power went: the claim beside the secret proves that it
    is the same PC.
    """
    url, ca_file, path = _target(config, gate)
    claim = claim_beside(path)
    found: dict[str, Any] = {}

    def fetch() -> tuple[str, str]:
        found.update(_ask(url, ca_file, {"code": code, "claim": claim} | ({"serial": gate} if gate else {})))
        return str(found["key_id"]), str(found["secret"])

    replace_key(path, fetch)
    drop_claim(path)
    log.info("enrolled as %s (%s); the key lies in %s", found["name"], found["serial"], path)


def _ask(url: str, ca_file: Path | None, body: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 the address was checked to be http or https
        f"{url}/api/v1/enrol/", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    trust = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS, context=trust) as answer:  # noqa: S310
            found = json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise NotEnrolled(_words(refusal)) from None
    except (OSError, ValueError) as problem:
        raise NotEnrolled(f"the server cannot be reached: {problem}") from None
    if not isinstance(found, dict) or not {"key_id", "secret", "serial", "name"} <= found.keys():
        raise NotEnrolled("this is no wagewatch server")
    return found


def _words(refusal: urllib.error.HTTPError) -> str:
    try:
        said = json.load(refusal)
        return f"{said['message']} ({said['code']})"
    except (OSError, ValueError, KeyError, TypeError):
        return f"the server says {refusal.code}"


def _target(path: Path, gate: str) -> tuple[str, Path | None, Path]:
    """Address, certificate file and the secret's place, from a site.toml whose secrets may not be there yet."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadConfig(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadConfig(f"{path} is no TOML: {problem}") from None
    base = path.resolve().parent
    server = Options("[server]", values.get("server"), base=base)
    url = server_url(server)
    ca_file = server.text("ca_file", "")
    place = server.path("secret_file")
    if gate:
        for one in values.get("gate", []):
            options = Options("[[gate]]", one, base=base)
            if options.text("serial") == gate:
                place = options.path("secret_file")
                break
        else:
            raise BadConfig(f"[[gate]]: there is none with the serial {gate}")
    return url, base / ca_file if ca_file else None, place
