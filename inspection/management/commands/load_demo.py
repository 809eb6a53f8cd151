"""manage.py load_demo: the demo county, through the services, once."""

import json
import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from inspection.demo.faces import decide_about_faces
from inspection.demo.history import play_history
from inspection.demo.people import KNOWN_WORKERS
from inspection.demo.site_pc import equip
from inspection.demo.wages import worker_named
from registration.models import Project
from registration.services.seeding import seed


class Command(BaseCommand):
    help = (
        "Load the demo county: 13 projects, 31 organisations, about 1,520 workers, three months of history."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("WAGEWATCH_DEMO is not set: the demo county is not loaded into a real system.")
        home = settings.VAR_DIR / "demo"
        if Project.objects.exists():
            if (home / "signins.json").is_file():
                self.stdout.write("load_demo: already loaded")
                return
            raise CommandError("The database holds part of a demo. Start over with: manage.py demo --fresh")
        started = time.monotonic()

        def say(text: str) -> None:
            self.stdout.write(f"load_demo {time.monotonic() - started:5.1f} s: {text}")
            self.stdout.flush()

        # Whoever breaks this off begins again: no commit needs to wait for the disk.
        _wait_for_disk(False)
        say("regions, calendar, parameters")
        seed()
        county = play_history(settings.VAR_DIR / "bank", now=timezone.now(), say=say)
        _wait_for_disk(True)
        home.mkdir(parents=True, exist_ok=True)
        workers = [
            {
                "role": "工人（手机）",
                "who": name,
                "name": str(worker_named(name).phone),
                "password": "验证码在 /accounts/outbox/",
                "where": "确认工资、看收据",
            }
            for name in KNOWN_WORKERS.values()
        ]
        live = [site for site in county.sites if "live" in site.plan.tags] or county.sites[:1]
        _write(home / "gates.json", {"gates": [gate for site in live for gate in site.secrets]})
        pc = equip(live[0], now=timezone.now())
        decide_about_faces(live[0], now=timezone.now())
        (home / "site-pc").mkdir(mode=0o700, exist_ok=True)
        _write_text(home / "site-pc" / "secret", f"{pc.key_id} {pc.secret}\n")
        _write(
            home / "site-pc" / "devices.json",
            {"reader": pc.reader, "terminal": pc.terminal, "called": pc.called, "pins": pc.pins},
        )
        _write(home / "signins.json", [*county.signins, *workers])
        say("done")


def _wait_for_disk(wait: bool) -> None:
    """Whether the next commits return only when they are on the disk, and with them all before."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on" if wait else "SET synchronous_commit = off")


def _write(path: Path, content: object) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    _write_text(path, json.dumps(content, ensure_ascii=False, indent=1))


def _write_text(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o600)
    os.replace(draft, path)
