"""The Chinese face of all documents, and a page that is set in it.

The face has 65,000 glyphs, and a document spends most of a second on reading and cutting them. So the usual
characters are cut out once and kept in a file; a document that has a rarer one takes it from the whole face.
"""

import fcntl
import hashlib
import logging
import os
import unicodedata
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import fontTools
import noto_cjk_sans_otc
from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont
from fpdf import FPDF

logging.getLogger("fontTools").setLevel(logging.WARNING)
# It tells at every document which characters were in it, and those are people's names.
logger = logging.getLogger(__name__)

FACE = "noto"
MISSING = "〓"
_WHOLE = "noto-whole"
SIMPLIFIED_CHINESE = 2
"""Number of Noto Sans CJK SC in the collection file."""
_RECIPE = 1
"""Goes up when `_cut` cuts differently."""
_RANGES = (
    (0x20, 0x7F),
    (0xA0, 0x180),
    (0x2010, 0x2040),
    (0x2070, 0x20D0),
    (0x2100, 0x2200),
    (0x2460, 0x2500),
    (0x3000, 0x3040),
    (0xFF00, 0xFFF0),
)
_IN_NAMES = (
    "喆堃镕旸晞暐琰琲瑀璟瓒甡畯禛禔筠筱翊翯芃茳莙蕖骢骎骦鋆淼焱垚犇骉羴玥珺翀旻昉祎赟韫烨昇昊旼昶晢晟晔"
    "暻曈杺栐桄楠榕槿沄沚沣泓泠洺浠涵淏淯湉湙溦滢滟漪潆潼澍瀚灏炘炜炫烜烔煊煜熠燊燚珂珈珑珩珮琇琎琦琬琮"
    "瑄瑶璇璐璞璨瓅祉祺禄禧稞竑笙箐粲絮綦绮缦羲翎翙翮翾耘聿芊芮芷苒茉茜荃荇荞莜菀菁菂菘萱葳蒨蓁蓥蔚蕊蕤薇"
    "薏藜虓蛟衎裎裕襄觅訚詠誉诗诩谌谦豫贇贤踽轩轶迩逍逦遥邈郗郢郦鄢鄱酉醴釗釥鈊鈺鉴鋮錡錤鍇鎏鏵铄铉铎铖铠锴"
    "镒闫闵阗陟隽雯雱霁霈霏霖靓靖頔颉颢飏馥骁骅骐骞骥鲲鸢鹄鹏麒麟黎黛龑彧弢彣怡恺悰悫惇愔愫慜懋戈扆扬抃"
)
"""Of names, and not all in the national standard of 1980."""


@lru_cache(maxsize=1)
def font_path() -> Path:
    """The collection file of the installed font package."""
    return Path(str(noto_cjk_sans_otc.__file__)).with_name("NotoSansCJK-Regular.ttc")


@lru_cache(maxsize=1)
def usual_characters() -> frozenset[str]:
    """Those of GB 2312, Latin letters, punctuation and signs, and what people are called besides."""
    found = {chr(code) for low, high in _RANGES for code in range(low, high)} | set(_IN_NAMES + "\n\r\t")
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            found.update(bytes((row, cell)).decode("gb2312", "ignore"))
    return frozenset(found)


@lru_cache(maxsize=1)
def usual_face() -> Path | None:
    """The file with the usual characters, cut out when it is first asked for; None where no file can be kept."""
    whole = font_path()
    made_of = f"{_RECIPE} {fontTools.version} {whole.stat().st_size} {''.join(sorted(usual_characters()))}"
    digest = hashlib.sha256(made_of.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    path = Path(settings.FONT_DIR) / f"usual-{digest}.otf"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            with path.with_suffix(".lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes one cuts
                if not path.is_file():
                    _cut(whole, path)
    except OSError as error:
        logger.warning("documents use the whole face: %s", error)
        return None
    return path


def _cut(whole: Path, path: Path) -> None:
    """Write the usual glyphs of the face to a file, whole or not at all."""
    # Without subroutines and hints, which each document would have to sort through again.
    options = subset.Options(
        desubroutinize=True, layout_features=[], notdef_outline=True, glyph_names=False, name_IDs=["*"]
    )
    with closing(TTFont(whole, fontNumber=SIMPLIFIED_CHINESE, lazy=True, recalcBBoxes=False)) as font:
        for table in ("GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"):
            if table in font:
                del font[table]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(map(ord, usual_characters())))
        cutter.subset(font)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        font.save(draft)
    os.replace(draft, path)


def _unknown(character: str) -> str:
    return "" if unicodedata.category(character) in {"Cf", "Cc", "Mn"} else MISSING


class ChinesePages(FPDF):
    """A document whose one face knows every character: the usual ones from the small file, others when they come."""

    _usual: frozenset[str] | None = None
    """What the small file has; None as soon as the whole face is there."""

    def add_face(self) -> None:
        """Make `FACE` known; once, before the first text."""
        small = usual_face()
        if small is None:
            self.add_font(FACE, fname=font_path(), collection_font_number=SIMPLIFIED_CHINESE)
        else:
            self.add_font(FACE, fname=small)
            self._usual = usual_characters()

    def normalize_text(self, text: str) -> Any:
        """Every text passes here before it is measured or set. What no face knows is set as 〓, as printers do;
        signs that only turn the direction of writing are left out."""
        if self._usual is not None and not text.isascii() and not self._usual.issuperset(text):
            self._usual = None
            self.add_font(_WHOLE, fname=font_path(), collection_font_number=SIMPLIFIED_CHINESE)
            self.set_fallback_fonts([_WHOLE])
        if self._usual is None:
            whole: Any = self.fonts[_WHOLE if _WHOLE in self.fonts else FACE]
            known = whole.cmap
            text = "".join(c if c in "\n\r\t" or ord(c) in known else _unknown(c) for c in text)
        return super().normalize_text(text)
