"""A connection to the queue that ends while a task is at work."""

import logging
from uuid import uuid4

import pytest

from wagewatch.broker import Transport
from wagewatch.celery import app

log = logging.getLogger(__name__)


def test_a_task_that_ends_after_its_connection_does_not_end_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with app.connection_for_write() as sending:
        assert isinstance(sending.transport, Transport)
        queue = f"test-{uuid4().hex}"
        with sending.SimpleQueue(queue) as box:
            box.put({"task": 1})
        given_up = app.connection_for_read()
        old = given_up.SimpleQueue(queue)
        message = old.get(timeout=5)
        channel = message.channel
        given_up.transport.client = None  # what giving up a lost connection leaves of it
        channel._pool = channel._client = None
        del channel.__dict__["client"]
        message.ack_log_error(log, sending.connection_errors)
        assert "the connection of this channel was closed" in caplog.text
        channel.qos._delivered.clear()  # or it would be given back once more when the interpreter ends
        with sending.channel() as another:
            another.qos.restore_by_tag(message.delivery_tag)
        with sending.SimpleQueue(queue) as box:
            again = box.get(timeout=5)
            assert again.payload == {"task": 1}, "it was not acknowledged, so it comes again"
            again.ack()
            box.clear()
