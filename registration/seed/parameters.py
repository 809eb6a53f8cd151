"""First values of the regional, dated parameters. Everything here can be edited later as rows.

Amounts in fen, durations in the unit their key names; ``wd`` means working days.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

from registration.seed.deposits import deposit_rows
from registration.seed.entry import entry_rows
from registration.seed.minimum_wages import minimum_wage_rows
from registration.seed.rows import ParameterRow
from registration.seed.standing import standing_rows

__all__ = ["ParameterRow", "parameter_rows"]

ORDER_724 = date(2020, 5, 1)
STATUTORY_HOLIDAYS = [
    "2025-01-01", "2025-01-28", "2025-01-29", "2025-01-30", "2025-01-31", "2025-04-04", "2025-05-01", "2025-05-02",
    "2025-05-31", "2025-10-01", "2025-10-02", "2025-10-03", "2025-10-06",
    "2026-01-01", "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-04-05", "2026-05-01", "2026-05-02",
    "2026-06-19", "2026-09-25", "2026-10-01", "2026-10-02", "2026-10-03",
    "2027-01-01", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-04-05", "2027-05-01", "2027-05-02",
    "2027-06-09", "2027-09-15", "2027-10-01", "2027-10-02", "2027-10-03",
]  # fmt: skip
"""The 13 paid holidays of each year; days that the calendar exchanges for them are rest days, not holidays."""
HEAT_MONTHS = [6, 7, 8, 9]
PROPOSED = "系统默认，可按地区调整"


class _Default(NamedTuple):
    key: str
    value: Any
    source: str


_NATIONWIDE = (
    _Default("pay.default_pay_day", 15, PROPOSED),
    _Default("pay.month_start_day", 1, PROPOSED),
    _Default("pay.confirmation_silence_days", 5, PROPOSED),
    _Default("pay.due_tolerance_days", 0, PROPOSED),
    _Default("pay.four_eyes_fen", 500_000_000, PROPOSED),
    _Default("pay.largest_line_fen", 5_000_000, PROPOSED),
    _Default("pay.send_tries", 12, PROPOSED),
    _Default("pay.retry_returned_within_wd", 3, PROPOSED),
    _Default("pay.month_days", "21.75", "劳社部发〔2008〕3号"),
    _Default("pay.overtime_percent", {"workday": 150, "rest_day": 200, "holiday": 300}, "劳动法第44条"),
    _Default("pay.overtime_limit_hours", {"day": 3, "month": 36}, "劳动法第41条"),
    _Default("pay.overtime_from_gates", {"bases": [], "standard_hours": 8, "least_minutes": 30}, PROPOSED),
    _Default("pay.minimum_wage_check", {"action": "warn"}, PROPOSED),
    _Default(
        "pay.statutory_holidays", STATUTORY_HOLIDAYS, "全国年节及纪念日放假办法（国务院令第795号）第2条"
    ),
    _Default("pay.record_keeping_years", 3, "国务院令第724号第28条"),
    _Default("attendance.day_start_hour", 0, PROPOSED),
    _Default("attendance.correct_within_days", 90, PROPOSED),
    _Default("attendance.longest_stay_hours", 16, PROPOSED),
    _Default("attendance.paused_after_days", 3, PROPOSED),
    _Default("attendance.photo_days", 30, PROPOSED),
    _Default("terminal.code_hours", 24, PROPOSED),
    _Default("terminal.former_key_days", 7, PROPOSED),
    _Default("odd.record", {"people": 2}, PROPOSED),
    _Default("odd.badge", {"people": 2}, PROPOSED),
    _Default("odd.badges", {"badges": 2}, PROPOSED),
    _Default("odd.picture", {"people": 2}, PROPOSED),
    _Default("odd.together", {"seconds": 1, "days": 3}, PROPOSED),
    _Default("odd.by_hand", {"percent": 20, "stamps": 10}, PROPOSED),
    _Default("odd.after_left", {"stamps": 1}, PROPOSED),
    _Default("odd.two_sites", {"minutes": 30}, PROPOSED),
    _Default("odd.silent", {"used_within_days": 7, "stamps": 10}, PROPOSED),
    _Default("odd.closed", {"from": "23:00", "until": "05:00", "stamps": 1}, PROPOSED),
    _Default("card.phone_settled_days", 30, PROPOSED),
    _Default("face.phone_settled_days", 30, PROPOSED),
    _Default("pay.reminder_days", [1, 3], PROPOSED),
    _Default("pay.reminder_hours", [8, 20], PROPOSED),
    _Default("pay.proxy_share_percent", 20, PROPOSED),
    _Default("mediation.finish_within_days", 15, "劳动争议调解仲裁法第14条"),
    _Default("cash.deny_within_days", 30, PROPOSED),
    _Default("cash.repeated_times", 2, PROPOSED),
    _Default("part_cash.shortfall_percent", 20, PROPOSED),
    _Default("part_cash.short_people_percent", 30, PROPOSED),
    _Default("part_cash.equal_people", 5, PROPOSED),
    _Default("part_cash.equal_people_percent", 30, PROPOSED),
    _Default("part_cash.round_fen", 10_000, PROPOSED),
    _Default(
        "tax.withholding",
        {
            "monthly_allowance_fen": 500_000,
            "brackets": [
                [3_600_000, 3, 0],
                [14_400_000, 10, 252_000],
                [30_000_000, 20, 1_692_000],
                [42_000_000, 25, 3_192_000],
                [66_000_000, 30, 5_292_000],
                [96_000_000, 35, 8_592_000],
                [None, 45, 18_192_000],
            ],
        },
        "个人所得税法附表一；国家税务总局公告2018年第61号第6条",
    ),
    _Default("people.youngest_age", 16, "劳动法第15条"),
    _Default("people.adult_age", 18, "劳动法第58条"),
    _Default("people.age_notice", {"male": 60, "female": 55}, "建市〔2019〕18号"),
    _Default("contract.expiry_notice_days", 30, PROPOSED),
    _Default("contract.offer_reminder_days", 3, PROPOSED),
    _Default("contract.agency_months", 24, "劳动合同法第58条"),
    _Default("contract.conclude_within_months", 1, "劳动合同法第10条"),
    _Default("leave.settle_within_wd", 0, "工资支付暂行规定（劳部发〔1994〕489号）第9条"),
    _Default("acknowledge.remind_after_days", 3, PROPOSED),
    _Default("invitation.days", 7, PROPOSED),
    _Default("invitation.per_day", 20, PROPOSED),
    _Default("account.open_within_days", 30, "人社部发〔2021〕53号"),
    _Default("account.small_under_fen", 0, PROPOSED),
    _Default("account.file_within_days", 30, "人社部发〔2021〕53号"),
    _Default("account.sub_ledgers_allowed", True, "人社部发〔2021〕53号"),
    _Default("account.closing_notice_days", 30, "国务院令第724号第27条"),
    _Default("account.balance_cover_percent", 50, PROPOSED),
    _Default("allocation.cycle_months", 1, "国务院令第724号第24条"),
    _Default("allocation.ratio_percent", {"building": 20, "decoration": 30, "municipal": 15}, PROPOSED),
    _Default("allocation.reply_within_wd", 3, PROPOSED),
    _Default("allocation.remind_every_days", 2, PROPOSED),
    _Default("guarantee.asked_since", "2020-05-01", "国务院令第724号第24条"),
    _Default("guarantee.small_under_fen", 0, PROPOSED),
    _Default("guarantee.expiry_notice_days", 30, PROPOSED),
    _Default("deposit.pay_within_wd", 20, "人社部发〔2021〕65号"),
    _Default("deposit.refill_within_wd", 10, "人社部发〔2021〕65号"),
    _Default("deposit.use_within_wd", 5, "人社部发〔2021〕65号"),
    _Default("deposit.return_check_wd", 5, "人社部发〔2021〕65号"),
    _Default("deposit.return_notice_days", 30, "人社部发〔2021〕65号"),
    _Default("deposit.guarantee_least_months", 12, "人社部发〔2021〕65号"),
    _Default("deposit.expiry_notice_days", 30, PROPOSED),
    _Default("alarm.A1.days", {"orange": 30}, "人社部发〔2021〕53号；级别为系统默认"),
    _Default("alarm.A2.days", {"yellow": 30}, "人社部发〔2021〕53号；级别为系统默认"),
    _Default("alarm.A3.wd", {"orange": 20}, "人社部发〔2021〕65号；级别为系统默认"),
    _Default("alarm.A4.days", {"yellow": 30}, PROPOSED),
    _Default("alarm.A5.wd", {"red": 10}, "人社部发〔2021〕65号；级别为系统默认"),
    _Default("alarm.A6.days", {"yellow": 7}, PROPOSED),
    _Default("alarm.A6.guarantee_days", {"yellow": 30}, PROPOSED),
    _Default("alarm.B1.days", {"yellow": 5, "orange": 30, "red": 60}, PROPOSED),
    _Default("alarm.B2.percent", {"yellow": 100}, PROPOSED),
    _Default("alarm.B3.percent", {"yellow": 100, "orange": 50}, PROPOSED),
    _Default("alarm.B3.days", {"yellow": 5}, PROPOSED),
    _Default("alarm.C1.entries", {"yellow": 1}, PROPOSED),
    _Default("alarm.C2.days", {"yellow": 7}, PROPOSED),
    _Default("alarm.C2.people", {"yellow": 3}, PROPOSED),
    _Default("alarm.C3.wd", {"yellow": 3}, PROPOSED),
    _Default("alarm.C4.people", {"yellow": 3}, PROPOSED),
    _Default("alarm.C5.people", {"yellow": 3}, PROPOSED),
    _Default("alarm.D1.day_of_month", {"yellow": 5}, PROPOSED),
    _Default("alarm.D2.days", {"yellow": 5}, PROPOSED),
    _Default(
        "alarm.D3.days", {"yellow": 0, "orange": 30, "red": 60}, "国务院令第724号第31条；阈值为系统默认"
    ),
    _Default("alarm.D4.percent", {"yellow": 100, "red": 90}, PROPOSED),
    _Default("alarm.D4.days", {"yellow": 5, "red": 15}, PROPOSED),
    _Default("alarm.D5.shortfall_percent", {"orange": 20}, PROPOSED),
    _Default("alarm.D6.retry_wd", {"orange": 3}, PROPOSED),
    _Default("alarm.D7.wd", {"orange": 3}, PROPOSED),
    _Default("alarm.D8.payments", {"orange": 3}, PROPOSED),
    _Default("alarm.D8.days", {"orange": 30}, PROPOSED),
    _Default("alarm.E2.people", {"orange": 1, "red": 10}, PROPOSED),
    _Default(
        "risk.factors",
        {
            "balance": {"weight": 35, "from": 100, "full": 20},
            "allocation": {"weight": 15, "from": 7, "full": 30},
            "sheet": {"weight": 30, "from": 8, "full": 4},
            "confirmation": {"weight": 25, "from": 2, "full": 8},
            "attendance": {"weight": 30, "from": 25, "full": 60},
            "late": {"weight": 40, "from": 5, "full": 20},
            "firms": {"weight": 25, "from": 0, "full": 4},
        },
        "系统默认，按模拟历史校准，可按地区调整",
    ),
    _Default("risk.nearness", {"full": 5, "none": 16}, "系统默认，按模拟历史校准，可按地区调整"),
    _Default("risk.levels", {"watch": 40, "high": 50}, "系统默认，按模拟历史校准，可按地区调整"),
    _Default("risk.keep_days", 400, PROPOSED),
    _Default("alarm.handle_within_wd", {"yellow": 5, "orange": 3, "red": 1}, PROPOSED),
    _Default("alarm.measures_within_wd", {"yellow": 10, "orange": 5, "red": 3}, PROPOSED),
    _Default("alarm.recheck_within_wd", {"yellow": 10, "orange": 7, "red": 5}, PROPOSED),
    _Default("alarm.escalate_after_wd", {"yellow": 3, "orange": 2, "red": 1}, PROPOSED),
    _Default("notice.summary_hour", 8, PROPOSED),
    _Default("alarm.pausable_rules", ["A6", "C2", "C3", "C4", "E1"], PROPOSED),
    _Default("alarm.pause_at_most_days", 60, PROPOSED),
    _Default("case.accept_within_wd", 5, "劳动保障监察条例"),
    _Default("case.finish_within_wd", 60, "劳动保障监察条例第17条"),
    _Default("case.extension_wd", 30, "劳动保障监察条例第17条"),
    _Default("case.limit_years", 2, "劳动保障监察条例第20条"),
    _Default("case.decide_within_wd", 15, "劳动保障监察案件办理程序（二手资料）"),
    _Default("case.correct_within_wd", 5, PROPOSED),
    _Default("case.hear_within_wd", 5, "行政处罚法第64条"),
    _Default("case.representatives", 5, "浙江省劳动保障监察条例（推举代表不超过5人）"),
    _Default("sanction.54.unit", {"from": 2_000_000, "to": 5_000_000}, "国务院令第724号第54条"),
    _Default("sanction.54.person", {"from": 1_000_000, "to": 3_000_000}, "国务院令第724号第54条"),
    _Default("sanction.55.unit", {"from": 5_000_000, "to": 10_000_000}, "国务院令第724号第55条"),
    _Default("sanction.56.unit", {"from": 5_000_000, "to": 10_000_000}, "国务院令第724号第56条"),
    _Default("sanction.57.unit", {"from": 5_000_000, "to": 10_000_000}, "国务院令第724号第57条"),
    _Default("crime.one", {"months": 3, "fen": 500_000}, "法释〔2013〕3号第3条；为幅度下限，按省定数额调整"),
    _Default(
        "crime.many", {"people": 10, "fen": 3_000_000}, "法释〔2013〕3号第3条；为幅度下限，按省定数额调整"
    ),
    _Default("board.fresh_within_months", 1, PROPOSED),
    _Default("permit.contracts_percent", 100, PROPOSED),
    _Default("alarm.E1.days", {"yellow": 31}, "国务院令第724号第34、56条；一个月为系统默认"),
    _Default("check.weights", {"none": 1, "yellow": 2, "orange": 3, "red": 5}, PROPOSED),
    _Default("check.publish_within_wd", 20, "国办发〔2015〕58号；20个工作日按行政处罚信息公示习惯，系统默认"),
    _Default("board.photo_days", 730, "影像保存两年；系统默认，可按地区调整"),
    _Default(
        "upload.undecided_days",
        90,
        "上传后无人处理的文件保存天数；个人信息保护法第19条最短必要，天数为系统默认",
    ),
)


def _small_works_rows() -> list[ParameterRow]:
    """Works below these sums need no special account: Chongqing's and Guizhou's rules as known from notices."""
    return [
        ParameterRow(region, "account.small_under_fen", date(2021, 7, 7), None, 400_000_000, source)
        for region, source in (
            ("500000", "重庆市：合同价400万元以上、工期3个月以上开设专户（二手资料）"),
            ("520000", "贵州省：400万元以下只管台账（二手资料）"),
        )
    ]


FORMER_RETIREMENT = date(1978, 6, 2)
LATER_RETIREMENT = date(2025, 1, 1)


def _retirement_rows() -> list[ParameterRow]:
    """Statutory retirement age in months, and the gradual delay from 2025-01-01 (decision of 2024-09-13)."""
    former = {"male": {"months": 720}, "female": {"months": 600}, "female_manager": {"months": 660}}
    pace = {"male": (4, 36), "female": (2, 60), "female_manager": (4, 36)}
    later = {
        who: {**former[who], "step": step, "most": most, "since": LATER_RETIREMENT.isoformat()}
        for who, (step, most) in pace.items()
    }
    key = "people.retirement_age"
    return [
        ParameterRow(
            None, key, FORMER_RETIREMENT, LATER_RETIREMENT - timedelta(days=1), former, "国发〔1978〕104号"
        ),
        ParameterRow(
            None,
            key,
            LATER_RETIREMENT,
            None,
            later,
            "全国人大常委会关于实施渐进式延迟法定退休年龄的决定（2024-09-13）",
        ),
    ]


def _heat_rows() -> list[ParameterRow]:
    """Monthly heat allowance for work outdoors; amounts to be checked against the province's own notice."""
    key = "pay.heat_allowance"
    rows = [ParameterRow(None, key, ORDER_724, None, {"month_fen": 0, "months": HEAT_MONTHS}, PROPOSED)]
    zhejiang, jiangsu = "浙江省高温津贴标准，使用前须核对", "江苏省高温津贴标准，使用前须核对"
    for region, source in (("330000", zhejiang), ("320000", jiangsu)):
        value = {"month_fen": 30_000, "months": HEAT_MONTHS}
        rows.append(ParameterRow(region, key, ORDER_724, None, value, source))
    return rows


def parameter_rows() -> list[ParameterRow]:
    """Nationwide defaults (region None), deposit tables, conditions of entry, minimum wages of Zhejiang and Nanjing."""
    rows = [ParameterRow(None, d.key, ORDER_724, None, d.value, d.source) for d in _NATIONWIDE]
    return [
        *rows,
        *standing_rows(),
        *_heat_rows(),
        *_retirement_rows(),
        *_small_works_rows(),
        *deposit_rows(),
        *entry_rows(),
        *minimum_wage_rows(),
    ]
