"""What a process and those that are forked from it read and write together: arrays, and events."""

from __future__ import annotations

import mmap
import os
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


def is_shared(array: Array) -> bool:
    """Whether the array, or what it is a view of, lies in such memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return array.size == 0 or (isinstance(base, memoryview) and isinstance(base.obj, mmap.mmap))


def consumed(event: int) -> bool:
    """Whether the event has come and nobody else has consumed it: only one of two processes does."""
    try:
        os.eventfd_read(event)
    except BlockingIOError:
        return False
    return True
