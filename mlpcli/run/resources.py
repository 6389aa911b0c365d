"""What of this machine a training uses: chosen by the shapes alone, and recorded with the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mlpcli.parallel import threads
from mlpcli.parallel.pool import Crew, InTurn
from mlpcli.run.experiment import Job
from mlpcli.run.limits import rows_per_step


@dataclass(frozen=True)
class Machine:
    """How many threads, or processes.

    Steps that are worth it are shared between `members`, who compute their matrix products alone. The bytes
    of a model depend on the threads.
    """

    threads: int
    members: int

    @classmethod
    def of(cls, job: Job, asked: int | None) -> Machine:
        """The choice for a job; `asked` threads where somebody asks."""
        shape = job.network.architecture
        step = rows_per_step(job.config, len(job.training))
        number = asked or threads.choose(shape.widths, step)
        # statistics of a batch are those of all its rows
        return cls(number, 1 if shape.gathers else threads.members(number, shape.widths, step))

    @property
    def threads_of_products(self) -> int:
        """The threads of each matrix product."""
        return self.threads if self.members == 1 else 1

    def in_use(self) -> AbstractContextManager[None]:
        """Let matrix products have their threads."""
        return threads.limited(self.threads_of_products)

    def crew(self, several: Callable[[int], Crew]) -> Crew:
        """The members, of this kind where they are several."""
        return InTurn() if self.members == 1 else several(self.members)
