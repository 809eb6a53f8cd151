"""Contracts as inspectors see them, read-only, and the wordings that a labour authority publishes."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inspection.http import inspector_view, text_of
from inspection.views.people import PURPOSES
from registration.access import access_contract, access_project, contracts_for, not_found, not_permitted
from registration.contract_page import contract_page, contract_row
from registration.http import ActorRequest
from registration.models import ContractKind, ContractTemplate, LabourContract, Posting, Project, Region
from registration.rules.contract_text import FIELDS, NEEDED, blocks, check_template, fill
from registration.services.contract_documents import open_document
from registration.services.contract_facts import expiry_notice_days, postings_with_contract
from registration.services.contract_templates import labour_regions, publish_template
from registration.views.chain_forms import WrittenField
from registration.views.contracts import file_response
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError

PER_PAGE = 50
State = LabourContract.State
SHOW: tuple[tuple[str, Any, Q], ...] = (
    ("in_force", gettext_lazy("In force"), Q(state=State.IN_FORCE)),
    ("waiting", gettext_lazy("Being made"), Q(state__in=[State.DRAFT, State.OFFERED, State.SIGNED])),
    ("refused", gettext_lazy("Refused by the worker"), Q(state=State.REFUSED)),
    (
        "over",
        pgettext_lazy("contracts", "Over"),
        Q(state__in=[State.ENDED, State.TERMINATED, State.RENEWED, State.WITHDRAWN]),
    ),
)


def _shown(request: ActorRequest) -> tuple[str, Any, Q]:
    return next((s for s in SHOW if s[0] == text_of(request, "show")), SHOW[0])


def contracts_shown(request: ActorRequest, project: Project) -> QuerySet[LabourContract]:
    """The contracts of the page with its tab and words, what ends first on top."""
    found = (
        contracts_for(request.actor, project)
        .filter(_shown(request)[2])
        .select_related("worker", "posting__team", "participation__organisation")
        .defer("text", "particulars", "worker__id_number", "worker__phone", "worker__address")
        .order_by("ends_on", "pk")
    )
    if words := text_of(request, "q"):
        found = found.filter(Q(worker__name__icontains=words) | Q(number__iexact=words))
    return found


@require_GET
@inspector_view
def contracts(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A project's contracts by state, and how many people work there without one."""
    project = access_project(pk, request.actor, permission="alarm.view")
    today = site_date(timezone.now())
    reach = contracts_for(request.actor, project)
    counts = reach.aggregate(**{key: Count("pk", filter=where) for key, _label, where in SHOW})
    at_work = set(Posting.objects.filter(project=project, left_on=None).values_list("pk", flat=True))
    covered = at_work & postings_with_contract(project.pk, on=today)
    show = _shown(request)
    page = Paginator(contracts_shown(request, project), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "rows": [contract_row(c) for c in page],
        "at_work": len(at_work),
        "covered": len(covered),
        "without": len(at_work) - len(covered),
        "today": today,
        "notice": expiry_notice_days(project.region_id, on=today),
        "tabs": [
            {"url": f"?show={key}", "label": label, "count": counts[key], "current": key == show[0]}
            for key, label, _where in SHOW
        ],
    }
    return render(request, "inspection/contracts.html", context)


@require_GET
@inspector_view
def contract(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One contract: text masked, history, signatures; the document after a purpose."""
    access_project(project_pk, request.actor, permission="alarm.view")
    found = access_contract(pk, project_pk, request.actor)
    context = contract_page(found, today=site_date(timezone.now())) | {"purposes": PURPOSES}
    return render(request, "inspection/contract.html", context)


@never_cache
@require_POST
@inspector_view
def contract_file(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The PDF or scan as it was kept, after the purpose was written down."""
    access_project(project_pk, request.actor, permission="alarm.view")
    found = access_contract(pk, project_pk, request.actor)
    purpose = request.POST.get("purpose", "")
    try:
        if found.document_id is None:
            # The document is made on the enterprise side, which alone may write it.
            raise RuleViolation(
                "contract.no_document", _("The document is not made yet. Look again in a minute.")
            )
        file = open_document(
            pk,
            project_pk,
            purpose=purpose if purpose in dict(PURPOSES) else "",
            actor=request.actor,
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("inspection:contract", project_pk, pk)
    return file_response(file, f"contract-{project_pk}-{pk}")


def wordings() -> QuerySet[ContractTemplate]:
    """All wordings without their texts, by region and kind."""
    found = ContractTemplate.objects.select_related("region").defer("body")
    return found.order_by("region_id", "kind", "-valid_from", "-pk")


@require_GET
@inspector_view
def templates(request: ActorRequest) -> HttpResponseBase:
    """The wordings in use: nationwide and of every region, the newest first."""
    page = Paginator(wordings(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "today": site_date(timezone.now()),
        "may_publish": bool(labour_regions(request.actor)),
    }
    return render(request, "inspection/templates.html", context)


SAMPLE = {
    "number": "HT-1-00001", "employer": "某某建筑劳务有限公司", "employer_code": "91330700MA00000000", "manager": "张某",
    "clerk": "李某", "worker": "王某", "worker_sex": "男", "worker_id": "330703********001X", "worker_phone": "138****0000",
    "worker_address": "某省某县某村", "project": "某某住宅工程", "place": "浙江省金华市金东区某路 1 号",
    "general_contractor": "某某建设有限公司", "team": "木工一班", "trade": "木工",
    "term": "期限为固定期限，自 2026 年 8 月 3 日起至 2027 年 8 月 2 日止", "rate": "按日计酬，每日 340.00 元",
    "pay_day": "次月 15 日", "minimum_wage": "每月 2,260.00 元",
}  # fmt: skip
"""Invented values for a look at a wording."""


@require_GET
@inspector_view
def template(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One wording, filled with invented values."""
    found = ContractTemplate.objects.select_related("region").filter(pk=pk).first()
    if found is None:
        not_found()
    context = {
        "template": found,
        "blocks": blocks(fill(found.body, SAMPLE)),
        "may_publish": bool(labour_regions(request.actor)),
    }
    return render(request, "inspection/template.html", context)


class TemplateForm(forms.Form):
    """A new wording."""

    region = forms.ChoiceField(label=gettext_lazy("Region"), widget=forms.Select(attrs={"class": "input"}))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=ContractKind.choices,
        widget=forms.Select(attrs={"class": "input"}),
    )
    title = WrittenField(
        label=gettext_lazy("Title"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    version = WrittenField(
        label=gettext_lazy("Version"), max_length=20, widget=forms.TextInput(attrs={"class": "input"})
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Counts from"),
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d"),
    )
    source = WrittenField(
        label=gettext_lazy("Based on"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    body = WrittenField(
        label=pgettext_lazy("contract", "Text"),
        max_length=20_000,
        help_text=gettext_lazy("An empty line ends a clause; a line that begins with # is a heading."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 24}),
    )

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = regions  # type: ignore[attr-defined]


def _regions(prefixes: list[str]) -> list[tuple[str, str]]:
    within = Q(pk__in=())
    for prefix in prefixes:
        within |= Q(code__startswith=prefix)
    return list(Region.objects.filter(within).order_by("code").values_list("code", "name"))


@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def template_new(request: ActorRequest) -> HttpResponseBase:
    """Publish another wording for the own region, from an existing one; looked at before it is published."""
    prefixes = labour_regions(request.actor)
    if not prefixes:
        not_permitted("template.publish")
    basis = _basis(request)
    start = {"title": basis.title, "kind": basis.kind, "body": basis.body} if basis else {}
    form = TemplateForm(
        request.POST if request.method == "POST" else None, regions=_regions(prefixes), initial=start
    )
    shown: list[Any] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            check_template(data["body"])
            shown = blocks(fill(data["body"], SAMPLE))
            if request.POST.get("act") == "publish":
                made = publish_template(
                    region_code=data["region"],
                    kind=data["kind"],
                    version=data["version"],
                    title=data["title"],
                    body=data["body"],
                    valid_from=data["valid_from"],
                    source=data["source"],
                    actor=request.actor,
                    now=timezone.now(),
                )
                messages.success(
                    request,
                    _("Published. Contracts drafted from %(day)s on use it.") % {"day": made.valid_from},
                )
                return redirect("inspection:template", made.pk)
        except (Malformed, RuleViolation) as refusal:
            form.add_error(_field(refusal), refusal.message)
    context = {
        "form": form,
        "blocks": shown,
        "fields": [{"name": f"{{{n}}}", "means": m, "needed": n in NEEDED} for n, m in FIELDS.items()],
    }
    status = 400 if form.errors else 200
    return render(request, "inspection/template_new.html", context, status=status)


def _basis(request: ActorRequest) -> ContractTemplate | None:
    wanted = text_of(request, "from")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 18):
        return None
    return ContractTemplate.objects.filter(pk=int(wanted)).first()


def _field(refusal: WagewatchError) -> str:
    return {"template.known": "version", "template.backdated": "valid_from"}.get(refusal.code, "body")
