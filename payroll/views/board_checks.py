"""A photo of the notice board by the clerk's phone, and the pictures of looks."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import access_board
from payroll.board_words import VERDICTS
from payroll.models import BoardCheck
from payroll.services.board_checks import check_by_photo, read_picture
from payroll.services.board_photos import open_board_photo
from registration.http import ActorRequest, staff_view
from registration.permissions import GC
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from registration.views.stored_files import stored_file
from registration.views.training_forms import text_field
from wagewatch.lib.errors import WagewatchError

READERS = tuple(sorted(GC))
FIELDS = {"file": "photo", "picture": "photo", "board.same_photo": "photo", "board.note": "note"}


class PhotoForm(forms.Form):
    """A photo and a word to it."""

    photo = forms.FileField(
        label=_("Photo of the board"),
        help_text=_("The whole board with its code, straight from the front, from two or three metres."),
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png", "capture": "environment", "class": "input"}
        ),
    )
    note = text_field(_("Where it hangs"), 200, required=False)


def say_verdict(request: ActorRequest, check: BoardCheck) -> None:
    """Tell what the picture shows."""
    words = VERDICTS[check.verdict][0]
    if check.verdict == BoardCheck.Verdict.FRESH:
        messages.success(request, words)
    elif check.verdict == BoardCheck.Verdict.NO_CODE:
        messages.warning(request, _("No code can be read on the picture. Go closer, avoid glare, try again."))
    else:
        messages.warning(request, words)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def board_photo(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Take or choose a photo; the page then says what it shows."""
    project = access_board(pk, request.actor)
    set_scope(request, project)
    sent = request.method == "POST"
    form = PhotoForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        try:
            picture = read_picture(form.cleaned_data["photo"].read())
            check = check_by_photo(
                pk, picture, note=form.cleaned_data["note"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            say_verdict(request, check)
            return redirect("payroll:board", pk)
    return render(
        request,
        "payroll/board_photo.html",
        {"project": project, "form": form},
        status=400 if form.errors else 200,
    )


@require_safe
@staff_view(*READERS)
def board_photo_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The picture of a look."""
    return stored_file(open_board_photo(pk, number, actor=request.actor))
