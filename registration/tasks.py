"""Work behind the pages: text messages and large rosters."""

from time import monotonic
from typing import TYPE_CHECKING

import structlog
from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from wagewatch.lib.locks import only_one

if TYPE_CHECKING:
    from registration.actors import Actor
    from registration.models import User

log = structlog.get_logger(__name__)
SENDING_SECONDS = 3.0
"""How long one run of `send_messages` keeps a worker process."""


def start(task: Task, *args: object) -> bool:
    """Hand a task to the queue; False if the queue is away (the beat schedule makes up for it)."""
    try:
        task.delay(*args)
    except (OperationalError, OSError) as error:
        log.warning("queue.unreachable", task=task.name, error=type(error).__name__)
        return False
    return True


def begin(task: Task, key: int, *, small: bool) -> None:
    """Small work at once, large work by the worker process; by this one if the queue is away."""
    if small or not start(task, key):
        task(key)


def in_the_name_of(user: "User") -> "Actor":
    """Who a task acts for. Somebody who may not sign in any more has no role left, and is refused what they asked for."""
    from registration.actors import Actor
    from registration.middleware import actor_of_user

    return actor_of_user(user) if user.is_active else Actor(kind="user", id=user.pk, label=user.name)


@shared_task
def send_messages() -> int:
    """Hand waiting text messages to the gateway: one run at a time, for a few seconds, then it is others' turn."""
    from registration.services.messages import send_waiting

    end = monotonic() + SENDING_SECONDS
    with only_one("messages") as alone:
        return send_waiting(now=timezone.now(), go_on=lambda: monotonic() < end) if alone else 0


@shared_task
def read_roster(upload_id: int) -> None:
    """Read and stage an uploaded roster; harmless when it was read already."""
    from registration.services.roster_staging import read_upload

    read_upload(upload_id, now=timezone.now())


@shared_task
def write_roster(upload_id: int) -> None:
    """Write a roster in the name of the clerk who asked for it; harmless when it was written already."""
    from registration.models import RosterUpload
    from registration.services.roster_apply import write_upload

    upload = RosterUpload.objects.defer("content").select_related("applied_by").filter(pk=upload_id).first()
    if upload is None or upload.applied_by is None:
        return
    write_upload(upload_id, actor=in_the_name_of(upload.applied_by), now=timezone.now())


@shared_task
def tidy_up() -> None:
    """Forget what is old, go on with rosters whose reader or writer was killed, refresh skill grades."""
    from registration.actors import SYSTEM
    from registration.services.card_reads import forget_card_reads
    from registration.services.certificates import refresh_skill_grades
    from registration.services.codes import forget_old_codes
    from registration.services.doors import forget_attempts
    from registration.services.joining import forget_old_requests
    from registration.services.pushes import forget_ended
    from registration.services.rosters import stuck_uploads
    from registration.services.tablets import end_forgotten_visits

    now = timezone.now()
    forget_old_codes(now=now)
    forget_attempts(now=now)
    forget_old_requests(now=now)
    forget_card_reads(now=now)
    end_forgotten_visits(now=now)
    forget_ended(now=now)
    refresh_skill_grades(actor=SYSTEM, now=now)
    for upload_id, state in stuck_uploads(now=now):
        (read_roster if state == "reading" else write_roster)(upload_id)


@shared_task
def make_contract_documents() -> int:
    """Make the PDFs of contracts that were signed just now."""
    from registration.services.contract_documents import make_documents

    return make_documents(now=timezone.now(), limit=20)


@shared_task
def expire_contracts() -> int:
    """End contracts past their last day."""
    from registration.services.contract_endings import expire_contracts as expire

    return expire(now=timezone.now())


@shared_task
def remind_of_contracts() -> int:
    """Remind workers of contracts that wait for their signature."""
    from registration.services.contract_offers import remind_of_offers

    return remind_of_offers(now=timezone.now())


@shared_task
def ask_workers() -> int:
    """Ask workers by text message whether what others registered is right, and remind them once."""
    from registration.services.acknowledging import ask_workers as ask

    return ask(now=timezone.now())
