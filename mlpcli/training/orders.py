"""Orders of the rows of an epoch: a shuffle of all, or one of blocks of rows that follow each other.

By blocks the rows of a batch are neighbours in the file, which is then read nearly in its order: for data
that the system cannot keep in memory.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from mlpcli.arrays import Indices


def shuffle_all(order: Indices, rng: np.random.Generator) -> None:
    """Write a random order of all rows."""
    order[...] = np.arange(len(order), dtype=order.dtype)
    rng.shuffle(order)


def shuffle_blocks(order: Indices, rng: np.random.Generator, rows: int) -> None:
    """Write a random order of blocks of so many rows, the last of what is left, each in a random order."""
    blocks = rng.permutation(ceil(len(order) / rows)).astype(order.dtype)
    short = int(np.flatnonzero(blocks == len(blocks) - 1)[0])
    size = len(order) - (len(blocks) - 1) * rows
    middle, end = short * rows, short * rows + size
    _fill(order[:middle].reshape(-1, rows), blocks[:short] * rows, rng)
    _fill(order[middle:end].reshape(1, -1), blocks[short : short + 1] * rows, rng)
    _fill(order[end:].reshape(-1, rows), blocks[short + 1 :] * rows, rng)


def _fill(order: Indices, starts: Indices, rng: np.random.Generator) -> None:
    """Each line with the rows from its start on, in a random order."""
    np.add(starts[:, np.newaxis], np.arange(order.shape[1], dtype=order.dtype), out=order)
    rng.permuted(order, axis=1, out=order)
