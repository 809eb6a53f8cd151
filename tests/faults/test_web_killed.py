"""kill -9 of the web processes in the middle of an upload, of reading it and of writing it."""

import os
import re
import signal
import socket
import threading
from datetime import datetime

import pytest

from tests.journeys.people import crew, roster_file
from tests.journeys.stage import Stack, wait_for
from tests.journeys.visitor import Page, Visitor
from wagewatch.lib.dates import SITE_TZ

pytestmark = pytest.mark.fault
COUNTS = (
    "SELECT (SELECT count(*) FROM registration_worker), (SELECT count(*) FROM registration_posting),"
    " (SELECT count(*) FROM registration_bankcard), (SELECT count(*) FROM registration_team)"
)


def _kill_web(stack: Stack) -> None:
    """kill -9 both of gunicorn's workers; its master starts others."""
    old = stack.web_workers()
    assert len(old) == 2
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    wait_for("new web workers", lambda: len(set(stack.web_workers()) - set(old)) == 2)
    stack.wait_ready()


def _killed_while(stack: Stack, locked: str, visitor: Visitor, path: str, **form: object) -> None:
    """POST a form, let it run into a locked table, kill the web processes, let the table go."""
    answers: list[Page] = []

    def send() -> None:
        try:
            answers.append(visitor.post(path, **form))  # type: ignore[arg-type]
        except OSError:
            pass
        except Exception as error:  # the connection broke: http.client has several words for it
            assert "disconnect" in type(error).__name__.lower(), error  # noqa: PT017

    link = stack.connect()
    link.autocommit = False
    try:
        link.cursor().execute(f"LOCK TABLE {locked} IN SHARE MODE")
        thread = threading.Thread(target=send)
        thread.start()
        wait_for(
            f"the request waits for {locked}",
            lambda: stack.one(
                "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", locked
            ),
        )
        _kill_web(stack)
        thread.join(30)
    finally:
        link.rollback()
        link.close()
    assert answers == []
    wait_for(
        "nobody holds the table any more",
        lambda: (
            not stack.one(
                "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND pid <> pg_backend_pid()",
                locked,
            )
        ),
    )


def test_an_upload_cut_off_anywhere_leaves_nothing_half_written(stack: Stack) -> None:
    fault = stack.county["fault"]
    project, part = fault["project"], fault["parts"][0]
    people = crew(40, start=400)
    today = datetime.now(SITE_TZ).date()
    data = roster_file(people, today)
    form = {
        "fields": {"participation": str(part), "basis": "day", "joined_on": f"{today}"},
        "files": {"file": ("新进场.xlsx", data)},
    }
    upload_path = f"/people/{project}/rosters/"
    zhao = Visitor(stack.url).sign_in("zhao")
    assert zhao.get(upload_path).status == 200
    before = stack.sql(COUNTS)
    uploads = "SELECT count(*) FROM registration_rosterupload"
    known = stack.one(uploads)

    # Half of the file is on the wire.
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as link:
        cookies = "; ".join(f"{k}={v}" for k, v in zhao.cookies.items())
        head = (
            f"POST {upload_path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(data) + 400}\r\n\r\n"
        )
        link.sendall(
            head.encode()
            + b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
            + data[:4000]
        )
        _kill_web(stack)
    assert stack.one(uploads) == known

    # The file is kept and being read.
    _killed_while(stack, "registration_rosterrow", zhao, upload_path, **form)
    found = stack.sql("SELECT id, state FROM registration_rosterupload ORDER BY id DESC LIMIT 1")[0]
    upload = found[0]
    assert (stack.one(uploads), found[1]) == (known + 1, "reading")
    assert stack.one("SELECT count(*) FROM registration_rosterrow WHERE upload_id = %s", upload) == 0
    page = zhao.get(f"{upload_path}{upload}/")
    assert page.status == 200
    again = zhao.post(f"{upload_path}{upload}/again/", form["fields"])
    assert again.status == 302
    wait_for(
        "the same upload is read again",
        lambda: stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload) == "staged",
    )
    assert stack.one("SELECT count(*) FROM registration_rosterrow WHERE upload_id = %s", upload) == 40

    # Its rows are being written.
    _killed_while(stack, "registration_bankcard", zhao, f"{upload_path}{upload}/apply/", fields={})
    assert stack.sql(COUNTS) == before
    assert stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload) == "staged"
    done = zhao.post(f"{upload_path}{upload}/apply/", {})
    assert done.status == 302
    after = stack.sql(COUNTS)
    assert [b - a for a, b in zip(before[0], after[0], strict=True)] == [40, 40, 40, 0]

    # A third time there is nothing left to write.
    assert zhao.post(f"{upload_path}{upload}/apply/", {}).status == 409
    assert stack.sql(COUNTS) == after
    assert not re.search(r"\b500\b", done.text)
