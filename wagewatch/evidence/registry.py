"""What each kind of entry means: how its record is rebuilt from today's rows, and which rows must have one.

Apps above register their kinds in `AppConfig.ready`; evidence never imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Record = Mapping[str, object]


@dataclass(frozen=True)
class Kind:
    """A kind of entry. `load_many` leaves out subjects that are gone."""

    name: str
    label: object  # lazy text
    load_many: Callable[[Sequence[str]], Mapping[str, Record]]
    expected_subjects: Callable[[int | None], Iterable[str]] | None


_kinds: dict[str, Kind] = {}


def register_kind(
    name: str,
    loader: Callable[[str], Record | None] | None = None,
    *,
    load_many: Callable[[Sequence[str]], Mapping[str, Record]] | None = None,
    expected_subjects: Callable[[int | None], Iterable[str]] | None = None,
    label: object = "",
) -> None:
    """Make a kind known.

    `loader(subject)` returns the record as rebuilt from current rows, exactly as `append` was given it, or None
    when the rows are gone; `load_many(subjects)` does so for many at once and is preferred.
    `expected_subjects(project_id)` names every subject that must have an entry (of one project, or of all for
    None): a row put in behind the system's back has none. `label` is shown to people.
    """
    if name in _kinds:
        raise ValueError(f"evidence kind {name!r} is registered twice")
    if load_many is None:
        if loader is None:
            raise ValueError("a kind needs loader or load_many")
        load_many = _one_by_one(loader)
    _kinds[name] = Kind(name, label or name, load_many, expected_subjects)


def _one_by_one(
    loader: Callable[[str], Record | None],
) -> Callable[[Sequence[str]], Mapping[str, Record]]:
    def load_many(subjects: Sequence[str]) -> Mapping[str, Record]:
        found = ((subject, loader(subject)) for subject in subjects)
        return {subject: record for subject, record in found if record is not None}

    return load_many


def unregister_kind(name: str) -> None:
    """Forget a kind (for tests that register their own)."""
    _kinds.pop(name, None)


def kind_named(name: str) -> Kind | None:
    """The kind of that name, or None if nobody registered it."""
    return _kinds.get(name)


def all_kinds() -> list[Kind]:
    """Every registered kind, by name."""
    return [_kinds[name] for name in sorted(_kinds)]
