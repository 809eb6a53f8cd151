"""Who helps a worker, what is new, how the pages are used."""

from typing import Any, NamedTuple

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registration.access import not_found
from registration.http import ActorRequest
from registration.models import Bulletin
from registration.services.bulletins import bulletins_for_worker
from wagewatch.lib.dates import site_date


class HowTo(NamedTuple):
    """One thing to do, in steps of an icon and a sentence."""

    slug: str
    title: Any
    icon: str
    steps: tuple[tuple[str, Any], ...]


HOW_TO = (
    HowTo(
        "pay",
        _("See what I am owed"),
        "money",
        (
            ("money", _("Press Pay at the bottom.")),
            ("eye", _("The large number is what you should get.")),
            ("calendar", _("Below are the days the gate saw you.")),
        ),
    ),
    HowTo(
        "confirm",
        _("Say that it is right"),
        "check",
        (
            ("eye", _("Look at days, rate and deductions.")),
            ("check", _("Press Right.")),
            ("pen", _("Write your name with a finger.")),
            ("document", _("Keep the receipt. It proves itself.")),
        ),
    ),
    HowTo(
        "wrong",
        _("Say that it is wrong"),
        "cross",
        (
            ("cross", _("Press Wrong. Nothing is lost by that.")),
            ("calendar", _("Tap the days that are wrong.")),
            ("microphone", _("Say it in your words, or take a photo.")),
            ("clock", _("The firm must answer. No agreement: call 12333.")),
        ),
    ),
    HowTo(
        "offline",
        _("When there is no network"),
        "phone",
        (
            ("download", _("Open the pages once while there is network.")),
            ("clock", _("Later they open without it and say how old they are.")),
            ("send", _("Your answer waits on the phone and goes out by itself.")),
        ),
    ),
    HowTo(
        "leave",
        _("Leave the site and be paid"),
        "leave",
        (
            ("leave", _("On the Pay page press Leaving.")),
            ("calendar", _("Choose your last day.")),
            ("document", _("The firm makes your last pay sheet at once.")),
            ("check", _("Look at it and say right or wrong, like every month.")),
        ),
    ),
    HowTo(
        "tablet",
        _("I have no phone"),
        "person",
        (
            ("person", _("Go to the tablet at the site with your ID card.")),
            ("document", _("Lay the card on the reader, or ask the clerk for a code.")),
            ("eye", _("Look at your own pay. Nobody else may touch the screen.")),
            ("leave", _("Press I am finished before you go.")),
        ),
    ),
    HowTo(
        "number",
        _("New phone or new number"),
        "person",
        (
            ("person", _("Go to the labour clerk with your ID card.")),
            ("pen", _("The clerk writes the new number. The old one is told.")),
            ("phone", _("Sign in with the new number. Old phones are out.")),
        ),
    ),
)
_ORDER = (
    Bulletin.Kind.HELP,
    Bulletin.Kind.NEWS,
    Bulletin.Kind.HEALTH,
    Bulletin.Kind.TRAINING,
    Bulletin.Kind.JOB,
)
_ICONS = {"help": "phone", "news": "document", "health": "yellow", "training": "person", "job": "project"}


@never_cache
@require_safe
def worker_help(request: ActorRequest) -> HttpResponseBase:
    """Whom to call here, what the authority says, how-to pages; open to everybody."""
    today = site_date(timezone.now())
    found = bulletins_for_worker(request.worker.pk if request.worker else None, on=today)
    english = get_language() == "en"
    groups = [
        {
            "label": kind.label,
            "icon": _ICONS[kind],
            "kind": kind.value,
            "items": [
                {
                    "title": (b.title_en if english else "") or b.title,
                    "text": (b.text_en if english else "") or b.text,
                    "bulletin": b,
                }
                for b in found
                if b.kind == kind
            ],
        }
        for kind in _ORDER
    ]
    context = {"groups": [g for g in groups if g["items"]], "how_to": HOW_TO}
    return render(request, "registration/worker_help.html", context)


@require_safe
def how_to(request: ActorRequest, slug: str) -> HttpResponseBase:
    """One thing in three or four pictures."""
    found = next((one for one in HOW_TO if one.slug == slug), None)
    if found is None:
        not_found()
    return render(request, "registration/worker_how_to.html", {"one": found})
