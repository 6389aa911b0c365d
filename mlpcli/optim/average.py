"""The running mean of the weights that training goes through, to predict with in place of the last."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.kernels.in_place import BoundKernel, bind
from mlpcli.kernels.kernel import Kernel
from mlpcli.optim.blocks import BLOCK, CLEAR_EVERY, blocks_of, clearing, unwritten
from mlpcli.parallel import shared_memory
from mlpcli.parallel.pool import SerialPool, WorkerPool, aligned_share, workers_for

Named: TypeAlias = dict[str, Vector]

STEP = Kernel(
    lambda mean, now, keep, take: {"mean": keep * mean + take * now}, ("mean", "now"), ("keep", "take")
)


class WeightAverage:
    """An exponential moving average of all that a network is, `now` (n,): E ← dE + (1 − d) θ after an update.

    After update t, counted from 1, d is min(`decay`, (1 + t)/(10 + t)), as in TensorFlow's
    ExponentialMovingAverage: the first weights are soon forgotten. Polyak & Juditsky 1992 for the idea.

    The running statistics of a batch_norm are averaged with the weights whose scores they describe, by the
    same d. What is not shown, E while training and θ between epochs, waits in an array made here once;
    nothing else as long is made.
    """

    def __init__(self, now: Vector, decay: float) -> None:
        self._now, self._decay = now, decay
        self._other = shared_memory.copied(now)
        self._numbers = shared_memory.zeros((2,), now.dtype)
        self._spare = unwritten((min(BLOCK, len(now)),), now.dtype)
        self._shown = False
        self.share_with(SerialPool())

    @property
    def mean(self) -> Vector:
        """E."""
        return self._now if self._shown else self._other

    @property
    def theta(self) -> Vector:
        """θ, which training goes on with."""
        return self._other if self._shown else self._now

    def share_with(self, pool: WorkerPool) -> None:
        """Let every worker of the pool average a part of the entries, where these are many."""
        n = len(self._now)
        workers = workers_for(n, pool)
        parts = [aligned_share(n, rank, workers.size) for rank in range(workers.size)]
        runs = [self._runs(part) for part in parts]
        clears = [clearing((self._other,), part, BLOCK) for part in parts]

        def run_part(rank: int, clear: int) -> float:
            for run in runs[rank]:
                run()
            if clear:
                clears[rank]()
            return 0.0

        self._job = workers.job(run_part)

    def update(self, t: int) -> None:
        """Take in the weights after update t; E must not be shown."""
        keep = min(self._decay, (1 + t) / (10 + t))
        self._numbers[:] = keep, 1 - keep
        self._job(t % CLEAR_EVERY == 0)

    def show(self, shown: bool) -> None:
        """Let `now` hold E, to be judged and kept, or θ again."""
        if shown == self._shown:
            return
        for block in blocks_of(slice(0, len(self._now)), len(self._spare)):
            spare, now, other = self._spare[: block.stop - block.start], self._now[block], self._other[block]
            np.copyto(spare, now)
            np.copyto(now, other)
            np.copyto(other, spare)
        self._shown = shown

    def restore(self, theta: Vector, mean: Vector) -> None:
        """Go on from these, θ in `now`."""
        self._shown = False
        np.copyto(self._now, theta)
        np.copyto(self._other, mean)

    def _runs(self, part: slice) -> list[BoundKernel]:
        """The formula on each block of a part, with scratch of the part's own."""
        scratch = unwritten((STEP.temporaries, min(BLOCK, part.stop - part.start)), self._now.dtype)
        return [
            bind(
                STEP,
                {"mean": self._other[block], "now": self._now[block]},
                self._numbers,
                [row[: block.stop - block.start] for row in scratch],
            )
            for block in blocks_of(part, BLOCK)
        ]
