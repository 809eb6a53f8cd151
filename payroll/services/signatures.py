"""A worker's signature under a pay slip, kept with its digest."""

import hashlib
from datetime import datetime

from payroll.models import Signature
from registration.models import Worker
from registration.services.signatures import check_signature


def keep_signature(worker: Worker, png: bytes | None, *, now: datetime) -> Signature:
    """Store a checked signature. None: the worker could not draw and confirmed by name instead."""
    if png is not None:
        check_signature(png)
    content = png if png is not None else worker.name.encode()
    return Signature.objects.create(
        worker=worker, image=png or b"", sha256=hashlib.sha256(content).digest(), at=now
    )
