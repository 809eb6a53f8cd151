"""Pictures taken as proof with a tablet or a phone: upright, small, without what cameras write into files."""

import io

from django.utils.translation import gettext_lazy as _
from PIL import Image

from registration.services.files import MAX_BYTES, upright_picture
from wagewatch.lib.errors import Malformed

LARGEST_SIDE = 1280
SMALLEST_SIDE = 90
QUALITY = 78


def proof_picture(data: bytes) -> bytes:
    """A JPEG of at most 1280 pixels a side from any JPEG or PNG; what is on it is not looked at.

    Raises Malformed `file.kind`, `file.too_large`, `picture.broken`, `picture.too_large`, `picture.too_small`.
    """
    if len(data) > MAX_BYTES:
        text = _("The file is larger than %(limit)s MB. Take the picture with less resolution.")
        raise Malformed("file.too_large", text, limit=MAX_BYTES // 1024 // 1024)
    picture = upright_picture(data)
    if min(picture.size) < SMALLEST_SIDE:
        text = _("This picture is too small. It needs at least %(pixels)s pixels on each side.")
        raise Malformed("picture.too_small", text, pixels=SMALLEST_SIDE)
    picture = picture.convert("RGB")
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
