"""Certificates: those that end soon or are missing, and one person's."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from registration.access import access_project, access_worker, participations_for, postings_for
from registration.http import ActorRequest, staff_view
from registration.models import Certificate, Project, SkillGrade, Worker
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.services import certificates as services
from registration.services.certificates import CertificateFacts
from registration.services.entry import standings
from registration.services.trainings import Scan
from registration.trade_names import trade_label
from registration.views.scope import set_scope
from registration.views.standing_words import shown
from registration.views.stored_files import stored_file
from registration.views.training_forms import day_field, scan_field, text_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.identity import mask_name

PAGE = 50
MISSING = "entry.certificate"


class CertificateForm(forms.Form):
    """What stands on a certificate."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Certificate.Kind.choices, widget=forms.Select(attrs={"class": "input"})
    )
    trade = text_field(_("Trade"), 40)
    grade = forms.TypedChoiceField(
        label=_("Grade"),
        help_text=_("Of a skill certificate only."),
        choices=SkillGrade.choices,
        coerce=int,
        required=False,
        empty_value=0,  # type: ignore[arg-type]
        widget=forms.Select(attrs={"class": "input"}),
    )
    number = text_field(_("Certificate number"), 60, autocomplete="off")
    issuer = text_field(_("Issued by"), 80)
    issued_on = day_field(_("Issued on"))
    expires_on = day_field(pgettext_lazy("certificate", "Good until"), required=False)
    scan = scan_field(_("Certificate, scanned"))

    def __init__(self, *args: Any, certificate: Certificate | None = None, **kwargs: Any) -> None:
        if certificate is not None:
            names = ("kind", "trade", "grade", "issuer", "issued_on", "expires_on")
            kwargs["initial"] = {name: getattr(certificate, name) for name in names}
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].help_text = _("Leave it empty if the certificate has no end.")
        if certificate is not None:
            tail = certificate.number_tail
            self.fields["number"].required = False
            text = _("Ends in %(tail)s. Leave it empty to keep it.")
            self.fields["number"].help_text = text % {"tail": tail}

    def facts(self, former: Certificate | None = None) -> CertificateFacts:
        """The values as the service takes them; an empty number keeps the former one."""
        data = self.cleaned_data
        number = data["number"] or (str(former.number) if former else "")
        return CertificateFacts(
            data["kind"],
            data["trade"],
            number,
            data["issuer"],
            data["issued_on"],
            data["expires_on"],
            data["grade"] or 0,
        )


_FIELDS = {
    "certificate.number": "number",
    "certificate.known": "number",
    "certificate.kind": "kind",
    "certificate.trade": "trade",
    "certificate.issuer": "issuer",
    "certificate.issued": "issued_on",
    "certificate.expires": "expires_on",
    "certificate.grade": "grade",
}


def _beside_field(form: CertificateForm, error: WagewatchError) -> None:
    if error.status not in {400, 409}:
        raise error
    form.add_error(_FIELDS.get(error.code, "scan"), error.message)


@require_GET
@staff_view(*CONTRACTOR)
def certificates(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """People whose trade needs a certificate and who show none, then certificates that end soon, then all."""
    project = access_project(project_pk, request.actor, permission="person.view")
    set_scope(request, project)
    today = site_date(timezone.now())
    days = services.notice_days(project.region_id, on=today)
    seen = participations_for(request.actor, project, permission="person.view")
    parts = list(seen.values_list("pk", flat=True))
    ending = services.certificates_at_work(project, parts, on=today, within_days=days)
    every = services.certificates_at_work(project, parts, on=today)
    missing = {
        s.posting_id: s
        for s in standings(project.pk, on=today, parts=parts)
        if any(f.code == MISSING for f in s.findings)
    }
    counts = {"missing": len(missing), "ending": ending.count(), "all": every.count()}
    show = request.GET.get("show", "")
    if show not in counts:
        show = next((name for name in ("missing", "ending") if counts[name]), "all")
    labels = (
        ("missing", _("Missing or expired")),
        ("ending", _("End within %(days)s days") % {"days": days}),
        ("all", _("All")),
    )
    rows: Any
    if show == "missing":
        rows = (
            postings_for(request.actor, project)
            .filter(pk__in=list(missing))
            .select_related("worker", "team")
            .order_by("team__name", "pin")
        )
    else:
        rows = ending if show == "ending" else every
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "show": show,
        "tabs": [
            {"url": f"?show={name}", "label": label, "count": counts[name], "current": name == show}
            for name, label in labels
        ],
        "rows": [
            {"posting": p, "findings": [f for f in shown(missing[p.pk])["findings"] if f["code"] == MISSING]}
            for p in page
        ]
        if show == "missing"
        else [],
        "today": today,
        "counts": counts,
        "may_record": request.actor.has_role(*PERMISSIONS[services.PERMISSION]),
    }
    return render(request, "registration/certificates.html", context)


def _door(request: ActorRequest, project_pk: int, worker_pk: int) -> tuple[Project, Worker]:
    project = access_project(project_pk, request.actor, permission=services.PERMISSION)
    worker = access_worker(worker_pk, project, request.actor)
    set_scope(request, project)
    return project, worker


def _scan(form: CertificateForm) -> Scan | None:
    file = form.cleaned_data.get("scan")
    return Scan(file.name or "scan", file.read()) if file else None


def _form_page(
    request: ActorRequest,
    project: Project,
    worker: Worker,
    form: CertificateForm,
    certificate: Certificate | None = None,
) -> HttpResponseBase:
    context = {"project": project, "worker": worker, "form": form, "certificate": certificate}
    return render(request, "registration/certificate.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def certificate_new(request: ActorRequest, project_pk: int, worker_pk: int) -> HttpResponseBase:
    """Enter a certificate of a person."""
    project, worker = _door(request, project_pk, worker_pk)
    first = {
        "kind": request.GET.get("kind", Certificate.Kind.SPECIAL),
        "trade": request.GET.get("trade", "")[:40],
    }
    form = CertificateForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_certificate(
                worker.pk, project.pk, form.facts(), scan=_scan(form), actor=request.actor, now=timezone.now()
            )
        except WagewatchError as error:
            _beside_field(form, error)
        else:
            messages.success(request, gettext("The certificate is on record."))
            return redirect("registration:person", project.pk, worker.pk)
    return _form_page(request, project, worker, form)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def certificate_edit(request: ActorRequest, project_pk: int, worker_pk: int, pk: int) -> HttpResponseBase:
    """Correct a certificate."""
    project, worker = _door(request, project_pk, worker_pk)
    found = services.access_certificate(pk, worker.pk, project, request.actor)
    form = CertificateForm(request.POST or None, request.FILES or None, certificate=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_certificate(
                found.pk,
                worker.pk,
                project.pk,
                form.facts(found),
                scan=_scan(form),
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as error:
            _beside_field(form, error)
        else:
            messages.success(request, gettext("The certificate is corrected."))
            return redirect("registration:person", project.pk, worker.pk)
    return _form_page(request, project, worker, form, found)


@require_http_methods(["GET", "POST"])
@staff_view(*CLERK)
def certificate_remove(request: ActorRequest, project_pk: int, worker_pk: int, pk: int) -> HttpResponseBase:
    """Take a certificate back that was entered by mistake, after asking."""
    project, worker = _door(request, project_pk, worker_pk)
    found = services.access_certificate(pk, worker.pk, project, request.actor)
    back = reverse("registration:person", args=[project.pk, worker.pk])
    if request.method == "POST":
        services.remove_certificate(found.pk, worker.pk, project.pk, actor=request.actor, now=timezone.now())
        messages.success(request, gettext("The certificate is taken back. The history keeps it."))
        return redirect(back)
    context = {
        "title": gettext("Take this certificate back?"),
        "text": gettext("Do this only if it was entered by mistake. One that has expired stays on record."),
        "facts": [
            (gettext("Person"), mask_name(worker.name)),
            (gettext("Trade"), trade_label(found.trade)),
            (gettext("Number"), gettext("ending %(tail)s") % {"tail": found.number_tail}),
        ],
        "action": request.path,
        "confirm": gettext("Take it back"),
        "back": back,
    }
    return render(request, "components/confirm.html", context)


@require_GET
@staff_view(*CONTRACTOR)
def certificate_scan(request: ActorRequest, project_pk: int, worker_pk: int, pk: int) -> HttpResponseBase:
    """The certificate as it was scanned."""
    project = access_project(project_pk, request.actor, permission="person.view")
    return stored_file(services.access_certificate(pk, worker_pk, project, request.actor).scan)
