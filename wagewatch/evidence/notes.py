"""Signed checkpoints in the signed-note format (C2SP signed-note and tlog-checkpoint). Pure.

A note is a text, an empty line, and signature lines `— origin base64(key id || signature)`. The text of a
checkpoint is the origin, the size, the root in base64 and, for another hash than SHA-256, one extension
line naming it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wagewatch.lib.merkle import ALGORITHMS

ED25519 = b"\x01"
DASH = "— "
HASH_LINE = "hash "


class NoteError(ValueError):
    """A note that cannot be read, or is not signed by the key asked for."""


@dataclass(frozen=True)
class VerifierKey:
    """A named Ed25519 public key; written `name+key id+base64`, the vkey of signed notes."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, algorithm byte and key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key written as `name+key id+base64`; NoteError if it is not one."""
        name, plus, rest = text.strip().partition("+")
        wanted, plus, encoded = rest.partition("+")
        raw = _decode(encoded)
        if not plus or not name or len(raw) != 33 or raw[:1] != ED25519:
            raise NoteError("not an Ed25519 verifier key")
        key = cls(name, raw[1:])
        if key.key_id.hex() != wanted:
            raise NoteError("the key id does not belong to the key")
        return key


@dataclass(frozen=True)
class SignedCheckpoint:
    """What a checkpoint note says, whoever signed it."""

    origin: str
    size: int
    root: bytes
    algorithm: str
    note: str


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("broken base64") from None


def verifier_of(name: str, signer: Ed25519PrivateKey) -> VerifierKey:
    """The public half of a signing key."""
    return VerifierKey(name, signer.public_key().public_bytes_raw())


def sign_checkpoint(origin: str, size: int, root: bytes, algorithm: str, signer: Ed25519PrivateKey) -> str:
    """The note that publishes a tree of `size` leaves with this root."""
    lines = [origin, str(size), base64.b64encode(root).decode()]
    if algorithm != "sha256":
        lines.append(HASH_LINE + algorithm)
    text = "\n".join(lines) + "\n"
    key = verifier_of(origin, signer)
    signature = base64.b64encode(key.key_id + signer.sign(text.encode())).decode()
    return f"{text}\n{DASH}{origin} {signature}\n"


def read_checkpoint(note: str) -> SignedCheckpoint:
    """The content of a checkpoint note, signatures not looked at; NoteError if it is not one."""
    text, _signatures = _parts(note)
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not lines[0]:
        raise NoteError("not a checkpoint")
    size = lines[1]
    if not (size.isascii() and size.isdigit()) or len(size) > 18 or (size != "0" and size[0] == "0"):
        raise NoteError("the size is not a number")
    root = _decode(lines[2])
    if len(root) != 32:
        raise NoteError("the root is not 32 bytes")
    named = [line.removeprefix(HASH_LINE) for line in lines[3:] if line.startswith(HASH_LINE)]
    algorithm = named[0] if named else "sha256"
    if len(named) > 1 or algorithm not in ALGORITHMS:
        raise NoteError("an unknown hash")
    return SignedCheckpoint(lines[0], int(size), root, algorithm, note)


def open_checkpoint(note: str, key: VerifierKey) -> SignedCheckpoint:
    """The content of a checkpoint signed by `key`; NoteError without a good signature of that key."""
    checkpoint = read_checkpoint(note)
    if checkpoint.origin != key.name:
        raise NoteError("a checkpoint of another log")
    text, signatures = _parts(note)
    for line in signatures:
        name, _space, encoded = line.removeprefix(DASH).partition(" ")
        raw = _decode(encoded)
        if name != key.name or raw[:4] != key.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())
        except (InvalidSignature, ValueError):
            raise NoteError("the signature is wrong") from None
        return checkpoint
    raise NoteError("not signed by this key")


def _parts(note: str) -> tuple[str, list[str]]:
    """The signed text (with its last newline) and the signature lines."""
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or len(lines) < 2 or lines.pop() != "":
        raise NoteError("not a signed note")
    if not all(line.startswith(DASH) for line in lines):
        raise NoteError("a signature line without a dash")
    try:
        note.encode()
    except UnicodeEncodeError:
        raise NoteError("not UTF-8") from None
    return text + "\n", lines
