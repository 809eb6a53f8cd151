"""A drawn signature: what a phone's canvas sends, checked before it counts as one."""

import base64
import binascii
import io
import warnings

from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

from wagewatch.lib.errors import Malformed, RuleViolation

LARGEST_BYTES = 200_000
LARGEST_SIDE = 2000
FEWEST_DARK_PIXELS = 60
"""Less ink than this is a slip of the finger, not a name."""
_PREFIX = "data:image/png;base64,"


def png_from_data_url(text: str) -> bytes:
    """The PNG bytes of a canvas's data URL; Malformed `signature.unreadable`."""
    if not text.startswith(_PREFIX) or len(text) > LARGEST_BYTES * 2:
        raise _unreadable()
    try:
        return base64.b64decode(text[len(_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable() from None


def check_signature(png: bytes) -> None:
    """Refuse what is no small PNG with ink on it: Malformed `signature.unreadable`, RuleViolation `signature.blank`."""
    if not png or len(png) > LARGEST_BYTES:
        raise _unreadable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
                if max(image.size) > LARGEST_SIDE or min(image.size) < 20:
                    raise _unreadable()
                ink = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        raise _unreadable() from None
    paper = Image.new("RGBA", ink.size, "white")
    grey = Image.alpha_composite(paper, ink).convert("L")
    counts = grey.histogram()
    dark = sum(counts[:128])
    if dark < FEWEST_DARK_PIXELS or dark > ink.width * ink.height * 0.8:
        raise RuleViolation("signature.blank", _("Nothing was signed yet. Write your name in the field."))


def _unreadable() -> Malformed:
    return Malformed("signature.unreadable", _("The signature could not be read. Please write it again."))
