"""Who agreed to their face at the gates of the live site: drawn heads in the files, each answer by the worker alone."""

from datetime import datetime, timedelta

from devices import face_words
from devices.models import FaceConsent
from devices.services.faces import answer_face
from devices.simulators.callers import picture_of
from inspection.demo.people import KNOWN_WORKERS, SiteState
from registration.actors import Actor
from registration.models import Posting
from registration.services.portraits import make_portrait, store_portrait

Word = FaceConsent.Word
SAID = (*[(Word.YES,)] * 7, (Word.NO,), (Word.YES, Word.NO), (Word.YES,))
"""What the first people say, one after the other; the last of them has no picture in the file yet."""


def decide_about_faces(site: SiteState, *, now: datetime) -> None:
    """The first people of the site decide on their phones; all others, and the known workers, are still to be asked."""
    firm = site.project.participations.get(role="general_contractor").organisation.name
    shown = face_words.digest(face_words.shown(firm))
    known = set(KNOWN_WORKERS.values())
    people = (
        Posting.objects.filter(project=site.project, left_on=None).select_related("worker").order_by("pin")
    )
    asked = [one for one in people[: len(SAID) + len(known)] if one.worker.name not in known]
    for number, (posting, words) in enumerate(zip(asked, SAID, strict=False)):
        if number < len(SAID) - 1:
            picture = make_portrait(picture_of(str(posting.pin)))
            store_portrait(posting.worker_id, picture, source="camera", now=now)
        worker = Actor(kind="worker", id=posting.worker_id, label=f"worker {posting.worker_id}")
        for step, word in enumerate(words):
            answer_face(
                site.project.pk,
                posting.pk,
                word,
                version=face_words.VERSION,
                shown=shown,
                language="zh-hans",
                actor=worker,
                now=now + timedelta(seconds=step),
            )
