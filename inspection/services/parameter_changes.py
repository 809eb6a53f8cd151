"""Set a rule's figure for a region: first what it would do to the alarms, then the value, with its reason on record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.access import settable_regions
from inspection.alarms.catalogue import RULES
from inspection.alarms.readings import DEPOSIT_TABLE, PROVINCE, READINGS, Figure, Reading, figure_of, names_of
from inspection.alarms.rule import Finding, Rule, Setting
from inspection.models import ParameterChange
from inspection.rules import LEVEL_NAMES
from inspection.services.rules import MissingFigure, check_parameters, find, moment_of
from payroll.services.deposit_tables import DueChanges, due_changes
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Authority, Parameter, Region
from registration.permissions import PERMISSIONS
from registration.services.parameters import forget, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
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

    rule: str
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
    dues: DueChanges | None = None
    """For a table of deposits: what running works would lodge."""

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


What = Setting | Reading


def what_of(rule_code: str, key: str) -> tuple[Rule, What]:
    """A rule and one of its settings, or a parameter that it also reads. NotFound if it has none of this key."""
    rule = RULES.get(rule_code)
    if rule is None:
        not_found()
    for setting in rule.settings:
        if setting.key == key:
            return rule, setting
    if key not in rule.reads or key not in READINGS:
        not_found()
    return rule, READINGS[key]


def readers_of(key: str) -> list[Rule]:
    """The rules that judge by a parameter: a change is tried out on all of them."""
    return [rule for rule in RULES.values() if key in rule.parameters]


def may_be_set_for(what: What, region: Region) -> bool:
    """Whether the law leaves the figure to this region: some are the province's."""
    return isinstance(what, Setting) or what.set_by != PROVINCE or region.level == Region.Level.PROVINCE


def preview_change(
    rule_code: str,
    key: str,
    region_code: str,
    value: Any,
    *,
    valid_from: date,
    actor: Actor,
    now: datetime,
) -> Effect:
    """Which alarms would open, close, rise and fall if the value held today; nothing stays written.

    Raises as `change_parameter` does, but asks for no reason.
    """
    _checked(rule_code, key, region_code, value, valid_from, actor, now)
    effect = _effect(key, region_code, value, now)
    if key == DEPOSIT_TABLE:
        effect.dues = due_changes(region_code, value, on=valid_from)
    return effect


@transaction.atomic
def change_parameter(
    rule_code: str,
    key: str,
    region_code: str,
    value: Any,
    *,
    valid_from: date,
    reason: str,
    document: str,
    actor: Actor,
    now: datetime,
) -> ParameterChange:
    """Set a rule's figures for a region from a day on, today at the earliest: what was judged stays judged.

    A labour inspector sets them for the own region and for regions inside it. Raises NotFound, NotPermitted,
    Malformed `parameter.…` (figures, order, day, reason, document, same), RuleViolation `parameter.province` where
    the law leaves the figure to the province.
    """
    rule, what = _checked(rule_code, key, region_code, value, valid_from, actor, now)
    if not may_be_set_for(what, Region.objects.get(pk=region_code)):
        raise RuleViolation(
            "parameter.province",
            _(
                "This figure is set for a province, not for a city or county. Ask the province's labour office."
            ),
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("parameter.reason", _("Write the reason in a few words; it stays on record."))
    if not document.strip():
        raise Malformed("parameter.document", _("Write the number of the document that sets it."))
    former = parameter(key, region_code=region_code, on=valid_from, default=None)
    if former == value:
        raise Malformed("parameter.same", _("These figures hold there already. Change one of them."))
    effect = _effect(key, region_code, value, now)
    source = f"{document.strip()}：{reason.strip()}"[:200]
    Parameter.objects.update_or_create(
        key=key,
        region_id=region_code,
        valid_from=valid_from,
        defaults={"value": value, "source": source, "valid_to": None},
    )
    transaction.on_commit(forget)
    change = ParameterChange.objects.create(
        rule=rule.code,
        key=key,
        region_id=region_code,
        valid_from=valid_from,
        value=value,
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
    for reader in readers_of(key):
        happened(mark_of(reader.code))
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
    value: Any,
    valid_from: date,
    actor: Actor,
    now: datetime,
) -> tuple[Rule, What]:
    rule, what = what_of(rule_code, key)
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
    former = parameter(key, region_code=region_code, on=valid_from, default=value)
    if isinstance(what, Setting):
        check_figures(what, value, former)
    else:
        check_reading(what, value, former)
    return rule, what


def check_reading(reading: Reading, value: Any, former: Any) -> None:
    """Malformed unless the value has the shape of the one before and each figure lies within what the law allows."""
    known = {figure.name for figure in reading.figures} | (
        names_of(former) if isinstance(former, dict) else set()
    )
    needed = {figure.name for figure in reading.figures if not figure.optional}
    written = names_of(value)
    same = isinstance(value, dict) == isinstance(former, dict)
    if not same or not (written == {""} or needed <= written <= known):
        raise Malformed("parameter.figures", _("Write every figure."))
    for figure in reading.figures:
        found = figure_of(figure, value)
        if not (figure.optional and found is None) and not _lawful(figure, found):
            raise Malformed(
                "parameter.range",
                _("%(what)s: from %(least)s to %(most)s."),
                what=str(figure.words),
                least=bound_words(figure, figure.least),
                most=bound_words(figure, figure.most),
            )
    words = {figure.name: str(figure.words) for figure in reading.figures}
    figures = {figure.name: figure for figure in reading.figures}
    for pair in reading.either:
        if sum(figure_of(figures[name], value) is not None for name in pair) != 1:
            raise Malformed(
                "parameter.either",
                _("Write exactly one of the two: “%(one)s”, “%(other)s”."),
                one=words[pair[0]],
                other=words[pair[1]],
            )


def _lawful(figure: Figure, found: Any) -> bool:
    if figure.unit == "yes":
        return isinstance(found, bool)
    try:
        if figure.unit == "day":
            number = Decimal(date.fromisoformat(found).toordinal())
        else:
            number = Decimal(str(found)) if figure.decimal or type(found) is int else Decimal("NaN")
    except (InvalidOperation, TypeError, ValueError):
        return False
    return number.is_finite() and figure.least <= number <= figure.most


def bound_words(figure: Figure, bound: int | Decimal) -> str:
    """The end of a range as people write it: whole yuan with thousands apart, or a day."""
    if figure.unit == "fen":
        return f"{bound // 100:,}"
    return date.fromordinal(int(bound)).isoformat() if figure.unit == "day" else str(bound)


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


def _effect(key: str, region_code: str, value: Any, now: datetime) -> Effect:
    """Run each rule that reads the key with and without the value, in a transaction that is rolled back."""
    moment = moment_of(now)
    rules = readers_of(key)
    try:
        for rule in rules:
            check_parameters(rule, moment)
    except MissingFigure as missing:
        raise Malformed(
            "parameter.missing",
            _("The rule cannot be tried out: no figure holds for %(missing)s. Run the command “seed” first."),
            missing=str(missing),
        ) from missing
    before = {rule.code: {found.key: found for found in find(rule, moment)} for rule in rules}
    with transaction.atomic():
        where = {"key": key, "region_id": region_code, "valid_from": moment.today}
        if not Parameter.objects.filter(**where).update(value=value, valid_to=None):
            Parameter.objects.bulk_create([Parameter(**where, value=value)])
        after = {rule.code: {found.key: found for found in find(rule, moment)} for rule in rules}
        transaction.set_rollback(True)
    effect = Effect()
    for rule in rules:
        compare(effect, rule.code, before[rule.code], after[rule.code])
    return effect


def compare(effect: Effect, rule: str, before: Mapping[Any, Finding], after: Mapping[Any, Finding]) -> None:
    """Add to an effect what differs between two runs of a rule."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        now_level, then_level = (new.level if new else 0), (old.level if old else 0)
        shown = new or old
        if now_level == then_level or shown is None:
            continue
        moved = Moved(
            rule, shown.project_id, shown.period, then_level, now_level, shown.amount_fen, shown.people
        )
        if not then_level:
            effect.opens.append(moved)
        elif not now_level:
            effect.closes.append(moved)
        elif now_level > then_level:
            effect.rises.append(moved)
        else:
            effect.falls.append(moved)
