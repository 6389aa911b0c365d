"""The stepper: an update rule with its state, driven over a parameter vector block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.in_place import Run, bind
from mlpcli.kernels.kernel import Kernel
from mlpcli.optim.rule import WEIGHT_DECAY, Rule, State
from mlpcli.parallel import shared_memory
from mlpcli.parallel.pool import Crew, InTurn, aligned_share, members_for

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


def step_kernel(rule: Rule, state: tuple[str, ...], decays: bool) -> Kernel:
    """One step of `rule` as a formula: its weight decay where there is any, then its update.

    It takes `theta`, `g` and the arrays of `state`, and the decay's coefficient before the rule's.
    """
    names = tuple(rule.coefficients(0.0, 1, rule.start(np.zeros(0))))

    def formula(theta: Vector, g: Vector, *others: Any) -> dict[str, Array]:
        arrays, (decay, *numbers) = others[: len(state)], others[len(state) :]
        if decays:
            theta, g = WEIGHT_DECAY[rule.decay].apply(theta, g, decay)
        s: Any = SimpleNamespace(**dict(zip(state, arrays, strict=True)))
        c: Any = SimpleNamespace(**dict(zip(names, numbers, strict=True)))
        theta = rule.update(theta, g, s, c)
        return {"theta": theta, **vars(s)}

    return Kernel(formula, ("theta", "g", *state), ("decay", *names))


class Stepper:
    """Changes `theta` in place by the gradient that it finds in `grad`.

    A step is: clip the gradient, then decay the first `n_weights` entries and apply the rule, in one formula.
    Clipping changes `grad`. The state is made here once; no step allocates anything as long as the vector.
    """

    BLOCK: ClassVar[int] = 65_536  # entries: Adam's five rows of float32 fit in a second-level cache
    FLUSH_EVERY: ClassVar[int] = 32  # steps

    def __init__(
        self, rule: Rule, theta: Vector, grad: Vector, n_weights: int, clip_norm: float | None = None
    ) -> None:
        self.rule = rule
        self.t = 0
        self._theta, self._grad = theta, grad
        self._clip_norm = clip_norm
        self._decay = WEIGHT_DECAY[rule.decay].coefficient
        self._state: State = {name: shared_memory.copied(a) for name, a in rule.start(theta).items()}
        self._arrays = {name: array for name, array in self._state.items() if array.ndim == 1}
        decayed = n_weights if rule.weight_decay else 0
        stretches = {True: slice(0, decayed), False: slice(decayed, len(theta))}
        self._kernels = [
            (stretch, step_kernel(rule, tuple(self._arrays), decays))
            for decays, stretch in stretches.items()
            if stretch.stop > stretch.start
        ]
        numbers = max(len(kernel.coefficients) for _, kernel in self._kernels)
        self._numbers = shared_memory.zeros((numbers,), theta.dtype)
        self._vectors = {"theta": theta, "g": grad, **self._arrays}
        self._squares = _scratch((min(NORM_BLOCK, len(theta)),), np.dtype(np.float64))
        self.share_with(InTurn())

    def share_with(self, crew: Crew) -> None:
        """Let every member of the crew change a part of the entries, where these are many."""
        n = len(self._grad)
        members = members_for(n, crew)
        parts = [aligned_share(n, member, members.size) for member in range(members.size)]
        runs = [self._runs(part) for part in parts]
        flushes = [self._flush_of(part) for part in parts]

        def run_part(member: int, flush: int) -> float:
            for run in runs[member]:
                run()
            if flush:
                flushes[member]()
            return 0.0

        self._update = members.job(run_part)

    def step(self, rate: float) -> None:
        """One update at this rate."""
        self.t += 1
        if self._clip_norm is not None:
            self._clip(self._clip_norm)
        rate = float(rate)
        decay = self._decay(rate, self.rule.weight_decay)
        self._numbers[:] = decay, *self.rule.coefficients(rate, self.t, self._state).values()
        self._update(self.t % self.FLUSH_EVERY == 0)

    def state(self) -> dict[str, Array]:
        """A copy of everything that the next step depends on besides theta and grad."""
        return {"t": np.array(self.t), **{name: array.copy() for name, array in self._state.items()}}

    def restore(self, saved: Mapping[str, Array]) -> None:
        """Go on from what `state` gave; raises ValueError where it belongs to another rule or vector."""
        expected, found = _kinds({"t": np.array(self.t), **self._state}), _kinds(saved)
        if expected != found:
            raise ValueError(f"optimizer state: expected {expected}, found {found}")
        for name, array in self._state.items():
            array[...] = saved[name]
        self.t = int(saved["t"])

    def _runs(self, part: slice) -> list[Run]:
        """The formula on each block of a part of the vectors, with scratch of the part's own."""
        rows = max(1, *(kernel.temporaries for _, kernel in self._kernels))
        scratch = _scratch((rows, min(self.BLOCK, part.stop - part.start)), self._grad.dtype)
        runs = []
        for stretch, kernel in self._kernels:
            both = slice(max(part.start, stretch.start), min(part.stop, stretch.stop))
            for block in _blocks(both, self.BLOCK):
                views = {name: array[block] for name, array in self._vectors.items()}
                rows_of_block = [row[: block.stop - block.start] for row in scratch]
                runs.append(bind(kernel, views, self._numbers, rows_of_block))
        return runs

    def _clip(self, limit: float) -> None:
        """g ← g · min(1, c/(‖g‖ + 1e-6)), as torch's clip_grad_norm_."""
        factor = limit / (global_norm(self._grad, self._squares) + 1e-6)
        if factor < 1:
            self._grad *= factor

    def _flush_of(self, part: slice) -> Run:
        """What sets state and weights of a part of the vectors that have all but died away to zero.

        The momentum of a parameter whose gradient stays 0 (a dead unit) shrinks into the subnormal numbers
        and stays there, and so does its weight under a penalty. Multiplying those takes some thirty times as
        long. No step shows the difference.
        """
        size = min(self.BLOCK, part.stop - part.start)
        sizes, negligible = _scratch((size,), self._grad.dtype), _scratch((size,), np.dtype(np.bool_))
        least = 64 * float(np.finfo(self._grad.dtype).tiny)
        vectors = [
            array[block]
            for block in _blocks(part, self.BLOCK)
            for array in (self._theta, *self._arrays.values())
        ]

        def flush() -> None:
            for vector in vectors:
                n = len(vector)
                np.abs(vector, out=sizes[:n])
                np.less(sizes[:n], least, out=negligible[:n])
                np.copyto(vector, 0.0, where=negligible[:n])

        return flush


def _blocks(stretch: slice, size: int) -> list[slice]:
    """A stretch cut into pieces of `size`; the last may be smaller."""
    starts = range(stretch.start, stretch.stop, size)
    return [slice(start, min(start + size, stretch.stop)) for start in starts]


def _scratch(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Memory that is written before it is read."""
    return np.empty(shape, dtype)


def _kinds(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Name → dtype and shape."""
    return {name: f"{arrays[name].dtype}{arrays[name].shape}" for name in sorted(arrays)}
