"""Pictures taken at the gate: ATTPHOTO bodies of the three dialects (Attendance PUSH 9.2, 9.7; Security 10.9)."""

import base64
import binascii
import re
from datetime import datetime

from devices.protocols.errors import Garbled
from devices.protocols.iclock.text import decode, is_number, lines_of, pairs_of
from devices.protocols.photo_limits import JPEG, MAX_PHOTO
from devices.protocols.records import DeviceTime, PersonKey, PersonKind, Photo

_STAMP = re.compile(r"(\d{14})(?:-(.*))?")
FAILED_KINDS = frozenset("124")
"""Kinds of `pid` pictures of somebody who was not let in: failed, blacklisted, card and face differ."""


def read_upload(body: bytes, device_key: str, *, has_id_numbers: bool = False) -> Photo:
    """A picture after a head of lines that ends at the first NUL. `CMD` is uploadphoto or realupload.

    Raises Garbled: `photo.head`, `photo.size`, `photo.not_jpeg`.
    """
    head, nul, data = body.partition(b"\0")
    if not nul:
        raise Garbled("photo.head", "no NUL between head and picture")
    fields = {
        name.strip().lower(): value.strip()
        for name, sign, value in (decode(line).partition("=") for line in lines_of(head))
        if sign
    }
    if "pin" not in fields:
        raise Garbled("photo.head", "no PIN line")
    size = fields.get("size", "")
    if size and not (is_number(size) and int(size) == len(data)):
        raise Garbled("photo.size", f"{len(data)} bytes, announced {size[:12]}")
    return _photo(fields["pin"], data, device_key, has_id_numbers=has_id_numbers)


def read_row(line: bytes, device_key: str) -> Photo:
    """A picture as a row with base64 (`tablename=ATTPHOTO`). Raises Garbled as `read_upload`, `photo.base64`."""
    fields = pairs_of(line)
    name = decode(fields.get("pin", b"")).strip()
    if not name:
        raise Garbled("photo.head", "no pin")
    try:
        data = base64.b64decode(fields.get("photo", b""), validate=True)
    except (binascii.Error, ValueError):
        raise Garbled("photo.base64") from None
    size = decode(fields.get("size", b"")).strip()
    if is_number(size) and int(size) != len(data):
        raise Garbled("photo.size", f"{len(data)} bytes, announced {size[:12]}")
    return _photo(name, data, device_key, has_id_numbers=False)


def _photo(name: str, data: bytes, device_key: str, *, has_id_numbers: bool) -> Photo:
    if len(data) > MAX_PHOTO:
        raise Garbled("photo.size", f"{len(data)} bytes")
    if not data.startswith(JPEG):
        raise Garbled("photo.not_jpeg")
    taken, person, failed = read_name(name, has_id_numbers=has_id_numbers)
    return Photo(device_key=device_key, name=name, data=data, taken=taken, person=person, failed=failed)


def read_name(name: str, *, has_id_numbers: bool) -> tuple[DeviceTime, PersonKey | None, bool]:
    """Time, person and failure from a file name: `20261121070109-1452.jpg`, on `pid` time-kind-pin-idnumber.

    A name without number is of somebody the terminal did not know.
    """
    stem = name.rsplit("/", 1)[-1]
    stem = stem[:-4] if stem.lower().endswith((".jpg", ".png")) else stem
    match = _STAMP.fullmatch(stem)
    if match is None:
        return DeviceTime(name[:64], None), None, False
    taken = _stamp(match[1])
    rest = match[2] or ""
    if has_id_numbers:
        parts = rest.split("-")
        if len(parts) >= 3 and parts[0].isdigit() and len(parts[0]) == 1:
            pin, number = "-".join(parts[1:-1]), parts[-1]
            person = _key(PersonKind.PIN, pin) or _key(PersonKind.ID_NUMBER, number)
            return taken, person, parts[0] in FAILED_KINDS
    return taken, _key(PersonKind.PIN, rest), not rest


def _key(kind: PersonKind, value: str) -> PersonKey | None:
    return PersonKey(kind, value) if value not in ("", "0") else None


def _stamp(digits: str) -> DeviceTime:
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return DeviceTime(digits, None)
    return DeviceTime(digits, at)
