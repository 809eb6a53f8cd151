"""When the bank will book, in words, and the salary file of a sheet."""

from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from payroll.bank.booking import booking_day, instruct_by
from payroll.bank.sif import write_sif
from payroll.models import SubLedger
from payroll.services.salary_files import salary_file
from payroll.services.terms import profile_of
from registration.http import ActorRequest, staff_view
from registration.permissions import CONTRACTOR
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import SITE_TZ, site_date
from wagewatch.templatetags.ww import day_words


@dataclass(frozen=True)
class Booking:
    """When an order instructed now is booked, and the last moment for the pay day."""

    on: date
    by: datetime
    is_today: bool
    in_time: bool
    past: bool
    why: str


def booking_of(ledger: SubLedger, due_on: date, now: datetime) -> Booking:
    """By the terms of the account's bank and the working-day calendar."""
    profile, calendar = profile_of(ledger.account.bank, site_date(now)), load_calendar()
    today = site_date(now)
    on = booking_day(now, profile, calendar)
    by = instruct_by(due_on, profile, calendar)
    why = ""
    if on != today:
        cut = profile.cut_off
        if profile.working_days_only and not calendar.is_working(today):
            why = _("The bank books on working days only.")
        elif cut is not None and now.astimezone(SITE_TZ).time() >= cut:
            why = _("Orders for the same day had to arrive by %(time)s.") % {"time": f"{cut:%H:%M}"}
    return Booking(on, by, on == today, on <= due_on, by < now, why)


def booking_words(booking: Booking) -> str:
    """One sentence for questions and notes."""
    text = _("Will be booked on %(day)s.") % {"day": day_words(booking.on)}
    return f"{text} {booking.why}".strip()


@require_safe
@staff_view(*CONTRACTOR)
def sheet_sif(request: ActorRequest, pk: int) -> HttpResponse:
    """The salary information file of a paid sheet, where the bank asks for one."""
    file = salary_file(pk, actor=request.actor, now=timezone.now())
    response = HttpResponse(write_sif(file), content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["Cache-Control"] = "no-store"
    return response
