"""Scores of classes as a network gives them, and what follows from them without the loss of a digit.

A probability that is nearly 1 is rounded to 1, and what is computed from it knows nothing of how near it
was. The log-odds of a class, log p − log(1 − p), tell all probabilities apart, and

    −log p = log(1 + e^(−log-odds))        1 − p = σ(−log-odds)        p ranks rows as the log-odds do.

Of a sigmoid they are the score itself, of a softmax z_c − log Σ over the others e^z.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.nn.activations import INCREASING, ActivationChoice
from mlpcli.nn.outputs import outputs_of

ENTRIES = 1 << 18  # of a block in float64


@dataclass(frozen=True, eq=False)
class _Rest:
    """What softmax needs of each row (n,): the largest score, which it is, Σ e^(z − largest) of all scores,
    and log Σ e^(z − largest) of all but that one."""

    largest: Vector
    which: Indices
    total: Vector
    log_others: Vector


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Scores `z` (n, outputs) before the `output` activation, in whatever precision they were computed.

    One column for two classes, or one for each class, or for each label. Everything else is float64.
    """

    z: Matrix
    output: ActivationChoice

    @property
    def probabilistic(self) -> bool:
        """Whether they are those of probabilities."""
        return self.output.name in PROBABILITIES

    @property
    def columns(self) -> int:
        """The number of outputs."""
        return int(self.z.shape[1])

    def probability(self) -> Matrix:
        """The probability of each output (n, outputs)."""
        return outputs_of(self.z, self.output)

    def log_probability(self) -> Matrix:
        """Its logarithm (n, outputs), which has all digits where a probability is rounded to 0 or 1."""
        odds = self.z.astype(np.float64)
        if self.output.name == "softmax":
            odds = np.column_stack([self._log_odds(column) for column in range(self.columns)])
        return np.asarray(-np.logaddexp(0.0, -odds))

    def of_both(self) -> ClassScores:
        """A column for each of the two classes that share the only one.

        The probability of the first is σ(−z), which keeps the digits that 1 − σ(z) loses.
        """
        z = self.z.astype(np.float64)
        return ClassScores(np.hstack([-z, z]), self.output)

    def order(self, column: int) -> Vector:
        """What rows rank by for an output (n,): log-odds, else scores, else outputs that are not monotone."""
        if self._repeats_one_row:
            alone = ClassScores(self.z[:1], self.output)
            return np.broadcast_to(alone.order(column), len(self.z))
        if self.output.name == "softmax":
            return self._log_odds(column)
        z = self.z[:, column]
        if self.output.name in INCREASING:
            return z.astype(np.float64)
        return outputs_of(z[:, np.newaxis], self.output)[:, 0]

    @property
    def _repeats_one_row(self) -> bool:
        """Whether all rows are the same memory, as those of a constant prediction are."""
        return len(self.z) > 1 and self.z.strides[0] == 0

    def log_odds_of(self, truth: Indices) -> Vector:
        """The log-odds of the class of each row (n,)."""
        if self.columns == 1:
            of_second = self.z[:, 0].astype(np.float64)
            return np.where(truth == 1, of_second, -of_second)
        return self._against_rest(np.take_along_axis(self.z, truth[:, np.newaxis], axis=1)[:, 0], truth)

    def _log_odds(self, column: int) -> Vector:
        return self._against_rest(self.z[:, column], np.array(column))

    def _against_rest(self, z: Vector, which: Indices) -> Vector:
        """z − log Σ e^others of the outputs `which`."""
        rest, below = self._rest, z.astype(np.float64) - self._rest.largest
        # where it is not the largest one that one stays: no difference of nearly equal numbers
        others = np.maximum(rest.total - np.exp(below), 0.5)
        return np.where(which == rest.which, -rest.log_others, below - np.log(others))

    @cached_property
    def _rest(self) -> _Rest:
        parts = [_rest_of(self.z[rows].astype(np.float64)) for rows in blocks(*self.z.shape)]
        return _Rest(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """The rows a block at a time, all of whose columns are not much; at least one block."""
    size = max(1, ENTRIES // max(1, columns))
    return (slice(start, start + size) for start in range(0, max(1, rows), size))


def _rest_of(z: Matrix) -> tuple[Vector, Indices, Vector, Vector]:
    rows, which = np.arange(len(z)), z.argmax(axis=1)
    largest = z[rows, which]
    below = z - largest[:, np.newaxis]
    total = np.exp(below).sum(axis=1)
    below[rows, which] = -np.inf
    second = below.max(axis=1)
    log_others = second + np.log(np.exp(below - second[:, np.newaxis]).sum(axis=1))
    return largest, which, total, log_others
