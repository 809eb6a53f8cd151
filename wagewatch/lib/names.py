"""Names of people."""

import re

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.texts import Normalised, Note, visible

DOT = "\u00b7"
_DOTS = re.compile("[ ]*[\u2022\u30fb\u2219\u25cf\u00b7\uff65\u2027\u22c5\u318d\uff0e][ ]*")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ue000-\uf8ff\U00020000-\U000323af〇々"
_IS_HAN = re.compile(f"[{_HAN}]")
_NAME = re.compile(f"[{_HAN}A-Za-z\u00c0-\u024f{DOT} .'\\-]+")
_DITTO = re.compile(r"同上|〃|″|同前|\"")
_PLAIN = re.compile("[\u4e00-\u9fff]{2,4}")
_SAME_AS_ABOVE = frozenset(("同上", "同前"))
_HINT = re.compile(r"[(（\[【].*?[)）\]】]|[*＊※☆★△]")
_SEVERAL = re.compile(f"[{_HAN}][、,，/;；&和与][{_HAN}]")
_WIDE_LATIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if code != 0xFF0E}
LONGEST = 50


def normalise_name(text: str) -> Normalised:
    """A name as it stands on the ID card: middle dot U+00B7, no spaces inside Han names.

    Rare characters (extensions A, B…, private use) are kept as they are. Raises ``Malformed``
    ``name.empty ditto hint several characters length``.
    """
    if _PLAIN.fullmatch(text) and text not in _SAME_AS_ABOVE:
        return Normalised(text)
    value = visible(text)
    notes: list[Note] = []
    if not value or value in {"-", "/", "无"}:
        raise Malformed("name.empty", _("The name is missing. Write it as on the ID card."))
    if _DITTO.fullmatch(value):
        raise Malformed("name.ditto", _("Write the name itself instead of “same as above”."))
    if _HINT.search(value):
        raise Malformed(
            "name.hint",
            _("Write only the name here; put remarks such as (foreman) or * into the remarks column."),
        )
    if _SEVERAL.search(value):
        raise Malformed("name.several", _("There are two names here. Give each worker a row."))
    dotted = _DOTS.sub(DOT, value)
    if dotted != value:
        notes.append(Note("name.dot", _("The dot in the name was written as on the ID card (·).")))
    dotted = dotted.translate(_WIDE_LATIN)
    joined = "".join(dotted.split(" ")) if _IS_HAN.search(dotted) else dotted
    if joined != dotted:
        notes.append(Note("name.spaces", _("Spaces inside the name were removed.")))
    if not _NAME.fullmatch(joined) or not any(c.isalpha() or _IS_HAN.match(c) for c in joined):
        raise Malformed(
            "name.characters", _("This is no name. Write it as on the ID card, without digits or signs.")
        )
    if len(joined) > LONGEST:
        raise Malformed("name.length", _("This name is too long. Write only the name."))
    return Normalised(joined, tuple(notes))


def mask_name(name: str) -> str:
    """``孙**``: the first character, then always two stars, so that the length tells nothing."""
    return f"{name[0]}**" if name else ""


SHORTEST_FIRM = 5
_FIRM = re.compile(
    r"(公司|银行|支行|分行|营业部|信用社|合作社|集团|中心|委员会|政府|指挥部|项目部|[站厂店局院所处队校])([(（].*[)）])?$"
    r"|\b(Ltd|Inc|LLC|Bank|Company|Corporation)\b",
    re.IGNORECASE,
)


def mask_party(name: str) -> str:
    """A counterparty of a bank: a person is masked, a firm or office is named in full, for it is no person's data."""
    return name if len(name) >= SHORTEST_FIRM and _FIRM.search(name) else mask_name(name)
