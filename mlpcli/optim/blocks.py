"""Vectors in blocks that fit in a cache, and what keeps subnormal numbers out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.in_place import BoundKernel

# entries: Adam's five rows of float32, θ g m v and a temporary, fit in a second-level cache of 2 MiB. A
# quarter of it costs a tenth of a step more, four times as much a fifth (tests/benchmarks/stepper.py)
BLOCK = 65_536
# steps: looking costs two thirds of a step, so a hundredth of every step (tests/benchmarks/stepper.py)
CLEAR_EVERY = 64
# times the smallest normal number: what is less counts for nothing in a step and is cleared. 0.9^CLEAR_EVERY
# is more than 1/1024, so that a mean that shrinks no faster is found before it is subnormal.
NEGLIGIBLE = 1024


def blocks_of(stretch: slice, size: int) -> list[slice]:
    """A stretch cut into pieces of `size`; the last may be smaller."""
    starts = range(stretch.start, stretch.stop, size)
    return [slice(start, min(start + size, stretch.stop)) for start in starts]


def unwritten(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Memory that is written before it is read."""
    return np.empty(shape, dtype)


def clearing(vectors: Sequence[Vector], part: slice, block: int) -> BoundKernel:
    """What sets entries of a part of the vectors that have all but died away to zero.

    The momentum of a parameter whose gradient stays 0 (a dead unit) shrinks into the subnormal numbers and
    stays there, and so do its weight under a penalty and the mean of such weights. A step of Adam on nothing
    else takes ten times as long (tests/benchmarks/stepper.py). No step shows the difference.
    """
    size, dtype = min(block, part.stop - part.start), vectors[0].dtype
    sizes, negligible = unwritten((size,), dtype), unwritten((size,), np.dtype(np.bool_))
    least = NEGLIGIBLE * float(np.finfo(dtype).tiny)
    pieces = [array[piece] for piece in blocks_of(part, block) for array in vectors]

    def clear() -> None:
        for vector in pieces:
            n = len(vector)
            np.abs(vector, out=sizes[:n])
            np.less(sizes[:n], least, out=negligible[:n])
            np.copyto(vector, 0.0, where=negligible[:n])

    return clear
