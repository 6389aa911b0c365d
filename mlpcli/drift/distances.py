"""How far apart two distributions are, by counts in the same bins, and how far by chance alone.

    PSI = Σ (q − p) ln(q / p),    p = (c + ½) / (n + ½ B) of a bin with c of n rows, q likewise,

over the B bins in which there is any row, of training or new. Between two samples of n and m rows of one
distribution it is (1/n + 1/m) times a χ² of B − 1 degrees of freedom, so that its mean is (B − 1)(1/n + 1/m)
(Yurdakul 2018, "Statistical properties of population stability index").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Vector

HALF = 0.5  # of a row in every bin, so that an empty one has a logarithm
RARELY = 0.05  # of files without drift show more than the upper end in any column


@dataclass(frozen=True)
class Chance:
    """The PSI of two samples of one distribution: its mean, and what it is rarely above."""

    mean: float
    upper: float


def filled_bins(before: Indices, after: Indices) -> tuple[Array, Array]:
    """The counts of the bins in which there is any row."""
    there = (before > 0) | (after > 0)
    return before[there], after[there]


def psi(before: Indices, after: Indices) -> float:
    """The population stability index of two counts (bins,)."""
    p, q = (_shares(counts) for counts in filled_bins(before, after))
    return float(((q - p) * np.log(q / p)).sum())


def _shares(counts: Array) -> Vector:
    return np.asarray((counts + HALF) / (counts.sum() + HALF * len(counts)))


def chance(before: Indices, after: Indices, columns: int) -> Chance:
    """What two samples with so many rows and bins show by chance, where so many columns are looked at."""
    from scipy.special import chdtri  # only this needs SciPy

    bins = len(filled_bins(before, after)[0])
    rows = [int(counts.sum()) for counts in (before, after)]
    if bins < 2 or not all(rows):
        return Chance(0.0, 0.0)
    unit = sum(1 / count for count in rows)
    return Chance((bins - 1) * unit, float(chdtri(bins - 1, RARELY / max(1, columns))) * unit)


def joined_bins(before: Indices, counts: Indices) -> Indices:
    """The counts in bins each of which training rows are in: an empty one joins the one before it."""
    if not before.any():
        return np.array([counts.sum()], np.intp)
    places = np.maximum(np.cumsum(before > 0) - 1, 0)
    return np.bincount(places, counts).astype(np.intp)


@dataclass(frozen=True, eq=False)
class Outside:
    """How many numbers are below all of the training rows, how many above, and how far all of these are."""

    below: int = 0
    above: int = 0
    beyond: float = 0.0


def wasserstein(edges: Vector, before: Indices, after: Indices, outside: Outside) -> float:
    """∫ |F − G| dx of the distribution functions of two counts between edges: how far numbers have moved.

    Within a bin both are taken to rise evenly; at its end, where that is more than one quantile. What is
    outside counts by its distance.
    """
    n, m = int(before.sum()), int(after.sum())
    inside = after.astype(np.float64)
    inside[0] -= outside.below
    inside[-1] -= outside.above
    f = np.concatenate([[0.0], np.cumsum(before)]) / n
    g = (outside.below + np.concatenate([[0.0], np.cumsum(inside)])) / m
    apart, widths = f - g, np.diff(edges)
    at_end = np.append(widths[1:] == 0, False)
    start, end = np.abs(apart[:-1]), np.abs(np.where(at_end, apart[:-1], apart[1:]))
    crosses = (apart[:-1] * apart[1:] < 0) & ~at_end
    total = start + end
    even = np.divide(start**2 + end**2, total, out=np.zeros_like(total), where=total > 0)
    heights = np.where(crosses, even, total) / 2
    return float(heights @ widths + outside.beyond / m)
