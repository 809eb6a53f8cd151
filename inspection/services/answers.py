"""What contractors and owners say to an alarm of their project."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.access import access_told
from inspection.models import Alarm, AlarmAnswer, Notice
from inspection.services.life import LONGEST, Upload
from inspection.services.notices import note_of, notify
from payroll.services.who import user_of
from registration.access import not_permitted, organisations_with
from registration.actors import Actor
from registration.models import Participation, StoredFile
from registration.permissions import PERMISSIONS
from registration.services.files import store_file
from wagewatch.evidence.services import append
from wagewatch.lib.errors import RuleViolation

ANSWER = "alarm.answer"
"""Kind in the evidence log."""
MOST_A_DAY = 10


def answer_record(answer: AlarmAnswer) -> dict[str, Any]:
    """The canonical record of one answer for the evidence log."""
    return {
        "answer": answer.pk,
        "alarm": answer.alarm_id,
        "organisation": answer.organisation_id,
        "by": answer.by_id,
        "at": answer.at,
        "text": hashlib.sha256(str(answer.text).encode()).hexdigest(),
        "file": bytes(answer.file.sha256).hex() if answer.file else None,
    }


def speaker_of(alarm: Alarm, actor: Actor) -> int:
    """The firm for which the actor answers: the one that takes part in the project. NotPermitted if none."""
    mine = organisations_with(actor, PERMISSIONS["alarm.told"])
    found = (
        Participation.objects.filter(project=alarm.project_id, organisation__in=mine)
        .order_by("pk")
        .values_list("organisation_id", flat=True)
        .first()
    )
    if found is None:
        not_permitted("alarm.told")
    return found


@transaction.atomic
def answer_alarm(
    pk: int, *, text: str, file: Upload | None = None, actor: Actor, now: datetime
) -> AlarmAnswer:
    """A firm that was told of an alarm answers it; the answer stands on the office's page.

    Raises NotFound, RuleViolation `answer.closed`, `answer.text`, `answer.often`, Malformed `file.…`.
    """
    user = user_of(actor)
    alarm = access_told(pk, actor)
    if alarm.state != Alarm.State.OPEN:
        raise RuleViolation("answer.closed", _("The data have closed this alarm. It needs no answer."))
    words = text.strip()
    if not words:
        raise RuleViolation("answer.text", _("Write what you did, or why it is not so."))
    today = AlarmAnswer.objects.filter(alarm=alarm.pk, by=user, at__date=now.date()).count()
    if today >= MOST_A_DAY:
        raise RuleViolation("answer.often", _("You answered often enough today. The office reads it."))
    paper = None
    if file is not None:
        kind = StoredFile.Kind.OTHER if file[1].startswith(b"%PDF-") else StoredFile.Kind.PHOTO
        paper = store_file(file[0], file[1], kind=kind, actor=actor, now=now)
    answer = AlarmAnswer.objects.create(
        project_id=alarm.project_id,
        alarm=alarm,
        organisation_id=speaker_of(alarm, actor),
        by_id=user,
        at=now,
        text=words[:LONGEST],
        file=paper,
    )
    append(
        ANSWER,
        project_id=alarm.project_id,
        subject=f"alarm-answer:{answer.pk}",
        record=answer_record(answer),
        actor=actor,
        now=now,
    )
    if alarm.holder_id is not None:
        notify([note_of(alarm, alarm.holder_id, Notice.Kind.ANSWERED, str(answer.pk))], now=now)
    return answer
