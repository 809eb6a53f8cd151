"""The zip file that an xlsx or an ods is: opened with care, its XML parts read to their true length."""

import io
import zipfile
import zlib

from wagewatch.lib.sheet_child.wire import Refused

MAX_ENTRIES = 10_000
MAX_INFLATED = 300 * 1024 * 1024
SMALL_INFLATED = 30 * 1024 * 1024
MAX_RATIO = 150

Names = dict[str, zipfile.ZipInfo]


def open_archive(data: bytes) -> tuple[zipfile.ZipFile, Names]:
    """The archive and its entries by name. Raises ``Refused``."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Refused("file.cut_off" if b"PK\x05\x06" not in data else "file.damaged") from None
    names = {info.filename: info for info in archive.infolist()}
    if len(archive.infolist()) > MAX_ENTRIES:
        raise Refused("file.zip_bomb")
    return archive, names


def refuse_encrypted(names: Names) -> None:
    """Raises ``Refused`` where an entry wants a password."""
    if any(info.flag_bits & 1 for info in names.values()):
        raise Refused("file.password")


def inflate(archive: zipfile.ZipFile, names: Names, size: int) -> dict[str, bytes]:
    """All XML parts, whatever length the directory claims; ``size`` is that of the file. Raises ``Refused``."""
    parts: dict[str, bytes] = {}
    allowed = min(MAX_INFLATED, max(SMALL_INFLATED, size * MAX_RATIO))
    for name, info in names.items():
        if not name.endswith((".xml", ".rels", ".vml")):
            continue
        try:
            with archive.open(info) as stream:
                part = stream.read(allowed + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError):
            raise Refused("file.damaged") from None
        allowed -= len(part)
        if allowed < 0:
            raise Refused("file.zip_bomb")
        if part[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"<!DOCTYPE" in part[:4096] or b"<!ENTITY" in part:
            raise Refused("file.entities")
        parts[name] = part
    return parts
