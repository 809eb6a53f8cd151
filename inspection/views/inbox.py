"""The notices of whoever is signed in: list, opening one, how to be told."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inspection.alarms.catalogue import RULES
from inspection.models import CorrectionOrder, FirmWord, ListingStep, Notice
from inspection.rules import level_name
from inspection.services import notices
from inspection.services.mail import mail_is_on
from inspection.services.served_orders import STEPS
from registration.http import ActorRequest, staff_view
from registration.models import Role, User
from registration.permissions import PERMISSIONS
from registration.templatetags.named import named
from registration.views.chain_forms import say_at, text
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
STEP_WORDS: dict[str, Any] = {**STEPS, **dict(ListingStep.Kind.choices)}
"""What was done, of notices about orders and the list."""
inbox_view = staff_view(*(PERMISSIONS["alarm.told"] | PERMISSIONS["alarm.view"]))


def row_of(notice: Notice) -> dict[str, Any]:
    """What a list says of one notice, in the reader's language."""
    rule = RULES.get(notice.facts.get("rule", ""))
    return {
        "notice": notice,
        "level": level_name(notice.level),
        "what": Notice.Kind(notice.kind).label,
        "title": rule.title if rule else STEP_WORDS.get(notice.facts.get("step", ""), ""),
        "about": notice.facts.get("firm") or named(notice.project),
        "period": notice.facts.get("period", "") if rule and rule.monthly else "",
    }


@never_cache
@require_GET
@inbox_view
def inbox(request: ActorRequest) -> HttpResponseBase:
    """The person's notices, the newest first; `?unread=1` for those not opened."""
    found = Notice.objects.filter(user=request.actor.id).select_related("project").order_by("-made_at", "-pk")
    only_unread = request.GET.get("unread") == "1"
    waiting = found.filter(read_at=None).count()
    if only_unread:
        found = found.filter(read_at=None)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    tabs = [
        {"url": "?", "label": _("All"), "count": None, "current": not only_unread},
        {
            "url": "?unread=1",
            "label": pgettext("notices", "Not opened"),
            "count": waiting,
            "current": only_unread,
        },
    ]
    return render(
        request,
        "inspection/inbox.html",
        {"page": page, "rows": [row_of(one) for one in page.object_list], "tabs": tabs, "waiting": waiting},
    )


@never_cache
@require_GET
@inbox_view
def inbox_open(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Open one: it counts as read, and its page follows."""
    notice = notices.open_notice(pk, actor=request.actor, now=timezone.now())
    inspects = request.actor.has_role(Role.INSPECTOR)
    about = notice.key.split(":")[1] if ":" in notice.key else ""
    if notice.kind == Notice.Kind.ORDERED:
        return redirect("supervised:order", int(about))
    if notice.kind == Notice.Kind.REPLIED:
        return redirect("inspection:case", CorrectionOrder.objects.get(replies=int(about)).case_id)
    if notice.kind == Notice.Kind.ORDER_STEP:
        return redirect("supervised:order", int(about))
    if notice.kind == Notice.Kind.LISTING:
        return redirect("supervised:listing", int(about))
    if notice.kind == Notice.Kind.LIST_SAID:
        return redirect("inspection:listing", FirmWord.objects.get(pk=int(about)).listing_id)
    if notice.kind in (Notice.Kind.CASE_MOVED, Notice.Kind.CASE_GIVEN):
        return redirect("inspection:case", int(about))
    if notice.alarm_id is None:
        return redirect("inspection:pauses" if inspects else "warnings:pauses")
    return redirect("inspection:alarm" if inspects else "warnings:alarm", notice.alarm_id)


@require_POST
@inbox_view
def inbox_read_all(request: ActorRequest) -> HttpResponseBase:
    """All count as read."""
    notices.read_all(actor=request.actor, now=timezone.now())
    return redirect("notices:list")


class ChoiceForm(forms.Form):
    """How to be told."""

    by_sms = forms.BooleanField(label=gettext_lazy("Text message to my phone"), required=False)
    by_mail = forms.BooleanField(label=gettext_lazy("E-mail"), required=False)
    mail = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=120,
        required=False,
        widget=text(autocomplete="email"),
    )
    daily = forms.BooleanField(
        label=gettext_lazy("One summary a day instead of a message each time"),
        help_text=gettext_lazy("Red warnings come at once all the same."),
        required=False,
    )


@never_cache
@require_http_methods(["GET", "POST"])
@inbox_view
def inbox_choice(request: ActorRequest) -> HttpResponseBase:
    """How the person wants to be told."""
    user = User.objects.select_related("notice_choice").get(pk=request.user.pk)
    now_holds = notices.choice_of(user)
    names = ("by_sms", "by_mail", "mail", "daily")
    form = ChoiceForm(request.POST or None, initial={name: getattr(now_holds, name) for name in names})
    if not mail_is_on():
        del form.fields["by_mail"], form.fields["mail"]
    if request.method == "POST":
        form = ChoiceForm(request.POST)
        if form.is_valid():
            try:
                notices.choose(**form.cleaned_data, actor=request.actor, now=timezone.now())
            except WagewatchError as refusal:
                say_at(form, refusal, {"notice.mail": "mail"})
            else:
                messages.success(request, _("From now on you are told like this."))
                return redirect("notices:list")
    return render(
        request,
        "inspection/inbox_choice.html",
        {"form": form, "has_phone": bool(user.phone)},
        status=400 if form.errors else 200,
    )
