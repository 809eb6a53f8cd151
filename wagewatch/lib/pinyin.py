"""Pinyin initials of names, so that people are found by typing ``sdw`` for 孙德旺.

A character with several readings gives several initials, a surname also the reading it has only as a
surname (单 shan, 仇 qiu, 尉迟 yuchi). Readings: package pypinyin (Unihan); surnames: 通用规范汉字表 and
现代汉语词典, which print them under the surname.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import product

LONGEST = 200
"""Characters that ``initials_of`` returns at most."""
_MOST_READINGS = 3
_MOST_COMBINATIONS = 12

_SURNAMES = {
    "单": "s", "解": "x", "曾": "z", "仇": "q", "区": "o", "查": "z", "朴": "p", "盖": "g", "翟": "z", "乐": "yl", "任": "r",
    "召": "s", "覃": "qt", "冼": "x", "种": "c", "秘": "b", "折": "s", "员": "y", "繁": "p", "缪": "m", "宓": "mf", "隗": "wk",
    "郗": "xc", "佴": "n", "祭": "z", "谌": "cs", "尹": "y", "贠": "y", "六": "l", "柏": "b", "薄": "b", "都": "d", "俞": "y",
    "炔": "g", "牟": "m", "粘": "n", "乜": "n", "么": "y", "幺": "y", "盛": "s", "冯": "f", "吴": "w", "孙": "s", "黑": "h",
    "过": "g", "车": "c", "相": "x", "应": "y", "褚": "c", "阚": "k", "谷": "g", "石": "s", "重": "c", "朝": "c", "晁": "c",
    "卜": "b", "尧": "y", "句": "g", "勾": "g", "贾": "j", "洗": "x", "臧": "z", "适": "k", "能": "n", "会": "g", "曲": "q",
    "纪": "j", "宁": "n", "訾": "z", "难": "n", "逄": "p", "厘": "x", "丁": "d", "万": "w", "叶": "y", "葛": "g", "台": "t",
}  # fmt: skip
"""Initials of a character as a surname, where the common readings would mislead or lack it."""

_DOUBLE_SURNAMES = {
    "尉迟": "yc", "长孙": "zs", "万俟": "mq", "澹台": "tt", "单于": "cy", "令狐": "lh", "呼延": "hy", "皇甫": "hf", "鲜于": "xy",
    "宇文": "yw", "独孤": "dg", "贺若": "hr", "夏侯": "xh", "司马": "sm", "上官": "sg", "欧阳": "oy", "诸葛": "zg", "东方": "df",
    "慕容": "mr", "公孙": "gs", "轩辕": "xy", "闻人": "wr", "赫连": "hl", "濮阳": "py", "淳于": "cy", "太叔": "ts", "申屠": "st",
    "仲孙": "zs", "钟离": "zl", "司徒": "st", "司空": "sk", "拓跋": "tb", "百里": "bl", "东郭": "dg", "南宫": "ng", "乐正": "yz",
    "公羊": "gy", "端木": "dm", "巫马": "wm", "南门": "nm", "纳兰": "nl", "完颜": "wy", "第五": "dw", "梁丘": "lq", "左丘": "zq",
    "宗政": "zz", "公冶": "gy", "车正": "cz", "亓官": "qg", "司寇": "sk", "子车": "zj", "颛孙": "zs", "漆雕": "qd", "壤驷": "rs",
    "公良": "gl", "夹谷": "jg", "宰父": "zf", "谷梁": "gl", "段干": "dg", "东门": "dm", "西门": "xm", "羊舌": "ys", "微生": "ws",
    "吐谷浑": "tyh",
}  # fmt: skip

_PARTS = re.compile("[\u00b7 .'-]+")
_HAN = re.compile("[\u4e00-\u9fff]+")
_LATIN = re.compile("[a-z0-9]+")


def initials_of(name: str) -> str:
    """Initials of a name in every reading, each behind a space: ``" zdw cdw"`` for 曾德旺.

    A name with dots (吾买尔·买买提) also gives the initials of each part after the first; Latin words
    stand whole beside their initials. ``""`` if nothing in the name can be read.
    """
    if _HAN.fullmatch(name):
        return _text(_combined(_part(name, is_first=True)))
    parts = [part for part in _PARTS.split(name) if part]
    readings = [_part(part, is_first=number == 0) for number, part in enumerate(parts)]
    found = dict.fromkeys(_combined([options for part in readings for options in part]))
    for part in readings[1:]:
        found |= dict.fromkeys(reading for reading in _combined(part) if len(reading) > 1)
    found |= dict.fromkeys(word for part in parts if len(word := _latin(part)) > 1)
    return _text(found)


def _text(readings: Iterable[str]) -> str:
    text = ""
    for reading in readings:
        if reading and len(text) + len(reading) < LONGEST:
            text += f" {reading}"
    return text


def searched_initials(words: str) -> str:
    """What was typed as initials (``"S D W"`` → ``"sdw"``), or ``""`` if it is no Latin letters."""
    typed = "".join(_PARTS.split(unicodedata.normalize("NFKC", words).lower()))
    return typed if _LATIN.fullmatch(typed) and typed.isalpha() else ""


def _latin(part: str) -> str:
    """A Latin word in small letters without accents; '' for anything else."""
    if "\u3400" <= part[0] <= "\u9fff":
        return ""
    bare = "".join(c for c in unicodedata.normalize("NFKD", part.lower()) if not unicodedata.combining(c))
    return bare if _LATIN.fullmatch(bare) else ""


def _part(part: str, *, is_first: bool) -> list[str]:
    """The possible initials of each character of one part of a name; a Latin word gives its first letter."""
    if word := _latin(part):
        return [word[0]]
    if is_first:
        for length in (3, 2):
            if len(part) > length and (double := _DOUBLE_SURNAMES.get(part[:length])):
                return [*double, *map(_readings, part[length:])]
    options = [_readings(char) for char in part]
    if is_first and (surname := _SURNAMES.get(part[0])):
        options[0] = "".join(dict.fromkeys(surname + options[0]))[:_MOST_READINGS]
    return options


@cache
def _table() -> dict[int, str]:
    """Readings by code point; loaded when first needed, for it takes a third of a second."""
    from pypinyin.pinyin_dict import pinyin_dict

    return dict(pinyin_dict)


@cache
def _readings(char: str) -> str:
    """Different first letters of a character, the commonest reading first; '' if it has none."""
    first = (
        unicodedata.normalize("NFKD", word)[0] for word in _table().get(ord(char), "").split(",") if word
    )
    return "".join(dict.fromkeys(first))[:_MOST_READINGS]


def _combined(options: Sequence[str]) -> tuple[str, ...]:
    """Ways to read a row of characters, the likeliest first, not more than a handful."""
    known = tuple([letters for letters in options if letters])
    return _ways(known) if known else ()


@lru_cache(maxsize=30_000)
def _ways(known: tuple[str, ...]) -> tuple[str, ...]:
    """Few rows of letters are different: a roster of 50,000 names has some thousands."""
    ranked = product(*([*enumerate(letters)] for letters in _bounded(known)))
    best = sorted(ranked, key=lambda choice: sum(rank for rank, _letter in choice))
    return tuple("".join(letter for _rank, letter in choice) for choice in best[:_MOST_COMBINATIONS])


def _bounded(options: Sequence[str]) -> list[str]:
    """The options with so many alternatives that long names do not explode; the first ones keep theirs."""
    room, kept = 4 * _MOST_COMBINATIONS, []
    for letters in options:
        allowed = letters if len(letters) <= room else letters[:1]
        room //= len(allowed)
        kept.append(allowed)
    return kept
