"""The rows of an epoch, in the order of that epoch, as contiguous batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Matrix, Vector
from mlpcli.parallel.pool import SerialPool, WorkerPool, share


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

    def room(self, pool: WorkerPool) -> Part:
        """Room for as much, which all workers of a pool see."""
        x, y = (pool.zeros(array.shape, array.dtype) for array in (self.x, self.y))
        return Part(x, y, None if self.weights is None else pool.zeros(self.weights.shape, x.dtype))

    def arrays(self) -> tuple[Matrix, Matrix, Matrix | None]:
        """x, y and weights."""
        return self.x, self.y, self.weights

    def __len__(self) -> int:
        return len(self.x)


class Batches:
    """The training rows cut into batches of `size`; the last one of an epoch may be smaller.

    `shuffle` gathers all rows once into a second set of arrays, so that every batch is a view; a pool's
    workers gather a part of the rows each.
    """

    def __init__(self, part: Part, size: int, pool: WorkerPool | None = None) -> None:
        self.size = min(size, len(part))
        self.rows = len(part)
        self._number = ceil(self.rows / self.size)
        self._part = part
        self._pool = pool or SerialPool()
        self._room = part.room(self._pool)
        self._order = self._pool.zeros((self.rows,), np.intp)
        self._shuffled = self._pool.zeros((), np.bool_)
        self._gather = self._pool.job(self._gather_part)

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order of the rows."""
        self._order[...] = rng.permutation(self.rows)
        self._gather(0)
        self._shuffled.fill(True)

    def settle(self, room: Part) -> None:
        """Let the rows of an epoch lie there from now on: as they are, and in every order to come."""
        now = self._room if self._shuffled else self._part
        for source, target in zip(now.arrays(), room.arrays(), strict=True):
            if source is not None and target is not None:
                np.copyto(target, source)
        self._room = room

    @property
    def part(self) -> Part:
        """The rows in the order of the file."""
        return self._part

    def _gather_part(self, rank: int, _number: int) -> float:
        rows = share(self.rows, rank, self._pool.size)
        for source, requested in zip(self._part.arrays(), self._room.arrays(), strict=True):
            if source is not None and requested is not None:
                gather(source, self._order[rows], requested[rows])
        return 0.0

    def __getitem__(self, index: int) -> tuple[Matrix, Matrix, Matrix | None]:
        """Batch `index` of this epoch: x, y, weights."""
        rows = slice(index * self.size, (index + 1) * self.size)
        requested = self._room if self._shuffled else self._part
        weights = None if requested.weights is None else requested.weights[rows]
        return requested.x[rows], requested.y[rows], weights

    def rows_of(self, index: int) -> int:
        """How many rows batch `index` has."""
        return min(self.size, self.rows - index * self.size)

    def __len__(self) -> int:
        return self._number


def gather(source: Matrix, order: npt.NDArray[np.intp], out: Matrix) -> None:
    """out[i] = source[order[i]]; with `mode="clip"` NumPy writes straight into `out` (indices are valid)."""
    np.take(source, order, axis=0, out=out, mode="clip")
