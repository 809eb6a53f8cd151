"""How an agent knows a citizen card without knowing any card's number: by a keyed digest that the server sends.

The key belongs to one project and comes with its allow-list, so that a list that is lost elsewhere says nothing about
the cards of this site. Shared by server and agent; pure.
"""

import hashlib
import hmac
import re

from devices.protocols.errors import WrongValue
from devices.protocols.wiegand import Badge

DIGEST_BYTES = 12
LEAST, MOST = 6, 24
_DECIMAL = re.compile(r"[0-9]{8,10}")


def normal_card(text: str) -> str:
    """A card's number as it is digested: capitals, no spaces or hyphens; empty if it can be none."""
    number = text.replace(" ", "").replace("-", "").upper()
    return number if LEAST <= len(number) <= MOST and number.isascii() and number.isalnum() else ""


def card_index(key: bytes, number: str) -> str:
    """The digest of a card's number under the project's key, in hexadecimal; empty for what is no number."""
    number = normal_card(number)
    return hmac.new(key, number.encode(), hashlib.sha256).digest()[:DIGEST_BYTES].hex() if number else ""


def badge_key(text: str) -> str:
    """A badge's number as it is kept (`188,24910`), from what is printed on it or from the eight to ten decimal
    digits that readers and terminals write; empty for what is no badge."""
    text = text.strip()
    if _DECIMAL.fullmatch(text):
        return Badge(int(text), 32).key if int(text) <= 0xFFFFFFFF else ""
    try:
        return Badge.printed(text).key
    except WrongValue:
        return ""
