"""A split is a partition with the sizes and shares that were asked for, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.data.part_sizes import shares, split_sizes
from mlpcli.data.splits import Splits, split_by_fraction

LABELS = st.lists(st.integers(0, 4), min_size=4, max_size=60).map(np.array)
FRACTIONS = st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.33, 0.4]), st.sampled_from([0.0, 0.01, 0.25, 0.4]))


def parts_of(labels: np.ndarray, fractions: tuple[float, float], seed: int, strata: bool) -> Splits:
    """Parts of as many rows as there are labels."""
    rows = np.arange(len(labels)) * 2 + 1
    return split_by_fraction(rows, split_sizes(len(rows), *fractions), labels if strata else None, seed)


@given(LABELS, FRACTIONS, st.integers(0, 99), st.booleans())
def test_every_row_is_in_exactly_one_part(
    labels: np.ndarray, fractions: tuple[float, float], seed: int, strata: bool
) -> None:
    """With the sizes asked for, in the order of the file."""
    parts = parts_of(labels, fractions, seed, strata)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together.tolist()) == list(range(1, 2 * len(labels), 2))
    assert (len(parts.validation), len(parts.test)) == split_sizes(len(labels), *fractions)
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part) > 0).all()


@given(LABELS, FRACTIONS, st.integers(0, 99))
def test_every_part_has_the_shares_of_the_whole(
    labels: np.ndarray, fractions: tuple[float, float], seed: int
) -> None:
    """To less than one row, as long as every class keeps one to train on."""
    parts = parts_of(labels, fractions, seed, strata=True)
    counts = np.bincount(labels, minlength=5)
    if (counts == 1).any():
        return
    for part in (parts.test, parts.validation):
        exact = len(part) * counts / len(labels)
        found = np.bincount(labels[(part - 1) // 2], minlength=5)
        assert (np.abs(found - exact) < 2).all()


@given(st.lists(st.integers(1, 6), min_size=2, max_size=8), st.integers(0, 99))
def test_every_class_keeps_a_row_to_train_on(counts: list[int], seed: int) -> None:
    """Where there are enough rows of other classes for the parts."""
    labels = np.repeat(np.arange(len(counts)), counts)
    sizes = split_sizes(len(labels), 0.1, 0.1)
    if sum(sizes) <= len(labels) - len(counts):
        parts = parts_of(labels, (0.1, 0.1), seed, strata=True)
        assert set(labels[(parts.train - 1) // 2]) == set(range(len(counts)))


@pytest.mark.parametrize(
    ("total", "counts", "expected"),
    [
        (10, [50, 30, 20], [5, 3, 2]),
        (3, [50, 30, 20], [1, 1, 1]),
        (7, [50, 30, 20], [4, 2, 1]),
        (1, [10, 10], [1, 0]),
        (69, [152, 68, 124], [30, 14, 25]),
        (2, [1, 1, 8], [0, 0, 2]),
        (4, [2, 2], [2, 2]),
        (0, [5, 5], [0, 0]),
    ],
)
def test_shares_by_the_largest_remainder(total: int, counts: list[int], expected: list[int]) -> None:
    """Of equal remainders the first; a class of one row is left to training."""
    assert shares(total, np.array(counts), np.array(counts)).tolist() == expected


@pytest.mark.parametrize(
    ("rows", "validation", "test", "expected"),
    [
        (100, 0.2, 0.1, (20, 10)),
        (4, 0.1, 0.1, (1, 1)),
        (344, 0.2, 0.2, (69, 69)),
        (150, 0.0, 0.3, (0, 45)),
        (10, 0.25, 0, (2, 0)),
    ],
)
def test_sizes(rows: int, validation: float, test: float, expected: tuple[int, int]) -> None:
    """Rounded, at least 1 where a part is asked for."""
    assert split_sizes(rows, validation, test) == expected


def test_the_seed_decides() -> None:
    """The same seed draws the same rows, another one others."""
    labels = np.zeros(200, dtype=int)
    first, again, other = (parts_of(labels, (0.2, 0.2), seed, strata=False) for seed in (1, 1, 2))
    assert first.test.tolist() == again.test.tolist()
    assert first.train.tolist() == again.train.tolist()
    assert first.test.tolist() != other.test.tolist()


def test_rows_are_drawn_evenly() -> None:
    """Every row is a test row about as often as any other."""
    counts = np.zeros(20)
    for seed in range(600):
        counts[(parts_of(np.zeros(20, dtype=int), (0.0, 0.3), seed, strata=True).test - 1) // 2] += 1
    assert (np.abs(counts - 180) < 60).all()
