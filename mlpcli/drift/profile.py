"""What a model keeps of how a column was distributed when it was trained: counts and quantiles, never rows.

Numbers have the least one, 19 quantiles and the largest one, and how many rows lie between each two of these;
categories how many rows each has. A category of fewer than FEW rows, or beyond the MOST_LEVELS most frequent
ones, is counted with the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Vector

BINS = 20
FEW = 5  # rows that a category has at the least to be told of
MOST_LEVELS = 100


@dataclass(frozen=True, eq=False)
class NumberProfile:
    """A column of numbers: `edges` (BINS + 1,) ascending, `counts` (BINS,) of the rows between them.

    Bin k holds what is above edge k and not above edge k + 1; the first one the least number too. Equal edges
    have the bin before them, and nothing is counted between. `missing` rows have no number.
    """

    edges: Vector
    counts: Indices
    missing: int

    @classmethod
    def of(cls, values: Vector) -> NumberProfile:
        """That of numbers (n,), NaN where one is missing. Quantile k is that of rank ⌈n k/20⌉."""
        known = values[~np.isnan(values)]
        known.sort()
        missing = len(values) - len(known)
        if not len(known):
            return cls(np.zeros(BINS + 1), np.zeros(BINS, np.intp), missing)
        ranks = np.maximum(-(-np.arange(BINS + 1) * len(known) // BINS), 1) - 1
        edges = known[ranks].astype(np.float64)
        # as `binned` has them, by where the edges are among the numbers
        ends = np.concatenate([[0], np.searchsorted(known, edges[1:-1], side="right"), [len(known)]])
        return cls(edges, np.diff(ends), missing)

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """A quarter, a half and three quarters of the rows are not above these."""
        lower, median, upper = (float(self.edges[BINS * part // 4]) for part in (1, 2, 3))
        return lower, median, upper

    @property
    def common(self) -> tuple[float, float]:
        """The range of all but the lowest and the highest twentieth."""
        return float(self.edges[1]), float(self.edges[-2])


def binned(values: Vector, edges: Vector) -> Indices:
    """How many numbers each bin holds; those beyond the ends count in the first one and the last."""
    return np.bincount(np.searchsorted(edges[1:-1], values, side="left"), minlength=len(edges) - 1)


@dataclass(frozen=True, eq=False)
class LevelProfile:
    """A column of categories: `counts` (levels + 1,) of the rows of each, the others last.

    A level that is counted with the others has 0.
    """

    counts: Indices
    missing: int

    @classmethod
    def of(cls, codes: Indices, levels: int) -> LevelProfile:
        """That of codes (n,): −1 where a cell is missing, from `levels` on what is none of so many levels."""
        counts = np.bincount(np.minimum(codes[codes >= 0], levels), minlength=levels + 1)
        own = counts[:levels]
        ordered = np.argsort(-own, kind="stable")
        merged = np.concatenate([ordered[MOST_LEVELS:], ordered[own[ordered] < FEW]])
        merged = np.unique(merged).astype(np.intp)
        counts[levels] += own[merged].sum()
        counts[merged] = 0
        return cls(counts, int(np.count_nonzero(codes < 0)))

    @property
    def common(self) -> Indices:
        """The levels that are told of, the most frequent one first."""
        own = self.counts[:-1]
        ordered = np.argsort(-own, kind="stable")
        return np.asarray(ordered[own[ordered] > 0], np.intp)


Profile = NumberProfile | LevelProfile
