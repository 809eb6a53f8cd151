"""The phones on which I am signed in."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registration.http import ActorRequest, worker_view
from registration.middleware import WORKER_DEVICE_KEY
from registration.services import phones, pushes


@require_safe
@worker_view
def worker_phones(request: ActorRequest) -> HttpResponseBase:
    """Every phone with the day it was last used."""
    assert request.worker is not None  # noqa: S101 - worker_view let us in
    here = request.session.get(WORKER_DEVICE_KEY)
    found = list(phones.devices_of(request.worker.pk).select_related("push")[:50])
    return render(
        request,
        "registration/worker_phones.html",
        {
            "phones": found,
            "here": here,
            "notices_here": any(one.pk == here and hasattr(one, "push") for one in found),
            "push_key": pushes.public_key() if pushes.is_on() and here else "",
        },
    )


@require_POST
@worker_view
def worker_phone_end(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Sign one of them out."""
    phones.end_device(pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("That phone is signed out."))
    return redirect("registration:worker-phones")
