"""The rows of an epoch, in the order of that epoch, as contiguous batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Matrix, Vector


@dataclass(frozen=True, eq=False)
class Part:
    """Rows in the network's precision: x (n, inputs), y (n, outputs) for its loss, weights (n, 1) or none."""

    x: Matrix
    y: Matrix
    weights: Matrix | None

    @classmethod
    def of(cls, x: Matrix, y: Matrix, weights: Vector | None, dtype: npt.DTypeLike) -> Part:
        """The part with everything converted once, so that no step converts anything.

        What is beyond the precision becomes infinite: training then says that it diverged.
        """
        with np.errstate(over="ignore"):
            column = None if weights is None else np.ascontiguousarray(weights.reshape(-1, 1), dtype)
            return cls(np.ascontiguousarray(x, dtype), np.ascontiguousarray(y, dtype), column)

    def __len__(self) -> int:
        return len(self.x)


class Batches:
    """The training rows cut into batches of `size`; the last one of an epoch may be smaller.

    `shuffle` gathers all rows once into a second set of arrays, so that every batch is a view.
    """

    def __init__(self, part: Part, size: int) -> None:
        self.size = min(size, len(part))
        self.rows = len(part)
        self._part = part
        self._ordered = part

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order of the rows."""
        if self._ordered is self._part:
            weights = None if self._part.weights is None else np.empty_like(self._part.weights)
            self._ordered = Part(np.empty_like(self._part.x), np.empty_like(self._part.y), weights)
        order = rng.permutation(self.rows)
        gather(self._part.x, order, self._ordered.x)
        gather(self._part.y, order, self._ordered.y)
        if self._part.weights is not None and self._ordered.weights is not None:
            gather(self._part.weights, order, self._ordered.weights)

    def __getitem__(self, index: int) -> tuple[Matrix, Matrix, Matrix | None]:
        """Batch `index` of this epoch: x, y, weights."""
        rows = slice(index * self.size, (index + 1) * self.size)
        ordered = self._ordered
        weights = None if ordered.weights is None else ordered.weights[rows]
        return ordered.x[rows], ordered.y[rows], weights

    def __len__(self) -> int:
        return ceil(self.rows / self.size)


def gather(source: Matrix, order: npt.NDArray[np.intp], out: Matrix) -> None:
    """out[i] = source[order[i]]; with `mode="clip"` NumPy writes straight into `out` (indices are valid)."""
    np.take(source, order, axis=0, out=out, mode="clip")
