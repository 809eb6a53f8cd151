"""First values for the credit of firms, the list of serious dishonesty and the watch over looks at personal data."""

from datetime import date

from registration.seed.rows import ParameterRow

ORDER_724, ORDER_45 = date(2020, 5, 1), date(2022, 1, 1)
PROPOSED = "系统默认，可按地区调整"
LAW = "人社部令第45号"
LOOKS = {"people_a_day": 30, "odd_from": 22, "odd_until": 6, "odd_looks": 3}
RECALLED = "人社部令第45号（期限未核对原文）"


def standing_rows() -> list[ParameterRow]:
    """Borders and points are proposals; the list's terms are the order's."""
    table = {
        "start": 100,
        "months": 12,
        "grades": {"A": 90, "B": 60},
        "points": {
            "deposit_used": [20, 40],
            "arrears": [30, 30],
            "fined": [15, 30],
            "lapsed": [10, 30],
            "red": [10, 40],
            "orange": [4, 20],
            "yellow": [1, 10],
            "late_percent": [1, 30],
            "absent_percent": [1, 10],
        },
        "free": {"absent_percent": 30},
    }
    return [
        ParameterRow(None, "credit.table", ORDER_724, None, table, PROPOSED),
        ParameterRow(None, "data.download_days", ORDER_724, None, 7, PROPOSED),
        ParameterRow(None, "looks.limits", ORDER_724, None, LOOKS, PROPOSED),
        *(
            ParameterRow(None, key, ORDER_45, None, value, source)
            for key, value, source in (
                ("list.object_wd", 5, RECALLED),
                ("list.decide_wd", 20, RECALLED),
                ("list.extend_wd", 20, RECALLED),
                ("list.term_years", 3, LAW),
                ("list.removal_months", 6, LAW),
            )
        ),
    ]
