"""What every act in a case does: take the lock, ask whether it may be, write the step, tell who complained."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from inspection.case_access import access_case, may_approve, may_handle
from inspection.cases import rules
from inspection.models import Case, CaseStep
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Complaint, StoredFile
from registration.services.complaints import tell_complainant
from registration.services.parameters import load_calendar, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

STEP = "case.step"
SHORTEST = 5
LONGEST = 4000
_LIMITS = {
    "accept_wd": "case.accept_within_wd",
    "finish_wd": "case.finish_within_wd",
    "extension_wd": "case.extension_wd",
    "decide_wd": "case.decide_within_wd",
    "correct_wd": "case.correct_within_wd",
    "hear_wd": "case.hear_within_wd",
    "years": "case.limit_years",
    "representatives": "case.representatives",
}


def limits_of(region_code: str, *, on: date) -> rules.Limits:
    """The deadlines of a place on a day; the national ones where no row says otherwise."""
    plain = rules.Limits()
    return rules.Limits(
        **{
            name: int(parameter(key, region_code=region_code, on=on, default=getattr(plain, name)))
            for name, key in _LIMITS.items()
        }
    )


def lock_case(pk: int, act: str, *, actor: Actor, approves: bool = False) -> Case:
    """The case, locked until the transaction ends, if the actor may do this to it now.

    Raises NotFound out of reach, NotPermitted for another office (for approvals: one that is not above it),
    RuleViolation `case.state` where the act does not fit the state, so that the second of two clicks is told.
    """
    case = access_case(pk, actor, for_write=True)
    if not (may_approve(case, actor) if approves else may_handle(case, actor)):
        not_permitted("case.handle")
    if case.state not in rules.ALLOWED[act]:
        raise RuleViolation(
            "case.state",
            _("In its present state (%(state)s) the case does not allow this. Look at what happened last."),
            state=case.get_state_display(),
        )
    return case


def words(text: str, *, least: int = SHORTEST, most: int = LONGEST) -> str:
    """A text that says something, whole: one that is too long is refused, never cut. Raises Malformed `case.words`."""
    said = text.replace("\x00", "").strip()
    if len(said) > most:
        raise Malformed(
            "case.words",
            _(
                "At most %(most)s characters go here, and these are %(n)s. Put the rest into a note or a file."
            ),
            most=most,
            n=len(said),
        )
    if len(said) < least:
        raise Malformed("case.words", _("Write a few words more; who reads the file later needs them."))
    return said


def step_subject(step: CaseStep) -> str:
    """What the evidence log calls a step."""
    return f"case-step:{step.case_id}:{step.number}"


def step_record(step: CaseStep) -> dict[str, Any]:
    """The canonical record of a step for the evidence log."""
    return {
        "case": step.case.number,
        "number": step.number,
        "kind": step.kind,
        "at": step.at,
        "by": step.made_by_id,
        "office": step.office_id,
        "text": step.text,
        "file": bytes(step.file.sha256).hex() if step.file else None,
        "facts": step.facts,
    }


def write_step(
    case: Case,
    kind: str,
    *,
    text: str = "",
    file: StoredFile | None = None,
    facts: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> CaseStep:
    """Add a step to a locked case, with its evidence."""
    last = case.steps.order_by("-number").values_list("number", flat=True).first() or 0
    step = CaseStep.objects.create(
        case=case,
        number=last + 1,
        kind=kind,
        at=now,
        made_by_id=actor.id if actor.kind == "user" else None,
        office_id=case.office_id,
        text=text,
        file=file,
        facts=dict(facts or {}),
    )
    append(
        STEP,
        project_id=case.project_id,
        subject=step_subject(step),
        record=step_record(step),
        actor=actor,
        now=now,
    )
    return step


def keep(case: Case, *changed: str, now: datetime) -> None:
    """Save the changed columns of a case and its coming deadline."""
    limits = limits_of(case.region_id, on=site_date(now))
    coming = rules.coming(
        case.state,
        case.received_on,
        case.finish_by,
        case.investigated_on,
        limits,
        load_calendar(),
        case.decide_by,
    )
    case.due_on, case.due_for = coming.on, coming.what
    case.save(update_fields=[*changed, "due_on", "due_for"])


def tell(case: Case, kind: str, *, actor: Actor, now: datetime, **more: Any) -> None:
    """Tell whoever complained of a step, without anything personal; nobody where the office found it itself."""
    if case.complaint_id is not None:
        complaint = Complaint.objects.get(pk=case.complaint_id)
        tell_complainant(complaint, kind, actor=actor, now=now, **more)
