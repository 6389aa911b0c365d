"""A pool: workers that do the same task at once, each its own part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Vector
from mlpcli.parallel.shares import share

Task: TypeAlias = Callable[[int, int], float]
"""Takes the worker, counted from 0, and a number; gives a number. What it changes is in shared memory."""
Job: TypeAlias = Callable[[int], list[float]]
"""A task for all workers: takes the number, gives what each came to, when all have done it."""
Adder: TypeAlias = Callable[[], bool]
Good: TypeAlias = Callable[[Vector], bool]
T = TypeVar("T")

WORTH_SHARING = 32_768  # entries for each worker
LINE = 16  # entries of a cache line: operations on vectors that begin elsewhere take half as long again


class WorkerPool(Protocol):
    """`size` workers. What they write for each other lies in arrays from `zeros`, or from `shared_memory`.

    They may be on several machines, each of which runs the same program and is asked the same: then some of
    the workers are of this process, the `own`, and those who work on what it alone has are `here`. What a
    task raises is raised where the job was asked for, after all workers have ended.
    """

    @property
    def size(self) -> int: ...

    @property
    def own(self) -> range:
        """The workers of this process, or whom it has forked."""

    @property
    def here(self) -> WorkerPool:
        """Those who see the arrays of this process: for work that every process has to have done."""

    @property
    def leads(self) -> bool:
        """Whether this process is the one that reads, writes, judges and prints."""

    def job(self, task: Task) -> Job:
        """Make a job of a task: before the first of all jobs is done."""

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array that all workers see."""

    def sees(self, array: Array) -> bool:
        """Whether all workers see what one of them writes there."""

    def adder(self, vectors: Sequence[Vector], total: Vector, good: Good) -> Adder:
        """What adds the workers' vectors up into the total, in the workers' order.

        `vectors` are those of the own workers; the total may be that of the first of all. It says whether
        every part of the sum is good. How the vectors come together is the pool's business.
        """

    def told(self, make: Callable[[], T]) -> T:
        """What the leading process makes, and all others are told; raises what that raises."""

    def spread(self, array: Array) -> None:
        """Let every process have in its array what the leading one has there."""

    def require_same(self, array: Array, when: str) -> None:
        """Raise UsageError where the processes do not have the same bytes there."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


def aligned_share(entries: int, rank: int, size: int) -> slice:
    """A worker's part of the entries of a vector, cut at the borders of cache lines."""
    lines = share(-(-entries // LINE), rank, size)
    return slice(min(lines.start * LINE, entries), min(lines.stop * LINE, entries))


def workers_for(entries: int, pool: WorkerPool) -> WorkerPool:
    """Who does elementwise work on so many entries of each process: all of its workers, or one alone."""
    return pool.here if entries >= pool.here.size * WORTH_SHARING else SerialPool()


class LocalPool:
    """What the pools have in common whose workers all belong to one process, or are forked from it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.own = range(size)
        self.leads = True

    @property
    def here(self) -> WorkerPool:
        """All of them."""
        return self

    def job(self, task: Task) -> Job:
        """Worker after worker."""
        if self.size == 1:
            return lambda number: [task(0, number)]
        return lambda number: [task(rank, number) for rank in self.own]

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Of this process."""
        return np.zeros(shape, dtype)

    def sees(self, _array: Array) -> bool:
        """They are one process."""
        return True

    def adder(self, vectors: Sequence[Vector], total: Vector, good: Good) -> Adder:
        """Every worker sees all vectors: where these are long, each adds up a part of the entries."""
        entries = len(total)
        adders = workers_for(entries, self)
        parts = [aligned_share(entries, rank, adders.size) for rank in range(adders.size)]

        def add_up(rank: int, _number: int) -> float:
            sum_of_part = total[parts[rank]]
            if vectors[0] is not total:
                np.copyto(sum_of_part, vectors[0][parts[rank]])
            for other in vectors[1:]:
                np.add(sum_of_part, other[parts[rank]], sum_of_part)
            return good(sum_of_part)

        job = adders.job(add_up)
        return lambda: all(job(0))

    def told(self, make: Callable[[], T]) -> T:
        """There are no others."""
        return make()

    def spread(self, _array: Array) -> None:
        """There are no others."""

    def require_same(self, _array: Array, _when: str) -> None:
        """There are no others."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None


class SerialPool(LocalPool):
    """Workers that take turns here. Whatever the kind of a pool, the numbers are those of this one."""

    def __init__(self, size: int = 1) -> None:
        super().__init__(size)


class SharedOutPool(LocalPool):
    """Workers whose work is done by others, fewer or more of them: each does that of some in turn."""

    def __init__(self, size: int, others: WorkerPool) -> None:
        super().__init__(size)
        self._others = others

    @property
    def here(self) -> WorkerPool:
        """Those who do the work."""
        return self._others

    def job(self, task: Task) -> Job:
        """A job of the others, who leave what each worker came to in an array."""
        values = self._others.zeros((self.size,), np.float64)

        def several(other: int, number: int) -> float:
            for rank in self.own[share(self.size, other, self._others.size)]:
                values[rank] = task(rank, number)
            return 0.0

        job = self._others.job(several)

        def do(number: int) -> list[float]:
            job(number)
            return [float(value) for value in values]

        return do

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """That the others see."""
        return self._others.zeros(shape, dtype)

    def sees(self, array: Array) -> bool:
        """Whether the others see it."""
        return self._others.sees(array)

    def __enter__(self) -> Self:
        self._others.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        self._others.__exit__(None, None, None)
