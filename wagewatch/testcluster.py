"""A migrated test database kept between partial test runs: made once for each state of the migrations.

A full run never uses it: there the migrations are tried from nothing. Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from wagewatch.bootstrap import ROOT
from wagewatch.console import Failure
from wagewatch.servers.postgres import Postgres

PREFIX = "test-cluster-"
SCRIPT = """
import sys
import django
django.setup()
from django.db import connection
name = connection.creation.create_test_db(verbosity=0, keepdb=True)
connection.close()
connection.settings_dict["NAME"] = "wagewatch"
with connection.cursor() as cursor:
    for worker in sys.argv[1:]:
        cursor.execute(f'CREATE DATABASE "{name}_{worker}" TEMPLATE "{name}"')
"""
WORKERS = ("gw0", "gw1")


def schema_digest(root: Path = ROOT) -> str:
    """Changes with every migration and with what runs after migrating."""
    found = hashlib.sha256(sys.version.encode())
    for pattern in (
        "*/migrations/*.py",
        "wagewatch/*/migrations/*.py",
        "*/sides.py",
        "requirements/base.txt",
    ):
        for path in sorted(root.glob(pattern)):
            found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


def restore(postgres: Postgres, cache: Path) -> bool:
    """Put the kept cluster in place before the server starts; False when none is kept for these migrations."""
    kept = cache / f"{PREFIX}{schema_digest()}"
    if not (kept / "PG_VERSION").exists():
        return False
    postgres.home.mkdir(parents=True, exist_ok=True)
    copy(kept, postgres.data)
    return True


def make(postgres: Postgres, cache: Path, environment: Mapping[str, str]) -> None:
    """Migrate a test database on the running server, one for each worker, and keep a copy of the cluster.

    The server is stopped while it is copied. Raises Failure when a migration fails.
    """
    command = [sys.executable, "-c", SCRIPT, *WORKERS]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        raise Failure(
            "测试数据库建不起来",
            "the test database cannot be made",
            detail=done.stdout.decode("utf-8", "replace"),
        )
    postgres.stop()
    for old in cache.glob(f"{PREFIX}*"):
        shutil.rmtree(old, ignore_errors=True)
    fresh = cache / f"{PREFIX}new-{os.getpid()}"
    copy(postgres.data, fresh)
    try:
        fresh.rename(cache / f"{PREFIX}{schema_digest()}")
    except OSError:  # another run was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    postgres.start()


def copy(source: Path, target: Path) -> None:
    """Copy a stopped cluster with its owner and modes."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("postmaster.*"))
    for path in (source, *source.rglob("*")):
        status = path.lstat()
        place = target / path.relative_to(source)
        if place.exists() and os.geteuid() == 0:
            os.chown(place, status.st_uid, status.st_gid, follow_symlinks=False)
