"""Metrics do not depend on the unit of targets or weights, but as they must: by exact arithmetic."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.training.baseline import constant_prediction
from mlpcli.training.metrics import METRICS, compute
from mlpcli.training.predictions import Predictions
from tests.training.test_metrics import PARTS, regression

POWER = {"mae": 1, "rmse": 1, "median_absolute_error": 1, "mse": 2, "mape": 0, "r2": 0}
UNITS = [5e-324, 1e-300, 3e-170, 1e-20, 1.0, 7e80, 1e160, 1e300]


@pytest.mark.parametrize("name", POWER)
@pytest.mark.parametrize("exponent", [-900, -560, -60, 60, 530, 900])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_unit_of_the_target_scales_a_metric_and_changes_no_digit(
    name: str, exponent: int, weighted: bool
) -> None:
    for seed in range(3):
        ordinary = regression(seed, 3)
        if weighted:
            ordinary = replace(ordinary, weights=np.random.default_rng(seed).uniform(0, 2, 31))
        scaled = replace(
            ordinary,
            truth=np.ldexp(ordinary.truth, exponent),
            predicted=np.ldexp(ordinary.predicted, exponent),
        )
        expected = compute([name], ordinary)[name]
        assert expected is not None
        exact = Fraction(expected) * Fraction(2) ** (POWER[name] * exponent)
        found = compute([name], scaled)[name]
        if abs(exact) > np.finfo(float).max:
            assert found is None
        elif abs(exact) < np.finfo(float).tiny:  # an mse of such errors is below all numbers
            assert found == pytest.approx(float(exact), abs=5e-324 * 31)
        else:
            assert Fraction(found) == exact


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.01, 1)), min_size=2, max_size=12),
    st.sampled_from([1e-300, 4e-170, 1e-100, 1.0, 1e100, 6e160, 1e300]),
)
def test_the_value_is_that_of_higher_precision(rows: list[tuple[float, float, float]], unit: float) -> None:
    truth, predicted, weights = (np.array(column) for column in zip(*rows, strict=True))
    truth, predicted = truth * unit, predicted * unit
    predictions = Predictions("regression", truth[:, None], predicted[:, None], weights=weights)
    found = compute(["rmse", "mae", "r2"], predictions)
    with mpmath.workdps(60):
        y, p, w = ([mpmath.mpf(float(v)) for v in column] for column in (truth, predicted, weights))
        total = sum(w)
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
        squares = sum(a * (b - c) ** 2 for a, b, c in zip(w, y, p, strict=True))
        spread = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
        assert found["rmse"] == pytest.approx(float(mpmath.sqrt(squares / total)), rel=1e-9)
        errors = sum(a * abs(b - c) for a, b, c in zip(w, y, p, strict=True))
        assert found["mae"] == pytest.approx(float(errors / total), rel=1e-9)
        if spread > (1e-10 * max(abs(v) for v in y)) ** 2:  # elsewhere the mean's rounding is all there is
            ratio = squares / spread
            if float(ratio) == float("inf"):
                assert found["r2"] is None
                return
            assert found["r2"] == pytest.approx(float(1 - ratio), rel=1e-6, abs=1e-6 * float(ratio))


def test_errors_larger_than_all_numbers_are_averaged_where_their_mean_is_none() -> None:
    truth, predicted = np.zeros((100, 1)), np.zeros((100, 1))
    truth[0], predicted[0] = 1.5e308, -1.5e308
    values = compute(["mae", "rmse", "mse", "r2"], Predictions("regression", truth, predicted))
    assert values["mae"] == pytest.approx(3e306, rel=1e-12)
    assert values["rmse"] == pytest.approx(3e307, rel=1e-12)
    assert values["mse"] is None
    assert values["r2"] == pytest.approx(1 - 4 / 0.99, rel=1e-12)


def test_a_constant_target_is_one_whatever_the_rows_without_weight_are() -> None:
    truth = np.array([[0.1], [0.1], [0.1], [1e200]])
    predictions = Predictions("regression", truth, truth * 2, weights=np.array([1.0, 2.0, 0.7, 0.0]))
    assert compute(["r2", "mae"], predictions) == {"r2": 0.0, "mae": pytest.approx(0.1, rel=1e-15)}


CASES = [
    (name, part)
    for part in PARTS
    for name, metric in METRICS.items()
    if PARTS[part](0).task in metric.tasks and not (metric.instead and "five" in part)
]


@pytest.mark.parametrize(("name", "part"), CASES)
@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_the_weights_does_not_matter(name: str, part: str, unit: float) -> None:
    for seed in range(3):
        weights = np.random.default_rng(seed).integers(1, 9, PARTS[part](seed).rows).astype(float)
        predictions = replace(PARTS[part](seed), weights=weights)
        expected = compute([name], predictions)[name]
        assert expected is not None
        found = compute([name], replace(predictions, weights=weights * unit))[name]
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-20, 0.1, 1 / 3, 1e80])
@pytest.mark.parametrize("rows", [10, 1001])
def test_the_middle_of_equal_weights_is_that_of_none(unit: float, rows: int) -> None:
    """Sums of tenths are not quite what they should be."""
    predictions = regression(0, 1, rows=rows)
    expected = compute(["median_absolute_error"], predictions)
    weighted = replace(predictions, weights=np.full(rows, unit))
    assert compute(["median_absolute_error"], weighted) == expected


@pytest.mark.parametrize("unit", [1e-170, 1e160, 1e307])
def test_the_constant_prediction_follows_the_unit(unit: float) -> None:
    truth = np.array([[1.0], [2.0], [6.0], [5.0]]) * unit
    part = Predictions("regression", truth, truth, weights=np.full(4, 1e80))
    guess = constant_prediction(part, part)
    np.testing.assert_allclose(guess.predicted, 3.5 * unit, rtol=1e-15)
    assert compute(["r2"], guess)["r2"] == pytest.approx(0.0, abs=1e-15)
