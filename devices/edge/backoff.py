"""How long to wait after a failure."""

import random


class Backoff:
    """0.2 s doubling to `longest`, with jitter, so that a hundred agents do not come back in one moment."""

    def __init__(self, *, first: float = 0.2, longest: float = 60.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def pause(self) -> float:
        """Seconds to wait after this failure."""
        pause = self._next * random.uniform(0.7, 1.3)  # noqa: S311 no secret
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        """It went well."""
        self._next = self._first
