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
    """Forget what is old, read rosters whose reader was killed, let skill grades follow expired certificates."""
    from registration.actors import SYSTEM
    from registration.services.card_reads import forget_card_reads
    from registration.services.certificates import refresh_skill_grades
    from registration.services.codes import forget_old_codes
    from registration.services.joining import forget_old_requests
    from registration.services.rosters import stuck_uploads

    now = timezone.now()
    forget_old_codes(now=now)
    forget_old_requests(now=now)
    forget_card_reads(now=now)
    refresh_skill_grades(actor=SYSTEM, now=now)
    for upload_id in stuck_uploads(now=now):
        read_roster(upload_id)


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
def ask_workers() -> int:
    """Ask workers by text message whether what others registered is right, and remind them once."""
    from registration.services.acknowledging import ask_workers as ask

    return ask(now=timezone.now())
