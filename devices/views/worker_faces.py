"""My face at the gate: the worker reads, decides, and takes it back with one tap; on the phone or the site's tablet."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from devices import face_words
from devices.face_records import subject_of
from devices.models import FaceConsent
from devices.services.faces import answer_face, face_gates, postings_with_faces, standings_of, yes_counts_from
from registration.access import not_found
from registration.http import ActorRequest, worker_view
from registration.models import Participation, Posting
from registration.templatetags.named import named
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

Word = FaceConsent.Word


@never_cache
@require_safe
@worker_view
def faces(request: ActorRequest) -> HttpResponseBase:
    """The sites where my face is a question; straight to it where there is one."""
    assert request.worker is not None  # noqa: S101 - worker_view let us in
    found = list(postings_with_faces(request.worker.pk)[:10])
    if len(found) == 1:
        return redirect("devices:worker-face", found[0].project_id, found[0].pk)
    rows = [{"posting": one, "face": standings_of(one.project_id, [one])[one.pk]} for one in found]
    return render(request, "devices/worker_faces.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def face(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One site: what it is about, my answer, which gates have the picture, which deleted it. POST answers."""
    posting = (
        Posting.objects.filter(project=project_pk, pk=pk, worker=request.worker)
        .select_related("project")
        .first()
    )
    if posting is None:
        not_found()
    keeper = (
        Participation.objects.filter(project=project_pk, role=Participation.Role.GENERAL_CONTRACTOR)
        .select_related("organisation")
        .first()
    )
    texts = face_words.shown(keeper.organisation.name if keeper else named(posting.project))
    error = ""
    if request.method == "POST":
        try:
            made = answer_face(
                project_pk,
                pk,
                request.POST.get("word", ""),
                version=request.POST.get("version", ""),
                shown=face_words.digest(texts),
                language=get_language() or "",
                visit=request.tablet_visit,
                actor=request.actor,
                now=timezone.now(),
            )
        except RuleViolation as problem:
            error = problem.message
        else:
            if made is not None:
                messages.success(request, _said(made.word))
            return redirect("devices:worker-face", project_pk, pk)
    standing = standings_of(project_pk, [posting])[posting.pk]
    word = standing.word
    context = {
        "posting": posting,
        "face": standing,
        "texts": texts,
        "version": face_words.VERSION,
        "entry": Entry.objects.filter(subject=subject_of(word)).order_by("-pk").first() if word else None,
        "has_left": posting.left_on is not None and posting.left_on < site_date(timezone.now()),
        "takes_none": not face_gates(project_pk).exclude(keeps_people=False).exists(),
        "yes_from": None
        if standing.state == Word.YES
        else yes_counts_from(posting, visit=request.tablet_visit, now=timezone.now()),
        "error": error,
    }
    return render(request, "devices/worker_face.html", context, status=400 if error else 200)


def _said(word: str) -> str:
    return {
        Word.YES: _("Written down. The gates get your picture."),
        Word.NO: _("Written down. No gate gets your picture."),
    }.get(Word(word), _("Written down. Every gate deletes your picture now."))
