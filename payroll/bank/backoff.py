"""How long to wait before a file is sent again: twice as long each time, with chance in it, up to a limit."""

from datetime import timedelta

FIRST = timedelta(seconds=20)
LONGEST = timedelta(hours=1)


def wait_before(
    tries: int, chance: float, *, first: timedelta = FIRST, longest: timedelta = LONGEST
) -> timedelta:
    """The wait after the `tries`-th failure (from 1); `chance` 0 to 1 spreads it over half to the whole.

    Many orders that failed together would otherwise come back together.
    """
    if tries < 1 or not 0 <= chance <= 1:
        raise ValueError("tries from 1, chance from 0 to 1")
    full = min(first * 2 ** min(tries - 1, 30), longest)
    return full / 2 + full / 2 * chance
