"""What the data of a good answer says: a read card, the newest address, the number of the security module."""

import struct
from dataclasses import dataclass

from devices.protocols.idcard.cards import BadCard, Card, decode_card, decode_text, encode_card
from devices.protocols.idcard.codes import FINGERPRINT, PHOTO, TEXT

WLT_HEAD = bytes.fromhex("574C66007E003200")
"""How a vendor-compressed photo of 102 × 126 begins. Decoding it needs a closed library: the bytes are kept as they are."""


@dataclass(frozen=True)
class Reading:
    """A card as read. `photo` is WLT, or empty if the card brought none. Fingerprints are not kept."""

    card: Card
    photo: bytes = b""


@dataclass(frozen=True)
class SamNumber:
    """The number of the reader's security module, kept as integers: libraries pad them differently.

    `made` reads as a date (20080101).
    """

    maker: int
    model: int
    made: int
    serial: int
    check: int

    def __str__(self) -> str:
        return f"{self.maker:02d}.{self.model:02d}-{self.made:08d}-{self.serial}-{self.check}"


def read_reply(data: bytes, *, with_fingerprints: bool = False) -> Reading:
    """Take apart the data of a read: lengths, text, photo, and fingerprints, which are dropped at once.

    Raises BadCard if the lengths do not add up or the text is no card's.
    """
    count = 3 if with_fingerprints else 2
    if len(data) < 2 * count:
        raise BadCard("an answer without lengths")
    text, photo, *prints = struct.unpack(f">{count}H", data[: 2 * count])
    if text != TEXT or photo not in (0, PHOTO) or sum(prints) not in (0, FINGERPRINT, 2 * FINGERPRINT):
        raise BadCard("lengths that no card has")
    if len(data) != 2 * count + text + photo + sum(prints):
        raise BadCard("lengths that do not add up")
    start = 2 * count
    picture = data[start + text : start + text + photo]
    return Reading(decode_card(data[start : start + text]), picture if picture.startswith(b"WLf") else b"")


def make_read_reply(reading: Reading, *, fingerprints: int | None = None) -> bytes:
    """The data of a read, for simulated readers. `fingerprints` 0 to 2; None answers the plain read."""
    photo = reading.photo.ljust(PHOTO, b"\0")
    if fingerprints is None:
        return struct.pack(">2H", TEXT, PHOTO) + encode_card(reading.card) + photo
    prints = (b"C\x01" + bytes(FINGERPRINT - 2)) * fingerprints
    return struct.pack(">3H", TEXT, PHOTO, len(prints)) + encode_card(reading.card) + photo + prints


def newest_address(data: bytes) -> str:
    """The address written to the card after it was issued. 70 bytes."""
    return decode_text(data)


def sam_number(data: bytes) -> SamNumber:
    """The module's number. Raises ValueError unless there are 16 bytes."""
    if len(data) != 16:
        raise ValueError("a SAM number has 16 bytes")
    return SamNumber(data[0], data[2], *struct.unpack("<3I", data[4:]))


def make_sam_number(number: SamNumber) -> bytes:
    """The 16 bytes of a number, for simulated readers."""
    return struct.pack("<2H3I", number.maker, number.model, number.made, number.serial, number.check)
