"""Which bank is reached how: one line over HTTPS by the settings, others from a file the operator keeps.

The file named by WAGEWATCH_BANK_CONNECTIONS is JSON: the bank's unified social credit code → the connection.
It holds addresses, user names and paths of keys, so it lives beside the other secrets and not in the database.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from payroll.bank.transport import BankTransport, FolderTransport, HttpTransport
from payroll.services.sending import bank_transport
from registration.models import Organisation


@dataclass(frozen=True)
class Connection:
    """A transport and the banks it serves: `only` these, or all `without` those that have their own."""

    source: str
    transport: BankTransport
    only: tuple[int, ...] | None
    without: tuple[int, ...] = ()


def read_connections() -> dict[str, dict[str, Any]]:
    """The operator's file as a table; empty without one. Raises ImproperlyConfigured with what to correct."""
    path = settings.WAGEWATCH_BANK_CONNECTIONS
    if not path:
        return {}
    try:
        table = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise ImproperlyConfigured(f"WAGEWATCH_BANK_CONNECTIONS cannot be read: {problem}") from problem
    if not isinstance(table, dict) or not all(isinstance(v, dict) for v in table.values()):
        raise ImproperlyConfigured(
            "WAGEWATCH_BANK_CONNECTIONS: an object of credit code to connection is needed."
        )
    return table


def connections() -> Iterator[Connection]:
    """Every connection with its banks; the default one serves all banks without their own."""
    table = read_connections()
    banks = dict(Organisation.objects.filter(uscc__in=table).values_list("uscc", "pk"))
    yield Connection("", bank_transport(), None, tuple(banks.values()))
    for code, options in table.items():
        if code in banks:
            yield Connection(code, transport_from(options), (banks[code],))


def may_speak(source: str, bank: Organisation) -> bool:
    """Whether what came over a connection may speak for a bank: over its own where it has one, else the default one."""
    return source == bank.uscc or (not source and bank.uscc not in read_connections())


def transport_from(options: dict[str, Any]) -> BankTransport:
    """The transport that a connection describes. Raises ImproperlyConfigured for what is missing."""
    try:
        match options.get("kind"):
            case "https":
                return HttpTransport(options["url"], options["key"])
            case "folder":
                return FolderTransport(Path(options["outbox"]), Path(options["inbox"]))
            case "sftp":
                from payroll.bank.sftp import SftpTransport

                return SftpTransport(
                    options["host"],
                    int(options.get("port", 22)),
                    user=options["user"],
                    key_file=options["key_file"],
                    host_key=options["host_key"],
                    outbox=options["outbox"],
                    inbox=options["inbox"],
                )
    except (KeyError, ValueError) as problem:
        raise ImproperlyConfigured(f"WAGEWATCH_BANK_CONNECTIONS: {problem} is missing or wrong.") from problem
    raise ImproperlyConfigured("WAGEWATCH_BANK_CONNECTIONS: kind must be https, folder or sftp.")
