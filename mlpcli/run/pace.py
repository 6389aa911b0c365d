"""How often a run saves its state: seldom enough that it costs a few per cent, however long the run gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# seconds: a file that survives a power cut takes longer to write than many a small network's epoch, and a
# quarter of a second is quickly trained again
PAUSE = 0.25
# times what the last save took: a checkpoint holds the whole history, so that saves every so many seconds
# would take more and more of a long run
REST = 20


def rest_after(took: float) -> float:
    """For how many seconds nothing is saved after a save of so many: saves take at most 1/20 of the time."""
    return max(PAUSE, REST * took)


@dataclass(eq=False)
class Pace:
    """Whether it is time for the next save; the rest before it counts from the end of the last one.

    Networks that train together have one pace: all of them save after the same epochs.
    """

    clock: Callable[[], float] = time.monotonic
    rests_until: float = field(default=float("-inf"), init=False)
    epoch: int = field(default=0, init=False)
    open: bool = field(default=False, init=False)
    took: float = field(default=0.0, init=False)

    def allows(self, epoch: int) -> bool:
        """Whether the rest after the last save is over: the same for all who ask after the same epoch."""
        if epoch != self.epoch:
            self.epoch, self.open, self.took = epoch, self.clock() >= self.rests_until, 0.0
        return self.open

    @contextmanager
    def measured(self) -> Iterator[None]:
        """A save, done or failed, after which comes a rest: as long as for all saves after the epoch."""
        began = self.clock()
        try:
            yield
        finally:
            ended = self.clock()
            self.took += ended - began
            self.rests_until = ended + rest_after(self.took)
