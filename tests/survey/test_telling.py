"""What one column alone says of another, by SciPy and by hand; no row speaks for itself."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from mlpcli.survey.telling import (
    correlation_by_value,
    places,
    rank_correlation,
    ranks_of,
    told_by_size,
    told_by_value,
)

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=60).map(np.array)


@given(PAIRS)
def test_told_by_value_asks_the_other_rows(pairs: np.ndarray) -> None:
    """By hand: the row's class has to be more frequent among the others than every other class."""
    right = 0
    for index, (value, label) in enumerate(pairs.tolist()):
        others = Counter(c for i, (v, c) in enumerate(pairs.tolist()) if v == value and i != index)
        right += others[label] > max((n for c, n in others.items() if c != label), default=0)
    assert told_by_value(pairs[:, 0], pairs[:, 1]) == pytest.approx(right / len(pairs))


@given(PAIRS)
def test_a_value_that_occurs_once_tells_in_a_sample(pairs: np.ndarray) -> None:
    counts = Counter(pairs[:, 0].tolist())
    once = sum(counts[value] == 1 for value in pairs[:, 0].tolist())
    strict = told_by_value(pairs[:, 0], pairs[:, 1])
    assert told_by_value(pairs[:, 0], pairs[:, 1], singles=True) >= strict + once / len(pairs) - 1e-12


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5)), min_size=3, max_size=50).map(np.array))
def test_rank_correlation_is_scipy_s(pairs: np.ndarray) -> None:
    x, y = pairs.T
    found = rank_correlation(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found == 0
    else:
        assert found == pytest.approx(float(spearmanr(x, y).statistic), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), min_size=3, max_size=50).map(np.array))
def test_a_number_is_told_by_the_mean_over_the_other_rows(pairs: np.ndarray) -> None:
    values, numbers = pairs[:, 0], pairs[:, 1].astype(float)
    ranks = ranks_of(numbers)
    if np.ptp(ranks) == 0:
        assert correlation_by_value(values, numbers) == 0
        return
    others = [ranks[(values == value) & (np.arange(len(values)) != row)] for row, value in enumerate(values)]
    guess = np.array([one.mean() if len(one) else ranks.mean() for one in others])
    r2 = 1 - ((ranks - guess) ** 2).sum() / ((ranks - ranks.mean()) ** 2).sum()
    assert correlation_by_value(values, numbers) == pytest.approx(np.sqrt(max(0.0, r2)), abs=1e-6)


def test_a_threshold_tells_two_classes_and_intervals_tell_more() -> None:
    x = np.random.default_rng(0).normal(size=200)
    assert told_by_size(places(x), (x > 0.3).astype(int)) == 1
    assert told_by_size(places(x), np.digitize(x, [-1, 0, 1])) == 1
    assert told_by_size(places(x), (np.abs(x) > 1).astype(int)) > 0.99


def test_one_row_on_the_wrong_side_is_one_error() -> None:
    x = np.arange(100.0)
    classes = (x > 50).astype(int)
    classes[20] = 1
    assert told_by_size(places(x), classes) == pytest.approx(0.99)


def test_noise_tells_nothing() -> None:
    rng = np.random.default_rng(1)
    x, classes = rng.normal(size=500), rng.integers(0, 2, 500)
    assert told_by_size(places(x), classes) < 0.85
    assert told_by_value(np.arange(500), classes) == 0
    assert correlation_by_value(np.arange(500), x) == 0


def test_equal_numbers_of_both_classes_are_errors() -> None:
    assert told_by_size(places(np.zeros(10)), np.array([0, 1] * 5)) == 0.5
