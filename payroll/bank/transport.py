"""Carrying messages to the bank and back: over HTTP(S), or through a pair of folders.

A failure whose outcome is unknown (time-out, connection lost) raises TryLater: the file may have arrived,
so the caller sends the same bytes again or waits, and never makes new identifiers.
"""

import hashlib
import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from django.utils.translation import gettext_lazy as _

from payroll.bank.xmlread import MAX_BYTES
from wagewatch.lib.errors import RuleViolation, TryLater


@dataclass(frozen=True, slots=True)
class Ack:
    """The bank has the file. `known` means that it had these very bytes before."""

    message_id: str
    reference: str
    known: bool = False


class BankTransport(Protocol):
    """What the payment services need of a connection to a bank."""

    def send(self, message_id: str, data: bytes) -> Ack:
        """Hand over an order. Raises TryLater (outcome unknown) or RuleViolation (refused, not taken)."""

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        """Answers after the name `since`, in the bank's order, as (name, bytes). Names sort in that order."""

    def acknowledge(self, name: str) -> None:
        """Tell the bank that an answer is stored here. Doing it twice is harmless."""


class HttpTransport:
    """The interface of the bank simulator (see README), as a bank's REST gateway would offer it.

    `base_url` http(s)://host:port, `key` the bearer key, `timeout` in seconds per request.
    """

    def __init__(
        self, base_url: str, key: str, *, timeout: float = 20, context: ssl.SSLContext | None = None
    ) -> None:
        if urlsplit(base_url).scheme not in ("http", "https"):
            raise ValueError("the bank's address must start with http:// or https://")
        self._base = base_url.rstrip("/")
        self._key = key
        self._timeout = timeout
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.ProxyHandler({}),
            _NoRedirect(),
        ]
        if context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def send(self, message_id: str, data: bytes) -> Ack:
        digest = hashlib.sha256(data).hexdigest()
        answer = self._json("POST", "/messages", data, {"Content-Type": "application/xml"})
        if answer.get("sha256") != digest:
            raise TryLater("bank.garbled", _("The bank confirmed another file. It will be asked again."))
        return Ack(message_id, digest, bool(answer.get("known")))

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        listing = self._json("GET", "/messages?" + urlencode({"after": since}))
        found: list[tuple[str, bytes]] = []
        for item in listing.get("messages", []):
            name = str(item["name"])
            found.append((name, self._call("GET", "/messages/" + quote(name, safe=""))))
        return found

    def acknowledge(self, name: str) -> None:
        self._call("POST", f"/messages/{quote(name, safe='')}/acknowledge", b"")

    def deposit(self, account: str, amount_fen: int, *, reference: str, payer_name: str, text: str) -> None:
        """Simulator only: pay an allocation into an account; the same reference counts once."""
        body = {"amount_fen": amount_fen, "reference": reference, "payer_name": payer_name, "text": text}
        self._json("POST", f"/accounts/{quote(account, safe='')}/deposits", json.dumps(body).encode())

    def collect(self, account: str, amount_fen: int, *, reference: str, payee_name: str, text: str) -> None:
        """Simulator only: the bank takes back what it lent; the same reference counts once."""
        body = {"amount_fen": amount_fen, "reference": reference, "payee_name": payee_name, "text": text}
        self._json("POST", f"/accounts/{quote(account, safe='')}/collections", json.dumps(body).encode())

    def open_account(self, account: str, name: str) -> None:
        """Simulator only: open a special wage account; doing it twice is harmless."""
        self._json("PUT", f"/accounts/{quote(account, safe='')}", json.dumps({"name": name}).encode())

    def request_report(self, account: str) -> None:
        """Ask for an interim report (camt.052) of an account; it comes with the next answers."""
        self._json("POST", f"/accounts/{quote(account, safe='')}/reports", b"{}")

    def _json(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        raw = self._call(method, path, data, headers)
        try:
            value = json.loads(raw)
        except ValueError as problem:
            raise TryLater("bank.garbled", _("The bank's answer is not readable. Try again.")) from problem
        return value if isinstance(value, dict) else {}

    def _call(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked in __init__
            self._base + path,
            data=data,
            method=method,
            headers={"Authorization": f"Bearer {self._key}", **(headers or {})},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                body: bytes = response.read(MAX_BYTES + 1)
        except urllib.error.HTTPError as refusal:
            with refusal:
                _refused(refusal)
        except (OSError, HTTPException) as problem:
            raise TryLater(
                "bank.unreachable", _("The bank cannot be reached now. It will be tried again.")
            ) from problem
        return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another address."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _refused(refusal: urllib.error.HTTPError) -> None:
    if refusal.code >= 500 or refusal.code in (408, 429):
        raise TryLater("bank.busy", _("The bank is busy. It will be tried again.")) from refusal
    if refusal.code in (401, 403):
        raise RuleViolation(
            "bank.key", _("The bank does not accept this system's key. Tell the administrator.")
        ) from refusal
    try:
        detail = str(json.loads(refusal.read(65536)).get("code", ""))
    except (ValueError, AttributeError, OSError):
        detail = ""
    raise RuleViolation(
        "bank.refused",
        _("The bank refused the file. Look at the bank's reason before trying again."),
        status=refusal.code,
        reason=detail,
    ) from refusal


class FolderTransport:
    """A pair of folders that an SFTP client keeps in step with the bank.

    A file appears under its final name only when it is complete and on disk.
    """

    def __init__(self, outbox: Path, inbox: Path) -> None:
        self._outbox = outbox
        self._inbox = inbox
        self._taken = inbox / "taken"
        for folder in (outbox, inbox, self._taken):
            folder.mkdir(parents=True, exist_ok=True)

    def send(self, message_id: str, data: bytes) -> Ack:
        digest = hashlib.sha256(data).hexdigest()
        target = self._outbox / (quote(message_id, safe="") + ".xml")
        draft = self._outbox / f".{target.name}.{os.getpid()}.part"
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # link() refuses an existing name, where rename() would silently replace another order.
            os.link(draft, target)
        except FileExistsError:
            if hashlib.sha256(target.read_bytes()).hexdigest() != digest:
                raise RuleViolation(
                    "bank.message_id_used",
                    _("Another file was sent under this reference. It was not replaced."),
                ) from None
            return Ack(message_id, digest, known=True)
        except OSError as problem:
            raise TryLater(
                "bank.unreachable", _("The bank cannot be reached now. It will be tried again.")
            ) from problem
        finally:
            draft.unlink(missing_ok=True)
        return Ack(message_id, digest)

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        # A bank's file names need not sort by time, so `since` counts for nothing here: what has been
        # acknowledged has moved away, and all the rest is news.
        names = sorted(
            path.name
            for path in self._inbox.iterdir()
            if path.is_file() and path.suffix.lower() == ".xml" and not path.name.startswith(".")
        )
        found: list[tuple[str, bytes]] = []
        for name in names:
            path = self._inbox / name
            with path.open("rb") as file:
                # What is too large is cut off, kept and refused by its reader: it must not stop what comes after it.
                found.append((name, file.read(MAX_BYTES + 1)))
        return found

    def acknowledge(self, name: str) -> None:
        if not name or Path(name).name != name:
            raise ValueError("an answer's name is a plain file name")
        source = self._inbox / name
        if source.exists():
            source.replace(self._taken / name)
