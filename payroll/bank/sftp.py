"""Folders on the bank's SFTP server: orders dropped under a hidden name and renamed, answers fetched.

Needs `paramiko`, which is installed only where a bank asks for it (`pip install wagewatch[sftp]`). The server's
key is pinned: an unknown or changed key ends the connection before a user name is sent.
"""

import base64
import contextlib
import hashlib
import io
import posixpath
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from payroll.bank.transport import Ack
from payroll.bank.xmlread import MAX_BYTES
from wagewatch.lib.errors import RuleViolation, TryLater

_AWAY = _("The bank cannot be reached now. It will be tried again.")


class SftpTransport:
    """A pair of folders on an SFTP server. `host_key` is "type base64" as in a known_hosts line.

    `key_file` holds the private key; no password is ever sent. Each call is a connection of its own.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str,
        key_file: str,
        host_key: str,
        outbox: str,
        inbox: str,
        timeout: float = 20,
    ) -> None:
        kind, _space, value = host_key.strip().partition(" ")
        try:
            self._pinned = (kind, base64.b64decode(value.split()[0], validate=True))
        except (ValueError, IndexError) as problem:
            raise ValueError("host_key must be “type base64”, as in a known_hosts line") from problem
        self._host, self._port, self._user, self._key_file = host, port, user, key_file
        self._outbox, self._inbox, self._timeout = outbox, inbox, timeout

    def send(self, message_id: str, data: bytes) -> Ack:
        digest = hashlib.sha256(data).hexdigest()
        target = posixpath.join(self._outbox, quote(message_id, safe="") + _extension(data))
        # The same draft name every time: a copy that broke off is overwritten, not left behind.
        draft = posixpath.join(self._outbox, f".{posixpath.basename(target)}.part")
        with self._open() as sftp:
            there = _read(sftp, target)
            if there is None:
                with sftp.open(draft, "wb") as file:
                    file.set_pipelined(True)
                    file.write(data)
                if sftp.stat(draft).st_size != len(data):
                    raise TryLater("bank.garbled", _AWAY)
                try:
                    sftp.rename(draft, target)  # plain rename refuses an existing name
                    return Ack(message_id, digest)
                except OSError:
                    there = _read(sftp, target)
                    if there is None:
                        raise
            if hashlib.sha256(there).hexdigest() != digest:
                raise RuleViolation(
                    "bank.message_id_used",
                    _("Another file was sent under this reference. It was not replaced."),
                )
            return Ack(message_id, digest, known=True)

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        # As with local folders, what has been acknowledged has moved away; `since` counts for nothing.
        found = []
        with self._open() as sftp:
            for entry in sorted(sftp.listdir_attr(self._inbox), key=lambda e: e.filename):
                name = entry.filename
                if name.startswith(".") or not name.lower().endswith(".xml"):
                    continue
                if not stat.S_ISREG(entry.st_mode or 0) or "/" in name:
                    continue
                data = _read(sftp, posixpath.join(self._inbox, name))
                if data is not None:
                    found.append((name, data))
        return found

    def acknowledge(self, name: str) -> None:
        if not name or posixpath.basename(name) != name or name.startswith("."):
            raise ValueError("an answer's name is a plain file name")
        taken = posixpath.join(self._inbox, "taken")
        with self._open() as sftp:
            with contextlib.suppress(OSError):  # it is there
                sftp.mkdir(taken)
            with contextlib.suppress(FileNotFoundError):  # acknowledged before
                sftp.posix_rename(posixpath.join(self._inbox, name), posixpath.join(taken, name))

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import paramiko

        transport = None
        try:
            transport = paramiko.Transport(
                socket.create_connection((self._host, self._port), timeout=self._timeout)
            )
            transport.banner_timeout = transport.auth_timeout = self._timeout
            transport.start_client(timeout=self._timeout)
            key = transport.get_remote_server_key()
            if (key.get_name(), key.asbytes()) != self._pinned:
                raise RuleViolation(
                    "bank.host_key",
                    _(
                        "The bank's server shows another key than the one recorded. Nothing was sent; ask the bank."
                    ),
                )
            transport.auth_publickey(self._user, paramiko.PKey.from_path(self._key_file))
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise TryLater("bank.unreachable", _AWAY)
            client.get_channel().settimeout(self._timeout)
            yield client
        except paramiko.AuthenticationException as problem:
            raise RuleViolation(
                "bank.key", _("The bank does not accept this system's key. Tell the administrator.")
            ) from problem
        except (OSError, EOFError, paramiko.SSHException) as problem:
            raise TryLater("bank.unreachable", _AWAY) from problem
        finally:
            if transport is not None:
                transport.close()


def _read(sftp: Any, path: str) -> bytes | None:
    """The bytes of a file, None if it is not there. What is too large is cut off: its reader refuses it."""
    try:
        with sftp.open(path, "rb") as file:
            out = io.BytesIO()
            while out.tell() <= MAX_BYTES and (part := file.read(256 * 1024)):
                out.write(part)
    except FileNotFoundError:
        return None
    return out.getvalue()[: MAX_BYTES + 1]


def _extension(data: bytes) -> str:
    if data.startswith(b"PK"):
        return ".xlsx"
    return ".xml" if data.lstrip()[:1] == b"<" else ".txt"
