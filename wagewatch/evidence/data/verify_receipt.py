#!/usr/bin/env python3
# ruff: noqa: T201, UP006, UP035, UP045  (must run on Python 3.8)
"""Check a saved wage receipt on any computer, without network and without trusting whoever runs the log.

    python3 verify_receipt.py receipt.json --key "name+1234abcd+AbCd..."

Needs Python 3.8 or newer and nothing else. The key is on the notice board of the labour inspection and on
the log's page; without --key the one inside the receipt is used, which only shows that the receipt agrees
with itself. Exit code: 0 everything holds, 1 something does not, 2 the file is no receipt, 3 not yet published.

What is checked (the formats are public):
  record     SHA-256(salt, record as canonical JSON) is what the leaf says; RFC 8785 for the canonical form
  subject    the same for what the record is about
  signature  the checkpoint (origin, size, root) is signed with the key; Ed25519, RFC 8032
  inclusion  the leaf stands in the tree with the signed root; RFC 9162, section 2.1.3.2
"""

import argparse
import base64
import hashlib
import json
import sys
import zlib
from typing import Any, Callable, Dict, List, Optional, Tuple

Point = Tuple[int, int, int, int]
Key = Tuple[str, bytes, bytes]
Digest = Callable[[bytes], bytes]
FORMAT = "wagewatch-receipt-1"

# ---- Ed25519, RFC 8032 section 5.1: verification only, slow and plain ------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates (X, Y, Z, T)."""
    e = (a[1] - a[0]) * (b[1] - b[0])
    f = (a[1] + a[0]) * (b[1] + b[0])
    c = 2 * a[3] * b[3] * D
    d = 2 * a[2] * b[2]
    x, y, z, t = f - e, f + e, d - c, d + c
    return x * z % P, t * y % P, z * t % P, x * y % P


def times(number: int, point: Point) -> Point:
    """number * point."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def same(a: Point, b: Point) -> bool:
    """Whether two points are one."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(data: bytes) -> Point:
    """The point written in 32 bytes; ValueError if they are no point."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(data) != 32 or y >= P:
        raise ValueError("not a point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` was made with the private half of `public`."""
    try:
        a, r = point_of(public), point_of(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % Q
    return same(times(s, BASE), add(r, times(k, a)))


# ---- the receipt ------------------------------------------------------------------------------------------


class Unreadable(Exception):
    """The file is no receipt, or uses something this program does not know."""


def canonical(value: Any, depth: int = 0) -> str:
    """The one spelling of a record: sorted keys, no spaces, no fractions."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        if depth > 32:
            raise Unreadable("nested too deeply")
        return "{" + ",".join(canonical(k) + ":" + canonical(value[k], depth + 1) for k in keys) + "}"
    if isinstance(value, list):
        if depth > 32:
            raise Unreadable("nested too deeply")
        return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    if value is None or isinstance(value, (bool, str)) or (isinstance(value, int) and abs(value) < 2**53):
        return json.dumps(value, ensure_ascii=False)
    raise Unreadable("a value that receipts do not have")


def hasher(name: str) -> Digest:
    """The hash function of that name."""
    if name not in ("sha256", "sm3"):
        raise Unreadable("an unknown hash")
    try:
        hashlib.new(name)
    except ValueError:
        raise Unreadable("this Python cannot compute " + name) from None
    return lambda data: hashlib.new(name, data).digest()


LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def unpacked(text: str) -> str:
    """The JSON of a receipt; from the text of its QR code, too (WW1: and base45 of zlib; RFC 9285, RFC 1950)."""
    text = text.strip("\r\n\t")
    if not text.startswith("WW1:"):
        return text
    data = bytearray()
    for start in range(4, len(text), 3):
        part = text[start : start + 3]
        number = sum(LETTERS.index(letter) * 45**place for place, letter in enumerate(part))
        data += number.to_bytes(len(part) - 1, "big")
    opener = zlib.decompressobj()
    found = opener.decompress(bytes(data), 256 * 1024)
    if not opener.eof:
        raise Unreadable("not the whole code")
    return found.decode()


def read_key(text: str) -> Key:
    """(name, key id, public key) of a key written name+id+base64."""
    parts = text.strip().split("+", 2)
    raw = base64.b64decode(parts[-1], validate=True)
    if len(parts) != 3 or len(raw) != 33 or raw[0] != 1:
        raise Unreadable("not a key")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + raw).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Unreadable("the key does not match its own number")
    return parts[0], key_id, raw[1:]


def open_note(note: str, key: Key) -> Optional[Tuple[int, bytes, str]]:
    """(size, root, hash name) of a checkpoint signed by `key`, or None."""
    name, key_id, public = key
    text, gap, rest = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")[:-1]
    if not gap or len(lines) < 3 or lines[0] != name:
        return None
    for line in rest.split("\n"):
        start = "— " + name + " "
        if not line.startswith(start):
            continue
        raw = base64.b64decode(line[len(start) :], validate=True)
        if raw[:4] == key_id and ed25519_holds(public, text.encode(), raw[4:]):
            named = [extra[5:] for extra in lines[3:] if extra.startswith("hash ")]
            return int(lines[1]), base64.b64decode(lines[2], validate=True), (named or ["sha256"])[0]
    return None


def included(leaf: bytes, index: int, size: int, proof: List[bytes], root: bytes, digest: Digest) -> bool:
    """Whether the leaf stands at `index` of the tree with that size and root."""
    if not 0 <= index < size:
        return False
    value, position, last = digest(b"\0" + leaf), index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            value = digest(b"\1" + sibling + value)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            value = digest(b"\1" + value + sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def check(receipt: Dict[str, Any], key: Key) -> List[Tuple[str, Optional[bool]]]:
    """[(question, True, False or None)] for a receipt and a key from `read_key`."""
    leaf, salt = receipt["leaf"], bytes.fromhex(receipt["salt"])
    if leaf["receipt"] != receipt["receipt"]:
        raise Unreadable("the leaf of another receipt")
    digest = hasher(leaf["hash"])
    answers: List[Tuple[str, Optional[bool]]] = []
    for name in ("record", "subject"):
        found = digest(salt + canonical(receipt[name]).encode()).hex()
        answers.append((name, found == leaf[name]))
    if receipt["checkpoint"] is None:
        return [*answers, ("signature", None), ("inclusion", None)]
    opened = open_note(receipt["checkpoint"], key)
    answers.append(("signature", opened is not None))
    holds = False
    if opened is not None:
        size, root, name = opened
        proof = [bytes.fromhex(part) for part in receipt["proof"]]
        content = canonical(leaf).encode()
        holds = included(content, receipt["index"], size, proof, root, hasher(name))
    return [*answers, ("inclusion", holds)]


WORDS = {
    "record": (
        "内容没有被改过 / what it says is what was written down",
        "内容被改过 / what it says was changed",
    ),
    "subject": (
        "说的是同一件事 / it belongs to the same thing",
        "被换到了别的事上 / it was moved to another thing",
    ),
    "signature": ("签名是真的 / the log's signature is genuine", "签名不对 / the log's signature is wrong"),
    "inclusion": (
        "在公示的记录里 / it stands in the signed log",
        "不在公示的记录里 / it does not stand in the signed log",
    ),
}
MARKS = {True: "[ok]", False: "[!!]", None: "[..]"}
LATER = "还没有公示，过一会儿重新保存回执 / not published yet: save the receipt again in a minute"


def main() -> int:
    """Read the arguments, check, print one line per question."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(description="Check a saved wage receipt without network.")
    parser.add_argument("receipt", help="the saved receipt (JSON), or a text file with what its QR code says")
    parser.add_argument("--key", help="the log's public key, name+id+base64, from the notice board")
    arguments = parser.parse_args()
    try:
        with open(arguments.receipt, encoding="utf-8") as file:
            receipt = json.loads(unpacked(file.read()))
        if not isinstance(receipt, dict) or receipt.get("format") != FORMAT:
            raise Unreadable("not a receipt")
        answers = check(receipt, read_key(arguments.key or receipt["public_key"]))
    except (
        OSError,
        zlib.error,
        OverflowError,
        Unreadable,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as problem:
        print("读不出这张回执 / this is no readable receipt:", problem)
        return 2
    for name, held in answers:
        print(MARKS[held], LATER if held is None else WORDS[name][0 if held else 1])
    if not arguments.key:
        print("注意：用的是回执自带的公钥，请用公告栏上的公钥加 --key 再查一次。")
        print("Note: the key came from the receipt itself; check again with --key from the notice board.")
    results = [held for _, held in answers]
    return 1 if False in results else 3 if None in results else 0


if __name__ == "__main__":
    sys.exit(main())
