"""Encoded rows in a file: mapped as a whole where there is room for that, else in stretches one by one."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Final

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.memory import available_bytes, left_of_limit, portion
from mlpcli.storage.rows import Fetch, Rows
from mlpcli.storage.scratch_file import ScratchFile

OF_ADDRESSES: Final = 8  # a file takes at most one part in so many of the addresses that a limit leaves
OF_MEMORY: Final = 2  # a file of one part in so many of the memory that is free stays in it
STRETCH: Final = (1 << 20, 1 << 26)  # bytes that are looked at together in a larger one: at least, at most


class FileRows:
    """The rows of a file, one after the other from its beginning.

    Who asks again finds what the system keeps of the file in memory, as long as it needs that for nothing
    else: mapped, they cost what an array does, and what a person sees as memory of this process the system
    takes back when it has need. Where a limit leaves few addresses (`ulimit -v`), only what somebody looks at
    is mapped. From a file that may not stay in memory the rows of an order are taken stretch by stretch.
    """

    def __init__(self, file: ScratchFile, rows: int, columns: int, dtype: str) -> None:
        self.shape = (rows, columns)
        self.dtype = np.dtype(dtype)
        self._a_row = columns * self.dtype.itemsize
        self._file = file
        free, addresses = available_bytes(), left_of_limit()
        is_small = addresses is None or OF_ADDRESSES * self.nbytes <= addresses
        self._whole = self._map(0, rows) if is_small else None
        self._stays = is_small and (free is None or OF_MEMORY * self.nbytes <= free)

    @property
    def nbytes(self) -> int:
        """The size of all rows."""
        return len(self) * self._a_row

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> Matrix:
        """A view, which is mapped as long as somebody has it."""
        first, last, _ = rows.indices(len(self))
        return self._map(first, last) if self._whole is None else self._whole[first:last]

    def gather(self, order: Indices, out: Matrix) -> None:
        """From where they are; stretch by stretch in the order of the file."""
        if self._whole is not None and self._stays:
            np.take(self._whole, order, axis=0, out=out, mode="clip")
            return
        for stretch, own, at in self._stretches(order):
            out[at] = stretch[own]

    @property
    def fetch(self) -> Fetch | None:
        """None where any order costs the same."""
        return None if self._stays else self._fetch

    def _fetch(self, order: Indices, out: Matrix) -> Indices:
        """Those of the first stretch, of the second one and so on.

        Who takes them from there in the order asked for goes forward in each: nearly as if they were in it.
        """
        places = np.empty(len(order), np.intp)
        first = 0
        for stretch, own, at in self._stretches(order):
            last = first + len(own)
            np.take(stretch, own, axis=0, out=out[first:last], mode="clip")
            places[at] = np.arange(first, last)
            first = last
        return places

    def _stretches(self, order: Indices) -> Iterator[tuple[Matrix, Indices, Indices]]:
        """Stretches, their rows that an order has, as it has them, and where it has these."""
        rows = max(1, portion(16, *STRETCH) // self._a_row)
        # numbers of at most 16 bits are sorted by their digits, which is fast
        numbers = (order // rows).astype(np.min_scalar_type(len(self) // rows))
        at = np.argsort(numbers, kind="stable")
        ordered, cuts = order[at], np.cumsum(np.bincount(numbers)).tolist()
        for number, (first, last) in enumerate(zip([0, *cuts], cuts, strict=False)):
            if first < last:
                start = number * rows
                yield self[start : start + rows], ordered[first:last] - start, at[first:last]

    def _map(self, first: int, last: int) -> Matrix:
        """Rows that are read from the file as somebody looks at them."""
        if first >= last:
            return np.empty((0, self.shape[1]), self.dtype)
        start = first * self._a_row
        page = start - start % mmap.ALLOCATIONGRANULARITY
        pages = self._file.map(page, last * self._a_row - page)
        found: Matrix = np.ndarray((last - first, self.shape[1]), self.dtype, pages, start - page)
        return found


class FileSink:
    """A sink whose rows go to a file, of which it is the only content."""

    def __init__(self, file: ScratchFile, rows: int, columns: int, dtype: str) -> None:
        self._file, self._shape, self._dtype = file, (rows, columns), dtype
        self._a_row = columns * np.dtype(dtype).itemsize
        file.reserve(rows * self._a_row)

    def room(self, first: int, last: int) -> Matrix:
        """Memory for these rows alone."""
        return np.zeros((last - first, self._shape[1]), self._dtype)

    def put(self, first: int, x: Matrix) -> None:
        """To the file."""
        self._file.write(first * self._a_row, x)

    def rows(self) -> Rows:
        """Those of the file."""
        return FileRows(self._file, *self._shape, self._dtype)
