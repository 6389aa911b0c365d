"""Rows that are equal become one, whose weight is the sum of theirs, in an order that is the rows' own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

arrays = pytest.importorskip("mlpcli.sklearn.arrays")
equal_rows = pytest.importorskip("mlpcli.sklearn.equal_rows")

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 2.0, 1e300, 5e-324, float(np.nextafter(1.0, 2.0))])
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)


def rows_of(found: list[tuple[float, ...]], weights: npt.NDArray[Any]) -> Any:
    table = np.array(found)
    return arrays.Given("regression", table[:, :2], table[:, 2:], weights)


def bits(*row: float) -> bytes:
    return np.array(row).tobytes()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_rows_are_merged_by_their_bits(found: list[tuple[float, ...]], random: Any) -> None:
    """Oracle: a dictionary; any order of the rows gives the same ones, with the same sums."""
    weights = np.array([random.choice([1.0, 0.1, 0.7]) for _ in found])
    expected: defaultdict[bytes, list[float]] = defaultdict(list)
    for row, weight in zip(found, weights.tolist(), strict=True):
        expected[bits(*row)].append(weight)
    merged = equal_rows.merge_equal_rows(rows_of(found, weights))
    keys = [bits(*x, *y) for x, y in zip(merged.x, merged.y, strict=True)]
    assert sorted(keys) == sorted(expected)
    sums = [sum(sorted(expected[key])) for key in keys]
    np.testing.assert_allclose(merged.weights, sums, rtol=1e-15)
    order = random.sample(range(len(found)), len(found))
    again = equal_rows.merge_equal_rows(rows_of([found[i] for i in order], weights[order]))
    for one, other in ((merged.x, again.x), (merged.y, again.y), (merged.weights, again.weights)):
        if merged.merged:
            assert one.tobytes() == other.tobytes()


def test_rows_that_are_all_different_stay_where_they_are() -> None:
    x = np.random.default_rng(0).normal(size=(500, 3))
    given_rows = arrays.Given("regression", x, x[:, :1], np.ones(500))
    assert equal_rows.merge_equal_rows(given_rows) is given_rows


def test_rows_of_one_digest_stay_apart_where_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = [np.zeros(6, np.uint64)] * 2
    monkeypatch.setattr(equal_rows, "_digests", lambda _given: zeros)
    x = np.array([[1.0], [1.0], [2.0], [2.0], [2.0], [3.0]])
    merged = equal_rows.merge_equal_rows(arrays.Given("regression", x, 0 * x, np.ones(6)))
    assert merged.x[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert merged.weights.tolist() == [2.0, 3.0, 1.0]


def test_digests_tell_rows_apart_that_are_nearly_the_same() -> None:
    """Small whole numbers, permutations, signs, and the last bit of one number among many."""
    whole = np.stack(np.meshgrid(*[np.arange(40.0)] * 3), axis=-1).reshape(-1, 3)
    close = np.ones((400, 200))
    close[np.arange(200), np.arange(200)] = np.nextafter(1.0, 2.0)
    close[200 + np.arange(200), np.arange(200)] = -1.0
    for x in (whole, close):
        digests = equal_rows._digests(arrays.Given("regression", x, np.zeros((len(x), 1)), np.ones(len(x))))
        assert all(len(np.unique(digest)) == len(x) for digest in digests)
