"""The Celery application; its settings are Django's, with the prefix CELERY_."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from wagewatch.broker import use_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wagewatch.settings")

use_transport()
app = Celery("wagewatch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """A receiver on this signal stops Celery from replacing the handlers that wagewatch.logs set up."""
