"""How an agent knows a citizen card without knowing any card's number: by a keyed digest that the server sends.

The key belongs to one project and comes with its allow-list, so that a list that is lost elsewhere says nothing about
the cards of this site. Shared by server and agent; pure.
"""

import hashlib
import hmac

DIGEST_BYTES = 12
LEAST, MOST = 6, 24


def normal_card(text: str) -> str:
    """A card's number as it is digested: capitals, no spaces or hyphens; empty if it can be none."""
    number = text.replace(" ", "").replace("-", "").upper()
    return number if LEAST <= len(number) <= MOST and number.isascii() and number.isalnum() else ""


def card_index(key: bytes, number: str) -> str:
    """The digest of a card's number under the project's key, in hexadecimal; empty for what is no number."""
    number = normal_card(number)
    return hmac.new(key, number.encode(), hashlib.sha256).digest()[:DIGEST_BYTES].hex() if number else ""
