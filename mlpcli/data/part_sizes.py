"""How many rows each part takes of those that are cut, and how many of each class."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Indices

TO_TRAIN = 2  # rows, at the least
# the order in which numbers of rows are given, of which the last may be left out
HELD_OUT = ("validation", "test", "calibration")
# which part takes its rows first: in time it has the latest
DEALT = ("test", "calibration", "validation")
DOES = {"validation": "validate", "test": "test", "calibration": "calibrate"}


def split_sizes(rows: int, *shares: float) -> tuple[int, ...]:
    """How many rows each part has, as HELD_OUT: the share rounded, at least 1; 0 where it is 0."""
    return tuple(max(1, round(share * rows)) if share else 0 for share in shares)


def too_few_rows(rows: int, *sizes: int) -> str:
    """What is wrong where so many rows are too few for these parts and two to train on."""
    parts = {**{DOES[part]: count for part, count in zip(HELD_OUT, sizes, strict=False)}, "train": TO_TRAIN}
    needed = ", ".join(f"{count} to {part}" for part, count in parts.items() if count)
    return f"expected at least {sum(parts.values())} rows ({needed}), found {rows}"


def shares(total: int, counts: Array, available: Array) -> Indices:
    """`total` seats for classes by the largest remainder of their exact shares; of several equal, the first.

    A class keeps its last row for training where another class can give one instead.
    """
    exact = total * counts / max(1, counts.sum())
    limit = np.maximum(available - 1, 0) if total <= np.maximum(available - 1, 0).sum() else available
    seats: Indices = np.minimum(np.floor(exact).astype(np.intp), limit)
    while seats.sum() < total:
        remainder = np.where(seats < limit, exact - seats, -np.inf)
        seats[int(remainder.argmax())] += 1
    return seats
