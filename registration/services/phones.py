"""Phones on which a worker is signed in: added by a code, seen, ended by the worker or with a new number."""

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from registration.access import not_found
from registration.actors import Actor
from registration.models import Worker, WorkerDevice

SEEN_EVERY = timedelta(hours=12)
"""How often a visit is written down; not every click of sixty days."""
_SYSTEMS = (("HarmonyOS", "HarmonyOS"), ("Android", r"Android [\d.]+"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac", "Mac OS X"), ("Linux", "Linux"))  # fmt: skip
_BROWSERS = (("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip


def label_of(user_agent: str) -> str:
    """A phone in two words by what its browser says, e.g. "Android 9 Chrome"."""
    system = next((m[0] for name, text in _SYSTEMS if (m := re.search(text, user_agent)) and name), "")
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    return f"{system.replace('Mac OS X', 'Mac')} {browser}".strip()[:60] or "?"


def add_device(worker: Worker, *, user_agent: str, now: datetime) -> WorkerDevice:
    """A worker has just proven their phone."""
    return WorkerDevice.objects.create(
        worker=worker, label=label_of(user_agent[:400]), signed_in_at=now, seen_at=now
    )


def see_device(device: WorkerDevice, *, now: datetime) -> bool:
    """Note that a phone is used; whether enough time passed to write it down."""
    if now - device.seen_at < SEEN_EVERY:
        return False
    WorkerDevice.objects.filter(pk=device.pk).update(seen_at=now)
    return True


def devices_of(worker_id: int) -> QuerySet[WorkerDevice]:
    """Phones that are signed in, the newest used first."""
    return WorkerDevice.objects.filter(worker=worker_id, ended_at=None).order_by("-seen_at", "-pk")


@transaction.atomic
def end_device(pk: int, *, actor: Actor, now: datetime) -> None:
    """The worker signs a phone out, this one or another; ended twice is ended. NotFound for others' phones."""
    if actor.kind != "worker" or actor.id is None:
        not_found()
    device = WorkerDevice.objects.select_for_update().filter(pk=pk, worker=actor.id).first()
    if device is None:
        not_found()
    if device.ended_at is None:
        device.ended_at = now
        device.save(update_fields=["ended_at"])


def end_all_devices(worker_id: int, *, now: datetime) -> int:
    """A new number on record: whoever was signed in by the old one is out. How many."""
    return WorkerDevice.objects.filter(worker=worker_id, ended_at=None).update(ended_at=now)
