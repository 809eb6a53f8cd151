"""The one step that all acts on contracts share: from one state to the next, once, with its history."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from registration.access import not_permitted
from registration.actors import Actor
from registration.models import LabourContract, Project
from registration.rules.contracts import check_transition
from registration.services.history import record_history
from wagewatch.lib.errors import RuleViolation, WagewatchError


@dataclass
class Done:
    """What became of an act on many: ids done (contracts), and for each refused id (contract or posting) why."""

    ids: list[int] = field(default_factory=list)
    refused: dict[int, WagewatchError] = field(default_factory=dict)

    def or_raise(self) -> int:
        """The only id, for an act on one; raises its refusal."""
        for refusal in self.refused.values():
            raise refusal
        return self.ids[0]


def user_of(actor: Actor) -> int:
    """The user's number, for acts of people who sign in with a name; NotPermitted for anybody else."""
    if actor.kind != "user" or actor.id is None:
        not_permitted("user")
    return actor.id


def lock_project(project: Project) -> None:
    """Numbers are given one after another: others who number in this project wait."""
    Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)


def move(
    contract: LabourContract, to: str, *, actor: Actor, now: datetime, reason: str, **changes: Any
) -> None:
    """Bring a contract into another state by a conditional update; of two at once one wins.

    Raises RuleViolation `contract.is_<state>` when it cannot, or somebody was quicker.
    """
    check_transition(contract.state, to)
    row = LabourContract.objects.filter(project=contract.project_id, pk=contract.pk)
    if not row.filter(state=contract.state).update(state=to, **changes):
        check_transition(row.values_list("state", flat=True).get(), to)
        raise RuleViolation("contract.busy", _("This contract is just being changed. Try once more."))
    for name, value in {"state": to, **changes}.items():
        setattr(contract, name, value)
    note_change(contract.project_id, [contract.pk], actor=actor, now=now, reason=reason)


def note_change(project_id: int, ids: Iterable[int], *, actor: Actor, now: datetime, reason: str) -> None:
    """History rows of contracts changed by a set-based statement."""
    record_history(LabourContract, ids, kind="~", actor=actor, now=now, reason=reason, project_id=project_id)
