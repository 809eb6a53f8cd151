"""Run the bank: python -m payroll.bank.simulator --port 8090 --state DIR (key from the environment)."""

import argparse
import os
import signal
import sqlite3
import sys
import threading
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

from payroll.bank.simulator.bank import Bank
from payroll.bank.simulator.desk import Pace
from payroll.bank.simulator.server import BankServer

KEY_VARIABLE = "WAGEWATCH_BANK_KEY"


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    options = _options(arguments)
    key = options.key or os.environ.get(KEY_VARIABLE, "")
    if len(key) < 8:
        print(f"The bank needs a key of 8 characters or more: --key or {KEY_VARIABLE}.", file=sys.stderr)
        return 2
    every = timedelta(seconds=options.statement_seconds) if options.statement_seconds > 0 else None
    pace = Pace(
        status_delay=timedelta(seconds=options.status_seconds),
        processing=timedelta(seconds=options.processing_seconds),
        statement_every=every,
        honour_dates=not options.any_day,
    )
    try:
        options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        bank = Bank(options.state / "bank.sqlite3", pace)
        server = BankServer((options.host, options.port), bank, key)
    except (OSError, sqlite3.Error) as problem:
        print(f"The bank cannot start: {problem}", file=sys.stderr)
        return 1
    stopping = threading.Event()

    def stop(*_ignored: object) -> None:
        stopping.set()
        server.news.set()
        # shutdown() waits for the serving thread, which this handler interrupts.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker = threading.Thread(target=_work, args=(server, stopping), daemon=True)
    worker.start()
    print(f"bank listening on http://{options.host}:{server.server_port}/", flush=True)
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    worker.join(timeout=5)
    return 0


def _work(server: BankServer, stopping: threading.Event) -> None:
    """Do what is due, again and again; a fault is shown and the next round goes on."""
    while not stopping.is_set():
        try:
            server.bank.work(datetime.now(UTC))
        except Exception:
            traceback.print_exc()
            stopping.wait(1)
        server.news.wait(0.2)
        server.news.clear()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m payroll.bank.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one and prints it")
    parser.add_argument("--state", type=Path, required=True, help="folder for the books")
    parser.add_argument("--key", default="", help=f"bearer key; better given as {KEY_VARIABLE}")
    parser.add_argument("--status-seconds", type=float, default=1, help="until the status report")
    parser.add_argument("--processing-seconds", type=float, default=3, help="from answer to booking")
    parser.add_argument(
        "--statement-seconds", type=float, default=15, help="from booking to statement; 0: only on request"
    )
    parser.add_argument("--any-day", action="store_true", help="book at once, whatever the execution date")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
