"""Where an owner's payment guarantee stands (Order 724 art. 24); plain values in and out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Code = Literal["not_asked", "missing", "late", "later", "over", "ending", "holds"]
COVERED = frozenset({"holds", "ending"})
"""States in which the owner's payment is guaranteed today."""


@dataclass(frozen=True)
class Asked:
    """Of which works a region asks for it: contracts signed `since` that day, of at least `from_fen`; `within_days`
    after the signature it must be there. `since` None asks of nobody."""

    since: date | None
    from_fen: int
    within_days: int
    notice_days: int


@dataclass(frozen=True)
class Paper:
    """An entry: `replaces` is the number of the one in whose place it stands."""

    number: int
    valid_from: date
    valid_until: date
    amount_fen: int
    replaces: int | None = None


@dataclass(frozen=True)
class GuaranteeState:
    """`until` is the day on which the cover ends or ended, `begins` the first day of one that is still to come,
    `due_on` the last day on which it may be missing; `amount_fen` what is guaranteed today."""

    code: Code
    asked: bool
    due_on: date | None
    until: date | None = None
    begins: date | None = None
    amount_fen: int = 0

    @property
    def lacks(self) -> bool:
        """Whether it is asked for and nothing holds."""
        return self.asked and self.code not in COVERED


def standing(papers: Iterable[Paper]) -> list[Paper]:
    """The entries that no later one replaces."""
    every = list(papers)
    replaced = {paper.replaces for paper in every}
    return [paper for paper in every if paper.number not in replaced]


def state_of(
    papers: Iterable[Paper], *, asked: Asked, sum_fen: int, signed_on: date | None, today: date
) -> GuaranteeState:
    """The state on a day. `signed_on` is the day of the contract, else of the start of works; `sum_fen` its sum."""
    held = standing(papers)
    is_asked = (
        asked.since is not None
        and signed_on is not None
        and signed_on >= asked.since
        and sum_fen >= asked.from_fen
    )
    due_on = signed_on + timedelta(days=asked.within_days) if is_asked and signed_on else None
    now = [paper for paper in held if paper.valid_from <= today <= paper.valid_until]
    if now:
        until = _covered_until(held, max(paper.valid_until for paper in now))
        near = until - timedelta(days=asked.notice_days) <= today
        amount = sum(paper.amount_fen for paper in now)
        return GuaranteeState("ending" if near else "holds", is_asked, due_on, until=until, amount_fen=amount)
    begins = min((paper.valid_from for paper in held if paper.valid_from > today), default=None)
    ended = max((paper.valid_until for paper in held if paper.valid_until < today), default=None)
    if not is_asked:
        return GuaranteeState("not_asked", is_asked, due_on, until=ended, begins=begins)
    if ended is not None:
        due_on = max(due_on, ended) if due_on else ended
    if begins is not None:
        code: Code = "later"
    elif ended is not None:
        code = "over"
    else:
        code = "late" if due_on is not None and due_on < today else "missing"
    return GuaranteeState(code, is_asked, due_on, until=ended, begins=begins)


def _covered_until(held: list[Paper], until: date) -> date:
    """The last day without a gap: a renewal that begins the day after goes on."""
    for paper in sorted(held, key=lambda one: one.valid_from):
        if paper.valid_from <= until + timedelta(days=1):
            until = max(until, paper.valid_until)
    return until
