"""The nationwide numbers that help workers; authorities add those of their place."""

from datetime import UTC, date, datetime
from typing import Any

_FROM = date(2020, 5, 1)
_AT = datetime(2020, 5, 1, tzinfo=UTC)


def bulletin_rows() -> list[dict[str, Any]]:
    """Labour hotline 12333, legal aid 12348 (Legal Aid Law, art. 11), government service 12345.

    12348 is the public legal service as well: it fills that line of every notice board (order 724, art. 34).
    """
    rows = [
        (
            "劳动保障热线",
            "Labour hotline",
            "12333",
            "问工资，举报欠薪。不花钱。",
            "Ask about wages, report wages not paid. Free.",
        ),
        (
            "法律援助",
            "Legal aid",
            "12348",
            "要回工资可以请律师，不花钱，不看您有没有钱。",
            "A lawyer to get your wages, free, whatever you own.",
        ),
        (
            "政务服务热线",
            "Government service line",
            "12345",
            "不知道找谁，打这个。",
            "When you do not know whom to ask.",
        ),
    ]
    return [
        {
            "kind": "help",
            "office": "legal_aid" if call == "12348" else "",
            "title": title,
            "title_en": title_en,
            "text": text,
            "text_en": text_en,
            "call": call,
            "valid_from": _FROM,
            "made_at": _AT,
        }
        for title, title_en, call, text, text_en in rows
    ]
