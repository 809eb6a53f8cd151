"""What the command line says: one short line in Chinese, the same in English. Standard library only."""

from __future__ import annotations

import sys
import time
from typing import NoReturn


class Failure(Exception):
    """A problem that the person at the keyboard can do something about; shown without a traceback."""

    def __init__(self, chinese: str, english: str, *, detail: str = "", code: int = 1) -> None:
        super().__init__(english)
        self.chinese = chinese
        self.english = english
        self.detail = detail
        self.code = code


def say(chinese: str, english: str = "") -> None:
    """One line for the person who started the command."""
    text = f"{chinese}  {english}" if english else chinese
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        # A terminal in the C locale: the English half still gets through.
        print(text.encode("ascii", "replace").decode("ascii"), flush=True)


def leave(failure: Failure) -> NoReturn:
    """Print a failure to standard error and end the process with its code."""
    lines = ["", f"✗ {failure.chinese}", f"  {failure.english}"]
    if failure.detail:
        lines += ["", *("    " + line for line in failure.detail.strip().splitlines()[-12:])]
    text = "\n".join(lines) + "\n"
    try:
        sys.stderr.write(text)
    except UnicodeEncodeError:
        sys.stderr.write(text.encode("ascii", "replace").decode("ascii"))
    sys.stderr.flush()
    raise SystemExit(failure.code)


class Step:
    """`with Step("数据库", "database"):` prints what is being done and the seconds it took."""

    def __init__(self, chinese: str, english: str) -> None:
        self.chinese = chinese
        self.english = english
        self._began = 0.0

    def __enter__(self) -> Step:
        self._began = time.monotonic()
        say(f"… {self.chinese}", self.english)
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is None:
            say(f"✓ {self.chinese} {time.monotonic() - self._began:.1f} s")
