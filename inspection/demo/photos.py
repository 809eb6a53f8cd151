"""Pictures as phones take them at a site, drawn here."""

import io

import segno
from PIL import Image, ImageDraw, ImageFont

from wagewatch.lib.typeface import SIMPLIFIED_CHINESE, font_path


def wall(text: str, title: str) -> bytes:
    """A phone's picture of a board on a site's wall."""
    picture = Image.new("RGB", (1600, 1200), (168, 160, 148))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((140, 160, 1460, 1060), fill=(250, 250, 248), outline=(60, 60, 60), width=6)
    face = ImageFont.truetype(str(font_path()), 52, index=SIMPLIFIED_CHINESE)
    pen.text((190, 200), "农民工工资维权信息告示牌", font=face, fill=(0, 0, 0))
    small = ImageFont.truetype(str(font_path()), 34, index=SIMPLIFIED_CHINESE)
    pen.text((190, 290), title, font=small, fill=(30, 30, 30))
    for row in range(16):
        pen.line((190, 400 + row * 38, 900, 400 + row * 38), fill=(150, 150, 150), width=3)
    code = io.BytesIO()
    segno.make(text, error="m", micro=False).save(code, kind="png", scale=8, border=3)
    picture.paste(Image.open(code).convert("RGB"), (980, 420))
    out = io.BytesIO()
    picture.rotate(2.5, fillcolor=(120, 126, 132)).save(out, "JPEG", quality=78)
    return out.getvalue()
