"""A project's special account for contractor, owner and bank: the page, registration, answer, filing, agreement."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import (
    access_account_paper,
    access_account_project,
    access_share,
    acts_for_bank,
    holds_account,
    leads_project,
)
from payroll.account_forms import AgreementForm, AnswerForm, FilingForm, RegisterForm
from payroll.account_words import STATES, deadline_badge, event_rows
from payroll.models import AccountEvent, SubLedger
from payroll.services.account_facts import AccountLife, load_life
from payroll.services.account_opening import (
    answer_account,
    file_account,
    general_contractor,
    register_account,
)
from payroll.services.agreements import enter_agreement, may_agree
from registration.access import not_permitted
from registration.actors import Actor
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.services.trainings import Scan
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

READERS = ("gc_clerk", "gc_manager", "owner_clerk", "bank_officer")


def life_context(life: AccountLife, today: Any) -> dict[str, Any]:
    """What every page of one project's account shows; the supervision side shows the same."""
    share = life.share
    events: list[AccountEvent] = []
    agreements = []
    if share is not None:
        events = list(
            AccountEvent.objects.filter(sub_ledger=share)
            .select_related("made_by", "file")
            .defer("file__content")
            .order_by("-pk")[:40]
        )
        agreements = list(
            share.agreements.select_related("made_by", "file", "contractor", "bank", "owner")
            .defer("file__content")
            .order_by("-version")
        )
    papers = {e.number: e for e in events if e.kind == AccountEvent.Kind.AGREED}
    return {
        "life": life,
        "project": life.project,
        "share": share,
        "state": STATES[life.state],
        "opening": deadline_badge(life.opening),
        "filing": deadline_badge(life.filing),
        "events": event_rows(events, today),
        "papers": [e for e in events if e.file_id],
        "agreements": agreements,
        "agreement_papers": papers,
        "today": today,
    }


def _acts(life: AccountLife, actor: Actor) -> list[tuple[str, Any]]:
    """What this actor may do now, the most needed last (it becomes the primary button)."""
    share, found = life.share, []
    leads = leads_project(actor, life.project, permission="account.open")
    if share is None or share.state == "refused":
        return [("account-register", _("Register the account"))] if leads else []
    if may_agree(actor, share) and share.state != "closed":
        found.append(("account-agreement", _("Enter the agreement")))
    if share.state in ("open", "closing", "closed"):
        found.append(("account-closing", _("Closing")))
    if leads and share.state == "open" and share.filed_on is None:
        found.append(("account-file", _("Enter the filing")))
    if share.state == "pending" and acts_for_bank(actor, share.account):
        found.append(("account-answer", _("Confirm or refuse")))
    return found


@require_safe
@staff_view(*READERS)
def project_account(request: ActorRequest, pk: int) -> HttpResponseBase:
    """State, deadlines, agreement, papers and events of one project's special account."""
    project, share = access_account_project(pk, request.actor)
    set_scope(request, project)
    today = site_date(timezone.now())
    life = load_life(project, today=today)
    context = life_context(life, today) | {
        "acts": _acts(life, request.actor),
        "holds": share is not None and holds_account(request.actor, share.account),
    }
    return render(request, "payroll/project_account.html", context)


Send = Callable[[Any, Scan | None], object]


def _form_page(
    request: ActorRequest, project: Project, form: Any, title: Any, note: Any, send: Send, done: Any
) -> HttpResponseBase:
    """One form about a project's account: shown, sent, its refusal beside the field."""
    set_scope(request, project)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data.get("scan")
        try:
            send(form, Scan(upload.name, upload.read()) if upload else None)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, done)
            return redirect("payroll:project-account", project.pk)
    context = {"project": project, "form": form, "title": title, "note": note}
    return render(request, "payroll/account_form.html", context, status=400 if form.errors else 200)


def _bound(form: type[forms.Form], request: ActorRequest, **kwargs: Any) -> Any:
    sent = request.method == "POST"
    return form(request.POST if sent else None, request.FILES if sent else None, **kwargs)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def register(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The general contractor registers the account, or adds the project to one it has."""
    project, _share = access_account_project(pk, request.actor)
    if not leads_project(request.actor, project, permission="account.open"):
        not_permitted("account.open")
    form = _bound(RegisterForm, request, project=project, firm=general_contractor(project))
    now = timezone.now()
    return _form_page(
        request,
        project,
        form,
        _("Register the account"),
        _("The bank's officer confirms it before wages can be paid from it."),
        lambda f, _scan: register_account(pk, f.facts, actor=request.actor, now=now),
        _("Registered. The bank's officer is asked to confirm it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def answer(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The bank's officer confirms or refuses the account."""
    share = access_share(pk, request.actor)
    if not acts_for_bank(request.actor, share.account):
        not_permitted("account.confirm")
    now = timezone.now()

    def send(form: Any, _scan: Scan | None) -> SubLedger:
        data = form.cleaned_data
        return answer_account(
            pk, confirm=data["verdict"] == "confirm", reason=data["reason"], actor=request.actor, now=now
        )

    return _form_page(
        request,
        share.project,
        _bound(AnswerForm, request),
        _("Does this account serve the project?"),
        _("%(name)s, number %(number)s, opened %(day)s, of %(firm)s.")
        % {
            "name": share.account.name,
            "number": share.account.number,
            "day": share.joined_on,
            "firm": share.account.organisation.name,
        },
        send,
        _("Your answer is on record; the contractor sees it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def file_(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The contractor records the filing."""
    share = access_share(pk, request.actor)
    if not leads_project(request.actor, share.project, permission="account.open"):
        not_permitted("account.open")
    now = timezone.now()
    return _form_page(
        request,
        share.project,
        _bound(FilingForm, request),
        _("Enter the filing"),
        _("The account is filed with the supervising authority within the time of the measures."),
        lambda f, scan: file_account(
            pk,
            filed_on=f.cleaned_data["filed_on"],
            number=f.cleaned_data["number"],
            scan=scan,
            actor=request.actor,
            now=now,
        ),
        _("The filing is on record."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def agreement(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One of the three parties enters the agreement or its newer version."""
    share = access_share(pk, request.actor)
    if not may_agree(request.actor, share):
        not_permitted("account.agree")
    now = timezone.now()
    return _form_page(
        request,
        share.project,
        _bound(AgreementForm, request),
        _("Enter the agreement"),
        _("Contractor, bank and owner see it, and the authority. A newer paper becomes a new version."),
        lambda f, scan: enter_agreement(pk, f.facts, scan=scan, actor=request.actor, now=now),
        _("The agreement is on record."),
    )


@require_safe
@staff_view(*READERS)
def paper(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The paper of an event."""
    return stored_file(access_account_paper(pk, request.actor).file)
