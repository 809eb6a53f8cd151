"""Kombu's Redis transport with one gap closed: a worker outlives a connection that ended under a task.

A task that finishes after its connection was given up acknowledges on a channel without one. Kombu 5.7 answers
with AttributeError, which Celery takes for a defect and ends the worker; a ConnectionError it survives, and the
task, unacknowledged, is delivered again (all of ours may run twice).
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """A channel that says so when its connection is gone."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("the connection of this channel was closed")
        parameters: dict[str, Any] = super()._connparams(asynchronous=asynchronous)
        return parameters


class Transport(redis.Transport):
    """Redis and Valkey."""

    Channel = Channel


def use_transport() -> None:
    """Let addresses that begin with `redis` (also `redis+socket`, `rediss`) mean this transport."""
    ours = f"{__name__}:Transport"
    TRANSPORT_ALIASES.update({"redis": ours, "rediss": ours})
