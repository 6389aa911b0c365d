"""What of this machine a training uses: chosen by the shapes alone, and recorded with the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil

from mlpcli.config.optimizer_spec import QUASI_NEWTON
from mlpcli.kernels import engine
from mlpcli.parallel import threads
from mlpcli.parallel.pool import Crew, InTurn
from mlpcli.run.experiment import Job
from mlpcli.run.limits import rows_per_step


@dataclass(frozen=True)
class Machine:
    """How many threads, or processes, and the engine of everything elementwise.

    Steps that are worth it are shared between `members`, who compute their matrix products alone. The bytes
    of a model depend on the threads. They do not depend on the engine, but for its being named.
    """

    threads: int
    members: int
    engine: engine.Engine

    @classmethod
    def of(cls, job: Job, asked: int | None) -> Machine:
        """The choice for a job; `asked` threads where somebody asks."""
        shape, rows = job.network.architecture, len(job.training)
        step = rows_per_step(job.config, rows)
        # a quasi-Newton method updates the parameters itself
        first_order = job.config.spec.optimizer.name not in QUASI_NEWTON
        updated = job.network.layout.size if first_order else 0
        activations = rows * sum(shape.widths[1:-1])
        chosen = engine.choose(updated, ceil(rows / step), activations)
        number = asked or threads.choose(shape.widths, step)
        # statistics of a batch are those of all its rows
        alone = shape.normalization is not None and shape.normalization.has_statistics
        return cls(number, 1 if alone else threads.members(number, shape.widths, step), chosen)

    @property
    def threads_of_products(self) -> int:
        """The threads of each matrix product."""
        return self.threads if self.members == 1 else 1

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let matrix products have their threads, and kernels their engine."""
        with threads.limited(self.threads_of_products), engine.using(self.engine):
            yield

    def crew(self, several: Callable[[int], Crew]) -> Crew:
        """The members, of this kind where they are several."""
        return InTurn() if self.members == 1 else several(self.members)

    @property
    def versions(self) -> dict[str, str]:
        """The version of the engine, where it is not NumPy."""
        return {} if self.engine == "numpy" else {self.engine: version(self.engine)}
