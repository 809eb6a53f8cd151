"""Ways of recognition: the maker's codes to the national ones.

Attendance PUSH appendix 7 = Security PUSH appendix 3 (numbers), Security PUSH 10.2 and 12.5.1 (masks of 16
binary digits, newer firmware). Several ways together count as the strongest of them.
"""

from devices.protocols.records import Verify

_NUMBERS = {
    **dict.fromkeys((1, 5, 6, 8, 9, 10, 12, 13, 14, 21, 22, 23, 24), Verify.FINGERPRINT),
    **dict.fromkeys((4, 7, 11), Verify.CARD),
    **dict.fromkeys((15, 16, 17, 18, 19, 20), Verify.FACE),
    **dict.fromkeys((25, 26, 27, 28, 29), Verify.PALM),
}
"""0 (whatever fits), 2 (number alone), 3 (password) and 200 are 'other'. Finger veins count as fingerprint."""

_BITS = (
    (1, Verify.FACE),
    (4, Verify.FINGERPRINT),
    (5, Verify.FINGERPRINT),
    (2, Verify.PALM),
    (3, Verify.PALM),
    (7, Verify.IRIS),
    (11, Verify.CARD),
    (12, Verify.QR_CODE),
)
"""Bit from the right, strongest first; bit 0 only says 'all of them', 9 and 10 are password and number."""

MASK_LENGTH = 13
"""The shortest mask printed in the documents; their examples lose leading zeros, numbers never get this long."""

ON_ID_CARD = {"1": Verify.FACE, "2": Verify.FACE, "3": Verify.FINGERPRINT}
"""Attendance PUSH 9.6, rows of type 1: face, face and finger, finger and face, each against an identity card."""


def verify_of(text: str) -> Verify:
    """The national code for a verify field. Unknown codes are 'other'; the field itself stays in `mode`."""
    digits = text.strip()
    if len(digits) >= MASK_LENGTH and set(digits) <= {"0", "1"}:
        mask = int(digits, 2)
        return next((way for bit, way in _BITS if mask >> bit & 1), Verify.OTHER)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 3:
        return Verify.OTHER
    return _NUMBERS.get(int(digits), Verify.OTHER)
