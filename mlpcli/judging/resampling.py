"""The bootstrap's draws: how often each row is in a sample as large as the data, drawn with replacement.

Efron 1979. A draw is a row of counts, so that a metric which is made of sums over rows is that metric with
the counts for weights, and many draws are one product of matrices. Where rows belong together (several of one
person), whole groups are drawn (the cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.rng import stream

DRAWS = 1000
FEWEST_DRAWS = 200
ROWS_DRAWN = 1 << 26  # in all draws together, some seconds
SEED = 0  # the same rows give the same intervals
ENTRIES = 1 << 18  # of a block of draws


def resampled_counts(rows: int, draws: int = DRAWS, groups: Array | None = None) -> Iterator[Matrix]:
    """Counts (some draws, rows), a block of draws at a time; `groups` (rows,) names the group of each row."""
    if groups is None:
        yield from _blocks(rows, rows, draws)
        return
    names, group_of = np.unique(groups, return_inverse=True)
    for counts in _blocks(len(names), rows, draws):
        yield counts[:, group_of]


def _blocks(units: int, rows: int, draws: int) -> Iterator[Matrix]:
    rng, size = stream(SEED, "bootstrap"), max(1, ENTRIES // max(1, rows))
    for start in range(0, draws, size):
        counts = np.empty((min(size, draws - start), units))
        for draw in counts:
            draw[:] = np.bincount(rng.integers(0, units, units), minlength=units)
        yield counts


def affordable_draws(rows: int) -> int:
    """How many draws are worth their time: fewer of very many rows, whose intervals are narrow anyway."""
    return max(FEWEST_DRAWS, min(DRAWS, ROWS_DRAWN // max(1, rows)))
