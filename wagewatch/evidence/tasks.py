"""Celery's part of the evidence log."""

from celery import shared_task
from django.utils import timezone

from wagewatch.evidence import sequencing


@shared_task(name="wagewatch.evidence.tasks.sequence")
def sequence() -> int:
    """Number, integrate and publish what has been recorded; beat calls it every few seconds."""
    return sequencing.sequence(timezone.now()).entries
