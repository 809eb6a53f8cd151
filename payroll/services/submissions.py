"""What a phone sends is done once, however often it arrives."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from payroll.models import Submission
from registration.access import not_found
from registration.actors import Actor
from wagewatch.lib.errors import WagewatchError


@transaction.atomic
def submit_once(
    key: UUID, act: Callable[[], object], *, kind: str, reference: str, actor: Actor, now: datetime
) -> Submission:
    """Do `act` under the phone's `key`, or tell what became of it when it came before.

    Two sendings at once wait for each other at the unique key; the second one is told the first one's outcome.
    A refusal of `act` writes nothing but the refusal itself. NotFound for anybody but a worker.
    """
    if actor.kind != "worker" or actor.id is None:
        not_found()
    submission, is_new = Submission.objects.get_or_create(
        worker_id=actor.id,
        key=key,
        defaults={
            "kind": kind,
            "reference": reference,
            "state": Submission.State.DONE,
            "received_at": now,
        },
    )
    if not is_new:
        return submission
    try:
        with transaction.atomic():
            act()
    except WagewatchError as problem:
        submission.state = Submission.State.REFUSED
        submission.code, submission.message = problem.code[:60], problem.message[:300]
        submission.save(update_fields=["state", "code", "message"])
    return submission
