"""The stepper: an update rule with its state, driven over a parameter vector block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.optim.rule import WEIGHT_DECAY, Block, Rule, State

NORM_BLOCK = (
    65_536  # its own, so that the sum, and with it the clipping, does not depend on how the rule is driven
)


def global_norm(vector: Vector, scratch: Vector) -> float:
    """√Σx² in float64, through a float64 scratch row: no temporary as long as the vector."""
    total = 0.0
    for start in range(0, len(vector), len(scratch)):
        part = vector[start : start + len(scratch)]
        squares = scratch[: len(part)]
        np.multiply(part, part, out=squares, dtype=np.float64)
        total += float(np.add.reduce(squares))
    return math.sqrt(total)


class Stepper:
    """Changes `theta` in place by the gradient that it finds in `grad`.

    A step is: clip the gradient, decay the first `n_weights` entries, apply the rule. Clipping and coupled
    decay change `grad`. The state is made here once; no step allocates anything as long as the vector.
    """

    BLOCK: ClassVar[int] = 65_536  # entries: Adam's five rows of float32 fit in a second-level cache
    FLUSH_EVERY: ClassVar[int] = 32  # steps

    def __init__(
        self, rule: Rule, theta: Vector, grad: Vector, n_weights: int, clip_norm: float | None = None
    ) -> None:
        self.rule = rule
        self.t = 0
        self._grad = grad
        self._clip_norm = clip_norm
        self._state: State = rule.start(theta)
        self._decay = WEIGHT_DECAY[rule.decay]
        scratch = _scratch((2, min(self.BLOCK, len(theta))), theta.dtype)
        whole = Block(theta, grad, self._state, (scratch[0], scratch[1]))
        starts = range(0, len(theta), self.BLOCK)
        self._blocks = [_cut(whole, start, start + self.BLOCK) for start in starts]
        self._weights = [_cut(whole, start, min(start + self.BLOCK, n_weights)) for start in starts]
        self._negligible = _scratch(scratch[0].shape, np.dtype(np.bool_))
        self._squares = _scratch((min(NORM_BLOCK, len(theta)),), np.dtype(np.float64))

    def step(self, rate: float) -> None:
        """One update at this rate."""
        self.t += 1
        rate = float(rate)  # a NumPy scalar would promote float32 work
        if self._clip_norm is not None:
            self._clip(self._clip_norm)
        for block, weights in zip(self._blocks, self._weights, strict=True):
            if self.rule.weight_decay:
                self._decay(weights, rate, self.rule.weight_decay)
            self.rule.update(block, rate, self.t)
        if self.t % self.FLUSH_EVERY == 0:
            self._flush()

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

    def _clip(self, limit: float) -> None:
        """g ← g · min(1, c/(‖g‖ + 1e-6)), as torch's clip_grad_norm_."""
        factor = limit / (global_norm(self._grad, self._squares) + 1e-6)
        if factor < 1:
            self._grad *= factor

    def _flush(self) -> None:
        """Set state that has all but died away to zero.

        The momentum of a parameter whose gradient stays 0 (a dead unit) shrinks into the subnormal numbers
        and stays there, and multiplying those takes some thirty times as long. No step shows the difference.
        """
        for block in self._blocks:
            s, negligible = block.scratch[0], self._negligible[: len(block.theta)]
            for array in block.state.values():
                if array.ndim == 1:
                    np.abs(array, out=s)
                    np.less(s, 64 * float(np.finfo(s.dtype).tiny), out=negligible)
                    np.copyto(array, 0.0, where=negligible)


def _scratch(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Memory that is written before it is read."""
    return np.empty(shape, dtype)


def _cut(whole: Block, start: int, stop: int) -> Block:
    """Views of one stretch; state of more than one axis is for all, and stays whole."""
    theta, grad, state, (s, r) = whole
    span = slice(start, max(start, stop))
    length = len(theta[span])
    views = {name: array[span] if array.ndim == 1 else array for name, array in state.items()}
    return Block(theta[span], grad[span], views, (s[:length], r[:length]))


def _kinds(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Name → dtype and shape."""
    return {name: f"{arrays[name].dtype}{arrays[name].shape}" for name in sorted(arrays)}
