"""A visitor without a browser: cookies, forms and files over plain HTTP, for many people at once."""

import http.client
import re
import uuid
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from tests.journeys.people import PASSWORD


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    text: str
    location: str
    headers: dict[str, str]


class Visitor:
    """Keeps cookies and sends the CSRF token; follows redirects only when asked."""

    def __init__(self, url: str, *, language: str = "zh-hans", timeout: float = 40.0) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.timeout = parts.hostname or "", parts.port, timeout
        self.cookies = {"django_language": language}

    def get(self, path: str, **headers: str) -> Page:
        """GET a page."""
        return self._ask("GET", path, None, headers)

    def follow(self, page: Page) -> Page:
        """Go where an answer sends us."""
        while page.status in {301, 302, 303}:
            page = self.get(page.location)
        return page

    def post(
        self, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]] | None = None
    ) -> Page:
        """POST a form as a browser does, with files as multipart."""
        fields = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
        if files is None:
            kind, body = "application/x-www-form-urlencoded", urlencode(fields).encode()
        else:
            edge = uuid.uuid4().hex
            pieces = [
                f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
                for k, v in fields.items()
            ]
            for key, (name, data) in files.items():
                head = f'--{edge}\r\nContent-Disposition: form-data; name="{key}"; filename="{name}"\r\n\r\n'
                pieces.append(head.encode() + data + b"\r\n")
            kind, body = (
                f"multipart/form-data; boundary={edge}",
                b"".join([*pieces, f"--{edge}--\r\n".encode()]),
            )
        return self._ask("POST", path, body, {"Content-Type": kind})

    def sign_in(self, username: str) -> "Visitor":
        """Sign in as staff."""
        self.get("/accounts/sign-in/")
        answer = self.post("/accounts/sign-in/", {"username": username, "password": PASSWORD})
        assert answer.status == 302, (username, answer.status, words(answer.text))
        return self

    def sign_in_worker(self, phone: str) -> "Visitor":
        """Sign in with the code from the outbox page."""
        self.get("/accounts/worker/")
        assert self.post("/accounts/worker/", {"phone": phone}).status == 302
        code = re.search(r"\b(\d{6})\b", words(self.get("/accounts/outbox/").text))
        assert code, "no code in the outbox"
        answer = self.post("/accounts/worker/code/", {"code": code[1]})
        assert answer.status == 302, words(answer.text)
        return self

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
        cookie = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        link = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            link.request(method, path, body, {"Cookie": cookie, "Accept": "text/html", **headers})
            answer = link.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            link.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel.value
        location = answer.getheader("Location") or ""
        return Page(answer.status, text, location, dict(answer.getheaders()))


def words(html: str) -> str:
    """The readable text of a page, in one line."""
    html = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
