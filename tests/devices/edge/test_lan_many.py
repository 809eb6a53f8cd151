"""Two hundred gates of one site come back at once after a power cut, while somebody holds connections open."""

import http.client
import socket
import threading
from pathlib import Path

from tests.devices.edge.lan_desk import LiveDesk
from tests.devices.edge.site_pc import until

GATES = 200


def test_two_hundred_gates_at_once_lose_nothing_while_others_dawdle(tmp_path: Path) -> None:
    live = LiveDesk(tmp_path, *({"serial": f"G{n}"} for n in range(GATES)))
    dawdlers = [socket.create_connection(("127.0.0.1", live.port), timeout=30) for _ in range(40)]
    for number, link in enumerate(dawdlers):
        link.sendall(
            f"POST /iclock/cdata?SN=G{number}&table=ATTLOG HTTP/1.1\r\nContent-Length: 500\r\n\r\n7\t2026".encode()
        )
    answers: dict[int, list[bytes]] = {}
    start = threading.Barrier(GATES)

    def gate(number: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
        start.wait()
        found = []
        for second in (9, 10):
            body = f"{number + 1}\t2026-11-21 07:01:{second:02d}\t0\t15\n"
            link.request("POST", f"/iclock/cdata?SN=G{number}&table=ATTLOG", body.encode())
            found.append(link.getresponse().read())
        link.close()
        answers[number] = found

    threads = [threading.Thread(target=gate, args=(number,)) for number in range(GATES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == dict.fromkeys(range(GATES), [b"OK: 1"] * 2)
    assert live.rows("SELECT count(*), count(DISTINCT gate) FROM event") == [(2 * GATES, GATES)]
    assert live.listener.turned_away == 0
    for link in dawdlers:
        link.close()
    until(lambda: not live.listener._due, 10, "all are gone")
    assert live.rows("SELECT count(*) FROM event") == [(2 * GATES,)], "what began and did not end is nothing"
    assert live.listener._bytes == 0
    live.close()
