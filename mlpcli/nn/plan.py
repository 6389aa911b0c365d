"""A network's steps bound to buffers for exactly so many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.normalization import BatchNorm
from mlpcli.nn.steps import Dropout, First, Step
from mlpcli.nn.workspace import RowLosses

Order: TypeAlias = Literal["C", "F"]


class Buffers:
    """The one factory of arrays for a plan; scratch is shared, since no step keeps it.

    Their memory goes row after row ("C"), or unit after unit ("F").
    """

    def __init__(self, rows: int, widest: int, dtype: npt.DTypeLike, order: Order = "C") -> None:
        self.rows = rows
        self.order: Order = order
        self.dtype = np.dtype(dtype)
        self.ones = np.ones(rows, self.dtype)
        self._scratch = np.empty(rows * widest, self.dtype)

    def matrix(self, width: int) -> Matrix:
        """A new array (rows, width)."""
        return self.array(width, self.dtype)

    def array(self, width: int, dtype: np.dtype[Any]) -> Array:
        """A new array (rows, width) of a type of its own."""
        return np.empty((self.rows, width), dtype, self.order)

    def scratch(self, width: int) -> Matrix:
        """The shared array, seen as (rows, width)."""
        return self._scratch[: self.rows * width].reshape((self.rows, width), order=self.order)


@dataclass
class Plan:
    """Steps in forward order, where the scores and their derivatives end up, and the loss bound to both.

    A product with `ones` (rows,) is the sum over the rows.
    The rows may be a part of a batch, whose mean loss is over `batch` rows.
    """

    steps: tuple[Step, ...]
    scores: Matrix
    dscores: Matrix
    loss: RowLosses
    ones: Vector
    batch: int

    def __post_init__(self) -> None:
        first = self.steps[0]
        assert isinstance(first, First)
        self._first = first
        self._dropouts = [step for step in self.steps if isinstance(step, Dropout)]
        self.share: Matrix = np.asarray(1.0 / self.batch, self.scores.dtype)  # of a row in the mean
        self._batch_norms = [step for step in self.steps if isinstance(step, BatchNorm)]

    @property
    def masks(self) -> list[Matrix]:
        """The dropout masks of the last pass, in forward order."""
        return [dropout.mask for dropout in self._dropouts]

    def draw_masks(self) -> None:
        """New dropout masks for the next pass."""
        for dropout in self._dropouts:
            dropout.draw()

    def gather_statistics(self) -> None:
        """Let the statistics of the last pass count in the running ones."""
        for normalization in self._batch_norms:
            normalization.gather()

    def adopt_statistics(self) -> None:
        """Make the statistics of the last pass, over all rows that there are, the running ones."""
        for normalization in self._batch_norms:
            normalization.adopt()

    @property
    def x(self) -> Matrix:
        """The inputs (rows, inputs) of the next pass."""
        return self._first.x

    def take(self, x: Matrix) -> None:
        """Let the next pass begin with `x` (rows, inputs)."""
        self._first.x = x

    def forward(self, x: Matrix) -> None:
        """Compute `scores` (rows, outputs) from `x` (rows, inputs)."""
        self.take(x)
        self.run()

    def run(self) -> None:
        """`forward` from the inputs that are there."""
        for step in self.steps:
            step.forward()

    def backward(self) -> None:
        """Compute every parameter's gradient from `dscores`."""
        for step in reversed(self.steps):
            step.backward()
