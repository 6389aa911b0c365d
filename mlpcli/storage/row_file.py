"""Encoded rows in a file: mapped as a whole where there is room for that, else in stretches one by one."""

from __future__ import annotations

import mmap
from typing import Final

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.memory import available_bytes, portion
from mlpcli.storage.rows import Rows
from mlpcli.storage.scratch_file import ScratchFile

SHARE: Final = 8  # a file of one part in so many of the memory that is free is mapped as a whole
STRETCH: Final = (1 << 20, 1 << 26)  # bytes that are mapped at a time where it may not: at least, at most


class FileRows:
    """The rows of a file, one after the other from its beginning.

    Who asks again finds what the system keeps of the file in memory, as long as it needs that for nothing
    else. Mapped as a whole they cost what an array does. That they are not where they would take much of
    the address space that a limit leaves (`ulimit -v`), or of the memory that is free, which a person sees
    as the memory of this process: then as many rows as are wanted are taken from each stretch of the file.
    """

    def __init__(self, file: ScratchFile, rows: int, columns: int, dtype: str) -> None:
        self.shape = (rows, columns)
        self.dtype = np.dtype(dtype)
        self._a_row = columns * self.dtype.itemsize
        self._file = file
        free = available_bytes()
        self._whole = self._mapped(0, rows) if free is None or SHARE * self.nbytes <= free else None

    @property
    def nbytes(self) -> int:
        """The size of all rows."""
        return len(self) * self._a_row

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> Matrix:
        """A view where all is mapped, else a copy."""
        if self._whole is not None:
            return self._whole[rows]
        first, last, _ = rows.indices(len(self))
        found: Matrix = np.empty((max(0, last - first), self.shape[1]), self.dtype)
        self._file.read(first * self._a_row, found)
        return found

    def gather(self, order: Indices, out: Matrix) -> None:
        """From where they are; stretch by stretch in the order of the file."""
        if self._whole is not None:
            np.take(self._whole, order, axis=0, out=out, mode="clip")
            return
        places = np.argsort(order)
        ordered = order[places]
        rows = max(1, portion(8, *STRETCH) // self._a_row)
        bounds = range(0, len(self) + rows, rows)
        cuts = np.searchsorted(ordered, bounds).tolist()
        for start, first, last in zip(bounds, cuts, cuts[1:], strict=False):
            if first < last:
                own = self._mapped(start, min(start + rows, len(self)))
                out[places[first:last]] = own[ordered[first:last] - start]

    def _mapped(self, first: int, last: int) -> Matrix:
        """Rows that are read from the file as somebody looks at them."""
        if first == last:
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
