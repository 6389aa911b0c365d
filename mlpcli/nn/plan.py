"""A network's steps bound to memory for exactly so many rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.steps import EvaluationStep, First, Gathering, Masked, Step
from mlpcli.nn.workspace import RowLosses

Order: TypeAlias = Literal["C", "F"]


class Buffers:
    """The one factory of arrays for a plan; scratch is shared, since no step keeps it.

    Their memory goes row after row ("C"), or unit after unit ("F"). Those of networks in a stack are
    (members, rows, width).
    """

    def __init__(
        self, rows: int, widest: int, dtype: npt.DTypeLike, order: Order = "C", stack: tuple[int, ...] = ()
    ) -> None:
        self.rows = rows
        self.shape = (*stack, rows)
        self.order: Order = order
        self.dtype = np.dtype(dtype)
        self.ones = np.ones(rows, self.dtype)
        self._scratch = np.empty(prod(self.shape) * widest, self.dtype)

    def matrix(self, width: int) -> Matrix:
        """A new array (rows, width)."""
        return self.array(width, self.dtype)

    def pair(self, width: int) -> tuple[Matrix, Matrix]:
        """Two of them: numbers and their derivatives."""
        return self.matrix(width), self.matrix(width)

    def array(self, width: int, dtype: np.dtype[Any]) -> Array:
        """A new array (rows, width) of a type of its own."""
        return np.empty((*self.shape, width), dtype, self.order)

    def scratch(self, width: int) -> Matrix:
        """The shared array, seen as (rows, width)."""
        return self._scratch[: prod(self.shape) * width].reshape((*self.shape, width), order=self.order)


@dataclass
class Plan:
    """Steps in forward order, their names, where scores and derivatives end up, and the loss bound to both.

    A name is `layers.0.affine`: the weight layer that a step belongs to, and what it is.
    A product with `ones` (rows,) is the sum over the rows.
    The rows may be a part of a batch, whose mean loss is over `batch` rows.
    """

    steps: tuple[Step, ...]
    names: tuple[str, ...]
    scores: Matrix
    dscores: Matrix
    loss: RowLosses
    ones: Vector
    batch: int

    def __post_init__(self) -> None:
        first = self.steps[0]
        assert isinstance(first, First)
        self._first = first
        self._masked = [step for step in self.steps if isinstance(step, Masked)]
        self._gathering = [step for step in self.steps if isinstance(step, Gathering)]
        self.per_row: Matrix = np.asarray(1.0 / self.batch, self.scores.dtype)  # of a row in the mean

    @property
    def masks(self) -> list[Matrix]:
        """The dropout masks of the last pass, in forward order."""
        return [step.mask for step in self._masked]

    def draw_masks(self, share: float = 1.0) -> None:
        """New dropout masks for the next pass, at so large a share of their rates."""
        for step in self._masked:
            step.draw(share)

    def gather_statistics(self) -> None:
        """Let the statistics of the last pass count in the running ones."""
        for step in self._gathering:
            step.gather()

    def adopt_statistics(self) -> None:
        """Make the statistics of the last pass, over all rows that there are, the running ones."""
        for step in self._gathering:
            step.adopt()

    def take(self, x: Matrix) -> None:
        """Let the next pass begin with `x` (rows, inputs)."""
        self._first.x = x

    def forward(self, x: Matrix) -> None:
        """Compute `scores` (rows, outputs) from `x` (rows, inputs)."""
        self.take(x)
        for step in self.steps:
            step.forward()

    def backward(self) -> None:
        """Compute every parameter's gradient from `dscores`."""
        for step in reversed(self.steps):
            step.backward()


@dataclass
class EvaluationPlan:
    """Steps in forward order, the inputs that a pass finds, and where it leaves the scores."""

    steps: tuple[EvaluationStep, ...]
    x: Matrix
    scores: Matrix

    def run(self) -> None:
        """Compute `scores` (rows, outputs) from what is in `x` (rows, inputs)."""
        for step in self.steps:
            step.forward()
