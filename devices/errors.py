"""Answers that only terminals get."""

from wagewatch.lib.errors import TooLarge, WagewatchError

__all__ = ["NotSigned", "TooLarge", "TooMany"]


class NotSigned(WagewatchError):
    """The request does not prove which terminal sent it (401)."""

    status = 401


class TooMany(WagewatchError):
    """More requests than one system or one address gets in a while (429); wait and send again."""

    status = 429
