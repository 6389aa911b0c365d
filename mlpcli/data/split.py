"""Which rows train, validate and test: by fractions from the seed, or by the values of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.rng import stream


@dataclass(frozen=True)
class Parts:
    """Row numbers of the three parts, each in the order of the file."""

    train: Indices
    validation: Indices
    test: Indices


def split_sizes(rows: int, validation: float, test: float) -> tuple[int, int]:
    """How many rows validate and how many test: the fraction rounded, at least 1; 0 where it is 0."""
    n_test = max(1, round(test * rows)) if test else 0
    n_validation = max(1, round(validation * rows)) if validation else 0
    return n_validation, n_test


def too_few_rows(rows: int, validation: int, test: int) -> str:
    """What is wrong where so many rows are too few for these parts and two to train on."""
    parts = {"validate": validation, "test": test, "train": 2}
    needed = ", ".join(f"{count} to {part}" for part, count in parts.items() if count)
    return f"expected at least {sum(parts.values())} rows ({needed}), found {rows}"


def split_by_fraction(rows: Indices, sizes: tuple[int, int], classes: Indices | None, seed: int) -> Parts:
    """Parts of `rows` with `sizes` = (validation, test), drawn by one shuffle from the seed.

    With the class of each row, every part has the classes in the shares of the whole.
    """
    n_validation, n_test = sizes
    groups = np.zeros(len(rows), dtype=np.intp) if classes is None else classes
    order = stream(seed, "split").permutation(len(rows))
    members = [order[groups[order] == group] for group in range(groups.max(initial=0) + 1)]
    counts = np.array([len(group) for group in members])
    test = shares(n_test, counts, counts)
    validation = shares(n_validation, counts, counts - test)
    chosen: dict[str, list[Indices]] = {"test": [], "validation": [], "train": []}
    for group, t, v in zip(members, test, validation, strict=True):
        chosen["test"].append(group[:t])
        chosen["validation"].append(group[t : t + v])
        chosen["train"].append(group[t + v :])
    found = {part: rows[np.sort(np.concatenate(groups))] for part, groups in chosen.items()}
    return Parts(found["train"], found["validation"], found["test"])


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
