"""Who does something: the one value that services ask for, whatever way the person came in."""

from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["user", "worker", "terminal", "bank", "system", "source"]


@dataclass(frozen=True)
class Duty:
    """A membership as plain values. Either `organisation_id` or `authority_id` is set.

    `region_prefix` (2, 4 or 6 digits of GB/T 2260) and `sectors` bound an authority's sight; `kind` is the
    authority's.
    """

    role: str
    organisation_id: int | None = None
    authority_id: int | None = None
    region_prefix: str = ""
    sectors: frozenset[str] = frozenset()
    body: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Actor:
    """`id` is the user's, worker's, terminal's or pushing system's; `label` is safe to show in a record."""

    kind: ActorKind
    id: int | None = None
    label: str = ""
    duties: tuple[Duty, ...] = field(default=())

    def has_role(self, *roles: str) -> bool:
        return any(duty.role in roles for duty in self.duties)

    @property
    def organisation_ids(self) -> tuple[int, ...]:
        return tuple(d.organisation_id for d in self.duties if d.organisation_id is not None)

    @property
    def is_authority(self) -> bool:
        return any(d.authority_id is not None for d in self.duties)


SYSTEM = Actor(kind="system", label="system")
ANONYMOUS = Actor(kind="user", label="anonymous")
