"""Which of two ways of doing a job is the faster one, as far as the clock can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import ClassVar


@dataclass
class Pace:
    """Every AGAIN jobs a few are done one way and the other in turn; those between the way that was faster.

    The best time of a way counts: the first time there may be memory to be had, and later somebody else busy.
    """

    AGAIN: ClassVar[int] = 512
    TRIALS: ClassVar[int] = 3  # of each way
    done: int = 0
    seconds: list[float] = field(default_factory=lambda: [inf, inf])

    @property
    def _trying(self) -> bool:
        return self.done % self.AGAIN < 2 * self.TRIALS

    def next(self) -> int:
        """The way to do the next job: 0 or 1."""
        if self.done % self.AGAIN == 0:
            self.seconds = [inf, inf]
        return self.done % 2 if self._trying else self.seconds.index(min(self.seconds))

    def took(self, seconds: float) -> None:
        """Take note of how long that job took."""
        if self._trying:
            way = self.done % 2
            self.seconds[way] = min(self.seconds[way], seconds)
        self.done += 1
