"""PostgreSQL and Valkey over one folder, with nothing left behind. Standard library only.

Used by `manage.py demo` and `manage.py test`; production brings its own servers (docker-compose.yml).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

from wagewatch.console import Failure
from wagewatch.processes import Lock
from wagewatch.servers.places import disk_failure
from wagewatch.servers.postgres import Postgres
from wagewatch.servers.valkey import Valkey


class Embedded:
    """Both servers over one folder: `with Embedded(Path("var")) as services: services.database_url`."""

    def __init__(self, data_dir: Path, *, fsync: bool = True, max_connections: int = 200) -> None:
        self.data_dir = data_dir.resolve()
        self.postgres = Postgres(self.data_dir, fsync=fsync, max_connections=max_connections)
        self.valkey = Valkey(self.data_dir, keep=fsync)
        self._lock = Lock(self.data_dir / "servers.lock")

    @property
    def database_url(self) -> str:
        """DATABASE_URL for the settings."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """REDIS_URL for the settings."""
        return self.valkey.url

    @property
    def environment(self) -> dict[str, str]:
        """What the settings read."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def start(self) -> None:
        """Start both. Raises Failure when another launcher holds the folder or a server does not come up."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            holder = self._lock.take()
        except OSError as error:
            raise disk_failure(error, self.data_dir) from error
        if holder is not None:
            raise Failure(
                f"{self.data_dir} 正由另一个进程（{holder or '未知'}）使用，请先停掉它",
                f"{self.data_dir} is in use by another process ({holder or 'unknown'}); stop that one first",
                code=3,
            )
        try:
            self.postgres.start()
            self.valkey.start()
        except OSError as error:
            self.stop()
            raise disk_failure(error, self.data_dir) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both and let the folder go."""
        self.valkey.stop()
        self.postgres.stop()
        self._lock.release()

    def erase(self) -> None:
        """Remove all data of both; only while stopped and the folder is free."""
        holder = self._lock.take() if self.data_dir.is_dir() else None
        if holder is not None:
            raise Failure(
                f"{self.data_dir} 正由进程 {holder} 使用，不能清空",
                f"{self.data_dir} is in use by process {holder}; it cannot be erased",
                code=3,
            )
        if (self.postgres.data / "PG_VERSION").exists():
            self.postgres.clear_earlier_run()
        shutil.rmtree(self.postgres.data, ignore_errors=True)
        shutil.rmtree(self.valkey.home, ignore_errors=True)
        self._lock.release()

    def __enter__(self) -> Embedded:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
