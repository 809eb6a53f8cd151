"""Devices of a building site that exist as programs: they speak over ptys and sockets what the real ones speak.

By hand: `manage.py simulate <kind> …`. A new kind is a module here with a line in `KINDS`.
"""

KINDS = {
    "adms": "devices.simulators.adms",
    "hikvision": "devices.simulators.hikvision",
    "idcard": "devices.simulators.idcard_desk",
    "osdp": "devices.simulators.osdp",
    "relay": "devices.simulators.relay",
    "turnstile": "devices.simulators.turnstile",
    "uface": "devices.simulators.uface",
    "wiegand": "devices.simulators.wiegand",
}
"""Word on the command line to a module with `HELP`, `add_arguments(parser)` and `run(options) -> int`."""
