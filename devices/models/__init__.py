"""What the site saw: terminals, batches, passages, refused entries, attendance days."""

from devices.models.attendance import AttendanceDay, DaySeal, DirtyDay
from devices.models.corrections import DayCorrection
from devices.models.holders import ListHeld
from devices.models.passages import Batch, Passage, RefusedEntry
from devices.models.terminals import SeenNonce, Terminal

__all__ = [
    "AttendanceDay",
    "Batch",
    "DayCorrection",
    "DaySeal",
    "DirtyDay",
    "ListHeld",
    "Passage",
    "RefusedEntry",
    "SeenNonce",
    "Terminal",
]
