"""E-mails: written in the transaction of their cause, sent afterwards by Django's backend, never twice for one key."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from inspection.models import MailMessage

log = structlog.get_logger(__name__)
MAX_TRIES = 5
Letter = tuple[int, str, str, str, str]
"""User, address, subject, text, key."""


def mail_is_on() -> bool:
    """Whether this installation has a mail server."""
    return bool(settings.WAGEWATCH_MAIL_FROM)


def queue_letters(letters: Sequence[Letter], *, now: datetime) -> None:
    """Queue letters in one insert; keys used before are passed over."""
    MailMessage.objects.bulk_create(
        [
            MailMessage(
                user_id=user, mail=mail, subject=subject[:200], text=text, created_at=now, dedupe_key=key
            )
            for user, mail, subject, text, key in letters
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _send(letter: MailMessage) -> None:
    """Hand one letter over. The Message-ID stays the same when it is tried again, so that a repeat is known."""
    host = settings.WAGEWATCH_MAIL_FROM.rpartition("@")[2].strip("<> ") or "localhost"
    EmailMessage(
        subject=letter.subject,
        body=str(letter.text),
        from_email=settings.WAGEWATCH_MAIL_FROM,
        to=[str(letter.mail)],
        headers={"Message-ID": f"<notice-{letter.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    ).send()


def send_letters(*, now: datetime, limit: int = 100) -> int:
    """Send waiting letters, each in its own transaction; how many went out."""
    sent = 0
    if not mail_is_on():
        return sent
    for _attempt in range(limit):
        with transaction.atomic():
            letter = (
                MailMessage.objects.select_for_update(skip_locked=True)
                .filter(state=MailMessage.State.WAITING)
                .order_by("tries", "created_at")
                .first()
            )
            if letter is None:
                break
            letter.tries += 1
            try:
                _send(letter)
            except OSError as error:  # smtplib's errors are OSErrors
                log.warning("mail.not_sent", id=letter.pk, tries=letter.tries, error=type(error).__name__)
                if letter.tries >= MAX_TRIES:
                    letter.state = MailMessage.State.FAILED
                letter.save(update_fields=["tries", "state"])
                if letter.state == MailMessage.State.WAITING:
                    break
                continue
            letter.state, letter.sent_at = MailMessage.State.SENT, now
            letter.save(update_fields=["tries", "state", "sent_at"])
            sent += 1
    return sent
