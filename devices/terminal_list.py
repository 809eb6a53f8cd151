"""The terminals of a site as the page shows them: how each one is, in plain words. No writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from devices.models import Terminal, TerminalFacts
from devices.presence import QUEUE_SHOWN, SILENT_AFTER, SKEW_SHOWN_MS
from devices.services.enrolment import codes_waiting
from devices.terminal_worries import worry_words
from registration.models import Project

DISK_SHOWN = 80
"""Percent of the disk from which it is said."""
BAD_STATES = frozenset({"silent", "lost", "broken", "stopped"})


@dataclass(frozen=True)
class Part:
    """Something on a serial line of an agent, as the agent says."""

    name: str
    words: str
    is_bad: bool


@dataclass
class Shown:
    """A terminal, what stands against it, what hangs on it. `state` is well, waits, trouble or out."""

    terminal: Terminal
    state: str
    head: str
    troubles: list[str]
    facts: TerminalFacts | None
    code_until: datetime | None
    clock: str
    devices: list["Shown"] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    worries: list[str] = field(default_factory=list)
    """What a site agent cannot put right itself: whole sentences."""


@dataclass(frozen=True)
class Found:
    """The whole page."""

    in_use: list[Shown]
    out_of_use: list[Shown]
    well: int
    count: int

    @property
    def title(self) -> str:
        """What the page has to say first."""
        if not self.count:
            return _("No terminal is registered yet")
        if self.well == self.count:
            return ngettext("The terminal answers", "All %(count)d terminals answer", self.count) % {
                "count": self.count
            }
        bad = self.count - self.well
        return ngettext(
            "%(bad)d of %(count)d terminals needs somebody",
            "%(bad)d of %(count)d terminals need somebody",
            bad,
        ) % {"bad": bad, "count": self.count}


def terminal_list(project: Project, *, now: datetime) -> Found:
    """All terminals of a project, those in trouble first. Three queries."""
    terminals = list(
        Terminal.objects.filter(project=project).defer("secret", "former_secret").order_by("name", "pk")
    )
    facts = {one.terminal_id: one for one in TerminalFacts.objects.filter(project=project)}
    codes = codes_waiting(project.pk, now=now)
    shown = {one.pk: _shown(one, facts.get(one.pk), codes, now) for one in terminals if one.agent_id is None}
    for one in terminals:
        if one.agent_id is not None:
            shown[one.agent_id].devices.append(_device(one, shown[one.agent_id], now))
    for above in shown.values():
        known = {text for d in above.devices for text in (d.terminal.serial, d.terminal.name)}
        above.parts = [part for part in _parts(above.facts) if part.name not in known]
    everybody = [*shown.values(), *(device for above in shown.values() for device in above.devices)]
    counted = [one for one in everybody if one.state != "out"]
    order = {"trouble": 0, "waits": 1, "well": 2, "out": 3}
    rows = sorted(shown.values(), key=lambda one: order[_worst(one, order)])
    return Found(
        in_use=[one for one in rows if one.state != "out"],
        out_of_use=[one for one in rows if one.state == "out"],
        well=sum(one.state == "well" for one in counted),
        count=len(counted),
    )


def _worst(shown: Shown, order: Mapping[str, int]) -> str:
    if shown.state == "out":
        return "out"
    return min((shown.state, *(d.state for d in shown.devices)), key=lambda state: order[state])


def _shown(
    terminal: Terminal, facts: TerminalFacts | None, codes: Mapping[int, datetime], now: datetime
) -> Shown:
    clock = _clock(terminal.clock_skew_ms)
    if not terminal.is_active:
        return Shown(terminal, "out", _("Out of use"), [], facts, None, clock)
    code_until = codes.get(terminal.pk)
    if terminal.key_id is None:
        words = _("Waits to be enrolled with its code") if code_until else _("Has no key yet: make a code")
        return Shown(terminal, "waits", words, [], facts, code_until, "")
    troubles = []
    if terminal.last_seen_at is None:
        troubles.append(_("Never heard so far"))
    elif now - terminal.last_seen_at > SILENT_AFTER:
        troubles.append(_("Silent for %(time)s") % {"time": duration(now - terminal.last_seen_at)})
    if facts is not None and facts.trouble:
        troubles.append(_("Cannot keep stamps: its disk takes nothing"))
    if facts is not None and (facts.disk_percent or 0) >= DISK_SHOWN:
        troubles.append(_("Its disk is %(percent)d %% full") % {"percent": facts.disk_percent})
    if abs(terminal.clock_skew_ms or 0) >= SKEW_SHOWN_MS:
        troubles.append(_("Clock is %(words)s: set it") % {"words": clock})
    if (terminal.queue_length or 0) >= QUEUE_SHOWN:
        troubles.append(_("Stamps pile up"))
    worries = [
        text for text in worry_words(facts.worries if facts is not None else ()) if text not in troubles
    ]
    head = troubles[0] if troubles else _("Answers, with something to do") if worries else _("Answers")
    state = "trouble" if troubles or worries else "well"
    return Shown(terminal, state, head, troubles[1:], facts, code_until, clock, worries=worries)


def _device(terminal: Terminal, above: Shown, now: datetime) -> Shown:
    """A device is what its agent says of it; silent agents say nothing."""
    if not terminal.is_active:
        return Shown(terminal, "out", _("Out of use"), [], None, None, "")
    if above.state == "out":
        words = _("Its site agent is out of use: register it again under another")
        return Shown(terminal, "trouble", words, [], None, None, "")
    said = next((p for p in _parts(above.facts) if p.name in (terminal.serial, terminal.name)), None)
    if said is not None:
        state, words = ("trouble", said.words) if said.is_bad else ("well", said.words)
    elif terminal.last_seen_at is None:
        state, words = "waits", _("No stamp so far")
    else:
        state, words = "well", _("Last stamp %(time)s ago") % {"time": duration(now - terminal.last_seen_at)}
    return Shown(terminal, state, words, [], None, None, "")


def _parts(facts: TerminalFacts | None) -> list[Part]:
    found = []
    for one in facts.devices if facts is not None else []:
        words = _state_words(one)
        found.append(Part(str(one.get("name", "")), words, one.get("state") in BAD_STATES))
    return found


def _state_words(report: Mapping[str, Any]) -> str:
    time = duration(timedelta(seconds=float(report.get("seconds") or 0)))
    return {
        "starting": _("Starts"),
        "ready": _("Answers"),
        "silent": _("Silent for %(time)s") % {"time": time},
        "lost": _("Gone for %(time)s: look at plug and power") % {"time": time},
        "broken": _("Out of order for %(time)s") % {"time": time},
        "stopped": _("Stopped for %(time)s") % {"time": time},
    }.get(str(report.get("state")), "")


def _clock(skew_ms: int | None) -> str:
    """ "3 min ahead", "5 s behind", "right", or nothing where it is not known."""
    if skew_ms is None:
        return ""
    if abs(skew_ms) < 2000:
        return _("right")
    time = duration(timedelta(milliseconds=abs(skew_ms)))
    return (_("%(time)s ahead") if skew_ms > 0 else _("%(time)s behind")) % {"time": time}


def duration(span: timedelta) -> str:
    """45 s, 12 min, 5 h, 3 days: one unit, rounded down."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 2 * 86400:
        return _("%(n)d h") % {"n": seconds // 3600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86400) % {"n": seconds // 86400}
