"""Pictures of people: small, upright, without what a camera wrote into them."""

import io
import random

import pytest
from PIL import Image

from registration.services.portraits import LARGEST_BYTES, make_portrait
from wagewatch.lib.errors import Malformed


def picture(width: int, height: int, kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    """Noise, which no compression makes small."""
    noise = random.Random(width * height).randbytes(width * height * len(mode))
    out = io.BytesIO()
    Image.frombytes(mode, (width, height), noise).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "result"),
    [((1200, 1600), 3 / 4), ((1600, 1200), 3 / 4), ((900, 2000), 5 / 8), ((102, 126), 3 / 4)],
)
def test_a_picture_becomes_a_small_portrait(size: tuple[int, int], result: float) -> None:
    data = make_portrait(picture(*size))
    assert len(data) <= LARGEST_BYTES
    made = Image.open(io.BytesIO(data))
    assert (made.format, made.mode) == ("JPEG", "RGB")
    assert made.width <= 480
    assert made.height <= 640
    assert made.width / made.height == pytest.approx(result, rel=0.02)


def test_a_portrait_of_a_portrait_is_small_too() -> None:
    once = make_portrait(picture(800, 1000))
    assert len(make_portrait(once)) <= LARGEST_BYTES


def test_what_the_camera_wrote_is_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera of Sun"
    data = picture(800, 600, exif=exif.tobytes())
    assert b"Camera of Sun" in data
    made = make_portrait(data)
    assert b"Camera of Sun" not in made
    assert not Image.open(io.BytesIO(made)).getexif()
    assert Image.open(io.BytesIO(made)).height > Image.open(io.BytesIO(made)).width


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 400), (0, 0, 0, 0)).save(out, "PNG")
    made = Image.open(io.BytesIO(make_portrait(out.getvalue())))
    assert made.getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.kind"),
        (b"GIF89a", "file.kind"),
        (b"%PDF-1.7", "picture.broken"),
        (b"\xff\xd8\xff\xe0 broken", "picture.broken"),
        (picture(60, 80), "picture.too_small"),
        (picture(1200, 200), "picture.ratio"),
        (picture(120, 900), "picture.ratio"),
    ],
)
def test_refuses_what_is_no_portrait(data: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        make_portrait(data)
    assert refused.value.code == code
