"""Pictures of notice boards: shown to those within reach, deleted when the region's time is over."""

from datetime import datetime, timedelta

from django.db import transaction

from payroll.access import access_board
from payroll.models import BoardPhoto
from registration.access import not_found
from registration.actors import Actor
from registration.models import Project, StoredFile
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date

DELETED_AT_ONCE = 500


def open_board_photo(project_id: int, number: int, *, actor: Actor) -> StoredFile:
    """The picture of a look, while it is kept. NotFound."""
    project = access_board(project_id, actor)
    photo = BoardPhoto.objects.select_related("file").filter(project=project, number=number).first()
    if photo is None:
        not_found()
    return photo.file


def forget_board_photos(*, now: datetime) -> int:
    """Delete pictures older than their region allows (`board.photo_days`); what they showed stays. How many; by beat."""
    gone = 0
    regions: dict[str, list[int]] = {}
    for project_id, region in Project.objects.filter(
        pk__in=BoardPhoto.objects.values("project_id")
    ).values_list("pk", "region_id"):
        regions.setdefault(region, []).append(project_id)
    for region, projects in regions.items():
        days = int(parameter("board.photo_days", region_code=region, on=site_date(now), default=730))
        old = BoardPhoto.objects.filter(project_id__in=projects, kept_since__lt=now - timedelta(days=days))
        while rows := list(old.values_list("project_id", "number", "file_id")[:DELETED_AT_ONCE]):
            with transaction.atomic():
                for project_id, number, _file in rows:
                    BoardPhoto.objects.filter(project_id=project_id, number=number).delete()
                StoredFile.objects.filter(pk__in=[file for _p, _n, file in rows]).delete()
            gone += len(rows)
    return gone
