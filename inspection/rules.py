"""Where a month's wages stopped, how late they are, when the level rises: plain values in and out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LEVEL_NAMES = {1: "yellow", 2: "orange", 3: "red"}
STAGES = 8

STOPS: dict[str, tuple[int | None, str | Promise]] = {
    "no_sheet": (2, _("No pay sheet made")),
    "left_out": (2, _("Left out of the pay sheet")),
    "unconfirmed": (3, _("Waiting for the workers")),
    "objected": (3, _("Objections are open")),
    "unapproved": (4, _("Not approved by the general contractor")),
    "not_instructed": (5, _("No payment instruction")),
    "bank_pending": (6, _("Waiting for the bank")),
    "returned": (6, _("Returned by the bank")),
    "gate": (0, _("Not registered")),
    "no_account": (5, _("No special account")),
    "not_filed": (5, _("Account not filed")),
    "no_deposit": (None, _("Deposit not lodged")),
    "deposit_ends": (None, _("Deposit guarantee ends")),
    "deposit_used": (None, _("Deposit not filled up")),
    "no_clerk": (4, _("Clerk or subcontract missing")),
    "no_guarantee": (None, _("No payment guarantee")),
    "balance": (5, _("Too little on the account")),
    "spent": (5, _("Money left the account")),
    "papers": (0, _("Papers missing")),
    "silent": (1, _("No attendance")),
    "odd": (1, _("Attendance cannot be right")),
    "age": (0, _("Age or trade rule")),
    "not_reached": (6, _("Not everybody paid")),
    "low": (2, _("Wage too low")),
    "odd_line": (2, _("Line looks wrong")),
    "unpaid": (5, _("Leavers not paid")),
    "cash_denied": (6, _("Cash that the worker denies")),
    "not_allocated": (5, _("Labour cost not allocated")),
    "cash": (6, _("Cash, or a card in other hands")),
    "complaint": (None, _("Complaint not finished")),
    "order": (None, _("Order not followed")),
    "no_board": (None, _("Notice board missing or out of date")),
}

STOP_OF_RULE = {
    "A1": "no_account",
    "A2": "not_filed",
    "A3": "no_deposit",
    "A4": "deposit_ends",
    "A5": "deposit_used",
    "B1": "not_allocated",
    "B2": "not_allocated",
    "B3": "balance",
    "B4": "spent",
    "C1": "gate",
    "C2": "papers",
    "C3": "silent",
    "C4": "odd",
    "C5": "age",
    "D4": "not_reached",
    "D5": "low",
    "D8": "cash",
    "E2": "complaint",
    "E3": "order",
    "E1": "no_board",
}
"""Rules whose alarms always stop at the same place."""


def level_name(level: int) -> str:
    """1 yellow, 2 orange, 3 red: the names that templates and style sheets use."""
    return LEVEL_NAMES[level]


def days_overdue(due_on: date | None, today: date) -> int:
    """Whole days since the due date; 0 on the day itself and before."""
    return max((today - due_on).days, 0) if due_on else 0


@dataclass(frozen=True)
class Stop:
    """The stage (0-7 of the chain of eight) at which money stopped, and why in words.

    A stage of None is a matter beside the chain, such as the wage deposit.
    """

    code: str

    @property
    def stage(self) -> int | None:
        return STOPS[self.code][0]

    @property
    def words(self) -> str | Promise:
        return STOPS[self.code][1]

    def strip(self, level: int) -> list[str]:
        """The eight stages for the chain component: done, broken in the alarm's colour, not reached; [] for
        a matter beside the chain."""
        if self.stage is None:
            return []
        return ["ok"] * self.stage + [level_name(level)] + [""] * (STAGES - 1 - self.stage)


def stop_of_part(part: Mapping[str, Any]) -> Stop:
    """Where one subcontractor's unpaid slips stopped, from the alarm's facts."""
    people = part.get("people", 0)
    if part.get("state") in {"left_out", "cash_denied"}:
        return Stop(part["state"])
    if part.get("estimated") or part.get("state", "none") in {"none", "draft"}:
        return Stop("no_sheet")
    if part.get("returned", 0) and part["returned"] + part.get("objected", 0) >= people:
        return Stop("returned")
    if part.get("instructed", 0) >= people:
        return Stop("bank_pending")
    if part.get("objected", 0) >= people:
        return Stop("objected")
    if part["state"] == "confirming":
        return Stop(
            "unconfirmed" if part.get("waiting", 0) + part.get("objected", 0) >= people else "unapproved"
        )
    if part["state"] in {"approved", "instructed"} and not part.get("returned", 0):
        return Stop("not_instructed" if not part.get("instructed", 0) else "bank_pending")
    return Stop("returned" if part.get("returned", 0) else "not_instructed")


def stop_of_alarm(rule: str, facts: Mapping[str, Any]) -> Stop:
    """Where the largest part of an alarm's money stopped."""
    if rule in STOP_OF_RULE:
        return Stop(STOP_OF_RULE[rule])
    if rule == "A6":
        return Stop("no_guarantee" if facts.get("guarantee") else "no_clerk")
    if rule == "D2":
        return Stop("unconfirmed" if facts.get("waiting") else "objected")
    if rule == "D6":
        return Stop("returned" if facts.get("returned") else "odd_line")
    if rule == "D7":
        return Stop("no_sheet" if facts.get("unsheeted") else "unpaid")
    parts = facts.get("parts") or []
    return stop_of_part(parts[0]) if parts else Stop("no_sheet")


@dataclass(frozen=True)
class Ladder:
    """The days after the due date at which each level begins, and the dates for one due date.

    A region may leave levels out.
    """

    days: Mapping[str, int]

    def dates(self, due_on: date) -> dict[str, date]:
        return {
            name: due_on + timedelta(days=self.days[name])
            for name in LEVEL_NAMES.values()
            if name in self.days
        }

    def next_rise(self, due_on: date, today: date) -> tuple[str, date] | None:
        """The coming level and its date, or None when it is red already."""
        for name, day in self.dates(due_on).items():
            if day > today:
                return name, day
        return None
