"""Pictures are drawn anew: place, device, comments and names written into a file go no further."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from payroll.services.pictures import proof_picture
from registration.actors import SYSTEM
from registration.services.portraits import make_portrait
from registration.services.testimony import keep_photo
from tests.cast import NOW

SECRETS = (b"GPS-XMP-119.6N", b"taken by Sun, 13857906017", b"Huawei of Sun")


def photo(kind: str) -> bytes:
    """As a phone writes it: place in EXIF and XMP, whose it is in a comment."""
    exif = Image.Exif()
    exif[0x010F] = "Huawei of Sun"
    exif[0x8825] = {1: "N", 2: (29.0, 6.0, 3.0), 3: "E", 4: (119.0, 38.0, 51.0)}
    exif[0x0112] = 6
    out = io.BytesIO()
    picture = Image.effect_noise((300, 400), 40).convert("RGB")
    if kind == "JPEG":
        picture.save(out, "JPEG", exif=exif, xmp=b"<x>GPS-XMP-119.6N</x>", comment=SECRETS[1])
    else:
        info = PngInfo()
        info.add_text("Comment", SECRETS[1].decode())
        info.add_itxt("XML:com.adobe.xmp", "<x>GPS-XMP-119.6N</x>")
        picture.save(out, "PNG", exif=exif, pnginfo=info)
    return out.getvalue()


def kept(data: bytes) -> bytes:
    file = keep_photo(data, actor=SYSTEM, now=NOW)
    assert file is not None
    return bytes(file.content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("drawn", [make_portrait, proof_picture, kept], ids=lambda f: f.__name__)
def test_nothing_written_beside_a_picture_is_kept(db: None, kind: str, drawn: object) -> None:
    data = photo(kind)
    assert all(secret in data for secret in SECRETS[1:])
    made = drawn(data)  # type: ignore[operator]
    assert [secret for secret in SECRETS if secret in made] == []
    again = Image.open(io.BytesIO(made))
    assert dict(again.getexif()) == {}
    assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_words_of_a_camera_do_not_lose_the_picture(db: None) -> None:
    data = photo("JPEG")
    start = data.index(b"Exif\x00\x00") + 6
    for broken in (
        data[:start] + b"MM\x00\x2a\xff\xff\xff\xff" + data[start + 8 :],
        data[:start] + b"II\x2a\x00\x08\x00\x00\x00\xff\xff" + data[start + 10 :],
        data[:start] + b"\xff" * 60 + data[start + 60 :],
    ):
        for drawn in (make_portrait, proof_picture, kept):
            assert Image.open(io.BytesIO(drawn(broken))).format == "JPEG"
