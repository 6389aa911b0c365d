"""Columns that say nearly the same: shuffling one of them costs little, as the other one still tells.

Of each column one number a row is compared: its input, of several their first principal component (by power
iteration), of codes to be embedded the codes. The measure is Spearman's rank correlation, which no scaling
changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.explaining.unseen_rows import UnseenRows

NEARLY = 0.9  # from which correlation on columns are said to hide each other
FEWEST_ROWS = 10  # of a part; fewer are alike by chance
STEPS = 30  # of the power iteration
WIDE = 1 << 10  # columns that are compared with all others at the same time


@dataclass(frozen=True)
class Alike:
    """Two columns, and the size of their rank correlation."""

    one: str
    other: str
    correlation: float


def alike_columns(parts: Sequence[UnseenRows], grouped: Sequence[Sequence[str]]) -> Iterator[Alike]:
    """The pairs whose correlation is above NEARLY, the strongest first; none within a group.

    Of several parts it is the mean, by their rows.
    """
    large = [part for part in parts if len(part.x) >= FEWEST_ROWS]
    if not large:
        return
    names = list(large[0].columns)
    number = {name: index for index, group in enumerate(grouped) for name in group}
    of_parts = [_standard_ranks(part) for part in large]
    total = sum(len(part.x) for part in large)
    found: list[Alike] = []
    for start in range(0, len(names), WIDE):
        some = slice(start, start + WIDE)
        sums = sum(len(ranks) * np.abs(ranks[:, some].T @ ranks) for ranks in of_parts)
        for row, column in np.argwhere(np.asarray(sums) / total > NEARLY).tolist():
            one, other = names[start + row], names[column]
            if start + row < column and number[one] != number[other]:
                found.append(Alike(one, other, min(1.0, float(np.asarray(sums)[row, column] / total))))
    yield from sorted(found, key=lambda pair: -pair.correlation)


def _standard_ranks(part: UnseenRows) -> Matrix:
    """Ranks (n, columns) of each column, less their mean, of length 1; zeros where all are equal."""
    ranks = np.empty((len(part.x), len(part.columns)), np.float32)
    for index, inputs in enumerate(part.columns.values()):
        own = average_ranks(component(part.matrix[:, inputs].astype(np.float64)))
        own -= own.mean()
        ranks[:, index] = own / (np.sqrt(own @ own) or 1.0)
    return ranks


def component(block: Matrix) -> Vector:
    """The first principal component (n,) of some inputs (n, inputs), from the one that varies most."""
    if block.shape[1] == 1:
        return block[:, 0]
    centered = block - block.mean(axis=0)
    direction = np.zeros(block.shape[1])
    direction[centered.var(axis=0).argmax()] = 1.0
    for _ in range(STEPS):
        following = centered.T @ (centered @ direction)
        direction = following / (np.sqrt(following @ following) or 1.0)
    # what rounding tells apart is equal
    return np.asarray((centered @ direction).astype(np.float32))


def average_ranks(values: Array) -> Vector:
    """The ranks (n,) from 1, those of equal values their mean."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which], dtype=np.float64)
