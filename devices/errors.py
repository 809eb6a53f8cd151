"""Answers that only terminals get."""

from wagewatch.lib.errors import Malformed, WagewatchError


class NotSigned(WagewatchError):
    """The request does not prove which terminal sent it (401)."""

    status = 401


class TooLarge(Malformed):
    """More than one request may hold (413); send it in parts."""

    status = 413


class TooMany(WagewatchError):
    """More requests than one system or one address gets in a while (429); wait and send again."""

    status = 429
