"""Who may work, by age on the day of joining (Labour Law, articles 15 and 58; local rules for the old)."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Text

ADULT = 18


class AgeRemark(NamedTuple):
    """`kind` is stop (must not be employed) or warn."""

    kind: str
    code: str
    text: Text
    facts: dict[str, Any]


def age_on(birth: date, day: date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def age_remark(birth: date, sex: int, day: date, *, youngest: int, oldest: Sequence[int]) -> AgeRemark | None:
    """What is to be said about a person's age; `oldest` are the ages of notice for men and for women."""
    age = age_on(birth, day)
    if age < youngest:
        text = _("Born %(born)s: under %(years)s on the day of joining. Must not be employed.")
        return AgeRemark("stop", "age.too_young", text, {"born": f"{birth:%Y-%m}", "years": youngest})
    if age < ADULT:
        text = _("%(age)s years old: young workers need protection and a health check.")
        return AgeRemark("warn", "age.young", text, {"age": age})
    if age >= oldest[sex - 1]:
        text = _("%(age)s years old: check the local rules for older workers.")
        return AgeRemark("warn", "age.old", text, {"age": age})
    return None
