"""A file for what does not fit into memory: it has no name, so that nothing is left of it, whatever happens.

The system gives the space back when the last process that has the file open ends, killed or not. No other
run can find it, and none has to look for what an earlier one has left.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from mlpcli.arrays import Array
from mlpcli.parallel.fork import FOR_CHILDREN
from mlpcli.storage.output_errors import output_errors

PIECE: Final = 1 << 20  # bytes that are written or read at a time where the system lacks a better way
CACHE: Final = "the cache of the data: "  # what messages begin with


class ScratchFile:
    """A file in a directory that has no name there. Raises OutputError, naming the directory.

    Several threads and forked processes may read at once.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.size = 0
        with (
            output_errors(directory, f"{CACHE}could not make a file: "),
            tempfile.TemporaryFile(buffering=0, prefix=".mlp-cache-", dir=directory) as file,
        ):
            self._handle = os.dup(file.fileno())
        FOR_CHILDREN.add(self._handle)

    def append(self, array: Array) -> int:
        """Write the bytes of an array at the end; where they begin."""
        start = self.size
        self.write(start, array)
        return start

    def write(self, start: int, array: Array) -> None:
        """Write the bytes of an array from byte `start` on."""
        rest = _bytes_of(np.ascontiguousarray(array))
        self.size = max(self.size, start + len(rest))
        needed = f"; {self.size:,} bytes are needed so far"
        with output_errors(self._directory, f"{CACHE}could not write: ", needed):
            while rest:
                written = os.pwrite(self._handle, rest, start)
                rest, start = rest[written:], start + written

    def reserve(self, size: int) -> None:
        """Have room for so many bytes, or none of them: a disk that is too full says so now."""
        with output_errors(self._directory, f"{CACHE}could not write: ", f"; {size:,} bytes are needed"):
            if size:
                self._allocate(size)
        self.size = max(self.size, size)

    def _allocate(self, size: int) -> None:
        """Have the system set the bytes of an empty file aside: by zeros where it has no call for that."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._handle, 0, size)
            return
        zeros = bytes(min(size, PIECE))
        start = 0
        while start < size:
            start += os.pwrite(self._handle, zeros[: size - start], start)

    def read(self, start: int, into: Array) -> None:
        """Fill a contiguous array with the bytes from `start` on."""
        rest = _bytes_of(into)
        with output_errors(self._directory, f"{CACHE}could not read: "):
            while rest:
                found = _read_into(self._handle, rest, start)
                if not found:
                    raise OSError(f"the file ends at byte {start:,}")
                rest, start = rest[found:], start + found

    def map(self, start: int, length: int) -> mmap.mmap:
        """The bytes from `start`, a multiple of the size of a page, to be read. Raises MemoryError."""
        try:
            return mmap.mmap(self._handle, length, prot=mmap.PROT_READ, offset=start)
        except OSError as error:
            raise MemoryError(*error.args) from error

    def close(self) -> None:
        """Give the space back, as soon as nobody reads."""
        FOR_CHILDREN.discard(self._handle)
        os.close(self._handle)


def _bytes_of(array: Array) -> memoryview:
    """What a contiguous array consists of."""
    return array.data.cast("B") if array.size else memoryview(b"")


def _read_into(handle: int, into: memoryview, start: int) -> int:
    """Read what there is from byte `start` on; how many bytes that were, 0 at the end."""
    if hasattr(os, "preadv"):
        return os.preadv(handle, [into], start)
    found = os.pread(handle, min(len(into), PIECE), start)
    into[: len(found)] = found
    return len(found)
