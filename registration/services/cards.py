"""A worker's wage card: one card one person, one current card each (Order 724, article 31)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from registration.actors import Actor
from registration.models import BankCard, Worker
from registration.services.history import record_history
from registration.services.messages import queue_many
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation

_REASON = "card changed"


def tell_card_changed(phones: Iterable[str], *, now: datetime) -> None:
    """Wages go to the card on record: whoever gets another one hears of it, without any name or number."""
    with override("zh-hans"):
        text = gettext(
            "%(brand)s: another bank card is on record for your wages. Say on your page whether it is yours; until"
            " then no wages go to it. If you did not ask for that, call 12333."
        )
    text %= {"brand": settings.WAGEWATCH_BRAND}
    queue_many([(phone, text, f"card-{uuid4().hex}") for phone in phones], kind="card_changed", now=now)


def set_card(worker_id: int, number: str, bank_name: str, *, actor: Actor, now: datetime) -> BankCard:
    """Make a cleaned card number the worker's current card; the same number only corrects the bank.

    The caller holds the lock on the worker. Raises RuleViolation `card.other_person` if somebody else
    has this card.
    """
    index = blind_index(number, kind="card")
    current = BankCard.objects.filter(worker_id=worker_id, is_current=True).first()
    if current is not None and bytes(current.number_index) == index:
        if bank_name and current.bank_name != bank_name:
            BankCard.objects.filter(pk=current.pk).update(bank_name=bank_name)
            record_history(BankCard, [current.pk], kind="~", actor=actor, now=now, reason=_REASON)
            current.bank_name = bank_name
        return current
    taken = _("This card belongs to another person on record. Everybody needs a card of their own.")
    if BankCard.objects.filter(number_index=index, is_current=True).exists():
        raise RuleViolation("card.other_person", taken)
    if current is not None:
        phone = Worker.objects.values_list("phone", flat=True).get(pk=worker_id)
        tell_card_changed([str(phone)] if phone else [], now=now)
        BankCard.objects.filter(pk=current.pk).update(is_current=False)
        record_history(BankCard, [current.pk], kind="~", actor=actor, now=now, reason=_REASON)
    card = BankCard(
        worker_id=worker_id,
        number=number,
        number_index=index,
        tail=number[-4:],
        bank_name=bank_name,
        added_at=now,
    )
    try:
        with transaction.atomic():
            BankCard.objects.bulk_create([card])
    except IntegrityError:  # given to somebody else in this very moment
        raise RuleViolation("card.other_person", taken) from None
    record_history(BankCard, [card.pk], kind="+", actor=actor, now=now, reason=_REASON)
    return card
