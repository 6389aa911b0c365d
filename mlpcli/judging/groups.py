"""Scores of the rows of each value of a column: where a model is good and where it is not.

A text is a group of its own; so are numbers where there are few, others are put into quarters of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.training.metrics import compute
from mlpcli.training.predictions import Predictions

MOST_GROUPS = 20
MOST_NUMBERS = 10  # different ones that are groups of their own
NOTHING = "(empty)"


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which group each row is in (n,), and what the groups are called, in the order to show them in."""

    names: Sequence[str]
    group_of: Indices


@dataclass(frozen=True)
class Group:
    """The rows of one value, and the metrics on them; None where one is not defined there."""

    name: str
    rows: int
    scores: dict[str, float | None]


@dataclass(frozen=True)
class Groups:
    """The groups that are shown, and how many `values` there are."""

    shown: tuple[Group, ...]
    values: int

    @property
    def remark(self) -> str:
        """`20 of 312 values shown`; empty where all of them are."""
        left_out = self.values > len(self.shown)
        return f"{len(self.shown)} of {self.values:,} values shown" if left_out else ""


def scores_by(
    predictions: Predictions, grouping: Grouping, names: Iterable[str], most: int = MOST_GROUPS
) -> Groups:
    """The metrics of each group; of the largest groups, where there are more than `most`."""
    names = tuple(names)
    counts = np.bincount(grouping.group_of, minlength=len(grouping.names))
    there = np.flatnonzero(counts)
    largest = there[np.argsort(-counts[there], kind="stable")[:most]]
    shown = []
    for group in np.sort(largest):
        rows = predictions.of_rows(grouping.group_of == group)
        shown.append(Group(grouping.names[group], rows.rows, compute(names, rows)))
    return Groups(tuple(shown), len(there))


def by_texts(texts: Array) -> Grouping:
    """Each text (n,) a group, the largest first; the empty one, or None, is a missing cell."""
    cells = np.array([text or NOTHING for text in texts], dtype=object)
    names, group_of, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return Grouping([str(name) for name in names[order]], np.argsort(order)[group_of])


def by_numbers(numbers: Vector) -> Grouping:
    """Each of a few numbers (n,) a group, else the quarters of the rows; NaN is a missing cell, and last."""
    missing = np.isnan(numbers)
    there = numbers[~missing]
    values = np.unique(there)
    if len(values) <= MOST_NUMBERS:
        names, group_of = [f"{value:.6g}" for value in values], np.searchsorted(values, numbers)
    else:
        edges = np.unique(np.quantile(there, [0.25, 0.5, 0.75]))
        words = [f"{edge:.6g}" for edge in edges]
        between = [f"{low} to {high}" for low, high in pairwise(words)]
        names = [f"up to {words[0]}", *between, f"above {words[-1]}"]
        group_of = np.searchsorted(edges, numbers)  # an edge belongs to the lower group
    return Grouping([*names, NOTHING], np.where(missing, len(names), group_of))
