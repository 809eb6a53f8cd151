"""Recognise a file by its content and refuse, before any parser sees it, what cannot be a table."""

import re
from typing import Literal

from wagewatch.lib.sheet_child.wire import Refused

Kind = Literal["xlsx", "ods", "xls", "xml2003", "html", "delimited"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "file.picture"),
    (b"\xff\xd8\xff", "file.picture"),
    (b"GIF8", "file.picture"),
    (b"BM", "file.picture"),
    (b"II*\x00", "file.picture"),
    (b"MM\x00*", "file.picture"),
    (b"%PDF", "file.pdf"),
    (b"Rar!", "file.archive"),
    (b"7z\xbc\xaf", "file.archive"),
    (b"\x1f\x8b", "file.archive"),
    (b"{\\rtf", "file.word"),
    (b"MIME-Version:", "file.unsupported"),
)
_TABLE_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def recognise(data: bytes, filename: str) -> Kind:
    """The real form of the file, whatever its name says. Raises ``Refused``."""
    if not data.strip(b"\x00 \t\r\n\x1a"):
        raise Refused("file.empty")
    if data.startswith(_OLE):
        return _recognise_ole(data)
    if data.startswith(b"PK"):
        return "ods" if _ODS in data[:200] else "xlsx"
    if data[8:12] == b"WEBP" or data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1"}:
        raise Refused("file.picture")
    for signature, code in _SIGNATURES:
        if data.startswith(signature) and not (signature == b"BM" and _is_texty(data)):
            raise Refused(code)
    if data[:2] in {b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00"} and data[2:4] in {
        b"\x08\x00",
        b"\x10\x00",
        b"\x06\x00",
        b"\x04\x00",
    }:
        return "xls"
    head = _head_text(data)
    if "mime-version:" in head[:400] and "multipart/related" in head:
        raise Refused("file.unsupported")
    if "<?xml" in head[:200] or "urn:schemas-microsoft-com:office:spreadsheet" in head:
        if "<html" in head:
            return "html"
        if "urn:schemas-microsoft-com:office:spreadsheet" in head:
            return "xml2003"
        if "<!doctype" in head or "<!entity" in head:
            raise Refused("file.entities")
        raise Refused("file.not_a_table")
    if re.search(r"<(html|table|!doctype html|meta|style|body)\b", head):
        return "html"
    if not _is_texty(data):
        raise Refused("file.not_a_table")
    return "delimited"


def _recognise_ole(data: bytes) -> Kind:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise Refused("file.password")
    if has("Workbook") or has("Book"):
        return "xls"
    if len(data) < 4096 or len(data) % 512:
        raise Refused("file.cut_off")
    raise Refused("file.word" if has("WordDocument") or has("PowerPoint Document") else "file.not_a_table")


def _head_text(data: bytes) -> str:
    head = data[:8192]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return head.decode("utf-16", errors="replace").lower()
    return head.decode("latin-1").lower()


def _is_texty(data: bytes) -> bool:
    """Text may hold UTF-16, but otherwise no control characters."""
    head = data[:65536]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    if head.count(b"\x00") > len(head) // 5:
        even, odd = head[::2].count(0), head[1::2].count(0)
        return min(even, odd) < len(head) // 100
    return not _TABLE_BYTES.search(head)
