"""The story of one alarm as pages tell it: what data and people did, newest first, and what comes next."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspection.models import Alarm, AlarmAnswer, AlarmFlip, AlarmStep
from inspection.rules import level_name
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import day as day_text
from wagewatch.templatetags.ww import days_overdue, moment

Kind = AlarmStep.Kind
TOLD = frozenset({Kind.TRUE, Kind.FALSE, Kind.HANDLED, Kind.URGED})
"""Steps whose words stand on the page in full."""


def next_step(stage: str) -> str:
    """What is due at a stage, as the label of its deadline."""
    return {
        Alarm.Stage.TRUE: _("Measures due by"),
        Alarm.Stage.HANDLED: _("Data must show it by"),
    }.get(Alarm.Stage(stage), _("Check due by"))


def events(
    alarm: Alarm,
    flips: Iterable[AlarmFlip],
    steps: Iterable[AlarmStep],
    answers: Iterable[AlarmAnswer],
    today: date,
) -> list[dict[str, Any]]:
    """Everything that happened, newest first; the coming deadline on top."""
    found = [
        *((flip.at, 0, flip.pk, _flip(flip)) for flip in flips),
        *((step.at, 1, step.pk, _step(step)) for step in steps),
        *((answer.at, 2, answer.pk, _answer(answer)) for answer in answers),
    ]
    story = [event for _at, _rank, _pk, event in sorted(found, key=lambda one: one[:3], reverse=True)]
    if alarm.state == Alarm.State.OPEN and alarm.paused_until:
        until = {
            "time": day_text(alarm.paused_until),
            "kind": "next",
            "strong": _("The pause ends"),
            "note": _("then the deadline runs on"),
        }
        return [until, *story]
    if alarm.state == Alarm.State.OPEN and alarm.handle_by:
        coming = {
            "time": day_text(alarm.handle_by),
            "kind": "next",
            "strong": next_step(alarm.stage),
            "note": _after(alarm),
        }
        return [coming, *story]
    return story


def _after(alarm: Alarm) -> str:
    if alarm.tier == Alarm.Tier.PROVINCE:
        return _("after that it is urged")
    return _("after that it is urged, then it goes one level up")


def _step(step: AlarmStep) -> dict[str, Any]:
    names = {"by": str(step.by or _("the system")), "to": str(step.to or ""), "tier": step.get_tier_display()}
    words = {
        Kind.TAKEN: _("%(by)s took it"),
        Kind.ASSIGNED: _("%(by)s gave it to %(to)s"),
        Kind.READ: _("%(by)s read it"),
        Kind.TRUE: _("%(by)s found it true"),
        Kind.FALSE: _("%(by)s found it not true"),
        Kind.HANDLED: _("%(by)s recorded measures"),
        Kind.RETURNED: _("Came back, since its data changed"),
        Kind.URGED: _("%(by)s urged %(to)s") if step.to_id else _("%(by)s urged the site"),
        Kind.OVERDUE: _("Deadline over, urged by the system"),
        Kind.ESCALATED: _("Went up: %(tier)s"),
        Kind.PAUSED: _("Paused"),
        Kind.RESUMED: _("The pause is over"),
    }[Kind(step.kind)]
    note = ""
    if step.due_on and step.kind in {Kind.TRUE, Kind.HANDLED, Kind.ESCALATED, Kind.RETURNED, Kind.PAUSED}:
        note = _("next by %(day)s") % {"day": day_text(step.due_on)}
    return {"time": moment(step.at), "kind": "", "strong": words % names, "note": note}


def _answer(answer: AlarmAnswer) -> dict[str, Any]:
    words = _("%(firm)s answered") % {"firm": answer.organisation.short_name or answer.organisation.name}
    return {"time": moment(answer.at), "kind": "", "strong": words, "note": answer.by.name}


def _flip(flip: AlarmFlip) -> dict[str, Any]:
    level = {1: _("yellow"), 2: _("orange"), 3: _("red")}[flip.level]
    kind = AlarmFlip.Kind
    words = {
        kind.OPENED: _("Alarm raised, %(level)s"),
        kind.RAISED: _("Raised to %(level)s"),
        kind.LOWERED: _("Lowered to %(level)s"),
        kind.CHANGED: _("Amount or people changed"),
        kind.CLOSED: _("Closed by data: the rule holds no longer"),
        kind.REOPENED: _("Opened again, %(level)s"),
    }[kind(flip.kind)]
    return {
        "time": moment(flip.at),
        "kind": level_name(flip.level) if flip.kind in {"opened", "raised", "reopened"} else "",
        "strong": words % {"level": level} if "%(level)s" in words else words,
        "note": "" if flip.kind == kind.CLOSED else _flip_note(flip),
    }


def _flip_note(flip: AlarmFlip) -> str:
    if not flip.amount_fen and not flip.people:
        return ""
    if not flip.people:
        return format_cny(flip.amount_fen)
    if not flip.amount_fen:
        return ngettext("%(n)s person", "%(n)s people", flip.people) % {"n": flip.people}
    return _("%(people)s people, %(amount)s") % {
        "people": flip.people,
        "amount": format_cny(flip.amount_fen),
    }


def said(steps: Iterable[AlarmStep], answers: Iterable[AlarmAnswer]) -> list[dict[str, Any]]:
    """What office and site wrote, newest first: who, when, as what, the words, and the numbers of their papers.

    Give steps with `files__file` prefetched.
    """
    rows: list[tuple[Any, dict[str, Any]]] = [
        (
            (step.at, step.pk),
            {
                "who": str(step.by or _("the system")),
                "at": step.at,
                "what": step.get_kind_display(),
                "text": str(step.text),
                "files": [{"kind": "step", "pk": one.pk, "name": one.file.name} for one in step.files.all()],
                "office": True,
            },
        )
        for step in steps
        if step.kind in TOLD
    ]
    rows += [
        (
            (answer.at, answer.pk),
            {
                "who": f"{answer.organisation.short_name or answer.organisation.name}　{answer.by.name}",
                "at": answer.at,
                "what": _("Answer of the site"),
                "text": str(answer.text),
                "files": [{"kind": "answer", "pk": answer.pk, "name": answer.file.name}]
                if answer.file
                else [],
                "office": False,
            },
        )
        for answer in answers
    ]
    return [row for _key, row in sorted(rows, key=lambda one: one[0], reverse=True)]


def deadline(alarm: Alarm, today: date) -> dict[str, Any] | None:
    """The figure of the deadline: label, day, how long; None where there is none."""
    if alarm.state != Alarm.State.OPEN:
        return None
    if alarm.paused_until:
        return {
            "label": _("Paused until"),
            "figure": str(alarm.paused_until),
            "note": _("the deadline does not run"),
        }
    if alarm.handle_by is None:
        return None
    late = alarm.handle_by < today
    return {
        "label": next_step(alarm.stage),
        "figure": str(alarm.handle_by),
        "note": days_overdue(alarm.handle_by, today),
        "class": "late" if late else "",
    }
