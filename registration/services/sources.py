"""Other real-name systems: let in with a key of their own, given another key, shut out (domain: import from
existing systems). The general contractor answers for the register (order 724, article 28), so it decides."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from registration.access import not_found, not_permitted, organisations_with
from registration.actors import Actor, Duty
from registration.models import Participation, Project, Role, SourceProject, SourceSystem
from registration.permissions import PERMISSIONS
from wagewatch.lib.errors import Malformed, RuleViolation

CHANGE_OVER = timedelta(hours=24)
"""How long the former secret is good after a rotation."""


@dataclass(frozen=True)
class Made:
    """A system and its new secret, which is shown this once."""

    source: SourceSystem
    secret: str


def led_projects(organisation_id: int) -> QuerySet[Project]:
    """The projects that a firm leads as general contractor."""
    leads = Participation.objects.filter(
        project=OuterRef("pk"),
        organisation=organisation_id,
        role=Participation.Role.GENERAL_CONTRACTOR,
        left_on=None,
    )
    return Project.objects.filter(Exists(leads))


def projects_of_source(source: SourceSystem) -> QuerySet[Project]:
    """The projects for which the system may push now: never one that its firm no longer leads."""
    found = led_projects(source.organisation_id)
    if source.all_projects:
        return found
    listed = SourceProject.objects.filter(project=OuterRef("pk"), source=source)
    return found.filter(Exists(listed))


def sources_of_project(project: Project) -> QuerySet[SourceSystem]:
    """The systems that may push for a project, or did."""
    part = Participation.objects.filter(
        project=project,
        organisation=OuterRef("organisation"),
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    listed = SourceProject.objects.filter(source=OuterRef("pk"), project=project)
    return SourceSystem.objects.filter(
        Exists(part) & (Q(all_projects=True) | Exists(listed))
        | Q(pk__in=SourceSystem.objects.filter(pushes__project=project).values("pk"))
    )


def actor_of_source(source: SourceSystem) -> Actor:
    """A system acts within the reach of its general contractor's labour clerk, and of its own projects."""
    duty = Duty(role=Role.GC_CLERK, organisation_id=source.organisation_id)
    return Actor(kind="source", id=source.pk, label=source.name, duties=(duty,))


def sources_for(actor: Actor) -> QuerySet[SourceSystem]:
    """The systems that the actor manages."""
    mine = organisations_with(actor, PERMISSIONS["source.manage"])
    return SourceSystem.objects.filter(organisation__in=mine).select_related("organisation")


def access_source(pk: int, actor: Actor, *, for_write: bool = False) -> SourceSystem:
    """One of them, locked if `for_write`. NotFound out of reach."""
    found = sources_for(actor).filter(pk=pk)
    source = (found.select_for_update(of=("self",)) if for_write else found).first()
    if source is None:
        not_found()
    return source


@transaction.atomic
def let_in(
    firm_id: int,
    name: str,
    *,
    project_ids: Iterable[int] | None,
    actor: Actor,
    now: datetime,
) -> Made:
    """Let a system push for the projects that the firm leads, all of them (None) or these.

    Raises NotPermitted, Malformed `source.name`, `source.projects`, RuleViolation `source.known`.
    """
    if firm_id not in organisations_with(actor, PERMISSIONS["source.manage"]) or actor.id is None:
        not_permitted("source.manage")
    name = " ".join(name.replace("\x00", "").split())
    if not 2 <= len(name) <= 40:
        raise Malformed("source.name", _("Give the system a name of 2 to 40 characters."))
    chosen = _chosen(firm_id, project_ids)
    secret = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            source = SourceSystem.objects.create(
                organisation_id=firm_id,
                name=name,
                all_projects=project_ids is None,
                key_id=f"src{secrets.token_hex(8)}",
                secret=secret,
                made_by_id=actor.id,
                made_at=now,
            )
    except IntegrityError:
        raise RuleViolation(
            "source.known", _("Your firm has let in a system of this name already. Choose another name.")
        ) from None
    SourceProject.objects.bulk_create([SourceProject(project_id=pk, source=source) for pk in sorted(chosen)])
    update_change_reason(source, f"let in {now:%F %T}")
    return Made(source, secret)


def _chosen(firm_id: int, project_ids: Iterable[int] | None) -> set[int]:
    """The projects of a list, checked; empty for all of the firm's (None)."""
    chosen = set(project_ids or ())
    if project_ids is not None:
        known = set(led_projects(firm_id).filter(pk__in=chosen).values_list("pk", flat=True))
        if not chosen or known != chosen:
            raise Malformed("source.projects", _("Choose at least one of the projects that your firm leads."))
    return chosen


@transaction.atomic
def change_scope(
    source_id: int, *, project_ids: Iterable[int] | None, actor: Actor, now: datetime
) -> SourceSystem:
    """Let a system push for other projects from now on: all that the firm leads (None) or these. What it pushed
    stays, and so does its key.

    Raises NotFound, Malformed `source.projects`, RuleViolation `source.shut_out`.
    """
    source = access_source(source_id, actor, for_write=True)
    _in_use(source)
    chosen = _chosen(source.organisation_id, project_ids)
    listed = SourceProject.objects.filter(source=source)
    before = _scope_words(source.all_projects, set(listed.values_list("project_id", flat=True)))
    source.all_projects = project_ids is None
    after = _scope_words(source.all_projects, chosen)
    # Written with the history row itself: looked for afterwards, two changes in one moment are mistaken for each other.
    source._change_reason = f"scope {before} > {after} {now:%F %T}"[:100]  # type: ignore[attr-defined]
    source.save(update_fields=["all_projects"])
    listed.exclude(project__in=chosen).delete()
    SourceProject.objects.bulk_create(
        [SourceProject(project_id=pk, source=source) for pk in sorted(chosen)], ignore_conflicts=True
    )
    return source


def _scope_words(all_projects: bool, projects: set[int]) -> str:
    """For the history: "all", or the numbers of the projects."""
    return "all" if all_projects else ",".join(map(str, sorted(projects)))


@transaction.atomic
def rotate_secret(source_id: int, *, actor: Actor, now: datetime) -> Made:
    """Give a system another secret; the former one is good for 24 more hours.

    Raises NotFound, RuleViolation `source.shut_out`.
    """
    source = access_source(source_id, actor, for_write=True)
    _in_use(source)
    secret = secrets.token_urlsafe(32)
    source.former_secret, source.former_until = source.secret, now + CHANGE_OVER
    source.secret = secret
    source.save(update_fields=["secret", "former_secret", "former_until"])
    update_change_reason(source, f"secret rotated {now:%F %T}")
    return Made(source, secret)


@transaction.atomic
def shut_out(source_id: int, *, actor: Actor, now: datetime) -> SourceSystem:
    """Refuse a system from now on; what it pushed stays. Raises NotFound, RuleViolation `source.shut_out`."""
    source = access_source(source_id, actor, for_write=True)
    _in_use(source)
    source.is_active, source.former_secret, source.former_until = False, None, None
    source.save(update_fields=["is_active", "former_secret", "former_until"])
    update_change_reason(source, f"shut out {now:%F %T}")
    return source


def _in_use(source: SourceSystem) -> None:
    if not source.is_active:
        raise RuleViolation("source.shut_out", _("This system was shut out already. Let it in anew."))
