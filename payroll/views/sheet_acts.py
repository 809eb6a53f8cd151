"""Acts on a sheet: each asks first (a dialog, or this page without scripts), then calls one service."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from payroll.access import access_sheet
from payroll.late import late_changes
from payroll.models import FirstApproval, PaySheet, SubLedger
from payroll.services import approvals, late, orders, reminders, sheets
from payroll.services.accounts import reserved_fen
from payroll.views.booking import booking_of, booking_words
from registration.http import ActorRequest, staff_view
from registration.permissions import CLERK, CONTRACTOR
from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import format_cny


@dataclass
class Question:
    """What the confirming page asks, with figures. Without `confirm` there is nothing to do: it only says why."""

    title: str
    confirm: str = ""
    text: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)


def _act(
    ask: Callable[[PaySheet], Question],
    do: Callable[[ActorRequest, int], tuple[str, str]],
    *roles: str,
    needs: str = "sheet.view",
) -> Callable[..., HttpResponse]:
    """A view that asks on GET and does on POST; `do` returns the message and the address to go to. Who may not do it
    (`needs`) is not asked either: the question tells figures, such as the balance of the special account."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @staff_view(*roles)
    def view(request: ActorRequest, pk: int) -> HttpResponse:
        if request.method == "POST":
            text, url = do(request, pk)
            messages.success(request, text)
            return redirect(url)
        sheet = access_sheet(pk, request.actor, permission=needs)
        question = ask(sheet)
        return render(
            request,
            "components/confirm.html",
            {
                "title": question.title,
                "text": question.text,
                "facts": question.facts,
                "action": request.path,
                "confirm": question.confirm,
                "back": _sheet_url(pk),
            },
        )

    return view  # type: ignore[return-value]


def _sheet_url(pk: int) -> str:
    return reverse("payroll:sheet", kwargs={"pk": pk})


def people(count: int) -> str:
    """ "168 people"."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": count}


def _ask_submit(sheet: PaySheet) -> Question:
    return Question(
        _("Send the pay of %(people)s to the workers?") % {"people": people(sheet.people)},
        _("Send to %(people)s") % {"people": people(sheet.people)},
        _("Each worker gets a text message and sees days, rate, deductions and net pay. "
          "After that the lines change only through objections."),
        _sums(sheet),
    )  # fmt: skip


def _sums(sheet: PaySheet) -> list[tuple[str, str]]:
    return [
        (_("Gross pay"), format_cny(sheet.gross_fen)),
        (_("Deductions"), format_cny(sheet.deduction_fen)),
        (_("Net pay"), format_cny(sheet.net_fen)),
        (_("Pay day"), sheet.due_on.isoformat()),
    ]


def _submit(request: ActorRequest, pk: int) -> tuple[str, str]:
    sheet = sheets.submit_sheet(pk, actor=request.actor, now=timezone.now())
    return _("Sent to %(people)s. They can confirm now.") % {"people": people(sheet.people)}, _sheet_url(pk)


def _ask_approve(sheet: PaySheet) -> Question:
    now = timezone.now()
    ready, left = approvals.ready_for_approval(sheet, sheet.project, now)
    silent = sum(s.confirmation == "waiting" for s in ready)
    first = FirstApproval.objects.filter(
        project=sheet.project_id, sheet=sheet.pk, state=FirstApproval.State.WAITING
    ).first()
    limit = approvals.needs_two(sheet, sheet.project, now)
    if first is not None:
        seen = {(worker, version, net) for worker, version, net in first.slips}
        left += sum((s.worker_id, s.version, s.net_fen) not in seen for s in ready)
        ready = [s for s in ready if (s.worker_id, s.version, s.net_fen) in seen]
    facts = [
        (pgettext("number of people", "People"), str(len(ready))),
        (_("Of them not confirmed"), str(silent)),
        (_("Net pay"), format_cny(sum(s.net_fen for s in ready))),
        (_("Left for later"), str(left)),
    ]
    if first is not None:
        facts.append((_("Approved first by"), first.approved_by.name))
    elif limit is not None:
        facts.append((_("Two people approve from"), format_cny(limit)))
    if not ready:
        return Question(
            _("Nothing can be approved now"),
            text=_(
                "Wages can be approved when the worker has confirmed, or has been silent for %(days)s days. Who "
                "objected comes after the answer; who is approved already goes to the bank."
            )
            % {"days": approvals.silence_days(sheet.project, now)},
            facts=facts,
        )
    return Question(
        _("Approve the pay of %(people)s?") % {"people": people(len(ready))},
        _("Approve %(people)s") % {"people": people(len(ready))},
        _("Objections and people still within the days to answer stay for a later approval."),
        facts,
    )


def _approve(request: ActorRequest, pk: int) -> tuple[str, str]:
    approval = approvals.approve_sheet(pk, actor=request.actor, now=timezone.now())
    if isinstance(approval, FirstApproval):
        text = _(
            "Approved by you as the first of two: %(people)s, %(sum)s. A second manager has to follow."
        ) % {
            "people": people(approval.people),
            "sum": format_cny(approval.net_fen),
        }
        return text, _sheet_url(pk)
    text = _("Approved: %(people)s, %(sum)s. Next: instruct the bank.") % {
        "people": people(approval.people),
        "sum": format_cny(approval.net_fen),
    }
    return text, _sheet_url(pk)


def _ask_take_back(_sheet: PaySheet) -> Question:
    return Question(
        _("Take the first approval back?"),
        _("Take it back"),
        _("Then the approval begins anew, with the figures as they are now."),
    )


def _take_back(request: ActorRequest, pk: int) -> tuple[str, str]:
    approvals.take_back_first(pk, actor=request.actor, now=timezone.now())
    return _("Taken back. Nothing was approved."), _sheet_url(pk)


def _ask_instruct(sheet: PaySheet) -> Question:
    found = orders.payable(sheet)
    ledger = SubLedger.objects.filter(project=sheet.project_id).select_related("account__bank").first()
    balance = ledger.balance_fen if ledger else 0
    reserved = reserved_fen(sheet.project_id)
    facts = [
        (_("Payments"), str(len(found.slips))),
        (_("Sum"), format_cny(found.total_fen)),
        (_("Balance of the special account"), format_cny(balance)),
        (_("On its way"), format_cny(reserved)),
    ]
    if ledger:
        booking = booking_of(ledger, sheet.due_on, timezone.now())
        facts.append((_("Booking"), booking_words(booking)))
    if found.total_fen > balance - reserved:
        facts.append((_("Missing on the account"), format_cny(found.total_fen - balance + reserved)))
    if found.without_card:
        facts.append((_("Without a wage card"), people(len(found.without_card))))
    if found.same_card:
        facts.append((_("Returned, card not corrected yet"), people(len(found.same_card))))
    if found.card_asked:
        facts.append((_("New card, the worker has not answered yet"), people(len(found.card_asked))))
    if found.card_denied:
        facts.append((_("The worker says: not my card"), people(len(found.card_denied))))
    if not found.slips:
        return Question(
            _("No payment can be sent to the bank now"),
            text=_(
                "Only approved wages that are not with the bank yet can be sent, each to a card that counts."
            ),
            facts=facts,
        )
    return Question(
        ngettext(
            "Have the bank pay %(sum)s in %(count)s payment?",
            "Have the bank pay %(sum)s in %(count)s payments?",
            len(found.slips),
        )
        % {"count": len(found.slips), "sum": format_cny(found.total_fen)},
        ngettext("Send %(count)s payment", "Send %(count)s payments", len(found.slips))
        % {"count": len(found.slips)},
        _("The money goes from the special account to each worker's own card. This cannot be undone."),
        facts,
    )


def _instruct(request: ActorRequest, pk: int) -> tuple[str, str]:
    order = orders.instruct_bank(pk, actor=request.actor, now=timezone.now())
    text = ngettext(
        "Instructed: %(count)s payment, %(sum)s. The results come from the bank.",
        "Instructed: %(count)s payments, %(sum)s. The results come from the bank.",
        order.line_count,
    ) % {"count": order.line_count, "sum": format_cny(order.total_fen)}
    return text, reverse("payroll:order", kwargs={"pk": order.pk})


def _ask_remind(sheet: PaySheet) -> Question:
    return Question(
        _("Remind those who have not answered?"),
        _("Remind"),
        _("They get one text message a day at most. Silence never counts as confirmed."),
    )


def _remind(request: ActorRequest, pk: int) -> tuple[str, str]:
    count = reminders.remind_workers(pk, actor=request.actor, now=timezone.now())
    return _("Reminded: %(people)s with a phone number.") % {"people": people(count)}, _sheet_url(pk)


def _ask_recompute(sheet: PaySheet) -> Question:
    return Question(
        _("Make the sheet again from attendance?"),
        _("Make it again"),
        _("Corrections made by hand are lost. Attendance that came since is taken in."),
        _sums(sheet),
    )


def _recompute(request: ActorRequest, pk: int) -> tuple[str, str]:
    sheet = sheets.recompute_sheet(pk, actor=request.actor, now=timezone.now())
    text = _("Made again from attendance: %(people)s, %(sum)s.") % {
        "people": people(sheet.people),
        "sum": format_cny(sheet.net_fen),
    }
    return text, _sheet_url(pk)


def _ask_discard(sheet: PaySheet) -> Question:
    return Question(
        _("Throw this draft away?"),
        _("Throw away"),
        _("Nobody has seen it yet. You can make a new one at once."),
        _sums(sheet),
    )


def _discard(request: ActorRequest, pk: int) -> tuple[str, str]:
    sheets.discard_sheet(pk, actor=request.actor, now=timezone.now())
    return _("The draft is gone. Nothing was sent to anybody."), reverse("payroll:sheets")


def _ask_supplement(sheet: PaySheet) -> Question:
    owed = [
        c
        for c in late_changes(sheet.project, [sheet.participation_id], months=[sheet.month])
        if c.difference > 0 and not c.dismissal_id
    ]
    return Question(
        _("Make a supplement for %(people)s?") % {"people": people(len(owed))},
        _("Make the supplement"),
        _("It pays what the gates count beyond the sheets of this month. It is a draft at first, goes to the "
          "workers for confirmation like every sheet, and leaves the slips of the month as they are."),
        [(_("Month"), f"{sheet.month:%Y-%m}"), (pgettext("number of people", "People"), str(len(owed)))],
    )  # fmt: skip


def _supplement(request: ActorRequest, pk: int) -> tuple[str, str]:
    made = late.make_supplement(pk, actor=request.actor, now=timezone.now())
    text = _("Supplement made: %(people)s, %(sum)s. Look at the lines, then submit.") % {
        "people": people(made.people),
        "sum": format_cny(made.net_fen),
    }
    return text, _sheet_url(made.pk)


PREPARES = tuple(CLERK)
supplement = _act(_ask_supplement, _supplement, *PREPARES)
submit = _act(_ask_submit, _submit, *PREPARES)
remind = _act(_ask_remind, _remind, *PREPARES)
recompute = _act(_ask_recompute, _recompute, *PREPARES)
discard = _act(_ask_discard, _discard, *PREPARES)
approve = _act(_ask_approve, _approve, *CONTRACTOR, needs="sheet.approve")
take_back = _act(_ask_take_back, _take_back, *CONTRACTOR, needs="sheet.approve")
instruct = _act(_ask_instruct, _instruct, *CONTRACTOR, needs="payment.instruct")


@require_POST
@staff_view(*CLERK)
def split(request: ActorRequest, pk: int) -> HttpResponse:
    """Take one team's lines off a draft into a sheet of their own."""
    access_sheet(pk, request.actor)
    text = request.POST.get("team", "")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Malformed("sheet.team", _("Choose the team that gets a sheet of its own."))
    own = sheets.split_team(pk, int(text), actor=request.actor, now=timezone.now())
    messages.success(
        request,
        _("Team %(team)s has a sheet of its own now: %(people)s, %(sum)s. Look at it, then submit it.")
        % {"team": own.team_name, "people": people(own.people), "sum": format_cny(own.net_fen)},
    )
    return redirect("payroll:sheet", pk=own.pk)
