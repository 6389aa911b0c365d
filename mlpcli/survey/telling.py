"""How much one column alone says of another: what a rule that looks at nothing else gets right.

No row speaks for itself: a value that occurs once tells nothing, so that a column of names is no oracle. In a
sample of the rows `singles` takes such a value for one that would tell, as the others may have it too.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Indices, Vector


def told_by_value(values: Indices, classes: Indices, *, singles: bool = False) -> float:
    """The share of rows whose class is the most frequent one among the other rows with the same value.

    `values` (n,) and `classes` (n,) count from 0.
    """
    size = int(classes.max()) + 1
    pairs, counts = np.unique(values * size + classes, return_counts=True)
    starts = _starts(pairs // size)
    best = np.maximum.reduceat(counts, starts)
    # the second most frequent class of each value, 0 where there is one class alone
    rest = counts.copy()
    rest[_first_best(counts, best, starts)] = 0
    second = np.maximum.reduceat(rest, starts)
    told = best if singles else best - 1
    return float(best[told > second].sum() / len(values))


def _first_best(counts: Indices, best: Indices, starts: Indices) -> Indices:
    """Where each stretch that begins at `starts` has its largest count, the first of equals."""
    of_stretch = np.zeros(len(counts), np.intp)
    of_stretch[starts[1:]] = 1
    of_stretch = np.cumsum(of_stretch)
    hits = np.flatnonzero(counts == best[of_stretch])
    return hits[_starts(of_stretch[hits])]


def _starts(values: Indices) -> Indices:
    """Where each stretch of equal values begins."""
    begins = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def places(values: Vector) -> Indices:
    """For each number the place of its value among the different ones, from the smallest, counted from 0."""
    return np.unique(values, return_inverse=True)[1]


def told_by_size(values: Indices, classes: Indices) -> float:
    """The share of rows that intervals of a number put into their class, about.

    Rows are sorted; those of equal numbers go with their most frequent class. Each class may have one
    interval, and two more changes from class to class are one row in the wrong place. `values` are `places`.
    """
    size = int(classes.max()) + 1
    pairs, counts = np.unique(values * size + classes, return_counts=True)
    starts = _starts(pairs // size)
    best = np.maximum.reduceat(counts, starts)
    most = pairs[_first_best(counts, best, starts)] % size
    changes = len(_starts(most)) - int(np.count_nonzero(np.bincount(classes)))
    misplaced = max(0, changes) / 2
    return (int(best.sum()) - misplaced) / len(classes)


def ranks_of(values: Vector) -> Vector:
    """The rank of each number, equal ones at the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse], dtype=np.float64)


def rank_correlation(first: Vector, second: Vector) -> float:
    """Spearman's correlation of two columns (n,); 0 where one of them is constant."""
    a, b = (ranks - ranks.mean() for ranks in (ranks_of(first), ranks_of(second)))
    scale = float((a @ a) * (b @ b)) ** 0.5
    return float(a @ b) / scale if scale else 0.0


def correlation_by_value(values: Indices, numbers: Vector, *, singles: bool = False) -> float:
    """√R² of the ranks of `numbers`, each predicted by the mean over the other rows with the same value."""
    ranks = ranks_of(numbers)
    ranks -= ranks.mean()
    counts = np.bincount(values)
    others = np.maximum(counts - 1, 1)[values]
    means = (np.bincount(values, ranks)[values] - ranks) / others
    errors = np.where(counts[values] > 1, ranks - means, 0.0 if singles else ranks)
    total = float(ranks @ ranks)
    return max(0.0, 1 - float(errors @ errors) / total) ** 0.5 if total else 0.0
