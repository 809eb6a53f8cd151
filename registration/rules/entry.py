"""Whether somebody may enter a site on a day: facts of a posting in, findings out.

What is a condition, and whether it warns or denies, are regional dated parameters (`entry.…`); here stands
what each of them means. Sources: order 724, article 28 (contract and registration before entry); real-name
measures 2019, amended 2022 (contract, basic safety training, training again after a year without data);
Labour Law, articles 15 and 58 (under 16 never, under 18 protected); Work Safety Law, article 30 (special
operations need a certificate). There is no national bar by age, and a citizen card is never a condition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Text

WARN, DENY = "warn", "deny"
SAFETY_KINDS = ("003001", "003002")
"""Kinds of training that count where a region names none: safety, and before entry."""
YEAR = 365

SHORT: dict[str, Text] = {
    "entry.denied": _("says: not me"),
    "entry.young": _("too young"),
    "entry.minor": _("under 18"),
    "entry.age": _("over the age limit"),
    "entry.training": _("no safety training"),
    "entry.stale": _("away for a year"),
    "entry.certificate": _("no certificate"),
    "entry.contract": _("no contract"),
}
"""A few words for each finding, for table cells and gates."""
SOURCES: dict[str, str] = {
    "entry.denied": "建市〔2019〕18号",
    "entry.young": "劳动法第15条",
    "entry.minor": "劳动法第58条",
    "entry.age": "地方规定",
    "entry.training": "建市〔2019〕18号",
    "entry.stale": "建市〔2019〕18号",
    "entry.certificate": "安全生产法第30条",
    "entry.contract": "国务院令第724号第28条",
}


class Finding(NamedTuple):
    """One thing that stands against entry; `source` is the article or document it rests on."""

    code: str
    level: str
    text: Text
    facts: Mapping[str, Any]
    source: str

    @property
    def message(self) -> str:
        """The sentence in the language active now."""
        return str(self.text) % self.facts if self.facts else str(self.text)

    @property
    def short(self) -> Text:
        """A few words."""
        return SHORT[self.code]


class Certified(NamedTuple):
    """A special-operation certificate: trade as written on it, last day or None."""

    trade: str
    expires_on: date | None


class Facts(NamedTuple):
    """What is on record about one posting.

    `trained_on`: the last safety training passed, anywhere, by the day asked about. `active_before`: the last
    sign of the person before joining (end of earlier work, data entered), None if joining was the first.
    `has_contract` is None where it is not asked.
    """

    sex: int
    birth_date: date
    trade: str
    joined_on: date
    denied: bool = False
    trained_on: date | None = None
    active_before: date | None = None
    certificates: Sequence[Certified] = ()
    has_contract: bool | None = None


@dataclass(frozen=True)
class AgeLimit:
    """Older than so many years (0: no limit for that sex), in the trades named or in all."""

    level: str
    male: int
    female: int
    words: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Conditions:
    """The parameters of a region on a day; an empty level switches a condition off."""

    contract: str = ""
    training: str = ""
    training_kinds: tuple[str, ...] = SAFETY_KINDS
    training_days: int = YEAR
    youngest: int = 16
    minor: str = ""
    minor_under: int = 18
    age_limits: tuple[AgeLimit, ...] = ()
    certificate: str = ""
    certificate_trades: tuple[tuple[str, ...], ...] = ()
    stale: str = ""
    stale_days: int = YEAR
    denied: str = DENY

    def denying(self) -> "Conditions":
        """Only what denies: all that a gate asks, and much less to look up."""

        def only(level: str) -> str:
            return level if level == DENY else ""

        return replace(
            self,
            contract=only(self.contract),
            training=only(self.training),
            minor=only(self.minor),
            age_limits=tuple(limit for limit in self.age_limits if limit.level == DENY),
            certificate=only(self.certificate),
            stale=only(self.stale),
            denied=only(self.denied),
        )


def read_conditions(values: Mapping[str, Any]) -> Conditions:
    """Conditions from parameter values by key; a missing or empty value switches its condition off."""
    contract, training, age, certificate, stale = (
        values.get(f"entry.{name}") or {} for name in ("contract", "training", "age", "certificate", "stale")
    )
    return Conditions(
        contract=_level(contract.get("level")),
        training=_level(training.get("level")),
        training_kinds=tuple(training.get("kinds") or SAFETY_KINDS),
        training_days=int(training.get("within_days", YEAR)),
        youngest=int(values.get("people.youngest_age") or 16),
        minor=_level(age.get("minor")),
        minor_under=int(values.get("people.adult_age") or 18),
        age_limits=tuple(sorted(map(_age_limit, age.get("limits") or ()), key=_warns)),
        certificate=_level(certificate.get("level")),
        certificate_trades=tuple(tuple(words) for words in certificate.get("trades") or ()),
        stale=_level(stale.get("level")),
        stale_days=int(stale.get("days") or YEAR),
        denied=_level(values.get("entry.acknowledged", DENY)),
    )


def _age_limit(value: Mapping[str, Any]) -> AgeLimit:
    return AgeLimit(
        _level(value.get("level")),
        int(value.get("male") or 0),
        int(value.get("female") or 0),
        tuple(value.get("trades") or ()),
        str(value.get("source") or ""),
    )


def _level(word: Any) -> str:
    return word if word in {WARN, DENY} else ""


def certificate_words(trade: str, conditions: Conditions) -> tuple[str, ...]:
    """Words of which a certificate must bear one for this trade; empty if the trade needs none."""
    return next((w for w in conditions.certificate_trades if any(word in trade for word in w)), ())


def findings(facts: Facts, conditions: Conditions, *, on: date) -> tuple[Finding, ...]:
    """What stands against entering on a day, what denies first."""
    found: list[Finding] = []
    if facts.denied and conditions.denied:
        text = _("The person said on the phone that this is not them. Clear it up before anybody enters.")
        found.append(_finding("entry.denied", conditions.denied, text))
    found += _age(facts, conditions, on)
    found += _training(facts, conditions)
    if conditions.certificate:
        found += _certificate(facts, conditions, on)
    if conditions.contract and facts.has_contract is False and on >= facts.joined_on:
        text = _("No contract is in force. Have it signed before work begins.")
        found.append(_finding("entry.contract", conditions.contract, text))
    return tuple(sorted(found, key=_warns)) if len(found) > 1 else tuple(found)


def _warns(one: Finding | AgeLimit) -> bool:
    """Sorts what denies first."""
    return one.level != DENY


def _finding(code: str, level: str, text: Text, source: str = "", **facts: Any) -> Finding:
    return Finding(code, level, text, facts, source or SOURCES[code])


def birthday(born: date, years: int) -> date:
    """The day on which somebody becomes so many years old; born on 29 February, on 1 March of common years."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _age(facts: Facts, conditions: Conditions, on: date) -> list[Finding]:
    """Under the youngest age always denies, whatever a region says (Labour Law, article 15)."""
    if on < birthday(facts.birth_date, conditions.youngest):
        text = _("Not yet %(years)s years old. Nobody under %(years)s may be hired.")
        return [_finding("entry.young", DENY, text, years=conditions.youngest)]
    found: list[Finding] = []
    if conditions.minor and on < birthday(facts.birth_date, conditions.minor_under):
        text = _("Not yet %(years)s years old: no heavy or dangerous work, and a health check before entry.")
        found.append(_finding("entry.minor", conditions.minor, text, years=conditions.minor_under))
    for limit in conditions.age_limits:  # what denies comes first
        years = limit.male if facts.sex == 1 else limit.female
        if not limit.level or not years or on <= birthday(facts.birth_date, years):
            continue
        if limit.words and not any(word in facts.trade for word in limit.words):
            continue
        if limit.words:
            text = _("Older than %(years)s, the limit of this region for the trade “%(trade)s”.")
        elif limit.level == DENY:
            text = _("Older than %(years)s, the limit of this region for work on site.")
        else:
            text = _("Older than %(years)s: check health and the kind of work.")
        more = {"trade": facts.trade} if limit.words else {}
        found.append(_finding("entry.age", limit.level, text, limit.source, years=years, **more))
        break
    return found


def _training(facts: Facts, conditions: Conditions) -> list[Finding]:
    trained, joined = facts.trained_on, facts.joined_on
    away = facts.active_before
    if (
        conditions.stale
        and away is not None
        and (joined - away).days >= conditions.stale_days
        and (trained is None or trained <= joined - timedelta(days=conditions.stale_days))
    ):
        text = _("Nothing on record between %(day)s and joining: a year or more. Train again before entry.")
        return [_finding("entry.stale", conditions.stale, text, day=away.isoformat())]
    if not conditions.training:
        return []
    if trained is None:
        text = _("No safety training is on record. Train, record it, and the gates open.")
        return [_finding("entry.training", conditions.training, text)]
    if trained < joined - timedelta(days=conditions.training_days):
        text = _("The last safety training was on %(day)s, too long before joining. Train again.")
        return [_finding("entry.training", conditions.training, text, day=trained.isoformat())]
    return []


def _certificate(facts: Facts, conditions: Conditions, on: date) -> list[Finding]:
    words = certificate_words(facts.trade, conditions)
    if not words:
        return []
    fitting = [c for c in facts.certificates if any(word in c.trade for word in words)]
    if any(c.expires_on is None or c.expires_on >= on for c in fitting):
        return []
    level = conditions.certificate
    if fitting:
        last = max(c.expires_on for c in fitting if c.expires_on is not None)
        text = _("The certificate for “%(trade)s” expired on %(day)s. Enter the new one.")
        return [_finding("entry.certificate", level, text, trade=facts.trade, day=last.isoformat())]
    text = _("“%(trade)s” is a special operation and needs a certificate. Enter it.")
    return [_finding("entry.certificate", level, text, trade=facts.trade)]
