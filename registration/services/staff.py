"""Accounts of firms: invited with a link that works once, given up, taken back.

Only the hash of a link's token is kept. Whoever invites never learns the password, and nobody is told whose a
taken user name is.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from registration.access import (
    access_participation,
    access_project,
    chain_reach,
    not_found,
    not_permitted,
    organisations_with,
)
from registration.actors import Actor
from registration.models import Invitation, Membership, Organisation, Participation, Role, User
from registration.permissions import PERMISSIONS
from registration.services.firms import seen_firm
from registration.services.history import record_history
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

MAY_INVITE: Mapping[str, tuple[str, ...]] = {
    Role.GC_MANAGER: (Role.GC_CLERK, Role.GC_MANAGER, Role.SITE),
    Role.SC_CLERK: (Role.SC_CLERK,),
    Role.AGENCY_CLERK: (Role.AGENCY_CLERK,),
    Role.OWNER_CLERK: (Role.OWNER_CLERK,),
}
"""Whoever holds the role may invite people of these roles to the same firm."""
FIRST_ROLE: Mapping[str, str] = {
    Participation.Role.SUBCONTRACTOR: Role.SC_CLERK,
    Participation.Role.AGENCY: Role.AGENCY_CLERK,
    Participation.Role.OWNER: Role.OWNER_CLERK,
}
"""Part on a project to the role of the first account of a firm that has none."""
FIRST_ROLES_OF: Mapping[str, tuple[str, ...]] = {
    Organisation.Kind.CONTRACTOR: (Role.GC_MANAGER, Role.SC_CLERK),
    Organisation.Kind.AGENCY: (Role.AGENCY_CLERK,),
    Organisation.Kind.OWNER: (Role.OWNER_CLERK,),
}
"""Kind of firm to the roles of a first account that an authority opens."""
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


@dataclass(frozen=True)
class Invited:
    """What the inviter is shown once: the token is not kept anywhere."""

    user: User
    membership: Membership
    token: str
    expires_at: datetime


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def roles_to_invite(actor: Actor, organisation_id: int) -> list[str]:
    """The roles to which the actor may invite people of a firm, in the order of the table."""
    held = {d.role for d in actor.duties if d.organisation_id == organisation_id}
    return list(dict.fromkeys(role for own in held for role in MAY_INVITE.get(own, ())))


def refuse_staff() -> NoReturn:
    """The firm is one's own, but one's role does not manage its accounts."""
    not_permitted("staff.manage")


def managed_firm(firm_id: int, actor: Actor, *, permission: str = "staff.manage") -> Organisation:
    """One's own firm, locked for a change of its accounts. NotFound for others, NotPermitted without the role."""
    if firm_id not in organisations_with(actor, PERMISSIONS["staff.view"]):
        not_found()
    firm = Organisation.objects.select_for_update(of=("self",)).get(pk=firm_id)
    roles = PERMISSIONS[permission]
    still = Membership.objects.filter(user=actor.id, organisation=firm, role__in=roles, is_active=True)
    if not still.exists():  # asked again under the lock: a colleague may have ended it this moment
        not_permitted(permission)
    return firm


def _issue(user: User, membership: Membership, actor: Actor, now: datetime, region_code: str) -> Invited:
    token = secrets.token_urlsafe(32)
    days = int(parameter("invitation.days", region_code=region_code, on=site_date(now), default=7))
    expires_at = now + timedelta(days=days)
    Invitation.objects.filter(user=user, used_at=None, expires_at__gt=now).update(expires_at=now)
    Invitation.objects.create(
        user=user, token_hash=_hash(token), invited_by_id=actor.id, created_at=now, expires_at=expires_at
    )
    return Invited(user, membership, token, expires_at)


def _check_pace(actor: Actor, now: datetime, region_code: str) -> None:
    """A stolen session must not fill the system with accounts. Raises RuleViolation `invitation.many`."""
    User.objects.select_for_update(of=("self",)).get(pk=actor.id or 0)
    limit = int(parameter("invitation.per_day", region_code=region_code, on=site_date(now), default=20))
    today = Invitation.objects.filter(invited_by=actor.id, created_at__gt=now - timedelta(days=1)).count()
    if today >= limit:
        text = _("You invited %(limit)s people within a day. Go on tomorrow.")
        raise RuleViolation("invitation.many", text, limit=limit)


def _new_account(
    firm: Organisation, username: str, name: str, role: str, actor: Actor, now: datetime
) -> Invited:
    username = username.strip().lower()
    name = " ".join(name.split())
    if not _USERNAME.fullmatch(username):
        raise RuleViolation(
            "invitation.username",
            _("A user name has 3 to 40 small letters, digits, dots or dashes and begins with a letter."),
        )
    if not name:
        raise RuleViolation("invitation.name", _("Write the person's name."))
    _check_pace(actor, now, firm.region_id)
    taken = _("This user name is taken. Choose another one.")
    if User.objects.filter(username=username).exists():
        raise RuleViolation("invitation.taken", taken)
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, None, name=name)
    except IntegrityError:  # taken in this very moment
        raise RuleViolation("invitation.taken", taken) from None
    membership = Membership.objects.create(user=user, organisation=firm, role=role)
    return _issue(user, membership, actor, now, firm.region_id)


@transaction.atomic
def invite_colleague(
    firm_id: int, username: str, name: str, role: str, *, actor: Actor, now: datetime
) -> Invited:
    """Give a person an account of one's own firm, to be opened by a link.

    Raises RuleViolation `invitation.role username name taken many`, NotFound, NotPermitted.
    """
    firm = managed_firm(firm_id, actor)
    if role not in roles_to_invite(actor, firm.pk):
        raise RuleViolation("invitation.role", _("Choose the role of the new account."))
    return _new_account(firm, username, name, role, actor, now)


@transaction.atomic
def invite_first_clerk(
    project_id: int, part_id: int, username: str, name: str, *, actor: Actor, now: datetime
) -> Invited:
    """Give a firm of the chain its first account: whoever engaged it invites its clerk.

    Only while nobody acts for the firm, and only if all its parts lie on projects whose general contractor is
    the inviter's firm or stand below it: the link must not open the books of another project. Raises
    RuleViolation `invitation.has_account`, `invitation.elsewhere`, and as `invite_colleague`.
    """
    project = access_project(project_id, actor, permission="chain.edit")
    part = access_participation(part_id, project, actor)
    if not chain_reach(actor, project).may_edit(part.pk):
        not_permitted("chain.edit")
    role = FIRST_ROLE.get(part.role)
    if role is None:
        raise RuleViolation("invitation.part", _("A firm in this role needs no account."))
    firm = Organisation.objects.select_for_update(of=("self",)).get(pk=part.organisation_id)
    if Membership.objects.filter(organisation=firm, is_active=True).exists():
        raise RuleViolation(
            "invitation.has_account", _("Somebody acts for this firm already. They invite their colleagues.")
        )
    if not _only_here(firm, actor):
        raise RuleViolation(
            "invitation.elsewhere",
            _(
                "This firm also takes part in projects of others. Its first account is opened by the authority."
            ),
        )
    return _new_account(firm, username, name, role, actor, now)


@transaction.atomic
def open_first_account(
    firm_id: int, username: str, name: str, role: str, *, actor: Actor, now: datetime
) -> Invited:
    """An inspector opens the first account of a firm, where those who engaged it may not: it takes part in
    projects of several general contractors, or leads one itself.

    Raises RuleViolation `invitation.has_account`, `invitation.role`, and as `invite_colleague`; NotFound.
    """
    firm = seen_firm(firm_id, actor)
    Organisation.objects.select_for_update(of=("self",)).get(pk=firm.pk)
    if account_works(firm):
        raise RuleViolation(
            "invitation.has_account", _("Somebody acts for this firm already. They invite their colleagues.")
        )
    if role not in FIRST_ROLES_OF.get(firm.kind, ()):
        raise RuleViolation("invitation.role", _("Choose the role of the new account."))
    return _new_account(firm, username, name, role, actor, now)


def account_works(firm: Organisation) -> bool:
    """Whether somebody can sign in for the firm."""
    members = Membership.objects.filter(organisation=firm, is_active=True).select_related("user")
    return any(m.user.has_usable_password() for m in members)


def opened_by(firm: Organisation) -> tuple[str, datetime] | None:
    """Who opened a firm's first account and when, so that whoever engages the firm can judge who acts for it;
    None if it was not opened by a link. The names of its people are its own."""
    first = (
        Invitation.objects.filter(user__memberships__organisation=firm)
        .select_related("invited_by")
        .order_by("created_at", "pk")
        .first()
    )
    if first is None:
        return None
    body = (
        Membership.objects.filter(user=first.invited_by_id)
        .select_related("organisation", "authority")
        .order_by("pk")
        .first()
    )
    return str((body.organisation or body.authority) if body else ""), first.created_at


def invitation_path(token: str) -> str:
    """The address of an invitation; written out, since the supervision side does not serve it."""
    return f"/accounts/invitation/{token}/"


def _only_here(firm: Organisation, actor: Actor) -> bool:
    """Whether every part of the firm is one that the actor may edit."""
    parts = list(Participation.objects.filter(organisation=firm).select_related("project"))
    reaches = {part.project_id: chain_reach(actor, part.project) for part in parts[:50]}
    return len(parts) <= 50 and all(reaches[part.project_id].may_edit(part.pk) for part in parts)


def _membership(pk: int, firm: Organisation) -> Membership:
    found = Membership.objects.filter(pk=pk, organisation=firm).select_related("user").first()
    if found is None:
        not_found()
    return found


@transaction.atomic
def renew_invitation(firm_id: int, membership_id: int, *, actor: Actor, now: datetime) -> Invited:
    """Another link for somebody who has not chosen a password yet; the former link stops working.

    Raises RuleViolation `invitation.open`, `invitation.many`, NotFound, NotPermitted.
    """
    firm = managed_firm(firm_id, actor)
    return _renew(_membership(membership_id, firm), firm, actor, now)


@transaction.atomic
def renew_first_invitation(project_id: int, part_id: int, *, actor: Actor, now: datetime) -> Invited:
    """Another link for the invited first clerk of a firm of the chain, by those who may edit its part.

    Raises RuleViolation `invitation.open`, `invitation.elsewhere`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="chain.edit")
    part = access_participation(part_id, project, actor)
    if not chain_reach(actor, project).may_edit(part.pk):
        not_permitted("chain.edit")
    firm = Organisation.objects.select_for_update(of=("self",)).get(pk=part.organisation_id)
    members = list(Membership.objects.filter(organisation=firm, is_active=True).select_related("user")[:2])
    if len(members) != 1 or not _only_here(firm, actor):
        raise RuleViolation(
            "invitation.has_account", _("Somebody acts for this firm already. They invite their colleagues.")
        )
    return _renew(members[0], firm, actor, now)


def _renew(membership: Membership, firm: Organisation, actor: Actor, now: datetime) -> Invited:
    if membership.user.has_usable_password() or not membership.is_active:
        raise RuleViolation("invitation.open", _("This person has an account that works already."))
    _check_pace(actor, now, firm.region_id)
    return _issue(membership.user, membership, actor, now, firm.region_id)


@transaction.atomic
def end_membership(firm_id: int, membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """Take a role from a person of one's own firm; what they did stays on record.

    Raises RuleViolation `staff.ended`, `staff.own_last`, `staff.nobody_left`, NotFound, NotPermitted.
    """
    firm = managed_firm(firm_id, actor)
    membership = _membership(membership_id, firm)
    if membership.role not in roles_to_invite(actor, firm.pk):
        not_permitted("staff.manage")
    if not membership.is_active:
        raise RuleViolation("staff.ended", _("This account has no access any more."))
    rest = Membership.objects.filter(organisation=firm, is_active=True).exclude(pk=membership.pk)
    if membership.user_id == actor.id and not rest.filter(user=actor.id).exists():
        raise RuleViolation("staff.own_last", _("You cannot end your own last role. A colleague can."))
    if not any(m.user.has_usable_password() for m in rest.filter(role__in=MAY_INVITE).select_related("user")):
        raise RuleViolation(
            "staff.nobody_left", _("Then nobody could invite people to the firm. Invite somebody first.")
        )
    _set_active(membership, False, actor, now, "role ended")
    return membership


@transaction.atomic
def restore_membership(firm_id: int, membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """Give a role back that was ended. Raises RuleViolation `staff.active`, NotFound, NotPermitted."""
    firm = managed_firm(firm_id, actor)
    membership = _membership(membership_id, firm)
    if membership.role not in roles_to_invite(actor, firm.pk):
        not_permitted("staff.manage")
    if membership.is_active:
        raise RuleViolation("staff.active", _("This account has this role already."))
    _set_active(membership, True, actor, now, "role given back")
    return membership


def _set_active(membership: Membership, active: bool, actor: Actor, now: datetime, reason: str) -> None:
    Membership.objects.filter(pk=membership.pk).update(is_active=active)
    record_history(Membership, [membership.pk], kind="~", actor=actor, now=now, reason=reason)
    membership.is_active = active


def open_invitation(token: str, *, now: datetime) -> Invitation:
    """The invitation behind a link. Raises RuleViolation `invitation.spent` for one used, late or unknown."""
    return _good(Invitation.objects.filter(token_hash=_hash(token)).select_related("user").first(), now)


def invitation_by_id(pk: int, *, now: datetime) -> Invitation:
    """An invitation that this browser has opened by its link."""
    return _good(Invitation.objects.filter(pk=pk).select_related("user", "invited_by").first(), now)


def _good(invitation: Invitation | None, now: datetime) -> Invitation:
    spent = RuleViolation(
        "invitation.spent",
        _("This link was used already or is too old. Ask the person who invited you for a new one."),
    )
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= now:
        raise spent
    if not Membership.objects.filter(user=invitation.user_id, is_active=True).exists():
        raise spent
    return invitation


@transaction.atomic
def accept_invitation(pk: int, password: str, *, now: datetime) -> User:
    """The invited person sets the password of the account; the link is used up.

    The caller has validated the password. Raises RuleViolation `invitation.spent`, also for the second of two
    at once.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    invitation = _good(locked, now)
    user = User.objects.select_for_update(of=("self",)).get(pk=invitation.user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.used_at = now
    invitation.save(update_fields=["used_at"])
    return user
