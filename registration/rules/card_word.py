"""Whose card is it? What the worker has said about the card on record, and whether wages may go to it.

Order 724, article 31: wages go to the worker's own account and nobody may hold a worker's card. A card that took
another one's place receives nothing before the worker has said that it is theirs: whoever types card numbers
could otherwise lead wages to a card of their own.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class CardWord(StrEnum):
    """What is known of a current card from the worker."""

    FIRST = "first"
    """The only card on record so far; the bank compares its holder's name."""
    ASKED = "asked"
    """It took another card's place and the worker has not answered."""
    OWN = "own"
    NOT_OWN = "not_own"


def card_word(*, replaced: bool, said: bool | None) -> CardWord:
    """`replaced`: the worker had another number before; `said`: the worker's newest answer about this number."""
    if said is not None:
        return CardWord.OWN if said else CardWord.NOT_OWN
    return CardWord.ASKED if replaced else CardWord.FIRST


def may_receive(word: CardWord) -> bool:
    """Whether wages may go to the card."""
    return word in (CardWord.FIRST, CardWord.OWN)


def needs_picture(
    *, at_tablet: bool, phone_since: datetime | None, card_since: datetime, settled: timedelta
) -> bool:
    """Whether a yes needs a picture of the worker: at a shared tablet, and from a phone number that others wrote
    down shortly before the card or after it (`phone_since`; None: it stood there from the beginning)."""
    return at_tablet or (phone_since is not None and phone_since > card_since - settled)
