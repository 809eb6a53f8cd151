"""Forms about sanctions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspection.cases.articles import GROUNDS
from inspection.models import CorrectionOrder
from inspection.services.case_sanctions import REASON, lapsed_orders
from inspection.views.case_fields import CaseForm, OfOrder, area, line, tick
from registration.views.chain_forms import YuanField, choice


class ProposeForm(OfOrder):
    """A fine."""

    ground = forms.ChoiceField(
        label=_("Violation"),
        choices=[(g.code, g.label) for g in GROUNDS.values() if g.key],
        widget=choice(),
    )
    person = line(
        _("Person who is fined (empty: the firm)"),
        longest=60,
        required=False,
        hint=_("Only article 54 allows it."),
    )
    fine_fen = YuanField(label=_("Fine in yuan"))
    stop_work = tick(_("Stop the project"), _("Articles 55 and 57"))
    reason = area(_("Facts and reason"), longest=REASON)
    FIELDS = {
        "case.not_lapsed": "order_id",
        "case.ground": "ground",
        "case.fined": "ground",
        "case.no_person": "person",
        "case.fine": "fine_fen",
        "case.words": "reason",
    }

    def orders(self) -> list[CorrectionOrder]:
        return lapsed_orders(self.case, self.today)

    def prepare(self) -> None:
        super().prepare()
        known = {code for order in self.orders() for code in order.grounds}
        self.choices("ground", [row for row in self.fields["ground"].choices if row[0] in known])  # type: ignore[attr-defined]


class _OfSanction(CaseForm):
    sanction_id = forms.TypedChoiceField(label=_("Sanction"), coerce=int, widget=choice())
    states: tuple[str, ...] = ()

    def prepare(self) -> None:
        found = self.case.sanctions.filter(state__in=self.states).order_by("pk")
        self.choices("sanction_id", [(one.pk, sanction_label(one)) for one in found])


def sanction_label(sanction: Any) -> str:
    """The article, and whom it hits."""
    whom = sanction.person if sanction.on_person else sanction.order.respondent.name
    return f"{GROUNDS[sanction.ground].article_words}　{whom}"


class NotifyForm(_OfSanction):
    """Which one."""

    states = ("proposed",)


class HearForm(_OfSanction):
    """What it says."""

    states = ("notified",)
    text = area(_("What the party says, or that it says nothing"), rows=6)
    FIELDS = {"case.words": "text"}


class DecideForm(_OfSanction):
    """Which one."""

    states = ("notified",)


class DropForm(_OfSanction):
    """Which one, and why."""

    states = ("proposed", "notified")
    reason = area(_("Reason"))
    FIELDS = {"case.words": "reason"}
