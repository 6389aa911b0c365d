"""Arrays that a process and those that are forked from it write and read together."""

from __future__ import annotations

import mmap
from math import prod

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """As `np.zeros`; the memory is taken page by page as it is written. Raises MemoryError."""
    count, kind = prod(shape), np.dtype(dtype)
    if count == 0:
        return np.zeros(shape, kind)
    try:
        memory = mmap.mmap(-1, count * kind.itemsize)
    except OSError as error:
        raise MemoryError(*error.args) from error
    return np.frombuffer(memory, kind, count).reshape(shape)


def copied(array: Array) -> Array:
    """The same values in such memory."""
    shared = zeros(array.shape, array.dtype)
    np.copyto(shared, array)
    return shared
