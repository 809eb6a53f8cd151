"""Calls to face gates that have a web server of their own: the time once a day, and what they did not deliver.

These gates do not ask for commands, so the agent goes to them. A uface gate never tells a passage twice: what was
lost on the way is only to be had here. Runs in a thread of its own, because a gate may be deaf for a minute.
"""

import http.client
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from devices.edge.lan.known import Known
from devices.edge.lan.nightly import local
from devices.protocols import hikvision, uface
from devices.protocols.errors import ProtocolError
from devices.protocols.http import Call
from devices.protocols.records import Event

log = logging.getLogger(__name__)
TIMEOUT = 10.0
LARGEST_ANSWER = 4 * 1024 * 1024
MOST_PAGES = 500
"""Pages of one search; a gate that always says "more" must not be asked for ever."""


class Unreachable(Exception):
    """The gate did not answer, or said no. The words hold no password."""


class Refused(Unreachable):
    """The gate answers, and does not do it."""


def call(known: Known, order: Call) -> bytes:
    """What a gate answers. Passwords of Hikvision go as a digest. Raises Unreachable."""
    request = urllib.request.Request(  # noqa: S310 http or https by site.toml
        known.address + order.path, data=order.body or None, method=order.method
    )
    if order.body:
        request.add_header("Content-Type", order.content_type)
    vault = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if known.protocol == "hikvision" and known.user:
        vault.add_password(None, known.address, known.user, known.password)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPDigestAuthHandler(vault),
        urllib.request.HTTPSHandler(context=_lan_tls()),
        _NoRedirects(),
    )
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(LARGEST_ANSWER + 1)
    except urllib.error.HTTPError as refusal:
        # 401 and 403 are about us, not about what was asked.
        kind = Refused if 400 <= refusal.code < 500 and refusal.code not in (401, 403) else Unreachable
        raise kind(f"it answers {refusal.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Unreachable(type(problem).__name__) from None
    if len(data) > LARGEST_ANSWER:
        raise Unreachable("its answer has no end")
    return data


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_more: object) -> None:
        """A gate has no business to send us elsewhere."""


def _lan_tls() -> ssl.SSLContext:
    """Gates have certificates they made themselves; nobody vouches for them on the site's own network."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def set_clock(known: Known, now: datetime) -> None:
    """Set a gate's clock. Raises Unreachable."""
    if known.protocol == "uface":
        answer = call(known, uface.set_time(known.password, now))
        try:
            uface.read_answer(answer)
        except ProtocolError as problem:
            raise Unreachable(problem.code) from None
        return
    call(known, hikvision.set_time(now.astimezone(timezone(known.utc_offset)), posix_zone(known.utc_offset)))


def posix_zone(offset: timedelta) -> str:
    """The zone as these terminals want it: UTC+8 is CST-8:00:00."""
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes >= 0 else "+"
    return f"CST{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02d}:00"


def passages(known: Known, first: datetime, last: datetime) -> Iterator[tuple[Event, ...]]:
    """Everything a gate has between two aware times, page by page. Raises Unreachable."""
    reader = _uface if known.protocol == "uface" else _hikvision
    try:
        yield from reader(known, first, last)
    except ProtocolError as problem:
        raise Unreachable(problem.code) from None


def _uface(known: Known, first: datetime, last: datetime) -> Iterator[tuple[Event, ...]]:
    since, until = local(first, known), local(last, known)
    seen = 0
    for page in range(MOST_PAGES):
        answer = call(known, uface.find_records(known.password, since, until, page))
        events, total = uface.found_events(answer, known.serial)
        yield events
        seen += uface.PAGE
        if not events or seen >= total:
            return


def _hikvision(known: Known, first: datetime, last: datetime) -> Iterator[tuple[Event, ...]]:
    zone = timezone(known.utc_offset)
    name = f"wagewatch{int(last.timestamp())}"
    position = 0
    for _ in range(MOST_PAGES):
        order = hikvision.search(name, position, first.astimezone(zone), last.astimezone(zone))
        events, rows, more = hikvision.found_events(call(known, order), known.serial)
        yield events
        position += rows
        if not more or not rows:
            return


def can_be_called(known: Known) -> bool:
    """Whether site.toml says how to reach it."""
    return known.protocol in ("uface", "hikvision") and bool(urlsplit(known.address).hostname)
