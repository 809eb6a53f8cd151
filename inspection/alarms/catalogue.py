"""All rules by code. To add one: a module with the rule, a line here, its parameters in the seed, its words, a test."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inspection.alarms import (
    account,
    allocation,
    attendance,
    board,
    cases,
    cash,
    confirmation,
    deposit,
    gate,
    leaver,
    money,
    no_sheet,
    overdue,
    people,
    reached,
    slips,
)
from inspection.alarms.rule import Rule

GROUPS: dict[str, str | Promise] = {
    "A": _("Accounts, deposits, papers"),
    "B": _("Money on the account"),
    "C": _("People and gates"),
    "D": _("Wages"),
    "E": _("Complaints, orders, boards"),
}
"""Groups by the letter that their rules' codes begin with."""

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted(
        (
            *account.RULES,
            *deposit.RULES,
            *allocation.RULES,
            *money.RULES,
            gate.RULE,
            *people.RULES,
            *attendance.RULES,
            no_sheet.RULE,
            confirmation.RULE,
            overdue.RULE,
            reached.RULE,
            *slips.RULES,
            leaver.RULE,
            cash.RULE,
            *cases.RULES,
            board.RULE,
        ),
        key=lambda rule: rule.code,
    )
}
