"""The terminals of the benchmark: a process of its own that posts prepared batches over four connections.

Usage: python tests/benchmarks/passages_client.py SERVER FILE, FILE being JSON lines {key_id, secret, body}.
Prints one JSON line: seconds from first to last answer, and the time of each request.
"""

import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from devices.client import TerminalClient


def main(server: str, path: str) -> None:
    lanes: dict[str, list[dict[str, str]]] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        lanes.setdefault(row["key_id"], []).append(row)
    times: list[float] = []
    accepted: list[int] = []
    barrier = threading.Barrier(len(lanes) + 1)

    def run(rows: list[dict[str, str]]) -> None:
        client = TerminalClient(server, rows[0]["key_id"], rows[0]["secret"])
        bodies = [row["body"].encode() for row in rows]
        client.heartbeat(0)  # connect first
        barrier.wait()
        for body in bodies:
            began = time.perf_counter()
            answer = client.passages(body)
            times.append(time.perf_counter() - began)
            accepted.append(answer["accepted"] + answer["repeated"])

    threads = [threading.Thread(target=run, args=(rows,)) for rows in lanes.values()]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": time.perf_counter() - began, "times": times, "accepted": sum(accepted)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
