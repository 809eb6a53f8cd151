"""The supervision side tells workers that it knows of their late wages."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from payroll.models import OfficeWord


@transaction.atomic
def set_office_words(late: Mapping[tuple[int, date], datetime]) -> int:
    """Make the words equal to what is late now: (project, wage month) to since when the office knows.

    Three statements for any number; returns how many changed.
    """
    kept = {(w.project_id, w.month): w for w in OfficeWord.objects.select_for_update()}
    gone = [w.pk for key, w in kept.items() if late.get(key) != w.since]
    OfficeWord.objects.filter(pk__in=gone).delete()
    new = [
        OfficeWord(project_id=project, month=month, since=since)
        for (project, month), since in late.items()
        if (project, month) not in kept or kept[project, month].since != since
    ]
    OfficeWord.objects.bulk_create(new, ignore_conflicts=True)
    return len(gone) + len(new)
