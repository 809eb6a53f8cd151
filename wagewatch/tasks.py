"""Signs of life of worker and beat, read by /readyz."""

import time

from celery import shared_task
from django.core.cache import cache

BEAT_TICK = "beat-tick"


@shared_task(name="wagewatch.tasks.beat_tick")
def beat_tick() -> None:
    """Beat sent it and a worker ran it: both live. Value is unix seconds."""
    cache.set(BEAT_TICK, time.time(), timeout=120)
