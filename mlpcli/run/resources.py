"""What of this machine a training uses: chosen by the shapes alone, and recorded with the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mlpcli.parallel import threads
from mlpcli.parallel.pool import SerialPool, WorkerPool
from mlpcli.run.experiment import Experiment
from mlpcli.run.limits import rows_per_step
from mlpcli.run.small_networks import are_small


@dataclass(frozen=True)
class Resources:
    """How many threads, or processes.

    Steps that are worth it are shared between `workers`, who compute their matrix products alone. The bytes
    of a model depend on the threads. Of several networks so many are trained `side_by_side`, each by one
    thread; those of one process take their steps `together` where that is sooner. No byte depends on either.
    """

    threads: int
    workers: int
    side_by_side: int = 1
    together: bool = False

    @classmethod
    def of(cls, experiment: Experiment, asked: int | None, members: int = 1) -> Resources:
        """The choice for an experiment of so many networks; `asked` threads where somebody asks."""
        if members > 1:
            most = min(asked or threads.available(), members)
            return cls(1, 1, most, together=are_small(experiment, members))
        shape = experiment.network.architecture
        step = rows_per_step(experiment.config, len(experiment.training))
        number = asked or threads.choose(shape.widths, step)
        # statistics of a batch are those of all its rows
        return cls(number, 1 if shape.gathers else threads.workers(number, shape.widths, step))

    @property
    def threads_of_products(self) -> int:
        """The threads of each matrix product."""
        return self.threads if self.workers == 1 else 1

    def in_use(self) -> AbstractContextManager[None]:
        """Let matrix products have their threads."""
        return threads.limited(self.threads_of_products)

    def pool(self, several: Callable[[int], WorkerPool]) -> WorkerPool:
        """The workers, of this kind where they are several."""
        return SerialPool() if self.workers == 1 else several(self.workers)
