"""People's certificates: enter, correct, remove, and the skill grade that follows from them.

A certificate goes with the person to any project; it is entered by a clerk of a project on which the person
works. The number is kept encrypted and found by its blind index: the same paper is on record once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, access_worker, not_found, not_permitted, participations_for
from registration.actors import Actor
from registration.models import Certificate, Posting, Project, SkillGrade, StoredFile, Worker
from registration.services.files import store_file
from registration.services.history import record_history
from registration.services.parameters import parameter
from registration.services.trainings import Scan
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.texts import clean

PERMISSION = "training.record"
EARLIEST = date(1980, 1, 1)
LONGEST = timedelta(days=366 * 40)


@dataclass(frozen=True)
class CertificateFacts:
    """What stands on a certificate; `expires_on` None for one without an end, `grade` for skill only."""

    kind: str
    trade: str
    number: str
    issuer: str
    issued_on: date
    expires_on: date | None = None
    grade: int = SkillGrade.NONE


def normalise_number(text: str) -> str:
    """A certificate's number in capitals without spaces. Raises Malformed `certificate.number`."""
    value, _notes = clean(text, drop=" ")
    value = value.upper()
    if not 4 <= len(value) <= 40 or not any(c.isdigit() for c in value) or not value.isprintable():
        raise Malformed(
            "certificate.number", _("Copy the number from the certificate: 4 to 40 letters and digits.")
        )
    return value


def _checked(facts: CertificateFacts, *, now: datetime) -> CertificateFacts:
    today = site_date(now)
    if facts.kind not in Certificate.Kind.values:
        raise Malformed("certificate.kind", _("Choose the kind of certificate."))
    if not facts.trade.strip():
        raise Malformed("certificate.trade", _("Write the trade as on the certificate."))
    if not facts.issuer.strip():
        raise Malformed("certificate.issuer", _("Write who issued the certificate."))
    if not EARLIEST <= facts.issued_on <= today:
        raise Malformed(
            "certificate.issued", _("The day of issue cannot be right. Compare it with the certificate.")
        )
    if facts.expires_on is not None and not facts.issued_on <= facts.expires_on <= today + LONGEST:
        raise Malformed(
            "certificate.expires", _("The last day cannot be right. Compare it with the certificate.")
        )
    grade = int(facts.grade) if facts.kind == Certificate.Kind.SKILL else int(SkillGrade.NONE)
    if facts.kind == Certificate.Kind.SKILL and grade not in SkillGrade.values[1:]:
        raise Malformed("certificate.grade", _("Choose the grade of the skill certificate."))
    return CertificateFacts(
        facts.kind,
        facts.trade.strip()[:40],
        normalise_number(facts.number),
        facts.issuer.strip()[:80],
        facts.issued_on,
        facts.expires_on,
        grade,
    )


def _door(worker_id: int, project_id: int, actor: Actor) -> Worker:
    """The person, locked, through a posting on a part for which the actor may record."""
    project = access_project(project_id, actor, permission=PERMISSION)
    access_worker(worker_id, project, actor)
    parts = participations_for(actor, project, permission=PERMISSION)
    if not Posting.objects.filter(project=project, worker_id=worker_id, participation__in=parts).exists():
        not_permitted(PERMISSION)
    return Worker.objects.select_for_update(of=("self",)).get(pk=worker_id)


def _stored(scan: Scan | None, actor: Actor, now: datetime) -> StoredFile | None:
    if scan is None:
        return None
    return store_file(scan.name, scan.data, kind=StoredFile.Kind.CERTIFICATE, actor=actor, now=now)


def _fill(certificate: Certificate, facts: CertificateFacts) -> None:
    certificate.kind, certificate.trade, certificate.grade = facts.kind, facts.trade, facts.grade
    certificate.number, certificate.number_tail = facts.number, facts.number[-4:]
    certificate.number_index = blind_index(facts.number, kind="certificate")
    certificate.issuer = facts.issuer
    certificate.issued_on, certificate.expires_on = facts.issued_on, facts.expires_on


def _save(certificate: Certificate) -> None:
    try:
        with transaction.atomic():
            certificate.save()
    except IntegrityError:
        text = _(
            "A certificate of this kind with this number is on record already. Compare the number; if it is right, "
            "look for it under the other person."
        )
        raise RuleViolation("certificate.known", text) from None


@transaction.atomic
def add_certificate(
    worker_id: int,
    project_id: int,
    facts: CertificateFacts,
    *,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
) -> Certificate:
    """Enter a certificate. Raises Malformed `certificate.… file.…`, RuleViolation `certificate.known`, NotFound."""
    worker = _door(worker_id, project_id, actor)
    facts = _checked(facts, now=now)
    certificate = Certificate(
        worker=worker, recorded_by_id=actor.id if actor.kind == "user" else None, recorded_at=now
    )
    _fill(certificate, facts)
    certificate.scan = _stored(scan, actor, now)
    _save(certificate)
    refresh_skill_grades([worker.pk], actor=actor, now=now)
    return certificate


def access_certificate(pk: int, worker_id: int, project: Project, actor: Actor) -> Certificate:
    """A certificate of a person within reach; NotFound otherwise."""
    worker = access_worker(worker_id, project, actor)
    found = Certificate.objects.filter(pk=pk, worker=worker).first()
    if found is None:
        not_found()
    return found


@transaction.atomic
def correct_certificate(
    certificate_id: int,
    worker_id: int,
    project_id: int,
    facts: CertificateFacts,
    *,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
) -> Certificate:
    """Correct a certificate; the history keeps what stood there. Raises as `add_certificate`."""
    worker = _door(worker_id, project_id, actor)
    certificate = (
        Certificate.objects.select_for_update(of=("self",)).filter(pk=certificate_id, worker=worker).first()
    )
    if certificate is None:
        not_found()
    _fill(certificate, _checked(facts, now=now))
    if scan is not None:
        certificate.scan = _stored(scan, actor, now)
    _save(certificate)
    refresh_skill_grades([worker.pk], actor=actor, now=now)
    return certificate


@transaction.atomic
def remove_certificate(
    certificate_id: int, worker_id: int, project_id: int, *, actor: Actor, now: datetime
) -> None:
    """Take back a certificate that was entered by mistake; the history keeps it. Raises NotFound, NotPermitted."""
    worker = _door(worker_id, project_id, actor)
    certificate = (
        Certificate.objects.select_for_update(of=("self",)).filter(pk=certificate_id, worker=worker).first()
    )
    if certificate is None:
        not_found()
    was_skill = certificate.kind == Certificate.Kind.SKILL
    certificate.delete()
    refresh_skill_grades([worker.pk], actor=actor, now=now, also_without=was_skill)


_GRADES = """
WITH wanted AS (
  SELECT w.id, w.skill_grade, coalesce(max(c.grade) FILTER (
           WHERE c.issued_on <= %(on)s AND (c.expires_on IS NULL OR c.expires_on >= %(on)s)), 0) AS grade,
         count(c.id) AS certificates
  FROM registration_worker w LEFT JOIN registration_certificate c ON c.worker_id = w.id AND c.kind = 'skill'
  WHERE {which} GROUP BY w.id
), locked AS (
  SELECT w.id, wanted.grade FROM registration_worker w JOIN wanted ON wanted.id = w.id
  WHERE wanted.grade <> wanted.skill_grade AND (wanted.certificates > 0 OR %(also_without)s)
  ORDER BY w.id FOR UPDATE OF w
)
UPDATE registration_worker w SET skill_grade = locked.grade FROM locked WHERE w.id = locked.id RETURNING w.id
"""


@transaction.atomic
def refresh_skill_grades(
    workers: Iterable[int] | None = None, *, actor: Actor, now: datetime, also_without: bool = False
) -> int:
    """Set skill grades to the highest valid skill certificate; of these people, or of all with certificates.

    Who has no skill certificate on record keeps the grade that was entered, unless `also_without`. Returns
    how many changed. One statement, since certificates also expire while nobody looks.
    """
    wanted = list(workers) if workers is not None else None
    which = (
        "w.id = ANY(%(workers)s)"
        if wanted is not None
        else "EXISTS (SELECT FROM registration_certificate x WHERE x.worker_id = w.id AND x.kind = 'skill')"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _GRADES.format(which=which),
            {"workers": wanted, "on": site_date(now), "also_without": also_without},
        )
        changed = [row[0] for row in cursor.fetchall()]
    record_history(Worker, changed, kind="~", actor=actor, now=now, reason="skill grade")
    return len(changed)


def notice_days(region_code: str, *, on: date) -> int:
    """How many days before its last day a certificate is shown as expiring."""
    return int(parameter("certificate.expiry_notice_days", region_code=region_code, on=on, default=60))


def certificates_at_work(
    project: Project, parts: Iterable[int], *, on: date, within_days: int | None = None
) -> QuerySet[Certificate]:
    """Certificates of people at work on these parts; those that end within so many days, or all."""
    at_work = Posting.objects.filter(
        Q(left_on=None) | Q(left_on__gte=on), project=project, participation__in=list(parts)
    )
    found = Certificate.objects.filter(worker__in=at_work.values("worker")).select_related("worker")
    if within_days is not None:
        found = found.filter(expires_on__lte=on + timedelta(days=within_days))
    return found.order_by("expires_on", "pk")
