"""The rows of an epoch, in the order of that epoch, as contiguous batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Matrix, Vector
from mlpcli.memory import portion
from mlpcli.parallel.pool import SerialPool, WorkerPool
from mlpcli.parallel.shares import share
from mlpcli.storage.ahead import Ahead, pieces_in
from mlpcli.storage.rows import Rows, gather, whole
from mlpcli.training.numbered import BatchesOfEpoch, Numbered
from mlpcli.training.orders import shuffle_all, shuffle_blocks

WINDOW_BYTES: Final = 1 << 20  # of inputs that are batches at a time where not all are: a cache holds them
COPIED_BYTES: Final = 1 << 22  # of those that are there twice where all are: a copy in the order of the epoch
PASSES: Final = 8  # over a store in an epoch
LEAST_AHEAD: Final = 1 << 20  # bytes of inputs that are fetched together where memory is short


@dataclass(frozen=True, eq=False)
class Part:
    """Rows in the network's precision: x (n, inputs), y (n, outputs) for its loss, weights (n, 1) or none."""

    x: Rows
    y: Matrix
    weights: Matrix | None

    @classmethod
    def of(cls, x: Rows, y: Matrix, weights: Vector | None, dtype: npt.DTypeLike) -> Part:
        """The part with everything converted once, so that no step converts anything.

        What is beyond the precision becomes infinite: training then says that it diverged. Rows in a store
        have the precision already.
        """
        with np.errstate(over="ignore"):
            column = None if weights is None else np.ascontiguousarray(weights.reshape(-1, 1), dtype)
            own = np.ascontiguousarray(x, dtype) if isinstance(x, np.ndarray) else x
            return cls(own, np.ascontiguousarray(y, dtype), column)

    @property
    def is_in_memory(self) -> bool:
        """Whether the inputs are an array."""
        return isinstance(self.x, np.ndarray)

    def arrays(self) -> tuple[Matrix, Matrix, Matrix | None]:
        """x, y and weights, all in memory."""
        return whole(self.x), self.y, self.weights

    def batches(self, size: int, pool: WorkerPool, block: int | None = None) -> BatchesOfEpoch:
        """The rows cut into batches of `size`, for the workers of a pool; in orders of blocks, if of any."""
        return Batches(self, size, pool, block)

    def as_one_batch(self, _pool: WorkerPool) -> Numbered:
        """All rows as batch 0."""
        return [self.arrays()]

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Room:
    """Where rows lie for batches to be cut from: x (n, inputs), y (n, outputs), weights (n, 1) or none."""

    x: Matrix
    y: Matrix
    weights: Matrix | None

    @classmethod
    def like(cls, part: Part, rows: int, pool: WorkerPool) -> Room:
        """For so many rows such as a part has; all workers of a pool see it."""
        arrays = (part.x, part.y, part.weights)
        x, y, weights = (
            None if one is None else pool.zeros((rows, one.shape[1]), one.dtype) for one in arrays
        )
        assert x is not None
        assert y is not None
        return cls(x, y, weights)

    def arrays(self) -> tuple[Matrix, Matrix, Matrix | None]:
        """x, y and weights."""
        return self.x, self.y, self.weights


class Batches:
    """The training rows cut into batches of `size`; the last one of an epoch may be smaller.

    A window of several batches at a time is gathered into arrays of its own as `bring` asks for it, so that
    every batch is a view; from inputs that were fetched for many windows together, where that is better for
    the store that has them. A pool's workers gather a part of a window's rows each. An order may be one of
    blocks of so many rows.
    """

    def __init__(
        self, part: Part, size: int, pool: WorkerPool | None = None, block: int | None = None
    ) -> None:
        self.size = min(size, len(part))
        self.rows = len(part)
        self._number = ceil(self.rows / self.size)
        self._part = part
        self._pool = pool or SerialPool()
        self._stretch = rows_at_a_time(part, self.size)
        self._room = Room.like(part, self._stretch, self._pool)
        self._window: int | None = None
        self._block = block
        few = not part.is_in_memory and self.rows < 2**31
        self._order = self._pool.zeros((self.rows,), np.int32 if few else np.intp)
        self._shuffled = self._pool.zeros((), np.int64)  # how often
        self._ahead = [self._ahead_of(rank) for rank in range(self._pool.size)]
        self._gather = self._pool.job(self._gather_part)

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order of the rows."""
        if self._block is None:
            shuffle_all(self._order, rng)
        else:
            shuffle_blocks(self._order, rng, self._block)
        self._shuffled += 1
        self._window = None
        self.bring(0)

    def bring(self, index: int) -> None:
        """Let batch `index` of this epoch be there, for every worker, until another is brought."""
        window = index * self.size // self._stretch
        if window != self._window and not self._is_as_it_was:
            self._gather(window)
        self._window = window

    @property
    def _is_as_it_was(self) -> bool:
        """Whether batches are views of the part's own rows."""
        return self._part.is_in_memory and not self._shuffled

    def settle(self, room: Room) -> None:
        """Let all rows of an epoch lie there from now on: now, and in every order."""
        self._room, self._stretch, self._window = room, self.rows, 0
        self._gather(0)

    @property
    def part(self) -> Part:
        """The rows in the order of the file."""
        return self._part

    def _ahead_of(self, rank: int) -> Ahead | None:
        """What fetches a worker's inputs of several windows, if the store has it so and there are any."""
        x, first = self._part.x, self._own(rank, 0)
        fetch = None if isinstance(x, np.ndarray) else x.fetch
        if fetch is None:
            return None
        rows, windows = first.stop - first.start, ceil(self.rows / self._stretch)
        size = portion(8, LEAST_AHEAD, x.nbytes // PASSES) // self._pool.size
        together = min(windows, pieces_in(size, rows, x.shape[1] * x.dtype.itemsize))
        if together < 2:
            return None
        room: Matrix = np.empty((together * rows, x.shape[1]), x.dtype)
        return Ahead(fetch, lambda window: self._order[self._own(rank, window)], windows, together, room)

    def _own(self, rank: int, window: int) -> slice:
        """A worker's part of the rows of a window."""
        start = window * self._stretch
        own = share(min(self._stretch, self.rows - start), rank, self._pool.size)
        return slice(start + own.start, start + own.stop)

    def _gather_part(self, rank: int, window: int) -> float:
        rows, start, ahead = self._own(rank, window), window * self._stretch, self._ahead[rank]
        own = slice(rows.start - start, rows.stop - start)
        part = (self._part.x, self._part.y, self._part.weights)
        for source, requested in zip(part, self._room.arrays(), strict=True):
            if source is None or requested is None:
                continue
            if not self._shuffled:
                np.copyto(requested[own], source[rows])
            elif source is self._part.x and ahead is not None:
                ahead.take(int(self._shuffled), window, requested[own])
            else:
                gather(source, self._order[rows], requested[own])
        return 0.0

    def __getitem__(self, index: int) -> tuple[Matrix, Matrix, Matrix | None]:
        """Batch `index` of this epoch, which has been brought: x, y, weights."""
        start = index * self.size
        if self._is_as_it_was:
            arrays = self._part.arrays()
        else:
            arrays, start = self._room.arrays(), start % self._stretch
        x, y, weights = arrays
        rows = slice(start, start + self.rows_of(index))
        return x[rows], y[rows], None if weights is None else weights[rows]

    def rows_of(self, index: int) -> int:
        """How many rows batch `index` has."""
        return min(self.size, self.rows - index * self.size)

    def __len__(self) -> int:
        return self._number


def rows_at_a_time(part: Part, size: int) -> int:
    """How many rows are gathered together: those of whole batches, one at least, or all there are."""
    a_batch: int = size * part.x.shape[1] * part.x.dtype.itemsize
    most = COPIED_BYTES if part.is_in_memory else WINDOW_BYTES
    return min(len(part), size * max(1, most // a_batch))
