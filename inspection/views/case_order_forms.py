"""Forms about orders to correct."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inspection.case_facts import unpaid_by_data
from inspection.cases.articles import GROUNDS
from inspection.models import CorrectionOrder
from inspection.services import case_mediations
from inspection.services.case_orders import DEMAND
from inspection.services.case_steps import limits_of
from inspection.views.case_fields import CaseForm, OfOrder, area, line, number, tick, upload
from registration.views.chain_forms import YuanField, choice
from registration.views.training_forms import day_field
from wagewatch.lib.money import format_yuan


class OrderForm(CaseForm):
    """What a firm is ordered to do."""

    respondent_id = forms.TypedChoiceField(label=_("Firm"), coerce=int, widget=choice())
    grounds = forms.MultipleChoiceField(
        label=_("What was broken"),
        choices=[(g.code, g.label) for g in GROUNDS.values()],
        widget=forms.CheckboxSelectMultiple,
    )
    demand = area(_("What must be done"), hint=_("It stands in the order: be exact."), longest=DEMAND)
    days = number(_("Working days to do it, from service"))
    amount_fen = YuanField(
        label=_("Unpaid wages in yuan"), help_text=_("For article 30. What the system knows of is filled in.")
    )
    people = number(_("Number of people"), required=False)
    most_fen = YuanField(label=_("Owed to the one owed most, in yuan"))
    most_months = number(_("Months for which that one was not paid"), required=False)
    FIELDS = {
        "case.respondent": "respondent_id",
        "case.no_site": "respondent_id",
        "case.grounds": "grounds",
        "case.words": "demand",
        "case.days": "days",
        "case.amount": "amount_fen",
        "case.months": "most_months",
    }

    def prepare(self) -> None:
        firms = case_mediations.respondents_of(self.case)
        self.choices("respondent_id", [("", _("Choose")), *((one.pk, one.name) for one in firms)])
        self.initial["days"] = limits_of(self.case.region_id, on=self.today).correct_wd
        if self.case.project_id is not None:
            unpaid = unpaid_by_data(self.case.project_id, self.today)
            if unpaid.amount_fen:
                self.initial.update(
                    amount_fen=format_yuan(unpaid.amount_fen),
                    people=unpaid.people,
                    most_fen=format_yuan(unpaid.most_fen),
                    most_months=unpaid.most_months,
                )


class ServeForm(OfOrder):
    """How it was served."""

    how = forms.ChoiceField(
        label=_("How it was served"), choices=CorrectionOrder.Service.choices, widget=choice()
    )
    served_on = day_field(_("Day"))
    to = line(_("Who took it, or who was there"), hint=_("Posted up: where"))
    file = upload(_("Receipt or photo"))
    FIELDS = {
        "case.how": "how",
        "case.served_on": "served_on",
        "case.words": "to",
        "case.photo": "file",
        "file": "file",
        "picture": "file",
    }

    def prepare(self) -> None:
        super().prepare()
        self.initial["served_on"] = self.today

    def orders(self) -> list[CorrectionOrder]:
        return [order for order in super().orders() if order.served_on is None]


class CheckForm(OfOrder):
    """What became of it."""

    corrected = tick(_("All of it was done"))
    rest_fen = YuanField(label=_("Still unpaid, in yuan"))
    rest_people = number(_("People still not paid"), required=False)
    rest_most_fen = YuanField(label=_("Still owed to the one owed most, in yuan"))
    text = area(_("How you know"))
    file = upload(_("File"))
    FIELDS = {"case.rest": "rest_fen", "case.words": "text", "file": "file", "picture": "file"}

    def orders(self) -> list[CorrectionOrder]:
        return [order for order in super().orders() if order.served_on is not None]


class WithdrawForm(OfOrder):
    """Take it back."""

    reason = area(_("Reason"))
    FIELDS = {"case.words": "reason"}
