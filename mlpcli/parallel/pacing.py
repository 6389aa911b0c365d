"""When work is shared and when it is not: what the clock says of one way and of the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import ClassVar


@dataclass
class Backoff:
    """For how many jobs the others are left alone: on a busy machine to do their parts here is faster.

    After a job in which this process waited longer than it worked, for one; after the next such job for twice
    as many, up to MOST, until one goes well.
    """

    MOST: ClassVar[int] = 64
    CHANCE: ClassVar[float] = 1e-3  # seconds that any process may be held up for
    jobs: int = 0
    next: int = 1

    def after(self, worked: float, waited: float) -> None:
        """Take note of a job: seconds of work in it, seconds of waiting."""
        if self.jobs:
            self.jobs -= 1
        elif waited > worked + self.CHANCE:
            self.jobs, self.next = self.next, min(2 * self.next, self.MOST)
        elif worked > self.CHANCE / 4:  # of a short one nothing can be told
            self.next = 1


@dataclass
class Autotuner:
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
