"""Centers and scales are scikit-learn's, and right where its own sums overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from mlpcli.arrays import Vector
from mlpcli.data.scaling import SCALINGS, mean_of, standardization

COLUMNS = st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=30).map(
    lambda numbers: np.array(numbers) / 1000
)
SCIKIT = {"standardize": StandardScaler(), "minmax": MinMaxScaler(), "maxabs": MaxAbsScaler()}


@pytest.mark.parametrize("name", SCIKIT)
@given(column=COLUMNS)
def test_scalings_are_those_of_scikit_learn(name: str, column: Vector) -> None:
    """Population standard deviation; a constant becomes 0, or stays 1 with maxabs."""
    center, scale = SCALINGS[name](column)
    expected = SCIKIT[name].fit_transform(column[:, np.newaxis])[:, 0]
    np.testing.assert_allclose((column - center) / scale, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e15, 1e-300, 1e308, -1e308, 5e-324])
def test_a_constant_becomes_exactly_zero(value: float) -> None:
    """Of any magnitude."""
    column = np.full(1000, value)
    center, scale = standardization(column)
    assert scale == 1.0
    assert ((column - center) / scale == 0).all()


@pytest.mark.parametrize("magnitude", [1e-320, 1e-200, 1e-150, 1.0, 1e150, 1e200, 8e307])
def test_no_magnitude_is_lost(magnitude: float) -> None:
    """Squares and sums of such numbers would overflow or vanish."""
    column = np.array([1.0, -1.0, 1.0, -1.0]) * magnitude
    center, scale = standardization(column)
    assert center == 0
    assert scale == magnitude


def test_a_large_mean_costs_no_digits() -> None:
    """mean(x²) − mean² would have none left."""
    column = np.array([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])
    assert standardization(column) == (1e9 + 10, np.sqrt(22.5))


def test_variation_by_rounding_alone_is_none() -> None:
    """0.1 + 0.2 and 0.3 are the same measurement."""
    assert standardization(np.array([0.3, 0.1 + 0.2, 0.3]))[1] == 1.0


def test_the_mean_of_huge_numbers() -> None:
    """Their sum is infinite."""
    assert mean_of(np.full(100, 1.5e308)) == 1.5e308
