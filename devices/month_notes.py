"""What higher apps have to say on a worker's calendar; they register, devices never asks upward."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registration.models import Worker


@dataclass(frozen=True)
class MonthNote:
    """A card above the calendar: a template of the app that says it, and its words."""

    template: str
    context: Any


Provider = Callable[[Worker, date], Sequence[MonthNote]]
_PROVIDERS: list[Provider] = []


def register_notes(provider: Provider) -> None:
    """`provider(worker, month)` gives the notes of a worker's calendar month; called by the app when it starts."""
    if provider not in _PROVIDERS:
        _PROVIDERS.append(provider)


def notes_of(worker: Worker, month: date) -> list[MonthNote]:
    """All notes of a calendar month, in the order in which apps registered."""
    return [note for provider in _PROVIDERS for note in provider(worker, month)]
