"""Files that people upload: checked by what they are, not by what they are called, and kept encrypted."""

import contextlib
import hashlib
import io
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from registration.actors import Actor
from registration.models import StoredFile
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import safe_filename

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
_KINDS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def content_type(data: bytes) -> str:
    """PDF, JPEG or PNG by the first bytes. Raises Malformed `file.kind`."""
    for start, kind in _KINDS.items():
        if data.startswith(start):
            return kind
    raise Malformed("file.kind", _("This is no PDF, JPEG or PNG. Scan or photograph the paper again."))


def open_picture(data: bytes) -> Image.Image:
    """A JPEG or PNG, decoded. Raises Malformed `picture.broken`, `picture.too_large`, `file.kind`."""
    content_type(data)
    broken = Malformed("picture.broken", _("This picture cannot be read. Take it again."))
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        if picture.width * picture.height > MAX_PIXELS:
            raise Malformed(
                "picture.too_large", _("This picture is too large. Take it with less resolution.")
            )
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise broken from None
    return picture


def upright_picture(data: bytes) -> Image.Image:
    """As `open_picture`, turned as it was taken, and without anything written beside the picture: saved anew it
    carries no place, device, comment or name. Raises Malformed as that does."""
    picture = open_picture(data)
    # What the camera wrote beside it may be broken; the picture is not.
    with contextlib.suppress(OSError, SyntaxError, ValueError, KeyError, TypeError):
        picture = ImageOps.exif_transpose(picture) or picture
    picture.info = {key: value for key, value in picture.info.items() if key == "transparency"}
    return picture


def store_file(name: str, data: bytes, *, kind: str, actor: Actor, now: datetime) -> StoredFile:
    """Keep a PDF, JPEG or PNG. Raises Malformed `file.kind`, `file.too_large`, `picture.…`.

    Call it in the transaction of the record that points to the file.
    """
    if len(data) > MAX_BYTES:
        text = _("The file is larger than %(limit)s MB. Scan it with less resolution.")
        raise Malformed("file.too_large", text, limit=MAX_BYTES // 1024 // 1024)
    found = content_type(data)
    if found != "application/pdf":
        open_picture(data)
    return StoredFile.objects.create(
        kind=kind,
        name=safe_filename(name)[:200],
        content_type=found,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        content=data,
        uploaded_by_id=actor.id if actor.kind == "user" else None,
        uploaded_at=now,
    )
