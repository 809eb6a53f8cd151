"""Personal data taken out of the system as files: who took whose data, and what for."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import not_permitted, participations_for
from registration.actors import Actor
from registration.models import Posting, Project
from wagewatch.lib.errors import RuleViolation

FULL_ROSTER = "file: name,id_number,phone,address,card,emergency"
PERSONAL_FILE = "file: personal file"


@transaction.atomic
def disclose(
    postings: QuerySet[Posting], project: Project, *, fields: str, purpose: str, actor: Actor, now: datetime
) -> int:
    """Write down, for every person of these postings, that their full data goes into a file; returns how many.

    One statement for any number of people; call it before the file is made. Raises RuleViolation
    `unmask.purpose` without a purpose, NotPermitted if the actor may not unmask all of them.
    """
    if actor.kind != "user" or actor.id is None:
        not_permitted("person.unmask")
    if not purpose.strip():
        raise RuleViolation("unmask.purpose", _("Say what you need the full data for."))
    wanted = postings.filter(project=project).order_by()
    allowed = participations_for(actor, project, permission="person.unmask")
    if wanted.exclude(participation__in=allowed).exists():
        not_permitted("person.unmask")
    people, given = wanted.values("worker_id").distinct().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registration_sensitiveview (user_id, worker_id, project_id, fields, purpose, at)"  # noqa: S608 Django's own query
            f" SELECT %s, of.worker_id, %s, %s, %s, %s FROM ({people}) of",
            [actor.id, project.pk, fields, purpose.strip()[:200], now, *given],
        )
        return int(cursor.rowcount)
