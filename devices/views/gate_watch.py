"""Watching the gate: the last minutes live, everybody refused, and who may enter by the list the gates hold."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from devices import presence
from devices.access import access_site, sees_everybody
from devices.gate_watch import MINUTES, last_minutes, refusals
from devices.models import ListHeld, RefusedEntry, Terminal
from devices.rules import work_date
from devices.services import list_versions
from devices.services.faces import counts_of, face_gates, standings_of
from devices.services.photos import open_refused_photo, photos_of
from devices.views.corrections import READERS, picture
from registration.access import participations_for
from registration.actors import Actor
from registration.http import ActorRequest, staff_view
from registration.models import Posting, Project, Worker
from registration.permissions import CLERK, PERMISSIONS
from registration.services.entry import standings
from registration.views.people import PURPOSES
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PAGE = 50
LONGEST = timedelta(days=92)


def _live(request: ActorRequest, pk: int) -> dict[str, Any]:
    now = timezone.now()
    project, parts = access_site(pk, request.actor)
    everybody = sees_everybody(request.actor, project, parts)
    people = presence.inside([project], parts, now=now)
    firms: dict[str, int] = {}
    for person in people:
        firms[person.organisation] = firms.get(person.organisation, 0) + 1
    return {
        "project": project,
        "now": now,
        "minutes": MINUTES,
        "feed": last_minutes(project, list(parts.values_list("pk", flat=True)), everybody=everybody, now=now),
        "people": len(people),
        "teams": presence.by_team(people),
        "firms": sorted(firms.items(), key=lambda item: (-item[1], item[0])),
        "everybody": everybody,
    }


@require_safe
@staff_view()
def live(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The last minutes at the gates; renews itself every five seconds, without scripts every thirty."""
    return render(request, "devices/live.html", _live(request, pk))


@require_safe
@staff_view()
def live_now(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The part of the live page that renews itself."""
    return render(request, "devices/live_now.html", _live(request, pk))


@require_safe
@staff_view()
def refused(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Everybody who was refused; `?reason=`, `?in=1` let in all the same, `?from=`, `?to=` work dates."""
    project, parts = access_site(pk, request.actor)
    today = work_date(timezone.now(), project.day_starts_at)
    until = _day(request.GET.get("to", "")) or today
    since = _day(request.GET.get("from", "")) or until - timedelta(days=6)
    since, until = min(since, until), max(since, until)
    since = max(since, until - LONGEST)
    everybody = sees_everybody(request.actor, project, parts)
    found = refusals(project, parts, everybody=everybody).filter(day__range=(since, until))
    sums = (
        found.order_by()
        .values_list("reason")
        .annotate(n=Count("event_id"), let_in=Count("event_id", filter=Q(was_let_in=True)))
    )
    counts = {value: n for value, n, _let_in in sums}
    let_in = sum(n for _value, _n, n in sums)
    reason = request.GET.get("reason", "")
    only_in = request.GET.get("in") == "1"
    if reason in RefusedEntry.Reason.values:
        found = found.filter(reason=reason)
    if only_in:
        found = found.filter(was_let_in=True)
    page = Paginator(found.order_by("-day", "-at", "event_id"), PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    people = Worker.objects.only("pk", "name", "id_tail").in_bulk([r.worker_id for r in rows if r.worker_id])
    gates = dict(Terminal.objects.filter(project=project).values_list("pk", "name"))
    photos = _photos(request.actor, project, rows)
    keys: list[tuple[str, Any, int]] = [
        (value, label, counts[value]) for value, label in RefusedEntry.Reason.choices if counts.get(value)
    ]
    context = {
        "project": project,
        "page": page,
        "rows": [
            {
                "entry": r,
                "person": people.get(r.worker_id or 0),
                "gate": gates.get(r.terminal_id, ""),
                "photo": photos.get((r.terminal_id, r.event_id)),
            }
            for r in rows
        ],
        "has_photos": bool(photos),
        "sees_photos": request.actor.has_role(*CLERK),
        "purposes": PURPOSES,
        "since": since,
        "until": until,
        "reasons": keys,
        "reason": reason,
        "only_in": only_in,
        "let_in": let_in,
        "total": sum(counts.values()),
        "everybody": everybody,
    }
    return render(request, "devices/refused.html", context)


def _photos(actor: Actor, project: Project, rows: list[RefusedEntry]) -> dict[tuple[int, str], int]:
    """The pictures of these refusals that the reader may open: their people's, and strangers' on the rows they see."""
    if not rows or not actor.has_role(*PERMISSIONS["person.unmask"]):
        return {}
    whose = {r.worker_id for r in rows if r.worker_id is not None}
    parts = participations_for(actor, project, permission="person.unmask")
    theirs = set(
        Posting.objects.filter(project=project, worker_id__in=whose, participation__in=parts).values_list(
            "worker_id", flat=True
        )
    )
    return photos_of(
        project,
        [(r.terminal_id, r.event_id) for r in rows if r.worker_id is None or r.worker_id in theirs],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def refused_photo(request: ActorRequest, pk: int, photo_pk: int) -> HttpResponseBase:
    """The picture of somebody who was refused; who is no clerk says what for, by POST."""
    purpose = request.POST.get("purpose", "")
    try:
        file = open_refused_photo(
            pk,
            photo_pk,
            purpose=purpose if purpose in dict(PURPOSES) else "",
            actor=request.actor,
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("devices:site-refused", pk)
    return picture(file)


@require_safe
@staff_view()
def may_enter(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Who may enter by the list of now, who not and why, and which gates hold that list."""
    now = timezone.now()
    project, parts = access_site(pk, request.actor)
    today = site_date(now)
    version = list_versions.current_version(project.pk, now=now)
    kept_out = {
        s.posting_id: s.findings
        for s in standings(
            project.pk, on=today, parts=list(parts.values_list("pk", flat=True)), denials_only=True
        )
        if s.findings
    }
    postings = (
        Posting.objects.filter(project=project, participation__in=parts)
        .exclude(left_on__lt=today)
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "pin")
    )
    everybody_on_list = postings.count()
    later = postings.filter(joined_on__gt=today).count()
    show = request.GET.get("show", "")
    if show == "no":
        postings = postings.filter(pk__in=list(kept_out))
    elif show == "yes":
        postings = postings.exclude(pk__in=list(kept_out)).filter(joined_on__lte=today)
    elif show == "later":
        postings = postings.filter(joined_on__gt=today)
    if words := request.GET.get("q", "").replace("\x00", "").strip()[:60]:
        postings = postings.filter(worker__name__icontains=words)
    page = Paginator(postings, PAGE).get_page(request.GET.get("page"))
    shown = list(page)
    knowing = list(face_gates(project.pk).order_by("name", "pk").only("pk", "name", "keeps_people"))
    asks_faces = bool(knowing)
    faces = standings_of(project.pk, shown) if asks_faces else {}
    rows = [
        {
            "posting": one,
            "findings": kept_out.get(one.pk, ()),
            "later": one.joined_on > today,
            "face": faces.get(one.pk),
        }
        for one in shown
    ]
    held = {h.terminal_id: h for h in ListHeld.objects.filter(project=project)}
    gates = [
        {
            "gate": gate,
            "held": held.get(gate.pk),
            "is_new": gate.pk in held and held[gate.pk].version == version,
        }
        for gate in Terminal.objects.filter(project=project, is_active=True, agent=None).order_by(
            "name", "pk"
        )
    ]
    barred = len(kept_out)
    tabs = [
        ("", _("All"), everybody_on_list),
        ("yes", _("May enter"), everybody_on_list - barred - later),
        ("no", _("May not"), barred),
        ("later", _("From a later day"), later),
    ]
    context = {
        "project": project,
        "page": page,
        "rows": rows,
        "version": version,
        "gates": gates,
        "behind": sum(not g["is_new"] for g in gates),
        "tabs": tabs,
        "show": show,
        "barred": barred,
        "may": everybody_on_list - barred - later,
        "asks_faces": asks_faces,
        "without_people": [gate.name for gate in knowing if gate.keeps_people is False],
        "faces": counts_of(project, now=now)
        if asks_faces and sees_everybody(request.actor, project, parts)
        else None,
        "now": now,
    }
    return render(request, "devices/may_enter.html", context)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2099 else None
