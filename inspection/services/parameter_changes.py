"""Set a rule's figure for a region: first what it would do to the alarms, then the value, with its reason on record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.access import settable_regions
from inspection.alarms.catalogue import RULES
from inspection.alarms.rule import Finding, Rule, Setting
from inspection.models import ParameterChange
from inspection.rules import LEVEL_NAMES
from inspection.services.rules import MissingFigure, check_parameters, find, moment_of
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Authority, Parameter
from registration.permissions import PERMISSIONS
from registration.services.parameters import forget, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.happenings import happened

CHANGED = "parameter.changed"
"""Kind in the evidence log."""
SHORTEST_REASON = 5
AHEAD = timedelta(days=366)
LARGEST = {
    "days": 1000,
    "wd": 250,
    "percent": 100,
    "people": 10_000,
    "entries": 10_000,
    "payments": 1000,
    "day": 28,
}


@dataclass(frozen=True)
class Moved:
    """One alarm that a change would move; level 0 is no alarm."""

    project_id: int
    period: str
    before: int
    after: int
    amount_fen: int
    people: int


@dataclass
class Effect:
    """What a change would do by the data of now."""

    opens: list[Moved] = field(default_factory=list)
    closes: list[Moved] = field(default_factory=list)
    rises: list[Moved] = field(default_factory=list)
    falls: list[Moved] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "opens": len(self.opens),
            "closes": len(self.closes),
            "rises": len(self.rises),
            "falls": len(self.falls),
        }

    @property
    def moved(self) -> list[tuple[str, Moved]]:
        """(what happens to it, alarm), what opens or rises first."""
        return [(name, one) for name in ("opens", "rises", "falls", "closes") for one in getattr(self, name)]


def may_set(actor: Actor) -> bool:
    """Whether the actor inspects for a labour authority; other lines' authorities only look."""
    roles = PERMISSIONS["parameter.set"]
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None and d.role in roles]
    return Authority.objects.filter(pk__in=offices, kind=Authority.Kind.LABOUR).exists()


def setting_of(rule_code: str, key: str) -> tuple[Rule, Setting]:
    """A rule and one of its settings. NotFound if there is none."""
    rule = RULES.get(rule_code)
    setting = next((s for s in rule.settings if s.key == key), None) if rule else None
    if rule is None or setting is None:
        not_found()
    return rule, setting


def preview_change(
    rule_code: str,
    key: str,
    region_code: str,
    value: Mapping[str, int],
    *,
    valid_from: date,
    actor: Actor,
    now: datetime,
) -> Effect:
    """Which alarms would open, close, rise and fall if the value held today; nothing stays written.

    Raises as `change_parameter` does, but asks for no reason.
    """
    rule, setting = _checked(rule_code, key, region_code, value, valid_from, actor, now)
    return _effect(rule, setting, region_code, value, now)


@transaction.atomic
def change_parameter(
    rule_code: str,
    key: str,
    region_code: str,
    value: Mapping[str, int],
    *,
    valid_from: date,
    reason: str,
    document: str,
    actor: Actor,
    now: datetime,
) -> ParameterChange:
    """Set a rule's figures for a region from a day on, today at the earliest: what was judged stays judged.

    A labour inspector sets them for the own region and for regions inside it. Raises NotFound, NotPermitted,
    Malformed `parameter.…` (figures, order, day, reason, document, same).
    """
    rule, setting = _checked(rule_code, key, region_code, value, valid_from, actor, now)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("parameter.reason", _("Write the reason in a few words; it stays on record."))
    if not document.strip():
        raise Malformed("parameter.document", _("Write the number of the document that sets it."))
    former = parameter(key, region_code=region_code, on=valid_from, default=None)
    if former == dict(value):
        raise Malformed("parameter.same", _("These figures hold there already. Change one of them."))
    effect = _effect(rule, setting, region_code, value, now)
    source = f"{document.strip()}：{reason.strip()}"[:200]
    Parameter.objects.update_or_create(
        key=key,
        region_id=region_code,
        valid_from=valid_from,
        defaults={"value": dict(value), "source": source, "valid_to": None},
    )
    transaction.on_commit(forget)
    change = ParameterChange.objects.create(
        rule=rule.code,
        key=key,
        region_id=region_code,
        valid_from=valid_from,
        value=dict(value),
        former=former,
        reason=reason.strip()[:300],
        document=document.strip()[:80],
        effect=effect.counts,
        made_by_id=user_of(actor),
        made_at=now,
    )
    append(
        CHANGED,
        project_id=None,
        subject=change_subject(change),
        record=change_record(change),
        actor=actor,
        now=now,
    )
    happened(mark_of(rule.code))
    return change


def mark_of(rule_code: str) -> str:
    """The mark that makes a rule run soon after one of its figures was set."""
    return f"{CHANGED}:{rule_code}"


def change_subject(change: ParameterChange) -> str:
    """E.g. "parameter-change:12"."""
    return f"parameter-change:{change.pk}"


def change_record(change: ParameterChange) -> dict[str, Any]:
    """The canonical record of a change for the evidence log."""
    return {
        "change": change.pk,
        "rule": change.rule,
        "key": change.key,
        "region": change.region_id,
        "valid_from": change.valid_from,
        "value": change.value,
        "former": change.former,
        "reason": change.reason,
        "document": change.document,
        "effect": change.effect,
        "made_at": change.made_at,
    }


def _checked(
    rule_code: str,
    key: str,
    region_code: str,
    value: Mapping[str, int],
    valid_from: date,
    actor: Actor,
    now: datetime,
) -> tuple[Rule, Setting]:
    rule, setting = setting_of(rule_code, key)
    if not actor.is_authority:
        not_found()
    if not may_set(actor):
        not_permitted("parameter.set")
    if not settable_regions(actor).filter(pk=region_code).exists():
        not_found()
    today = site_date(now)
    if not today <= valid_from <= today + AHEAD:
        raise Malformed(
            "parameter.day",
            _("New figures hold from today at the earliest, and within a year. Choose such a day."),
        )
    check_figures(setting, value, parameter(key, region_code=region_code, on=valid_from, default=value))
    return rule, setting


def check_figures(setting: Setting, value: Mapping[str, int], former: Mapping[str, int]) -> None:
    """Malformed unless the value has the same levels as before, each within its unit, a worse level further on."""
    if set(value) != set(former):
        raise Malformed("parameter.figures", _("Write a figure for each level."))
    largest = LARGEST[setting.unit]
    least = 1 if setting.unit in {"people", "entries", "payments", "day"} else 0
    for figure in value.values():
        if isinstance(figure, bool) or not isinstance(figure, int) or not least <= figure <= largest:
            raise Malformed(
                "parameter.figures",
                _("Write whole numbers from %(least)s to %(largest)s."),
                least=least,
                largest=largest,
            )
    figures = [value[name] for name in LEVEL_NAMES.values() if name in value]
    if figures != sorted(figures, reverse=setting.falling):
        raise Malformed(
            "parameter.order",
            _("A worse level must begin at the same figure or at a lower one.")
            if setting.falling
            else _("A worse level must begin at the same figure or at a higher one."),
        )


def _effect(
    rule: Rule, setting: Setting, region_code: str, value: Mapping[str, int], now: datetime
) -> Effect:
    """Run the rule with and without the value in a transaction that is rolled back."""
    moment = moment_of(now)
    try:
        check_parameters(rule, moment)
    except MissingFigure as missing:
        raise Malformed(
            "parameter.missing",
            _("The rule cannot be tried out: no figure holds for %(missing)s. Run the command “seed” first."),
            missing=str(missing),
        ) from missing
    before = {finding.key: finding for finding in find(rule, moment)}
    with transaction.atomic():
        where = {"key": setting.key, "region_id": region_code, "valid_from": moment.today}
        if not Parameter.objects.filter(**where).update(value=dict(value), valid_to=None):
            Parameter.objects.bulk_create([Parameter(**where, value=dict(value))])
        after = {finding.key: finding for finding in find(rule, moment)}
        transaction.set_rollback(True)
    return compare(before, after)


def compare(before: Mapping[Any, Finding], after: Mapping[Any, Finding]) -> Effect:
    """What differs between two runs of a rule."""
    effect = Effect()
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        now_level, then_level = (new.level if new else 0), (old.level if old else 0)
        shown = new or old
        if now_level == then_level or shown is None:
            continue
        moved = Moved(shown.project_id, shown.period, then_level, now_level, shown.amount_fen, shown.people)
        if not then_level:
            effect.opens.append(moved)
        elif not now_level:
            effect.closes.append(moved)
        elif now_level > then_level:
            effect.rises.append(moved)
        else:
            effect.falls.append(moved)
    return effect
