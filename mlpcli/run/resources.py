"""What of this machine a training uses: chosen by the shapes alone, and recorded with the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mlpcli.parallel import threads
from mlpcli.parallel.pool import SerialPool, SharedOutPool, WorkerPool
from mlpcli.run.experiment import Experiment
from mlpcli.run.limits import rows_per_step
from mlpcli.run.small_networks import are_small


@dataclass(frozen=True)
class Resources:
    """Into how many parts steps are cut, and who does them.

    The bytes of a model depend on the `threads`: those of each matrix product where a step is one part, else
    the parts, each of which computes its products alone. So many `workers` here share in the parts. Of
    several networks so many are trained `side_by_side`, each by one worker; those of one process take their
    steps `together` where that is sooner. No byte depends on any of these.
    """

    threads: int
    parts: int
    workers: int
    side_by_side: int = 1
    together: bool = False

    @classmethod
    def of(
        cls, experiment: Experiment, asked: int | None, members: int = 1, processors: int | None = None
    ) -> Resources:
        """The choice for an experiment of so many networks; `asked` threads where somebody asks.

        `processors` are those of this machine, where this process has but some of them to itself.
        """
        given, there = experiment.config.spec.training.parts, processors or threads.available()
        if members > 1:
            parts, most = 1 if given == "auto" else given, min(asked or there, members)
            return cls(parts, parts, 1, most, together=parts == 1 and are_small(experiment, members))
        if given != "auto":
            return cls(given, given, min(given, asked or there))
        shape = experiment.network.architecture
        step = rows_per_step(experiment.config, len(experiment.training))
        number = asked or threads.choose(shape.widths, step, there)
        # statistics of a batch are those of all its rows
        parts = 1 if shape.gathers else threads.workers(number, shape.widths, step)
        return cls(number, parts, parts)

    @property
    def threads_of_products(self) -> int:
        """The threads of each matrix product."""
        return self.threads if self.parts == 1 else 1

    def in_use(self) -> AbstractContextManager[None]:
        """Let matrix products have their threads."""
        return threads.limited(self.threads_of_products)

    def pool(self, several: Callable[[int], WorkerPool]) -> WorkerPool:
        """Whoever does the parts, of this kind where they are several."""
        if self.workers == 1:
            return SerialPool(self.parts)
        workers = several(self.workers)
        return workers if self.workers == self.parts else SharedOutPool(self.parts, workers)
