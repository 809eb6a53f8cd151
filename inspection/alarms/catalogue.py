"""All rules by code. To add one: a module with RULE, a line here, its parameters in the seed, a test."""

from inspection.alarms import gate, no_sheet, overdue
from inspection.alarms.rule import Rule

RULES: dict[str, Rule] = {rule.code: rule for rule in (overdue.RULE, no_sheet.RULE, gate.RULE)}
