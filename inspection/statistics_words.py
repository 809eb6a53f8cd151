"""Names and definitions of the figures, and of what they are broken down by."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inspection.statistics import BANDS, OTHER
from registration.models import RegisteredBy, SkillGrade
from registration.services.parameters import region_labels
from registration.trade_names import trade_label

DIMENSION_NAMES = {
    "region": _("Region"),
    "trade": _("Trade"),
    "age": _("Age"),
    "skill": _("Skill grade"),
    "origin": _("Home province"),
    "way": _("Registered by"),
}
MEASURE_NAMES = {
    "ever": _("Ever registered"),
    "registered": _("Registered in the period"),
    "new_people": _("Of these new to the system"),
    "on_site": _("On the roster now"),
    "inside": _("Inside the gates at this moment"),
    "attended": _("Attended in the last 30 days"),
    "carded": _("With a wage card"),
    "citizen": _("With a citizen card"),
    "paid": _("Paid in the period"),
    "by_others": _("Registered by others"),
    "acknowledged": _("Acknowledged by the worker"),
    "denied": _("Denied by the worker"),
    "silent": _("Not answered yet"),
}
DEFINITIONS = {
    "ever": _(
        "People with any work on these projects since records began. Nobody is ever taken out: this figure only grows."
    ),
    "registered": _("People whose first day on one of these projects lies in the period."),
    "new_people": _(
        "Of them, people whose own record was made in the period; the others came from elsewhere."
    ),
    "on_site": _("People whose work has begun and not ended today. A person on two projects counts once."),
    "inside": _("People whose last passage within 16 hours went in."),
    "attended": _("People with at least one day of attendance in the last 30 days, left or not."),
    "carded": _("Of those on the roster now: people with a wage card of their own in use."),
    "citizen": _("Of those on the roster now: people who hold a citizen card, collected or active."),
    "paid": _("People to whose card the bank has paid wages of these projects in the period."),
    "by_others": _(
        "Of those on the roster now: people registered by a roster, a clerk, a card reader or another system."
    ),
    "acknowledged": _("Of those registered by others: people who said on the phone that it is right."),
    "denied": _("Of those registered by others: people who said on the phone that it is not them."),
    "silent": _(
        "Of those registered by others: people who have said nothing. Silence is not counted as yes."
    ),
}
BAND_NAMES = {
    "-17": _("under 18"),
    "18-29": _("18 to 29"),
    "30-39": _("30 to 39"),
    "40-49": _("40 to 49"),
    "50-59": _("50 to 59"),
    "60-": _("60 and older"),
}
WAY_NAMES = dict(RegisteredBy.choices)
SKILL_NAMES = {str(value): label for value, label in SkillGrade.choices}


def value_name(dimension: str, value: str) -> str:
    """How a value of a dimension is called."""
    if value == OTHER:
        return str(pgettext_lazy("the rest of a list", "Other"))
    if not value:
        return str(_("not on record"))
    if dimension == "region":
        return region_labels().get(value, value)
    if dimension == "trade":
        return trade_label(value)
    if dimension == "origin":
        return region_labels().get(f"{value}0000", PROVINCES.get(value, value))
    names = {"age": BAND_NAMES, "skill": SKILL_NAMES, "way": WAY_NAMES}.get(dimension, {})
    return str(names.get(value, value))


def city_name(code: str) -> str:
    """A city's name with its province where it is another one."""
    names = region_labels()
    return names.get(code) or names.get(f"{code[:2]}0000") or PROVINCES.get(code[:2], code)


PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区", "21": "辽宁省",
    "22": "吉林省", "23": "黑龙江省", "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省",
    "35": "福建省", "36": "江西省", "37": "山东省", "41": "河南省", "42": "湖北省", "43": "湖南省",
    "44": "广东省", "45": "广西壮族自治区", "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省",
    "53": "云南省", "54": "西藏自治区", "61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区", "71": "台湾省", "81": "香港", "82": "澳门",
}  # fmt: skip
"""GB/T 2260 provinces, for origins outside the region table."""

__all__ = ["BANDS", "DEFINITIONS", "DIMENSION_NAMES", "MEASURE_NAMES", "city_name", "value_name"]
