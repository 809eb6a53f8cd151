"""The bank's public interface over HTTP; the routes are listed in payroll/bank/README.md."""

import hmac
import json
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from payroll.bank.simulator.bank import Bank
from payroll.bank.simulator.page import render_page
from payroll.bank.simulator.store import FAULTS
from payroll.bank.xmlread import MAX_BYTES
from wagewatch.lib.errors import Malformed

MAX_JSON_BYTES = 4 * 1024 * 1024


class Refused(Exception):
    """An answer other than success: HTTP status, stable code, Chinese text."""

    def __init__(self, status: HTTPStatus, code: str, text: str) -> None:
        super().__init__(code)
        self.status, self.code, self.text = status, code, text


class BankServer(ThreadingHTTPServer):
    """Serves one bank; `key` is the bearer key of its one customer."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], bank: Bank, key: str) -> None:
        super().__init__(address, Handler)
        self.bank = bank
        self.key = key
        self.news = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: BankServer
    protocol_version = "HTTP/1.1"
    server_version = "wagewatch-bank"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: addresses hold account numbers."""

    def _answer(self, method: str) -> None:
        self._body_read = method == "GET"
        try:
            url = urlsplit(self.path)
            parts = [unquote(part) for part in url.path.split("/") if part]
            query = {key: values[-1] for key, values in parse_qs(url.query).items()}
            if method == "GET" and parts == ["health"]:
                self._json(HTTPStatus.OK, {"status": "ok"})
            elif method == "GET" and not parts:
                page = render_page(self.server.bank, query.get("lang", "zh"))
                self._send(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
            else:
                self._authorise()
                self._route(method, parts, query)
        except Refused as refused:
            self._json(refused.status, {"code": refused.code, "text": refused.text})
        except Malformed as problem:
            self._json(HTTPStatus.BAD_REQUEST, {"code": problem.code, "text": "报文无法识别"})
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True

    def _authorise(self) -> None:
        given = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self.server.key}".encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "key", "密钥无效")

    def _route(self, method: str, parts: list[str], query: dict[str, str]) -> None:
        match (method, *parts):
            case ("POST", "messages"):
                self._take_order()
            case ("GET", "messages"):
                self._list_messages(query)
            case ("GET", "messages", name):
                self._one_message(name)
            case ("POST", "messages", name, "acknowledge"):
                self._body(MAX_JSON_BYTES)
                if not self.server.bank.acknowledge(name, _now()):
                    raise _absent()
                self._send(HTTPStatus.NO_CONTENT, b"", "")
            case ("GET", "accounts"):
                self._json(HTTPStatus.OK, {"accounts": self.server.bank.accounts()})
            case ("GET", "accounts", number):
                found = next((a for a in self.server.bank.accounts() if a["number"] == number), None)
                if found is None:
                    raise _absent()
                self._json(HTTPStatus.OK, found)
            case ("PUT", "accounts", number):
                self._open_account(number)
            case ("POST", "accounts", number, "deposits"):
                self._deposit(number)
            case ("POST", "accounts", number, "collections"):
                self._collect(number)
            case ("POST", "accounts", number, ("reports" | "statements") as what):
                self._issue(number, what)
            case ("POST", "cards"):
                self._register_cards()
            case ("GET", "faults"):
                self._json(HTTPStatus.OK, {"faults": self.server.bank.set_faults({})})
            case ("POST", "faults"):
                self._set_faults()
            case _:
                raise _absent()

    def _take_order(self) -> None:
        receipt = self.server.bank.accept(self._body(MAX_BYTES), _now())
        self.server.news.set()
        self._json(
            HTTPStatus.ACCEPTED,
            {"message_id": receipt.message_id, "sha256": receipt.sha256, "known": receipt.known},
        )

    def _list_messages(self, query: dict[str, str]) -> None:
        limit = query.get("limit", "200")
        if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= 1000):
            raise _wrong("limit")
        listed = self.server.bank.messages(query.get("after", ""), int(limit))
        self._json(HTTPStatus.OK, {"messages": [item._asdict() for item in listed]})

    def _one_message(self, name: str) -> None:
        data = self.server.bank.message(name)
        if data is None:
            raise _absent()
        self._send(HTTPStatus.OK, data, "application/xml")

    def _open_account(self, number: str) -> None:
        name = self._object().get("name")
        if not (number.isascii() and number.isalnum() and 6 <= len(number) <= 34):
            raise _wrong("number")
        if not isinstance(name, str) or not _plain(name, 140):
            raise _wrong("name")
        new = self.server.bank.open_account(number, name, _now())
        self._json(HTTPStatus.CREATED if new else HTTPStatus.OK, {"number": number, "name": name})

    def _deposit(self, number: str) -> None:
        amount, reference, payer, text = self._movement("payer_name")
        try:
            new = self.server.bank.deposit(
                number, amount, reference=reference, payer_name=payer, text=text, now=_now()
            )
        except LookupError:
            raise _absent() from None
        except ValueError:
            raise Refused(HTTPStatus.CONFLICT, "reference", "该参考号已用于其他金额") from None
        self._moved(reference, new)

    def _collect(self, number: str) -> None:
        amount, reference, payee, text = self._movement("payee_name")
        try:
            new = self.server.bank.collect(
                number, amount, reference=reference, payee_name=payee, text=text, now=_now()
            )
        except LookupError:
            raise _absent() from None
        except ValueError:
            raise Refused(
                HTTPStatus.CONFLICT, "collection", "账户余额不足，或该参考号已用于其他金额"
            ) from None
        self._moved(reference, new)

    def _movement(self, party_field: str) -> tuple[int, str, str, str]:
        """Amount in fen, reference, other party and text of one plain booking."""
        body = self._object()
        amount, reference = body.get("amount_fen"), body.get("reference")
        party, text = body.get(party_field, ""), body.get("text", "")
        if type(amount) is not int or not 0 < amount < 10**15:
            raise _wrong("amount_fen")
        if not isinstance(reference, str) or not _plain(reference, 35):
            raise _wrong("reference")
        if not all(isinstance(v, str) and (not v or _plain(v, 140)) for v in (party, text)):
            raise _wrong(f"{party_field}, text")
        return amount, reference, party, text

    def _moved(self, reference: str, new: bool) -> None:
        self.server.news.set()
        self._json(HTTPStatus.CREATED if new else HTTPStatus.OK, {"reference": reference, "known": not new})

    def _issue(self, number: str, what: str) -> None:
        self._body(MAX_JSON_BYTES)
        try:
            if what == "reports":
                self.server.bank.issue_report(number, _now())
                answer = {}
            else:
                answer = {"number": self.server.bank.issue_statement(number, _now())}
        except LookupError:
            raise _absent() from None
        self.server.news.set()
        self._json(HTTPStatus.ACCEPTED, answer)

    def _register_cards(self) -> None:
        cards = self._object().get("cards")
        if not isinstance(cards, list):
            raise _wrong("cards")
        rows: list[tuple[str, str, bool]] = []
        for card in cards:
            if not isinstance(card, dict):
                raise _wrong("cards")
            number, name, closed = card.get("number"), card.get("name"), card.get("closed", False)
            if not isinstance(number, str) or not isinstance(name, str) or not isinstance(closed, bool):
                raise _wrong("cards")
            rows.append((number, name, closed))
        self.server.bank.register_cards(rows)
        self._json(HTTPStatus.OK, {"registered": len(rows)})

    def _set_faults(self) -> None:
        values: dict[str, int] = {}
        for name, value in self._object().items():
            if name not in FAULTS or not isinstance(value, int) or not -1 <= value <= 10**6:
                raise _wrong(name)
            values[name] = (-1 if value else 0) if isinstance(value, bool) else value
        self._json(HTTPStatus.OK, {"faults": self.server.bank.set_faults(values)})

    def _object(self) -> dict[str, Any]:
        try:
            value = json.loads(self._body(MAX_JSON_BYTES))
        except (ValueError, RecursionError):
            raise _wrong("body") from None
        if not isinstance(value, dict):
            raise _wrong("body")
        return value

    def _body(self, limit: int) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "length", "请提供报文长度")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "length", "请提供报文长度")
        if len(length) > 12 or int(length) > limit:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "报文过大")
        data = self.rfile.read(int(length))
        if len(data) != int(length):
            self.close_connection = True
            raise _wrong("body")
        self._body_read = True
        return data

    def _json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        if not self._body_read:
            # What was not read would be taken for the next request.
            self.close_connection = True
            self.send_header("Connection", "close")
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if kind.startswith("text/html"):
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)


def _now() -> datetime:
    return datetime.now(UTC)


def _plain(text: str, limit: int) -> bool:
    return bool(text.strip()) and len(text) <= limit and text.isprintable()


def _absent() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "absent", "没有该项")


def _wrong(field: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "invalid", f"字段无效：{field}")
