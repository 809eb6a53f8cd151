"""What the site saw: terminals, batches, passages, refused entries, attendance days."""

from devices.models.attendance import AttendanceDay, DirtyDay
from devices.models.passages import Batch, Passage, RefusedEntry
from devices.models.terminals import SeenNonce, Terminal

__all__ = ["AttendanceDay", "Batch", "DirtyDay", "Passage", "RefusedEntry", "SeenNonce", "Terminal"]
