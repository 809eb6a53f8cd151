"""The public page where anybody checks a receipt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wagewatch.evidence import keys, registry
from wagewatch.evidence.models import Entry, Stage
from wagewatch.evidence.receipts import verdict_on
from wagewatch.evidence.tree import latest_checkpoint, stage_of
from wagewatch.evidence.verify import (
    MAX_BYTES,
    BundleError,
    Verdict,
    parse_bundle,
    verify_bundle,
)
from wagewatch.evidence.wording import STAGE_MEANS, check_words
from wagewatch.lib.errors import NotFound

SCRIPT = Path(__file__).resolve().parent / "data" / "verify_receipt.py"


@dataclass(frozen=True)
class Line:
    """One check as the page shows it."""

    held: bool | None
    words: object


@dataclass(frozen=True)
class Step:
    """One stage of the three, reached or not."""

    label: object
    means: object
    done: bool
    current: bool


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a saved receipt (file or text), or go to one by its number."""
    if request.method == "POST":
        return _verify_bundle(request)
    number = request.GET.get("receipt", "").strip()
    if number:
        try:
            return redirect("evidence:receipt", pk=UUID(number))
        except ValueError:
            return _form(
                request,
                error=_("A receipt number has 32 letters and digits. Please check it."),
                number=number,
            )
    return _form(request)


def _form(request: HttpRequest, *, error: str = "", number: str = "", text: str = "") -> HttpResponse:
    context = {
        "error": error,
        "number": number,
        "text": text,
        "key": keys.public_key(),
        "checkpoint": latest_checkpoint(),
    }
    return render(request, "evidence/verify.html", context, status=400 if error else 200)


def _verify_bundle(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    text = request.POST.get("text", "")
    if upload is not None and (upload.size or 0) > MAX_BYTES:
        return _form(request, error=_("This file is too large for a receipt. Choose the saved receipt file."))
    data: bytes | str = upload.read() if upload is not None else text
    if not data.strip():
        return _form(request, error=_("Choose the saved receipt file, or paste its text."))
    try:
        bundle = parse_bundle(data)
    except BundleError:
        return _form(
            request,
            error=_("This is not a receipt of ours. Choose the file as it was saved."),
            text=text[:MAX_BYTES],
        )
    verdict = verify_bundle(bundle, keys.accepted_keys())
    if not verdict.leaf:
        return _form(
            request, error=_("This receipt is not complete. Choose the file as it was saved."), text=text
        )
    kind, recorded_at = str(verdict.leaf.get("kind", "")), verdict.leaf.get("recorded_at")
    context = {
        "verdict": verdict,
        "lines": _lines(verdict),
        "label": _label(kind),
        "recorded_at": _moment(recorded_at),
        "number": verdict.leaf.get("receipt", ""),
        "record": json.dumps(bundle.get("record"), ensure_ascii=False, indent=1, sort_keys=True),
        "key": keys.public_key(),
    }
    return render(request, "evidence/verdict.html", context)


@require_safe
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One entry by its number: genuine or not, and how far it is; nothing of what it says."""
    entry = Entry.objects.filter(pk=pk).first()
    if entry is None:
        raise NotFound("evidence.no_entry", _("There is no receipt with this number. Check the number."))
    verdict = verdict_on(entry)
    stage = stage_of(entry)
    context = {
        "entry": entry,
        "verdict": verdict,
        "lines": _lines(verdict),
        "steps": _steps(stage),
        "label": _label(entry.kind),
        "recorded_at": entry.recorded_at,
        "number": entry.pk,
        "key": keys.public_key(),
        "checkpoint": verdict.checkpoint,
    }
    return render(request, "evidence/verdict.html", context)


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The program that checks a receipt without us, as a file."""
    response = HttpResponse(SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify_receipt.py"'
    return response


def _lines(verdict: Verdict) -> list[Line]:
    return [Line(check.held, check_words(check.name, check.held)) for check in verdict.checks]


def _steps(stage: Stage) -> list[Step]:
    reached = list(Stage).index(stage)
    return [
        Step(s.label, STAGE_MEANS[s], number <= reached, number == reached) for number, s in enumerate(Stage)
    ]


def _label(kind: str) -> object:
    known = registry.kind_named(kind)
    return known.label if known else kind


def _moment(value: object) -> datetime | None:
    """A leaf's moment; None for what no log of ours has written."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and 2000 <= moment.year <= 2999 else None
