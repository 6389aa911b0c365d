"""A pool: workers that do the same task at once, each its own part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Vector
from mlpcli.parallel.shares import share

Task: TypeAlias = Callable[[int, int], float]
"""Takes the worker, counted from 0, and a number; gives a number. What it changes is in shared memory."""
Job: TypeAlias = Callable[[int], list[float]]
"""A task for all workers: takes the number, gives what each came to, when all have done it."""
Adder: TypeAlias = Callable[[], bool]

WORTH_SHARING = 32_768  # entries for each worker
LINE = 16  # entries of a cache line: operations on vectors that begin elsewhere take half as long again


class WorkerPool(Protocol):
    """`size` workers. What they write for each other lies in arrays from `zeros`, or from `shared_memory`.

    What a task raises is raised where the job was asked for, after all workers have ended.
    """

    @property
    def size(self) -> int: ...

    def job(self, task: Task) -> Job:
        """Make a job of a task: before the first of all jobs is done."""

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array that all workers see."""

    def sees(self, array: Array) -> bool:
        """Whether all workers see what one of them writes there."""

    def adder(self, vectors: Sequence[Vector], good: Callable[[Vector], bool]) -> Adder:
        """What adds the workers' vectors up into the first one, in the workers' order.

        It says whether every part of the sum is good. How the vectors come together is the pool's business.
        """

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
    """Who does elementwise work on so many entries: the pool, or where they are few a worker alone."""
    return pool if entries >= pool.size * WORTH_SHARING else SerialPool()


def adder_of(pool: WorkerPool, vectors: Sequence[Vector], good: Callable[[Vector], bool]) -> Adder:
    """`WorkerPool.adder` where every worker sees all vectors: each adds up a part of the entries."""
    entries = len(vectors[0])
    adders = workers_for(entries, pool)
    parts = [aligned_share(entries, rank, adders.size) for rank in range(adders.size)]

    def add_up(rank: int, _number: int) -> float:
        total = vectors[0][parts[rank]]
        for other in vectors[1:]:
            np.add(total, other[parts[rank]], total)
        return good(total)

    job = adders.job(add_up)
    return lambda: all(job(0))


class SerialPool:
    """Workers that take turns here. Whatever the kind of a pool, the numbers are those of this one."""

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def job(self, task: Task) -> Job:
        """Worker after worker."""
        if self.size == 1:
            return lambda number: [task(0, number)]
        workers = range(self.size)
        return lambda number: [task(rank, number) for rank in workers]

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Of this process."""
        return np.zeros(shape, dtype)

    def sees(self, _array: Array) -> bool:
        """They are one process."""
        return True

    def adder(self, vectors: Sequence[Vector], good: Callable[[Vector], bool]) -> Adder:
        """By all that there are, where the vectors are long."""
        return adder_of(self, vectors, good)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None
