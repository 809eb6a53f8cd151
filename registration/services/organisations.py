"""Organisations, authorities and the people who act for them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.models import Authority, Membership, Organisation, User
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import check_uscc


@transaction.atomic
def register_organisation(
    uscc: str, name: str, kind: str, *, region_code: str, short_name: str = "", bank_code: str = ""
) -> Organisation:
    """Enter a firm, owner, agency or bank once, by its credit code (GB 32100).

    Raises Malformed for a wrong code, RuleViolation `organisation.known` for one entered before.
    """
    number = check_uscc(uscc)
    if Organisation.objects.filter(uscc=number).exists():
        raise RuleViolation(
            "organisation.known", _("An organisation with this credit code is registered already.")
        )
    return Organisation.objects.create(
        uscc=number,
        name=name,
        short_name=short_name,
        kind=kind,
        region_id=region_code,
        bank_code=bank_code,
    )


@transaction.atomic
def register_authority(name: str, kind: str, *, region_code: str) -> Authority:
    """Enter a supervising office; the same office is not entered twice."""
    return Authority.objects.get_or_create(name=name, kind=kind, region_id=region_code)[0]


@transaction.atomic
def appoint(
    username: str, name: str, role: str, body: Organisation | Authority, *, password: str | None
) -> User:
    """Give a person a role for an organisation or authority, with an account if they have none.

    `password` None makes an account that cannot sign in until a password is set.
    """
    user = User.objects.filter(username=username).first() or User.objects.create_user(
        username, password, name=name
    )
    kind = "authority" if isinstance(body, Authority) else "organisation"
    place: dict[str, Any] = {kind: body}
    Membership.objects.get_or_create(user=user, role=role, **place)
    return user
