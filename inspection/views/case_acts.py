"""What an office does in a case: one page with one form per act."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inspection.models import Case
from inspection.services import (
    case_acceptance,
    case_alarms,
    case_closing,
    case_mediations,
    case_money,
    case_orders,
    case_sanctions,
    case_service,
    case_time,
    case_transfer,
    case_work,
)
from inspection.services.case_orders import Asked
from inspection.services.case_sanctions import Proposed
from inspection.views import case_end_forms, case_forms, case_order_forms, case_sanction_forms
from inspection.views.case_fields import CaseForm
from registration.access import projects_for
from registration.http import ActorRequest
from registration.services.signatures import png_from_data_url
from wagewatch.lib.errors import Malformed

Data = dict[str, Any]
Call = Callable[[ActorRequest, Case, Data, Data], Any]


@dataclass(frozen=True)
class Act:
    """A thing to do: its title and button, its form, the service behind it, and what is said when it is done."""

    title: str | Promise
    form: type[CaseForm]
    call: Call
    done: str | Promise
    note: str | Promise = ""
    approves: bool = False


def _file(request: ActorRequest) -> Data:
    file = request.FILES.get("file")
    return {"name": file.name or "", "data": file.read()} if file is not None else {}


def _site(request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    project = projects_for(request.actor).filter(code__iexact=data["code"].strip()).first()
    if project is None:
        raise Malformed(
            "case.code", _("No project of your region has this code. Copy it from the list of projects.")
        )
    case_work.name_site(case.pk, project_id=project.pk, **act)


def _alarm(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_alarms.add_alarm(case.pk, alarm_id=data["alarm_id"], **act)


def _note(request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_work.add_note(case.pk, kind=data["kind"], text=data["text"], **_file(request), **act)


def _size(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_work.set_size(
        case.pk, people=data["people"], mass=data["mass"], representatives=data["representatives"] or 0, **act
    )


def _order(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    asked = Asked(
        respondent_id=data["respondent_id"],
        grounds=tuple(data["grounds"]),
        demand=data["demand"],
        days=data["days"],
        **{name: data[name] or 0 for name in ("amount_fen", "people", "most_fen", "most_months")},
    )
    case_orders.issue_order(case.pk, asked, **act)


def _serve(request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_service.serve_order(
        case.pk,
        data["order_id"],
        how=data["how"],
        served_on=data["served_on"],
        to=data["to"],
        **_file(request),
        **act,
    )


def _check(request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    rest: Data = {name: data[name] or 0 for name in ("rest_fen", "rest_people", "rest_most_fen")}
    case_service.check_order(
        case.pk,
        data["order_id"],
        corrected=data["corrected"],
        text=data["text"],
        **rest,
        **_file(request),
        **act,
    )


def _propose(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    proposed = Proposed(
        order_id=data["order_id"],
        ground=data["ground"],
        fine_fen=data["fine_fen"] or 0,
        reason=data["reason"],
        stop_work=data["stop_work"],
        person=data["person"],
    )
    case_sanctions.propose_sanction(case.pk, proposed, **act)


def _mediate(request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    drawn: Data = {
        name: png_from_data_url(request.POST[key]) if request.POST.get(key) else None
        for name, key in (("firm_png", "firm_signature"), ("worker_png", "worker_signature"))
    }
    values = data | {"amount_fen": data["amount_fen"] or 0}
    case_mediations.record_mediation(case.pk, **values, **drawn, **act)


def _of_sanction(service: Callable[..., Any]) -> Call:
    def call(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
        more = {key: value for key, value in data.items() if key != "sanction_id"}
        service(case.pk, data["sanction_id"], **more, **act)

    return call


def _with_data(service: Callable[..., Any]) -> Call:
    def call(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
        service(case.pk, **data, **act)

    return call


def _withdraw(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_service.withdraw_order(case.pk, data["order_id"], reason=data["reason"], **act)


def _deposit(_request: ActorRequest, case: Case, data: Data, act: Data) -> None:
    case_money.use_deposit(case.pk, amount_fen=data["amount_fen"] or 0, reason=data["reason"], **act)


TOLD = gettext_lazy("Who complained reads it under the complaint's number.")
ACTS: dict[str, Act] = {
    "accept": Act(
        gettext_lazy("Accept the case"), case_forms.AcceptForm, _with_data(case_acceptance.accept_case),
        gettext_lazy("Accepted. The notice is made, and the days to finish run."), TOLD,
    ),
    "refuse": Act(
        gettext_lazy("Refuse it"), case_forms.RefuseForm, _with_data(case_acceptance.refuse_case),
        gettext_lazy("Refused, with the reason. The notice is made."), TOLD,
    ),
    "transfer": Act(
        gettext_lazy("Hand it to another office"), case_forms.TransferForm, _with_data(case_transfer.transfer_case),
        gettext_lazy("Handed over. That office deals with it from now on; you still see it."),
        gettext_lazy("The office asked first answers for it until the other one has it. The deadline goes on."),
    ),
    "assign": Act(
        gettext_lazy("Give it to an officer"), case_forms.AssignForm, _with_data(case_transfer.assign_case),
        gettext_lazy("The officer has it."),
    ),
    "note": Act(
        gettext_lazy("Write down what was found"), case_forms.NoteForm, _note,
        gettext_lazy("Written into the file. It stays as it is."),
        gettext_lazy("What stands in the file cannot be changed or taken out."),
    ),
    "site": Act(
        gettext_lazy("Find the site"), case_forms.SiteForm, _site, gettext_lazy("The case is about this site now."),
    ),
    "alarm": Act(
        gettext_lazy("Put an alarm to it"), case_forms.AlarmForm, _alarm,
        gettext_lazy("The alarm is part of the case. It still closes by data alone."),
    ),
    "size": Act(
        gettext_lazy("Count the people"), case_forms.SizeForm, _size, gettext_lazy("Written down."),
    ),
    "ask-time": Act(
        gettext_lazy("Ask for more time"), case_forms.ReasonForm, _with_data(case_time.ask_time),
        gettext_lazy("Asked for. A second person must approve."),
        gettext_lazy("Once, and a second person must approve (regulation on labour inspection, article 17)."),
    ),
    "give-time": Act(
        gettext_lazy("Approve more time"), case_forms.PlainForm, _with_data(case_time.give_time),
        gettext_lazy("Approved. The new deadline stands in the case."), TOLD, approves=True,
    ),
    "suspend": Act(
        gettext_lazy("Suspend it"), case_forms.ReasonForm, _with_data(case_time.suspend_case),
        gettext_lazy("It rests. The days left are kept."), TOLD,
    ),
    "resume": Act(
        gettext_lazy("Take it up again"), case_forms.PlainForm, _with_data(case_time.resume_case),
        gettext_lazy("It goes on, with the days that were left."), TOLD,
    ),
    "finish": Act(
        gettext_lazy("Finish the investigation"), case_forms.FindingsForm, _with_data(case_time.finish_investigation),
        gettext_lazy("Finished. What follows is decided by the day shown."),
    ),
    "mediate": Act(
        gettext_lazy("Record a mediation"), case_end_forms.MediateForm, _mediate,
        gettext_lazy("Recorded. What was agreed is in the documents."),
        gettext_lazy("An agreement holds when both have signed here, on this telephone or tablet."),
    ),
    "order": Act(
        gettext_lazy("Issue an order to correct"), case_order_forms.OrderForm, _order,
        gettext_lazy("The order is made. Serve it: its days run from then."),
        gettext_lazy("A fine, the deposit or the police follow only when it was served and its time is over."),
    ),
    "serve": Act(
        gettext_lazy("Record the service"), case_order_forms.ServeForm, _serve,
        gettext_lazy("Served. The day on which its time is over stands beside it."),
    ),
    "check": Act(
        gettext_lazy("Look at the order"), case_order_forms.CheckForm, _check, gettext_lazy("Written down."),
        gettext_lazy("Paying late also puts it right; before the police begin it counts (interpretation of 2013, article 6)."),
    ),
    "withdraw": Act(
        gettext_lazy("Withdraw the order"), case_order_forms.WithdrawForm, _withdraw, gettext_lazy("The order is withdrawn."),
    ),
    "propose": Act(
        gettext_lazy("Propose a sanction"), case_sanction_forms.ProposeForm, _propose,
        gettext_lazy("Proposed. Next the party is told and heard."),
        gettext_lazy("Within the range of the article; a second person decides."),
    ),
    "notify": Act(
        gettext_lazy("Tell the party"), case_sanction_forms.NotifyForm, _of_sanction(case_sanctions.notify_party),
        gettext_lazy("The notice is made. Until the day in it the party may answer."),
    ),
    "hear": Act(
        gettext_lazy("Hear the party"), case_sanction_forms.HearForm, _of_sanction(case_sanctions.hear_party),
        gettext_lazy("Written down. A second person may decide now."),
    ),
    "decide": Act(
        gettext_lazy("Decide the sanction"), case_sanction_forms.DecideForm, _of_sanction(case_sanctions.decide_sanction),
        gettext_lazy("Decided. The decision is made and numbered."),
        gettext_lazy("Not by who proposed it, and only when the party was heard or its days are over."), approves=True,
    ),
    "drop": Act(
        gettext_lazy("Drop the sanction"), case_sanction_forms.DropForm, _of_sanction(case_sanctions.drop_sanction),
        gettext_lazy("Dropped, with the reason."),
    ),
    "deposit": Act(
        gettext_lazy("Pay wages from the deposit"), case_end_forms.DepositForm, _deposit,
        gettext_lazy("Ordered. The bank or insurer pays within five working days."), TOLD,
    ),
    "refer": Act(
        gettext_lazy("Hand it to the police"), case_end_forms.ReferForm, _with_data(case_money.refer_to_police),
        gettext_lazy("Handed over. The letter is made."),
        gettext_lazy("Only with a lapsed order to pay and an amount that the region calls large."),
    ),
    "close": Act(
        gettext_lazy("Close the case"), case_end_forms.CloseForm, _with_data(case_closing.close_case),
        gettext_lazy("Closed. Who complained reads the answer."),
    ),
}  # fmt: skip
