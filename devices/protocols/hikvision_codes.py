"""Minor events of Hikvision access terminals (major 5): what happened at the reader.

The numbers are those of the maker's SDK header (`MINOR_…`), seen in several public copies of it; 1, 75, 0x68, 0x69
and 0x70 also in callbacks of real terminals. What is not here is a door event and keeps its number as the reason.
"""

from collections.abc import Mapping

from devices.protocols.records import Verify

_LET_IN: Mapping[int, Verify] = {
    0x01: Verify.CARD,
    0x02: Verify.CARD,  # and password
    0x10: Verify.OTHER,  # several people together
    0x26: Verify.FINGERPRINT,
    0x28: Verify.FINGERPRINT,  # and card
    0x2B: Verify.FINGERPRINT,  # and card and password
    0x2E: Verify.FINGERPRINT,  # and password
    0x36: Verify.FACE,  # and fingerprint
    0x39: Verify.FACE,  # and password
    0x3C: Verify.FACE,  # and card
    0x3F: Verify.FACE,  # and password and fingerprint
    0x42: Verify.FACE,  # and card and fingerprint
    0x45: Verify.FINGERPRINT,  # and number
    0x48: Verify.FINGERPRINT,  # and number and password
    0x4B: Verify.FACE,
    0x4D: Verify.FACE,  # and number
    0x65: Verify.OTHER,  # number and password
    0x69: Verify.ID_CARD,
    0x99: Verify.OTHER,  # several ways together
}
_KEPT_OUT: Mapping[int, tuple[Verify, str]] = {
    0x03: (Verify.CARD, "wrong_password"),
    0x04: (Verify.CARD, "too_slow"),
    0x05: (Verify.CARD, "locked_out"),
    0x06: (Verify.CARD, "no_access"),
    0x07: (Verify.CARD, "outside_hours"),
    0x08: (Verify.CARD, "expired"),
    0x09: (Verify.CARD, "unregistered"),
    0x0A: (Verify.CARD, "antipassback"),
    0x0B: (Verify.CARD, "interlock"),
    0x0C: (Verify.CARD, "group_failed"),
    0x0D: (Verify.CARD, "outside_hours"),
    0x27: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x29: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x2A: (Verify.FINGERPRINT, "too_slow"),
    0x2C: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x2D: (Verify.FINGERPRINT, "too_slow"),
    0x2F: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x30: (Verify.FINGERPRINT, "too_slow"),
    0x31: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x37: (Verify.FACE, "face_unknown"),
    0x38: (Verify.FACE, "too_slow"),
    0x3A: (Verify.FACE, "face_unknown"),
    0x3B: (Verify.FACE, "too_slow"),
    0x3D: (Verify.FACE, "face_unknown"),
    0x3E: (Verify.FACE, "too_slow"),
    0x40: (Verify.FACE, "face_unknown"),
    0x41: (Verify.FACE, "too_slow"),
    0x43: (Verify.FACE, "face_unknown"),
    0x44: (Verify.FACE, "too_slow"),
    0x46: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x47: (Verify.FINGERPRINT, "too_slow"),
    0x49: (Verify.FINGERPRINT, "fingerprint_unknown"),
    0x4A: (Verify.FINGERPRINT, "too_slow"),
    0x4C: (Verify.FACE, "face_unknown"),
    0x4E: (Verify.FACE, "face_unknown"),
    0x4F: (Verify.FACE, "too_slow"),
    0x50: (Verify.FACE, "face_unknown"),
    0x66: (Verify.OTHER, "wrong_password"),
    0x67: (Verify.OTHER, "too_slow"),
    0x68: (Verify.FACE, "no_live_face"),
    0x70: (Verify.ID_CARD, "face_differs_from_card"),
    0x71: (Verify.ID_CARD, "blacklisted"),
    0x75: (Verify.OTHER, "door_closed_hours"),
    0x76: (Verify.OTHER, "door_closed_hours"),
    0x77: (Verify.CARD, "card_invalid"),
    0x97: (Verify.OTHER, "wrong_password"),
    0x98: (Verify.OTHER, "unregistered"),
    0x9A: (Verify.OTHER, "too_slow"),
}

CODES: Mapping[int, tuple[Verify, bool, str]] = {
    **{code: (way, True, "") for code, way in _LET_IN.items()},
    **{code: (way, False, reason) for code, (way, reason) in _KEPT_OUT.items()},
}
"""subEventType to way, admitted, reason."""
