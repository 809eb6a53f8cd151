"""The invited person's way in: the link, who invites to what, a password, and signed in."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from registration.models import Membership
from registration.services.staff import accept_invitation, invitation_by_id, open_invitation
from registration.views.accounts import enter
from registration.views.chain_forms import NewPasswordForm
from wagewatch.lib.errors import RuleViolation

OPENED_KEY = "invitation_opened"
"""Which invitation this browser has opened; the token leaves the address at once."""


def _spent(request: HttpRequest, refusal: RuleViolation) -> HttpResponseBase:
    request.session.pop(OPENED_KEY, None)
    return render(request, "accounts/invitation_spent.html", {"why": refusal.message}, status=409)


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Remember the invitation and go on without the token; opening alone uses nothing up."""
    try:
        invitation = open_invitation(token, now=timezone.now())
    except RuleViolation as refusal:
        return _spent(request, refusal)
    request.session[OPENED_KEY] = invitation.pk
    return redirect("accounts:invitation")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponseBase:
    """Who invites to what; choose a password."""
    opened = request.session.get(OPENED_KEY)
    if opened is None:
        return redirect("accounts:sign-in")
    try:
        found = invitation_by_id(opened, now=timezone.now())
        form = NewPasswordForm(request.POST or None, user=found.user)
        if request.method == "POST" and form.is_valid():
            user = accept_invitation(found.pk, form.cleaned_data["new"], now=timezone.now())
            logout(request)  # whoever was signed in on this browser, and the old session key, end here
            enter(request, user)
            messages.success(request, _("Welcome. Next time sign in as %(name)s.") % {"name": user.username})
            return redirect("home")
    except RuleViolation as refusal:
        return _spent(request, refusal)
    duties = Membership.objects.filter(user=found.user, is_active=True).select_related("organisation")
    context = {"invitation": found, "form": form, "duties": duties}
    return render(request, "accounts/invitation.html", context, status=400 if form.errors else 200)
