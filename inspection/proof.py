"""How the evidence log rebuilds alarm flips and changed figures from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspection.models import AlarmAnswer, AlarmFlip, AlarmStep, ParameterChange, Pause
from inspection.services.alarms import flip_record
from inspection.services.answers import answer_record
from inspection.services.parameter_changes import change_record, change_subject
from inspection.services.pauses import pause_record
from inspection.services.steps import step_record


def load_flips(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-flip:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    return {f"alarm-flip:{flip.pk}": flip_record(flip) for flip in AlarmFlip.objects.filter(pk__in=ids)}


def expected_flips(project_id: int | None) -> Iterable[str]:
    """Every flip must have an entry."""
    flips = AlarmFlip.objects.all() if project_id is None else AlarmFlip.objects.filter(project_id=project_id)
    for pk in flips.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"alarm-flip:{pk}"


def load_changes(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "parameter-change:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    return {
        change_subject(change): change_record(change) for change in ParameterChange.objects.filter(pk__in=ids)
    }


def expected_changes(project_id: int | None) -> Iterable[str]:
    """Every change must have an entry; they belong to no project."""
    if project_id is None:
        for pk in ParameterChange.objects.order_by("pk").values_list("pk", flat=True).iterator():
            yield f"parameter-change:{pk}"


def load_steps(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-step:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    steps = AlarmStep.objects.filter(pk__in=ids).prefetch_related("files__file")
    return {
        f"alarm-step:{step.pk}": step_record(
            step, [one.file for one in sorted(step.files.all(), key=lambda one: one.pk)]
        )
        for step in steps
    }


def expected_steps(project_id: int | None) -> Iterable[str]:
    """Every step must have an entry."""
    steps = AlarmStep.objects.all() if project_id is None else AlarmStep.objects.filter(project_id=project_id)
    for pk in steps.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"alarm-step:{pk}"


def load_answers(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-answer:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    answers = AlarmAnswer.objects.filter(pk__in=ids).select_related("file")
    return {f"alarm-answer:{answer.pk}": answer_record(answer) for answer in answers}


def expected_answers(project_id: int | None) -> Iterable[str]:
    """Every answer must have an entry."""
    answers = AlarmAnswer.objects.all()
    if project_id is not None:
        answers = answers.filter(project_id=project_id)
    for pk in answers.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"alarm-answer:{pk}"


def load_pauses(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-pause:ID:ACT" → canonical record."""
    ids = [int(subject.split(":")[1]) for subject in subjects]
    pauses = {pause.pk: pause for pause in Pause.objects.filter(pk__in=ids).select_related("file")}
    found = {}
    for subject in subjects:
        _name, pk, act = subject.split(":")
        if int(pk) in pauses:
            found[subject] = pause_record(pauses[int(pk)], act)
    return found


def expected_pauses(project_id: int | None) -> Iterable[str]:
    """Every request, decision and early end must have an entry."""
    pauses = Pause.objects.all() if project_id is None else Pause.objects.filter(project_id=project_id)
    rows = pauses.order_by("pk").values_list("pk", "decided_at", "ended_at")
    for pk, decided_at, ended_at in rows.iterator():
        yield f"alarm-pause:{pk}:asked"
        if decided_at is not None:
            yield f"alarm-pause:{pk}:decided"
        if ended_at is not None:
            yield f"alarm-pause:{pk}:ended"
