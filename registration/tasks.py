"""Work behind the pages: text messages and large rosters."""

import structlog
from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def start(task: Task, *args: object) -> bool:
    """Hand a task to the queue; False if the queue is away (the beat schedule makes up for it)."""
    try:
        task.delay(*args)
    except (OperationalError, OSError) as error:
        log.warning("queue.unreachable", task=task.name, error=type(error).__name__)
        return False
    return True


@shared_task
def send_messages() -> int:
    """Hand waiting text messages to the gateway."""
    from registration.services.messages import send_waiting

    return send_waiting(now=timezone.now())


@shared_task
def read_roster(upload_id: int) -> None:
    """Read and stage an uploaded roster; harmless when it was read already."""
    from registration.services.rosters import read_upload

    read_upload(upload_id, now=timezone.now())


@shared_task
def tidy_up() -> None:
    """Forget old codes and requests to join, and read rosters whose reader was killed."""
    from registration.services.codes import forget_old_codes
    from registration.services.joining import forget_old_requests
    from registration.services.rosters import stuck_uploads

    now = timezone.now()
    forget_old_codes(now=now)
    forget_old_requests(now=now)
    for upload_id in stuck_uploads(now=now):
        read_roster(upload_id)


@shared_task
def ask_workers() -> int:
    """Ask workers by text message whether what others registered is right, and remind them once."""
    from registration.services.acknowledging import ask_workers as ask

    return ask(now=timezone.now())
