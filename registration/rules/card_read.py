"""What an identity card says, as the values of a person, and what a clerk should look at."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from registration.rules.roster_row import Message, message

ID_KINDS = {"citizen": "01", "permit": "02", "foreigner_2017": "03", "foreigner_2023": "03"}
"""Kinds of card (devices.protocols.idcard) to kinds of document."""
LOCKED = (
    "name", "english_name", "id_number", "id_kind", "sex", "birth_date", "ethnicity", "nationality", "address",
    "id_issuer", "id_valid_from", "id_valid_until",
)  # fmt: skip
"""Fields that come from the card and from nowhere else."""
EXPIRES_SOON_DAYS = 30


def person_of_card(data: Mapping[str, Any]) -> dict[str, Any]:
    """The card's fields under the names that `person_values.read_person` reads."""
    valid_to = data.get("valid_to") or ""
    return {
        "name": data.get("name") or data.get("english_name") or "",
        "english_name": data.get("english_name") or "",
        "id_number": data.get("number") or "",
        "id_kind": ID_KINDS.get(str(data.get("kind")), "01"),
        "sex": str(data.get("sex") or ""),
        "birth_date": data.get("birth") or "",
        "ethnicity": data.get("nation") or "",
        "nationality": data.get("nationality") or "",
        "address": data.get("address") or "",
        "id_issuer": data.get("issuer") or "",
        "id_valid_from": data.get("valid_from") or "",
        "id_valid_until": "" if data.get("long_term") else valid_to,
    }


def has_unreadable_name(data: Mapping[str, Any]) -> bool:
    """Whether the name holds a character of an old card's own font or a damaged one: it must be typed."""
    return any(
        "\ue000" <= c <= "\uf8ff" or ord(c) >= 0xF0000 or c == "\ufffd" for c in str(data.get("name") or "")
    )


def remarks(data: Mapping[str, Any], *, today: date) -> list[Message]:
    """What the clerk should look at before registering by this card; nothing here refuses."""
    found = []
    valid_to = data.get("valid_to")
    if valid_to and not data.get("long_term"):
        end = date.fromisoformat(str(valid_to))
        if end < today:
            text = _("The card ended on %(day)s. Ask for the new one; the worker may still be registered.")
            found.append(message("id_valid_until", "warn", "card_read.expired", text, day=end.isoformat()))
        elif (end - today).days <= EXPIRES_SOON_DAYS:
            text = _("The card ends on %(day)s. Remind the worker to renew it.")
            found.append(message("id_valid_until", "warn", "card_read.expires", text, day=end.isoformat()))
    if has_unreadable_name(data):
        text = _("The name holds a character that only the card itself can show. Type the name as printed.")
        found.append(message("name", "warn", "card_read.name", text))
    return found
