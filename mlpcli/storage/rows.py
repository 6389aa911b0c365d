"""Rows of encoded numbers, wherever they lie: an array in memory, or a store of another kind.

Whoever trains on rows asks for contiguous ones, or for some in an order; both kinds answer the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from mlpcli.arrays import Indices, Matrix

SPAN_BYTES: Final = 1 << 22  # of rows that are looked at together where not all are in memory


class Store(Protocol):
    """Rows of numbers (n, columns) that are not an array in memory, or not all in one.

    Several workers may ask at once.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of every number."""
        ...

    @property
    def nbytes(self) -> int:
        """The size of all numbers together."""
        ...

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def __getitem__(self, rows: slice, /) -> Matrix:
        """Contiguous rows: a view or a copy, not to be written to."""
        ...

    def gather(self, order: Indices, out: Matrix) -> None:
        """out[i] = rows[order[i]]; `out` is contiguous and of the same type."""
        ...

    @property
    def fetch(self) -> Fetch | None:
        """What takes many rows at less cost than `gather` takes them a few at a time, where that is so."""
        ...


Fetch: TypeAlias = Callable[[Indices, Matrix], Indices]
"""Takes an order, and writes its rows as suits the store; gives where: out[places[i]] = rows[order[i]]."""
Rows: TypeAlias = Matrix | Store
"""Rows of numbers, in memory or not."""


def whole(rows: Rows) -> Matrix:
    """All rows as an array: themselves where they are one."""
    return rows if isinstance(rows, np.ndarray) else rows[:]


def gather(source: Rows, order: Indices, out: Matrix) -> None:
    """out[i] = source[order[i]]."""
    if isinstance(source, np.ndarray):
        # with `mode="clip"` NumPy writes straight into `out` (indices are valid)
        np.take(source, order, axis=0, out=out, mode="clip")
    else:
        source.gather(order, out)


def taken(source: Rows, order: Indices) -> Matrix:
    """The rows source[order[i]], in an array of their own."""
    out = np.empty((len(order), source.shape[1]), source.dtype)
    gather(source, order, out)
    return out


@dataclass(frozen=True, eq=False)
class SomeOf:
    """The rows of a store that are chosen, in their order, which stay where they are."""

    store: Store
    chosen: Indices

    @property
    def shape(self) -> tuple[int, int]:
        """The rows chosen, and the store's columns."""
        return len(self.chosen), self.store.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the store."""
        return self.store.dtype

    @property
    def nbytes(self) -> int:
        """The size of the rows chosen."""
        return len(self.chosen) * self.store.shape[1] * self.store.dtype.itemsize

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, rows: slice, /) -> Matrix:
        """A copy."""
        return taken(self.store, self.chosen[rows])

    def gather(self, order: Indices, out: Matrix) -> None:
        """From where they are."""
        self.store.gather(self.chosen[order], out)

    @property
    def fetch(self) -> Fetch | None:
        """That of the store."""
        fetch = self.store.fetch
        return None if fetch is None else lambda order, out: fetch(self.chosen[order], out)


def some_of(source: Rows, chosen: Indices) -> Rows:
    """Some rows: of an array a copy, of a store the same ones."""
    return source[chosen] if isinstance(source, np.ndarray) else SomeOf(source, chosen)


def spans(source: Rows, rows: slice, multiple: int) -> Iterator[slice]:
    """The rows from `rows.start` to `rows.stop` in stretches to be looked at one after the other.

    Of an array that is all of them; otherwise about SPAN_BYTES, cut after a `multiple` of rows.
    """
    step = max(1, rows.stop - rows.start)
    if not isinstance(source, np.ndarray):
        a_row = source.dtype.itemsize * source.shape[1]
        step = multiple * max(1, SPAN_BYTES // (multiple * a_row))
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


class Sink(Protocol):
    """What takes the encoded rows of a part, and gives them back once the last one has been put."""

    def room(self, first: int, last: int) -> Matrix:
        """Zeros for the rows from `first` up to `last`, to be written to; asked for by several threads."""
        ...

    def put(self, first: int, x: Matrix) -> None:
        """Such rows, written; from the first to the last, by one thread."""
        ...

    def rows(self) -> Rows:
        """All rows, after the last has been put."""
        ...


MakeSinks: TypeAlias = Callable[[Mapping[str, int], int, str], Mapping[str, Sink]]
"""Sinks for parts that have so many rows each, and all as many columns, of a type."""


class ArraySink:
    """A sink whose rows are an array in memory."""

    def __init__(self, rows: int, columns: int, dtype: str) -> None:
        self._array: Matrix = np.zeros((rows, columns), dtype)

    def room(self, first: int, last: int) -> Matrix:
        """The place of the rows themselves."""
        return self._array[first:last]

    def put(self, _first: int, _x: Matrix) -> None:
        """They are in their place."""

    def rows(self) -> Rows:
        """The array."""
        return self._array


def array_sinks(rows: Mapping[str, int], columns: int, dtype: str) -> dict[str, Sink]:
    """Sinks in memory."""
    return {part: ArraySink(count, columns, dtype) for part, count in rows.items()}
