"""What the site saw: terminals, batches, passages, refused entries, attendance days."""

from devices.models.attendance import AttendanceDay, DaySeal, DirtyDay
from devices.models.badges import BadgeUse, SiteBadge
from devices.models.corrections import DayCorrection
from devices.models.faces import FaceConsent, FaceHeld, FaceRemoval
from devices.models.holders import ListHeld
from devices.models.passages import Batch, GatePhoto, Passage, RefusedEntry, TimeDecision
from devices.models.terminals import (
    AllowListChange,
    AllowListVersion,
    EnrolmentCode,
    EnrolmentTry,
    SeenNonce,
    Terminal,
    TerminalFacts,
)
from devices.models.totals import MonthTotal

__all__ = [
    "AllowListChange",
    "AllowListVersion",
    "AttendanceDay",
    "BadgeUse",
    "Batch",
    "DayCorrection",
    "DaySeal",
    "DirtyDay",
    "EnrolmentCode",
    "EnrolmentTry",
    "FaceConsent",
    "FaceHeld",
    "FaceRemoval",
    "GatePhoto",
    "ListHeld",
    "MonthTotal",
    "Passage",
    "RefusedEntry",
    "SeenNonce",
    "SiteBadge",
    "Terminal",
    "TerminalFacts",
    "TimeDecision",
]
