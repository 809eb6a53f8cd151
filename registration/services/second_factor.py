"""Time-based one-time passwords (RFC 6238) as a second step after the password."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from registration.models import User
from wagewatch.lib.errors import RuleViolation


def confirmed_device(user: User) -> TOTPDevice | None:
    """The user's device, once its first code was right."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


@transaction.atomic
def begin_device(user: User) -> TOTPDevice:
    """The device being set up; the same one until it is confirmed, so that a reload keeps the key."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    device = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").first()
    return device or TOTPDevice.objects.create(user=user, name="authenticator", confirmed=False)


def check_device(user: User, device: TOTPDevice, code: str) -> RuleViolation | None:
    """None if the code is right and was not used before; confirms a new device.

    Wrong codes make django-otp wait ever longer; the wait is told.
    """
    with transaction.atomic():
        locked = TOTPDevice.objects.select_for_update().get(pk=device.pk, user=user)
        allowed, facts = locked.verify_is_allowed()
        if not allowed:
            until = (facts or {}).get("locked_until")
            text = _("Too many wrong codes. Wait until %(clock)s and use the code shown then.")
            clock = f"{until:%H:%M:%S} UTC" if until else ""
            return RuleViolation("second_factor.wait", text, clock=clock)
        if not locked.verify_token(code):
            text = _("This code is not right, or was used already. Wait for the next one.")
            return RuleViolation("second_factor.wrong", text)
        if not locked.confirmed:
            locked.confirmed = True
            locked.save(update_fields=["confirmed"])
    device.refresh_from_db()
    return None
