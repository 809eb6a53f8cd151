"""Invented people: names, numbers, cards and phones that belong to nobody, the same on every run."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from wagewatch.lib.identity import luhn_ok, make_id_number

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
GIVEN_FIRST = "建国志大小长春永明德文金玉水根荣福贵成海东卫红学少家光正新世宝天云来有万"
GIVEN_LAST = "军强平华林生明勇刚伟波涛飞龙祥根发才兵辉峰斌松柱清良富贵民全顺山河英兰芳梅"
MINORITY = ["阿依古丽·买买提", "次仁·多吉", "尼玛·扎西", "艾力·托合提", "吉克·拉日"]
ORIGINS = {
    "522301": "贵州省黔西南州",
    "511500": "四川省宜宾市",
    "411300": "河南省南阳市",
    "341200": "安徽省阜阳市",
    "361100": "江西省上饶市",
    "532100": "云南省昭通市",
    "431200": "湖南省怀化市",
    "500200": "重庆市",
    "330700": "浙江省金华市",
}
BANKS = ["金华商贸银行", "婺江银行", "中原农信银行", "西南商业银行"]
TRIGGERS = ("0000", "1111", "2222", "3333", "4444", "5555", "6666")
"""Card endings that the bank simulator answers with trouble; only chosen people get one."""


@dataclass(frozen=True)
class Invented:
    """A person as a roster line knows them."""

    name: str
    id_number: str
    phone: str
    card: str
    bank: str
    address: str
    ethnicity: str


def card_number(serial: int, ending: str | None = None) -> str:
    """A 19-digit number that passes the Luhn check; `ending` fixes the last four digits."""
    if ending is None:
        first = f"621700{serial:012d}"
        number = next(f"{first}{d}" for d in range(10) if luhn_ok(f"{first}{d}"))
        return card_number(serial + 500_000) if number[-4:] in TRIGGERS else number
    first = f"6217{serial:010d}"
    return next(f"{first}{d}{ending}" for d in range(10) if luhn_ok(f"{first}{d}{ending}"))


def invent(count: int, *, seed: int = 724, first: int = 1) -> Iterator[Invented]:
    """`count` people with serial numbers from `first` on. One in ninety has a minority's dotted name."""
    dice = random.Random(seed)  # noqa: S311 not for secrets
    origins = list(ORIGINS)
    for serial in range(first, first + count):
        origin = dice.choice(origins)
        birth = date(dice.randint(1968, 2004), dice.randint(1, 12), dice.randint(1, 28))
        name = dice.choice(SURNAMES) + dice.choice(GIVEN_FIRST)
        if dice.random() < 0.75:
            name += dice.choice(GIVEN_LAST)
        ethnicity = "汉族"
        if serial % 90 == 0:
            name, ethnicity = MINORITY[serial // 90 % len(MINORITY)], "少数民族"
        yield Invented(
            name=name,
            id_number=make_id_number(origin, birth, serial % 1000),
            phone=f"199{serial:08d}",
            card=card_number(serial),
            bank=dice.choice(BANKS),
            address=f"{ORIGINS[origin]}某县某镇{dice.randint(1, 30)}组{dice.randint(1, 200)}号",
            ethnicity=ethnicity,
        )
