"""A real SFTP server on loopback over one folder, with a switch that cuts the line in the middle of a copy."""

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko

USER = "wagewatch"


class Door(paramiko.ServerInterface):
    """Lets one key in, for one user, to the SFTP subsystem."""

    def __init__(self, allowed: paramiko.PKey) -> None:
        self.allowed = allowed

    def check_channel_request(self, kind: str, _number: int) -> int:
        if kind == "session":
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == USER and key.asbytes() == self.allowed.asbytes()
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, _username: str) -> str:
        return "publickey"


class Handle(paramiko.SFTPHandle):
    """An open file; writing beyond `cut_after` bytes breaks the connection."""

    def __init__(self, flags: int, file: Any, house: "Files") -> None:
        super().__init__(flags)
        self.readfile = self.writefile = file
        self.house = house

    def write(self, offset: int, data: bytes) -> int:
        if self.house.server.cut_after is not None and offset + len(data) > self.house.server.cut_after:
            self.house.server.cut()
            return paramiko.SFTP_FAILURE
        return super().write(offset, data)

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class Files(paramiko.SFTPServerInterface):
    """The folder as an SFTP server shows it: plain rename refuses an existing name."""

    def __init__(self, door: Door, *_args: Any, house: "SftpServer") -> None:
        super().__init__(door)
        self.server = house

    def _path(self, path: str) -> Path:
        return self.server.root / self.canonicalize(path).lstrip("/")

    def _do(self, act: Any) -> Any:
        try:
            found = act()
        except OSError as problem:
            return paramiko.SFTPServer.convert_errno(problem.errno or 0)
        return paramiko.SFTP_OK if found is None else found

    def list_folder(self, path: str) -> Any:
        return self._do(
            lambda: [paramiko.SFTPAttributes.from_stat(p.stat(), p.name) for p in self._path(path).iterdir()]
        )

    def stat(self, path: str) -> Any:
        return self._do(lambda: paramiko.SFTPAttributes.from_stat(self._path(path).stat()))

    lstat = stat

    def open(self, path: str, flags: int, _attributes: Any) -> Any:
        def act() -> Handle:
            number = os.open(self._path(path), flags, 0o600)
            writes = flags & (os.O_WRONLY | os.O_RDWR)
            return Handle(
                flags, os.fdopen(number, "r+b" if flags & os.O_RDWR else "wb" if writes else "rb"), self
            )

        return self._do(act)

    def rename(self, old: str, new: str) -> Any:
        return self._do(lambda: os.link(self._path(old), self._path(new)) or self._path(old).unlink())

    def posix_rename(self, old: str, new: str) -> Any:
        return self._do(lambda: self._path(old).replace(self._path(new)) and None)

    def mkdir(self, path: str, _attributes: Any) -> Any:
        return self._do(lambda: self._path(path).mkdir())


class SftpServer:
    """The listening server; `cut_after` counts the bytes of a file until the line breaks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = paramiko.RSAKey.generate(2048)
        self.user_key = paramiko.RSAKey.generate(2048)
        self.key_file = root.parent / "client_key"
        self.user_key.write_private_key_file(os.fspath(self.key_file))
        self.cut_after: int | None = None
        self.users: list[str] = []
        self._lines: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def pinned(self) -> str:
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            line = paramiko.Transport(connection)
            line.add_server_key(self.host_key)
            line.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, house=self)
            try:
                line.start_server(server=Door(self.user_key))
                self._lines.append(line)
            except (paramiko.SSHException, EOFError):
                line.close()

    def cut(self) -> None:
        for line in self._lines:
            line.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.cut()
