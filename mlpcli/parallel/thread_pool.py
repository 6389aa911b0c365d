"""A pool whose workers are threads of this process, where it may not be forked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from time import perf_counter

from mlpcli.parallel.pacing import Autotuner
from mlpcli.parallel.pool import Job, LocalPool, SerialPool, Task


class ThreadPool(LocalPool):
    """Workers in threads, or in turn in the thread that asks, whichever is faster.

    Python runs one thread at a time; NumPy lets the others run while it works on long arrays. So threads pay
    for long tasks; short ones are done in less time than it takes to hand them over.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._pool = ThreadPoolExecutor(max_workers=max(1, size - 1))

    def job(self, task: Task) -> Job:
        """Timed both ways now and then, and otherwise done the faster way."""
        ways, autotuner = (SerialPool(self.size).job(task), self._at_once(task)), Autotuner()

        def do(number: int) -> list[float]:
            way = autotuner.next()
            begun = perf_counter()
            values = ways[way](number)
            autotuner.took(perf_counter() - begun)
            return values

        return do

    def _at_once(self, task: Task) -> Job:
        """The first worker is the thread that asks."""

        def do(number: int) -> list[float]:
            others = [
                self._pool.submit(copy_context().run, task, rank, number) for rank in range(1, self.size)
            ]
            try:
                first = task(0, number)
            finally:
                wait(others)
            return [first, *(other.result() for other in others)]

        return do

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()
