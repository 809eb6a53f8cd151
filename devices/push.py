"""Push people and stamps from another real-name system, by hand or from its nightly job; standard library only.

    python -m devices.push --server https://… --key src… --secret-file key.txt people people.json
    python -m devices.push --server https://… --key src… --secret-file key.txt attendance stamps.json
    python -m devices.push --server https://… --key src… --secret-file key.txt check stamps.json

The files hold the bodies of the requests (see /api/push/). `check` asks for the days that the stamps tell of and
compares count and digest. Exit code 0 all taken or proven, 1 rows refused or days that differ, 2 not reached.
Needs client.py and signing.py beside it, and nothing else.
"""

import argparse
import http.client
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from devices.client import Refused, SourceClient, digest_of_ids


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the three acts; prints what the server says."""
    parser = argparse.ArgumentParser(
        prog="devices.push", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--server", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret-file", required=True, type=Path, help="a file with the secret alone")
    parser.add_argument("act", choices=("people", "attendance", "check"))
    parser.add_argument("file", type=Path, help="JSON, the body of the request")
    asked = parser.parse_args(arguments)
    client = SourceClient(asked.server, asked.key, asked.secret_file.read_text(encoding="utf-8").strip())
    body = json.loads(asked.file.read_text(encoding="utf-8"))
    try:
        return {"people": _people, "attendance": _attendance, "check": _check}[asked.act](client, body)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"not reached, send it again later: {error}\n")
        return 2
    finally:
        client.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _people(client: SourceClient, body: dict[str, Any]) -> int:
    more = {name: body[name] for name in ("firm", "defaults") if name in body}
    answer = client.push_people(body["request"], body["project"], body["people"], **more)
    _say(f"written {answer['written']}, unchanged {answer['unchanged']}, refused {answer['refused']}")
    for row in answer["rows"]:
        if row["result"] == "refused":
            _say(f"  row {row['index']}: {row['code']} {row['message']}")
    return 1 if answer["refused"] else 0


def _attendance(client: SourceClient, body: dict[str, Any]) -> int:
    answer = client.push_attendance(body["batch"], body["project"], body["events"], gate=body.get("gate", ""))
    _say(f"new {answer['accepted']}, repeats {answer['repeated']}, known {answer['duplicates']}")
    for one in answer["refused"]:
        _say(f"  {one['id']}: {one['reason']}")
    for one in answer["bad"]:
        _say(f"  event {one['index']}: {one['message']}")
    return 1 if answer["refused"] or answer["bad"] else 0


def _check(client: SourceClient, body: dict[str, Any]) -> int:
    """Every stamp of the file must be counted under its day; stamps need ids and times with +08:00."""
    mine: dict[str, list[str]] = {}
    for event in body["events"]:
        mine.setdefault(event["at"][:10], []).append(event["id"])
    differs = False
    for day in client.days_on_record(body["project"], min(mine), max(mine)):
        ids = mine.get(day["day"], [])
        same = day["digest"] == digest_of_ids(ids)
        differs = differs or not same
        _say(
            f"{day['day']}: sent {len(set(ids))}, received {day['received']}, {'proven' if same else 'DIFFERS'}"
        )
    return 1 if differs else 0


if __name__ == "__main__":
    raise SystemExit(main())
