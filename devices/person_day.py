"""One person's date as screens show it: every stamp, the figures made of them, what was corrected. No writes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from devices.models import AttendanceDay, DayCorrection, Passage, RefusedEntry, Terminal
from devices.rules import OPEN
from devices.services.photos import photos_of
from registration.models import Participation, Posting, Project


@dataclass(frozen=True)
class Stamp:
    """A stamp and why it does or does not count."""

    passage: Passage
    terminal: str
    by_hand: bool
    system: str = ""
    """The other real-name system that pushed it."""
    photo: int | None = None
    """The picture the gate took."""

    @property
    def micros(self) -> int:
        """The moment in microseconds: exact, and short enough for a form."""
        return int(self.passage.at.timestamp()) * 10**6 + self.passage.at.microsecond


@dataclass(frozen=True)
class Refusal:
    """The gate, or the record after it, refused this person; with the picture the gate took."""

    entry: RefusedEntry
    terminal: str
    photo: int | None


@dataclass(frozen=True)
class PersonDay:
    """A work date of one person on one project; `figures` is None where no stamp counts."""

    day: date
    stamps: list[Stamp]
    figures: AttendanceDay | None
    corrections: list[DayCorrection]
    refusals: list[Refusal]

    @property
    def is_open(self) -> bool:
        """Whether an entry or exit is missing and nobody decided about it."""
        decided = any(c.kind == DayCorrection.Kind.LEAVE and not c.withdrawn_at for c in self.corrections)
        return self.figures is not None and self.figures.state == OPEN and not decided


def person_day(project: Project, worker_id: int, day: date) -> PersonDay:
    """The stamps of a date and of the night after it, figures, corrections, refusals. Six queries."""
    stamps = list(
        Passage.objects.filter(
            project=project, worker_id=worker_id, day__in=(day, day + timedelta(days=1))
        ).order_by("at", "direction")
    )
    figures = AttendanceDay.objects.filter(project=project, worker_id=worker_id, day=day).first()
    last = figures.last_out if figures else None
    own = [s for s in stamps if s.day == day or (last is not None and s.at <= last)]
    gates = {
        pk: (name, system or "")
        for pk, name, system in Terminal.objects.filter(project=project).values_list(
            "pk", "name", "source__name"
        )
    }
    corrections = list(
        DayCorrection.objects.filter(
            project=project, worker_id=worker_id, day__in={day, *(s.day for s in own)}
        )
        .select_related("made_by", "withdrawn_by")
        .order_by("-made_at", "-pk")
    )
    refused = list(
        RefusedEntry.objects.filter(project=project, day=day, worker_id=worker_id)
        .defer("person_key")
        .order_by("at", "event_id")
    )
    photos = photos_of(
        project, [(s.terminal_id, s.event_id) for s in own] + [(r.terminal_id, r.event_id) for r in refused]
    )
    shown = []
    for stamp in own:
        name, system = gates.get(stamp.terminal_id, ("", ""))
        photo = photos.get((stamp.terminal_id, stamp.event_id))
        shown.append(Stamp(stamp, name, stamp.terminal_id == 0, system, photo))
    refusals = [
        Refusal(r, gates.get(r.terminal_id, ("", ""))[0], photos.get((r.terminal_id, r.event_id)))
        for r in refused
    ]
    return PersonDay(day, shown, figures, corrections, refusals)


@dataclass(frozen=True)
class OpenDay:
    """A date without its exit (or entry) that waits for a decision."""

    day: date
    worker_id: int
    name: str
    id_tail: str
    team: str
    organisation: str
    first_in: datetime | None
    last_out: datetime | None


def open_days(
    project: Project, participations: QuerySet[Participation], first: date, last: date, *, today: date
) -> list[OpenDay]:
    """Dates of a span before `today` whose stamps are incomplete and undecided, oldest first. Two queries."""
    decided = DayCorrection.objects.filter(
        project=project,
        worker_id=OuterRef("worker_id"),
        day=OuterRef("day"),
        kind=DayCorrection.Kind.LEAVE,
        withdrawn_at__isnull=True,
    )
    rows = list(
        AttendanceDay.objects.filter(
            project=project, day__range=(first, last), day__lt=today, state=AttendanceDay.State.OPEN
        )
        .filter(~Exists(decided))
        .order_by("day", "worker_id")
    )
    people = {
        p.worker_id: p
        for p in Posting.objects.filter(
            project=project, participation__in=participations, worker_id__in={r.worker_id for r in rows}
        )
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("joined_on")
    }
    return [
        OpenDay(
            row.day,
            row.worker_id,
            person.worker.name,
            person.worker.id_tail,
            person.team.name,
            person.participation.organisation.name,
            row.first_in,
            row.last_out,
        )
        for row in rows
        if (person := people.get(row.worker_id))
    ]
