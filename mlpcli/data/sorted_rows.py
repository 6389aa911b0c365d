"""Training rows that are sorted by their target, which orders by blocks of rows do not mix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.config.shuffle_spec import rows_of_block
from mlpcli.config.spec import Spec

MUCH: Final = 0.1  # of the variance of the target


def sorted_warnings(spec: Spec, y: Matrix) -> Iterator[str]:
    """A warning where an order by blocks is asked for and blocks differ much in their targets."""
    rows = rows_of_block(spec.training.shuffle)
    if rows is None:
        return
    share = between_blocks(y, rows)
    if share > MUCH:
        yield (
            f"training.shuffle: {share:.0%} of the variance of the target is between blocks of {rows:,} rows "
            "that follow each other: batches of one block after the other teach badly. Shuffle the rows of "
            "the file, or take larger blocks"
        )


def between_blocks(y: Matrix, rows: int) -> float:
    """The share of the variance of targets (n, outputs) that is between blocks of so many rows, less chance.

    About 0 where each block has a mix of all, 1 where each has one value: ε² = 1 − (1 − η²)(n − 1)/(n − k)
    of k blocks, where η² is the variance of the blocks' means over that of the rows (Kelley 1935, "An
    unbiased correlation ratio measure").
    """
    n, starts = len(y), np.arange(0, len(y), rows)
    total = np.square(y - y.mean(axis=0)).sum()
    if len(starts) < 2 or len(starts) >= n or not total > 0:
        return 0.0
    counts = np.diff([*starts, n])[:, np.newaxis]
    means = np.add.reduceat(y, starts, axis=0, dtype=np.float64) / counts
    explained = (counts * np.square(means - y.mean(axis=0))).sum() / total
    return float(1 - (1 - explained) * (n - 1) / (n - len(starts)))
