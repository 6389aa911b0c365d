"""The stepper: an update rule with its state, driven over a parameter vector block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.in_place import BoundKernel, bind
from mlpcli.kernels.kernel import Kernel
from mlpcli.optim.blocks import BLOCK, CLEAR_EVERY, blocks_of, clearing, unwritten
from mlpcli.optim.rates import StepNumbers, stretches
from mlpcli.optim.rule import Optimizer
from mlpcli.parallel import shared_memory
from mlpcli.parallel.pool import SerialPool, WorkerPool, aligned_share, workers_for

# its own, so that the sum, and with it the clipping, does not depend on how the rule is driven
NORM_BLOCK = 65_536


def global_norm(vector: Vector, scratch: Vector) -> float:
    """√Σx² in float64, through a float64 scratch row: no temporary as long as the vector."""
    total = 0.0
    for start in range(0, len(vector), len(scratch)):
        part = vector[start : start + len(scratch)]
        squares = scratch[: len(part)]
        np.multiply(part, part, out=squares, dtype=np.float64)
        total += float(np.add.reduce(squares))
    return math.sqrt(total)


def step_kernel(optimizer: Optimizer, decays: bool) -> Kernel:
    """One step as a formula: the weight decay where there is any, then the rule's update.

    It takes `theta`, `g` and the vectors of the state, and the decay's coefficient before the rule's.
    """
    rule, start = optimizer.rule, optimizer.rule.start(np.zeros(0))
    numbers, names = rule.coefficients(0.0, 1, start), tuple(_vectors(start))

    def formula(theta: Vector, g: Vector, *others: Any) -> dict[str, Array]:
        vectors, (decay, *values) = others[: len(names)], others[len(names) :]
        if decays:
            theta, g = optimizer.decay.apply(theta, g, decay)
        s = start._replace(**dict(zip(names, vectors, strict=True)))
        theta, s = rule.update(theta, g, s, numbers._make(values))
        return {"theta": theta, **{name: getattr(s, name) for name in names}}

    return Kernel(formula, ("theta", "g", *names), ("decay", *numbers._fields))


class Stepper:
    """Changes `theta` in place by the gradient that it finds in `grad`.

    A step is: clip the gradient, then decay the first `n_weights` entries and apply the rule, in one formula,
    each stretch of entries at its own multiple of the rate. Clipping changes `grad`. The state is made here
    once; no step allocates anything as long as the vector.
    """

    BLOCK: ClassVar[int] = BLOCK
    FLUSH_EVERY: ClassVar[int] = CLEAR_EVERY

    def __init__(
        self,
        optimizer: Optimizer,
        theta: Vector,
        grad: Vector,
        n_weights: int,
        clip_norm: float | None = None,
    ) -> None:
        self.optimizer = optimizer
        self.t = 0
        self._theta, self._grad = theta, grad
        self._clip_norm = clip_norm
        start = optimizer.rule.start(theta)
        self._arrays = {name: shared_memory.copied(array) for name, array in _arrays(start).items()}
        self._state = start._replace(**self._arrays)
        vectors = _vectors(self._state)
        self._stretches = stretches(optimizer, n_weights, len(theta))
        kinds = dict.fromkeys(stretch.decays for stretch in self._stretches)
        self._kernels = {decays: step_kernel(optimizer, decays) for decays in kinds}
        self._numbers = StepNumbers(optimizer, self._stretches, theta.dtype)
        self._vectors = {"theta": theta, "g": grad, **vectors}
        self._flushed = (theta, *vectors.values())
        self._squares = unwritten((min(NORM_BLOCK, len(theta)),), np.dtype(np.float64))
        self.share_with(SerialPool())

    def share_with(self, pool: WorkerPool) -> None:
        """Let every worker of the pool change a part of the entries, where these are many."""
        n = len(self._grad)
        workers = workers_for(n, pool)
        parts = [aligned_share(n, rank, workers.size) for rank in range(workers.size)]
        runs = [self._runs(part) for part in parts]
        flushes = [clearing(self._flushed, part, self.BLOCK) for part in parts]

        def run_part(rank: int, flush: int) -> float:
            for run in runs[rank]:
                run()
            if flush:
                flushes[rank]()
            return 0.0

        self._update = workers.job(run_part)

    def step(self, rate: float, decay: float = 1.0) -> None:
        """One update at this rate; so large a share is left of the weight decay."""
        self.t += 1
        if self._clip_norm is not None:
            self._clip(self._clip_norm)
        self._numbers.set(float(rate), decay, self.t, self._state)
        self._update(self.t % self.FLUSH_EVERY == 0)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The arrays of the rule's state themselves, by their names."""
        return self._arrays

    @property
    def clips(self) -> bool:
        """Whether the norm of the whole gradient has a limit."""
        return self._clip_norm is not None

    def state(self) -> dict[str, Array]:
        """A copy of everything that the next step depends on besides theta and grad."""
        return {"t": np.array(self.t), **{name: array.copy() for name, array in self._arrays.items()}}

    def restore(self, saved: Mapping[str, Array]) -> None:
        """Go on from what `state` gave; raises ValueError where it belongs to another rule or vector."""
        expected, found = _kinds({"t": np.array(self.t), **self._arrays}), _kinds(saved)
        if expected != found:
            raise ValueError(f"optimizer state: expected {expected}, found {found}")
        for name, array in self._arrays.items():
            array[...] = saved[name]
        self.t = int(saved["t"])

    def _runs(self, part: slice) -> list[BoundKernel]:
        """The formula on each block of a part of the vectors, with scratch of the part's own."""
        rows = max(1, *(kernel.temporaries for kernel in self._kernels.values()))
        scratch = unwritten((rows, min(self.BLOCK, part.stop - part.start)), self._grad.dtype)
        runs = []
        for stretch in self._stretches:
            kernel, numbers, own = self._kernels[stretch.decays], self._numbers.row(stretch), stretch.entries
            both = slice(max(part.start, own.start), min(part.stop, own.stop))
            for block in blocks_of(both, self.BLOCK):
                views = {name: array[block] for name, array in self._vectors.items()}
                rows_of_block = [row[: block.stop - block.start] for row in scratch]
                runs.append(bind(kernel, views, numbers, rows_of_block))
        return runs

    def _clip(self, limit: float) -> None:
        """g ← g · min(1, c/(‖g‖ + 1e-6)), as torch's clip_grad_norm_."""
        factor = limit / (global_norm(self._grad, self._squares) + 1e-6)
        if factor < 1:
            self._grad *= factor


def _arrays(state: Any) -> dict[str, Array]:
    """The arrays of a rule's state by their names, without what is None."""
    return {name: array for name, array in state._asdict().items() if array is not None}


def _vectors(state: Any) -> dict[str, Vector]:
    """Those with an entry per parameter."""
    return {name: array for name, array in _arrays(state).items() if array.ndim == 1}


def _kinds(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Name → dtype and shape."""
    return {name: f"{arrays[name].dtype}{arrays[name].shape}" for name in sorted(arrays)}
