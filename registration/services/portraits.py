"""Pictures of people: upright, cut to a portrait, small, without what cameras write into files."""

import hashlib
import io
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from PIL import Image

from registration.models import WorkerPhoto
from registration.services.files import MAX_BYTES, upright_picture
from wagewatch.lib.errors import Malformed

LARGEST_BYTES = 50_000
"""Limit of the national interface for a head picture (50 KB)."""
SMALLEST = (90, 110)
"""Pixels; the picture in an identity card's chip has 102 × 126."""
LARGEST = (480, 640)
WIDEST, NARROWEST = 3 / 4, 5 / 8
"""Width through height; what is wider is cut at both sides, what is narrower at the foot."""
STRETCHED = (0.4, 2.2)
_QUALITIES = (88, 80, 70, 60, 50, 40)


def make_portrait(data: bytes) -> bytes:
    """A JPEG of at most 50 kB from any JPEG or PNG: turned upright, cut, scaled down, without EXIF.

    Whether there is a face on it is not looked at. Raises Malformed `file.kind`, `file.too_large`,
    `picture.broken`, `picture.too_large`, `picture.too_small`, `picture.ratio`.
    """
    if len(data) > MAX_BYTES:
        text = _("The file is larger than %(limit)s MB. Take the picture with less resolution.")
        raise Malformed("file.too_large", text, limit=MAX_BYTES // 1024 // 1024)
    picture = upright_picture(data)
    width, height = picture.size
    if width < SMALLEST[0] or height < SMALLEST[1]:
        text = _("This picture is too small. It needs at least %(width)s × %(height)s pixels.")
        raise Malformed("picture.too_small", text, width=SMALLEST[0], height=SMALLEST[1])
    if not STRETCHED[0] <= width / height <= STRETCHED[1]:
        raise Malformed("picture.ratio", _("This is no portrait: much too wide or too high. Cut it first."))
    picture = _on_white(_cut(picture))
    picture.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    while True:
        for quality in _QUALITIES:
            if len(made := _jpeg(picture, quality)) <= LARGEST_BYTES:
                return made
        picture = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _cut(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    if width / height > WIDEST:
        kept = round(height * WIDEST)
        left = (width - kept) // 2
        return picture.crop((left, 0, left + kept, height))
    if width / height < NARROWEST:
        return picture.crop((0, 0, width, round(width / NARROWEST)))
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """Plain RGB; what is transparent becomes white."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        page = Image.new("RGB", layer.size, "white")
        page.paste(layer, mask=layer.getchannel("A"))
        return page
    return picture.convert("RGB")


def store_portrait(worker_id: int, portrait: bytes, *, source: str, now: datetime) -> WorkerPhoto | None:
    """Keep what `make_portrait` made as the person's newest picture; None if it is the newest already.

    Call it in the transaction that registers or changes the person.
    """
    digest = hashlib.sha256(portrait).digest()
    newest = (
        WorkerPhoto.objects.filter(worker_id=worker_id)
        .order_by("-taken_at", "-pk")
        .values_list("sha256")
        .first()
    )
    if newest is not None and bytes(newest[0]) == digest:
        return None
    return WorkerPhoto.objects.create(
        worker_id=worker_id, content=portrait, sha256=digest, source=source, taken_at=now
    )


def newest_portrait(worker_id: int) -> WorkerPhoto | None:
    """The picture that counts."""
    return WorkerPhoto.objects.filter(worker_id=worker_id).order_by("-taken_at", "-pk").first()
