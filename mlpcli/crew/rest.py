"""When to do without the others: they have no processor to themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass
class Rest:
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
