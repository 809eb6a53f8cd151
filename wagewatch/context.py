"""What every template knows: brand, side, audience, navigation, language, theme, who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# audience -> (key, label, icon, address names tried in order)
NAVIGATION: dict[str, list[tuple[str, Any, str, tuple[str, ...]]]] = {
    "contractor": [
        ("today", _("Today"), "home", ("payroll:today",)),
        ("projects", _("Projects"), "project", ("registration:projects",)),
        ("people", _("People"), "people", ("registration:people", "registration:rosters")),
        ("site", _("Site"), "gate", ("devices:sites",)),
        ("money", _("Pay and money"), "money", ("payroll:sheets",)),
        ("orders", _("Payment orders"), "send", ("payroll:orders",)),
        ("accounts", _("Special accounts"), "bank", ("payroll:accounts",)),
        ("warnings", _("Warnings"), "alarm", ("warnings:list",)),
        ("authority", _("Orders and credit"), "case", ("supervised:orders",)),
        ("staff", _("Our accounts"), "person", ("registration:staff",)),
    ],
    "owner": [
        ("today", _("Today"), "home", ("payroll:owner-today",)),
        ("projects", _("Projects"), "project", ("registration:projects",)),
        ("accounts", _("Special accounts"), "bank", ("payroll:accounts",)),
        ("orders", _("Payment orders"), "send", ("payroll:orders",)),
        ("warnings", _("Warnings"), "alarm", ("warnings:list",)),
        ("authority", _("Orders and credit"), "case", ("supervised:orders",)),
        ("staff", _("Our accounts"), "person", ("registration:staff",)),
    ],
    "inspector": [
        ("today", _("Today"), "home", ("inspection:today",)),
        ("projects", _("Projects"), "project", ("inspection:projects",)),
        ("people", _("People"), "people", ("inspection:people",)),
        ("money", _("Money"), "money", ("inspection:money", "inspection:accounts")),
        ("alarms", _("Alarms"), "alarm", ("inspection:alarms",)),
        ("notices", _("Notices"), "send", ("notices:list",)),
        ("cases", _("Cases"), "case", ("inspection:cases",)),
        ("checks", _("Random checks"), "search", ("inspection:checks",)),
        ("reports", _("Reports"), "report", ("inspection:reports",)),
        ("evidence", _("Check a receipt"), "proof", ("evidence:verify",)),
    ],
    "site": [
        ("site", _("Site"), "gate", ("devices:sites",)),
        ("projects", _("Projects"), "project", ("registration:projects",)),
    ],
    "money": [
        ("desk", _("Bank desk"), "home", ("payroll:bank-desk",)),
        ("accounts", _("Special accounts"), "bank", ("payroll:accounts",)),
        ("orders", _("Payment orders"), "send", ("payroll:orders",)),
        ("loans", _("Wage loans"), "money", ("payroll:loans",)),
    ],
    "worker": [
        ("pay", pgettext_lazy("worker", "Pay"), "money", ("payroll:worker-pay",)),
        ("days", pgettext_lazy("worker", "Days"), "calendar", ("devices:worker-days",)),
        ("contract", pgettext_lazy("worker", "Contract"), "document", ("registration:worker-contract",)),
        ("me", pgettext_lazy("worker", "Me"), "person", ("registration:worker-me",)),
    ],
}
# role of the first duty -> (audience, how the role is called)
ROLES: dict[str, tuple[str, Any]] = {
    "inspector": ("inspector", _("Inspector")),
    "gc_clerk": ("contractor", _("Labour clerk, general contractor")),
    "gc_manager": ("contractor", _("Project manager")),
    "sc_clerk": ("contractor", _("Labour clerk, subcontractor")),
    "agency_clerk": ("contractor", _("Labour clerk, labour agency")),
    "owner_clerk": ("owner", _("Project owner's clerk")),
    "bank_officer": ("money", _("Bank officer")),
    "site": ("site", _("Site guard")),
}

# place -> roles to which it is closed, where a person holds no other
CLOSED: dict[str, frozenset[str]] = {"accounts": frozenset({"sc_clerk", "agency_clerk"})}


COUNTERS: dict[str, Callable[[int], int]] = {}
"""Place -> how many new things wait there for a user; apps above enter theirs. Nothing is shown for none."""


@dataclass(frozen=True)
class NavItem:
    """One place in the navigation; count is shown beside it when the view gives one, and how many are late."""

    key: str
    label: Any
    icon: str
    url: str
    current: bool
    count: int | None = None
    late: int | None = None


def _address(names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return None


def navigation(
    audience: str, path: str, counts: dict[str, int] | None = None, roles: frozenset[str] = frozenset()
) -> list[NavItem]:
    """The places of an audience that this side serves and that are not closed to all of a person's roles; the
    one whose address is the longest start of path is current."""
    found = [
        (key, label, icon, _address(names))
        for key, label, icon, names in NAVIGATION.get(audience, [])
        if not roles or not roles <= CLOSED.get(key, frozenset())
    ]
    places = [(key, label, icon, url) for key, label, icon, url in found if url]
    starts = [url for _, _, _, url in places if path == url or (path.startswith(url) and url != "/")]
    current = max(starts, key=len, default="")
    return [
        NavItem(
            key, label, icon, url, url == current, (counts or {}).get(key), (counts or {}).get(f"{key}_late")
        )
        for key, label, icon, url in places
    ]


def _roles(request: HttpRequest) -> frozenset[str]:
    return frozenset(duty.role for duty in getattr(getattr(request, "actor", None), "duties", ()))


def _counts(request: HttpRequest, audience: str) -> dict[str, int]:
    """What the view counted, and what waits for the person at the places of the audience."""
    actor = getattr(request, "actor", None)
    waiting: dict[str, int] = {}
    if actor is not None and actor.kind == "user" and actor.id is not None:
        places = {key for key, *_rest in NAVIGATION.get(audience, [])} & COUNTERS.keys()
        waiting = {key: COUNTERS[key](actor.id) for key in places}
    return {key: count for key, count in waiting.items() if count} | dict(
        getattr(request, "nav_counts", None) or {}
    )


def _duty(request: HttpRequest) -> Any:
    duties = getattr(getattr(request, "actor", None), "duties", ())
    return duties[0] if duties else None


def audience_of(request: HttpRequest) -> str:
    """Whose pages these are: inspector, contractor, owner, money, site, worker or public; a view may set it itself."""
    given = getattr(request, "audience", None)
    if given:
        return str(given)
    if getattr(request, "worker", None):
        return "worker"
    duty = _duty(request)
    return ROLES.get(duty.role, ("public", ""))[0] if duty else "public"


def _place(duty: Any) -> str:
    """The firm, or the office in the reader's language."""
    from registration.office_names import name_of_office

    return name_of_office(duty.body, duty.kind, duty.region_prefix.ljust(6, "0")) if duty.kind else duty.body


def signed_in(request: HttpRequest) -> dict[str, Any]:
    """Name, role and employer at the foot of the navigation; empty for nobody."""
    duty = _duty(request)
    label = getattr(getattr(request, "actor", None), "label", "")
    if duty is None:
        return {}
    return {"name": label, "role": ROLES.get(duty.role, ("", ""))[1], "place": _place(duty)}


def interface(request: HttpRequest) -> dict[str, Any]:
    """The context processor named in the settings; nothing here costs a query until a template asks."""
    audience = SimpleLazyObject(lambda: audience_of(request))
    theme = request.COOKIES.get("theme", "")
    return {
        "brand": settings.WAGEWATCH_BRAND,
        "side": settings.SIDE,
        "demo": settings.DEMO,
        "audience": audience,
        "signed_in": SimpleLazyObject(lambda: signed_in(request)),
        "page_made_at": timezone.now(),
        "theme": theme if theme in {"light", "dark"} else "",
        "nav_items": SimpleLazyObject(
            lambda: navigation(str(audience), request.path, _counts(request, str(audience)), _roles(request))
        ),
        "nav_scope": getattr(request, "nav_scope", None),
        "htmx_request": bool(getattr(request, "htmx", False)),
    }
