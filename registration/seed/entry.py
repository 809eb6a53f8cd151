"""First values of the conditions of entry, of certificates and of citizen cards.

Only what the law itself makes a condition of being on site denies: age under 16, no safety training, a
person who says that it is not them. The rest warns until a region says otherwise: a missing entry in a
computer must not cost a day's wage.
"""

from datetime import date
from typing import Any

from registration.seed.rows import ParameterRow

MEASURES = date(2019, 3, 1)
PROPOSED = "系统默认，可按地区调整"
REAL_NAME = "建市〔2019〕18号"
SHANGHAI = "上海市2019年规定（二手资料，起用日按当年首日）"
NANJING = "南京市实名制市民卡做法"

SPECIAL_TRADES = (
    ("架子",),
    ("电工",),
    ("焊",),
    ("塔吊", "塔式起重"),
    ("信号", "司索"),
    ("升降机", "施工电梯"),
    ("吊篮",),
    ("爆破",),
    ("起重", "吊装"),
)
"""Words that mean the same trade; a posting's trade with one of them needs a certificate with one of them."""
HEAVY_TRADES = ("架子", "塔吊", "起重", "吊装", "吊篮", "隧道", "地下", "高处", "高空", "搬运", "爆破")

_NATIONWIDE: tuple[tuple[str, Any, str], ...] = (
    ("entry.contract", {"level": "warn"}, "国务院令第724号第28条；级别为系统默认"),
    (
        "entry.training",
        {"level": "deny", "kinds": ["003001", "003002"], "within_days": 365},
        f"{REAL_NAME}；天数为系统默认",
    ),
    (
        "entry.age",
        {"minor": "warn", "limits": [{"level": "warn", "male": 60, "female": 55}]},
        "国家没有年龄禁令，只提醒",
    ),
    (
        "entry.certificate",
        {"level": "warn", "trades": [list(words) for words in SPECIAL_TRADES]},
        "安全生产法第30条；级别为系统默认",
    ),
    ("entry.stale", {"level": "deny", "days": 365}, REAL_NAME),
    ("entry.acknowledged", "deny", PROPOSED),
    ("certificate.expiry_notice_days", 60, PROPOSED),
    ("card.scheme", False, PROPOSED),
    ("card.submit_days", 7, PROPOSED),
    ("card.issue_within_wd", 6, PROPOSED),
    ("card.collect_within_days", 15, PROPOSED),
    ("card.bank_within_days", 30, PROPOSED),
    ("card.change_days", 3, PROPOSED),
)
_SHANGHAI_AGE = {
    "minor": "deny",
    "limits": [
        {"level": "deny", "male": 60, "female": 50, "source": SHANGHAI},
        {"level": "deny", "male": 55, "female": 45, "trades": list(HEAVY_TRADES), "source": SHANGHAI},
    ],
}


def entry_rows() -> list[ParameterRow]:
    """Nationwide conditions, Shanghai's age limits as an example of a region's, Nanjing's citizen card."""
    rows = [ParameterRow(None, key, MEASURES, None, value, source) for key, value, source in _NATIONWIDE]
    rows.append(ParameterRow("310000", "entry.age", date(2019, 1, 1), None, _SHANGHAI_AGE, SHANGHAI))
    rows += [
        ParameterRow("320100", key, MEASURES, None, value, NANJING)
        for key, value in (
            ("card.scheme", True),
            ("card.submit_days", 7),
            ("card.issue_within_wd", 6),
            ("card.bank_within_days", 30),
            ("card.change_days", 3),
            ("permit.social_rates", {"labour_percent": "2", "construction_permille": "3"}),
        )
    ]
    return rows
