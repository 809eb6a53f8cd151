"""A real web server over the test database, for tests that need other processes or other connections."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def database_url() -> str:
    """The address of the test database, for a child process."""
    at = connection.settings_dict
    return (
        f"postgresql://{at['USER']}:{quote(at['PASSWORD'] or '')}@/{at['NAME']}"
        f"?host={at['HOST'] or '127.0.0.1'}&port={at['PORT'] or 5432}"
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def gunicorn(url: str, *, workers: int = 2, threads: int = 2) -> Iterator[str]:
    """gunicorn as in production, on a free port; gives its address."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "wagewatch.settings",
        "WAGEWATCH_TEST": "",
        "WAGEWATCH_DEMO": "1",
        "WAGEWATCH_TLS": "0",
        "WAGEWATCH_LOG_LEVEL": "ERROR",
        "WAGEWATCH_SECRET_KEY": settings.SECRET_KEY,
        "WAGEWATCH_MASTER_KEYS": settings.WAGEWATCH_MASTER_KEYS,
        "WAGEWATCH_EVIDENCE_KEY": settings.WAGEWATCH_EVIDENCE_KEY,
    }
    command = [
        *(sys.executable, "-m", "gunicorn", "wagewatch.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *(
            "--workers",
            str(workers),
            "--threads",
            str(threads),
            "--worker-class",
            "gthread",
            "--log-level",
            "error",
        ),
        "--no-control-socket",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                link = HTTPConnection("127.0.0.1", port, timeout=5)
                link.request("GET", "/healthz")
                if link.getresponse().status == 200:
                    break
            if server.poll() is not None:
                raise RuntimeError("gunicorn did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
