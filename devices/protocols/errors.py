"""The one family of errors that parsers raise. Nothing a device sends may raise anything else."""


class ProtocolError(Exception):
    """Bytes that are not what the protocol says.

    `code` is stable and meant for programs (`modbus.crc`); `detail` is for the log of the one who mends the
    line and holds no personal data.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Garbled(ProtocolError):
    """A frame, line or body that is damaged or of another protocol."""


class TooLong(ProtocolError):
    """More bytes than the protocol allows."""


class DeviceRefused(ProtocolError):
    """The device understood and said no."""


class WrongValue(ProtocolError):
    """A command could not be built: the value would break out of its field or mean something else."""
