"""Read QR codes from a photo of a notice board, and make the picture small enough to keep.

The picture is decoded by Pillow within strict limits; the reader of codes only ever sees plain grey pixels.
"""

import io
from collections.abc import Iterator

import zxingcpp
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFilter, ImageOps

from registration.services.files import content_type, upright_picture
from wagewatch.lib.errors import Malformed

MAX_BYTES = 10 * 1024 * 1024
LONGEST_READ = 4000
"""Longest side, in pixels, at which codes are looked for; a code of 6 cm on an A3 board is then plain from 3 m."""
LONGEST_KEPT = 1600
MOST_CODES = 12
QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def open_photo(data: bytes) -> Image.Image:
    """A JPEG or PNG as a picture, upright. Raises Malformed `file.kind`, `file.too_large`, `picture.…`."""
    if len(data) > MAX_BYTES:
        text = _("The picture is larger than %(limit)s MB. Take it with less resolution.")
        raise Malformed("file.too_large", text, limit=MAX_BYTES // 1024 // 1024)
    if content_type(data) == "application/pdf":
        raise Malformed("file.kind", _("This is no photo. Send a JPEG or PNG."))
    return upright_picture(data).convert("RGB")


def codes_of(picture: Image.Image) -> list[str]:
    """The texts of the QR codes on a picture, each once."""
    found: dict[str, None] = {}
    for grey in _views_of(picture):
        for code in zxingcpp.read_barcodes(grey, formats=QR_ONLY):
            if code.valid and len(found) < MOST_CODES:
                found.setdefault(code.text)
        if found:
            break
    return list(found)


def _views_of(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture in grey as it is, then with stretched contrast, then half as large, then smoothed: what a phone makes
    of the dark, or of another phone's screen, is grain and stripes finer than a code's squares."""
    grey = picture.convert("L")
    if max(grey.size) > LONGEST_READ:
        grey.thumbnail((LONGEST_READ, LONGEST_READ))
    yield grey
    yield ImageOps.autocontrast(grey, cutoff=2)
    if min(grey.size) > 400:
        yield ImageOps.autocontrast(grey.reduce(2), cutoff=2)
        yield ImageOps.autocontrast(grey.filter(ImageFilter.BoxBlur(2)), cutoff=2)


def small_copy(picture: Image.Image) -> bytes:
    """The picture as JPEG of at most 1,600 pixels a side, without what the phone wrote into the file (place, owner)."""
    copy = picture.copy()
    copy.thumbnail((LONGEST_KEPT, LONGEST_KEPT))
    out = io.BytesIO()
    copy.save(out, "JPEG", quality=80)
    return out.getvalue()
