"""Numbers in the target's units, from what the networks put out, and back; several networks together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.exporting.python.vectorized.activations import Function
from mlpcli.exporting.python.vectorized.arrays import Array, rounded


class Units:
    """output * scale + center, e^u - 1 of that if `log`, within the least and the largest number if given."""

    def __init__(
        self,
        center: Sequence[float],
        scale: Sequence[float],
        log: bool = False,
        bounds: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        self.center, self.scale, self.log = np.array(center), np.array(scale), log
        self.bounds = None if bounds is None else np.array(bounds)

    def numbers(self, outputs: Array) -> Array:
        """Those of outputs (rows, targets); no bounds are those of one that is not finite."""
        found = outputs * self.scale + self.center
        if self.log:
            found = np.expm1(found)
        return np.where(np.isfinite(outputs), self.bounded(found), found)

    def bounded(self, numbers: Array) -> Array:
        """Numbers within the bounds."""
        return numbers if self.bounds is None else np.clip(numbers, *self.bounds)

    def outputs(self, numbers: Array) -> Array:
        """What gives these numbers."""
        return ((np.log1p(numbers) if self.log else numbers) - self.center) / self.scale

    def line_at(self, numbers: Array) -> tuple[Array, Array]:
        """(center, scale), of which numbers near these are scale * output + center."""
        if not self.log:
            return np.broadcast_to(self.center, numbers.shape), np.broadcast_to(self.scale, numbers.shape)
        slope = 1.0 + numbers
        return numbers - slope * (np.log1p(numbers) - self.center), slope * self.scale


def log_sum_exp(z: Array, axis: int) -> Array:
    """log of the sum of e^z over an axis, which stays."""
    largest = z.max(axis=axis, keepdims=True)
    return largest + np.log(np.exp(z - largest).sum(axis=axis, keepdims=True))


def mean_softmax(each: Array) -> Array:
    """The logarithm of the mean of softmax(z), of z (networks, rows, outputs)."""
    return log_sum_exp(each - log_sum_exp(each, 2), 0)[0] - np.log(len(each))


def mean_sigmoid(each: Array) -> Array:
    """The log-odds of the mean of 1 / (1 + e^-z)."""
    yes, no = (log_sum_exp(-np.logaddexp(0.0, sign * each), 0)[0] for sign in (-1.0, 1.0))
    return yes - no


class MeanNumbers:
    """The mean of what each says in the target's units; `function` makes outputs of scores.

    `logarithm`: where the function is the exponential the scores are the logarithms of the outputs.
    """

    def __init__(
        self, function: Function, members: Sequence[Units], whole: Units, logarithm: bool = False
    ) -> None:
        self.function, self.members, self.whole, self.logarithm = function, members, whole, logarithm

    def __call__(self, each: Array) -> Array:
        """The scores of that mean."""
        numbers = [units.numbers(self.function(z)) for units, z in zip(self.members, each)]
        outputs = self.whole.outputs(np.mean(numbers, axis=0))
        return rounded(np.log(outputs) if self.logarithm else outputs)
