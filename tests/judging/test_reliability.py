"""Reliability and calibration error against scikit-learn's curve and cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from sklearn.calibration import calibration_curve

from mlpcli.arrays import Array, Vector
from mlpcli.judging.reliability import calibration_error, reliability, wilson
from mlpcli.nn.activations import ActivationChoice
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.metrics import compute
from mlpcli.training.predictions import Predictions
from tests.training.test_metrics import classification


def of_two(p: Vector, truth: Array, weights: Vector | None = None) -> Predictions:
    """Rows of two classes with the probability of the second."""
    with np.errstate(divide="ignore"):
        z = np.log(p) - np.log1p(-p)
    scores = ClassScores(z[:, np.newaxis], ActivationChoice("sigmoid", {}))
    return Predictions("classification", truth, (p >= 0.5).astype(np.intp), scores, weights)


@pytest.mark.parametrize("rows", [23, 100, 1001])
@pytest.mark.parametrize("ties", [7, 10**6])
def test_the_bins_are_those_of_scikit_learn(rows: int, ties: int) -> None:
    rng = np.random.default_rng(rows)
    p = rng.integers(1, ties, rows) / ties
    truth = (rng.random(rows) < p).astype(np.intp)
    predictions = of_two(p, truth)
    p = predictions.odds.of_both().probability()[:, 1]
    share, mean = calibration_curve(truth, p, n_bins=10, strategy="quantile")
    bins = reliability(predictions)
    assert [one.share for one in bins] == pytest.approx(share)
    assert [one.probability for one in bins] == pytest.approx(mean)
    assert sum(one.rows for one in bins) == rows
    expected = sum(one.rows * abs(s - m) for one, s, m in zip(bins, share, mean, strict=True)) / rows
    assert compute(["ece"], predictions)["ece"] == pytest.approx(expected)
    assert calibration_error(bins) == pytest.approx(expected)


def test_worked_by_hand() -> None:
    """Four rows of 0.25, one of them positive, and four of 0.75, two of them: (0 + 0.25) / 2."""
    p, truth = np.repeat([0.25, 0.75], 4), np.array([0, 0, 0, 1, 0, 0, 1, 1])
    predictions = of_two(p, truth)
    low, high = reliability(predictions)
    assert (low.rows, low.lower, low.upper, low.share) == (4, *[pytest.approx(0.25)] * 2, 0.25)
    assert (high.rows, high.probability, high.share) == (4, pytest.approx(0.75), 0.5)
    assert compute(["ece"], predictions)["ece"] == pytest.approx(0.125)
    first = replace(predictions, positive=0)
    assert [one.probability for one in reliability(first)] == pytest.approx([0.25, 0.75])
    assert [one.share for one in reliability(first)] == [0.5, 0.75]
    assert compute(["ece"], first)["ece"] == pytest.approx(0.125)


def test_of_several_classes_it_is_about_the_predicted_one() -> None:
    predictions = classification(0, 5, rows=200)
    confidence = predictions.odds.probability().max(axis=1)
    right = predictions.truth == predictions.predicted
    share, mean = calibration_curve(right, confidence, n_bins=10, strategy="quantile")
    bins = reliability(predictions)
    assert [one.share for one in bins] == pytest.approx(share)
    assert [one.probability for one in bins] == pytest.approx(mean)


def test_a_row_of_weight_two_is_two_rows() -> None:
    rng = np.random.default_rng(4)
    p = rng.integers(1, 50, 60) / 50
    truth, twice = (rng.random(60) < p).astype(np.intp), rng.integers(0, 3, 60)
    weighted = of_two(p, truth, twice.astype(np.float64))
    rows = np.repeat(np.arange(60), twice)
    written = of_two(p[rows], truth[rows])
    # the quantiles of so few rows are not quite those of rows twice: bins by hand, all in one
    (mine,), (theirs,) = reliability(weighted, 1), reliability(written, 1)
    assert (mine.share, mine.probability, mine.weight) == pytest.approx(
        (theirs.share, theirs.probability, theirs.weight)
    )
    assert mine.rows == np.count_nonzero(twice)
    for unit in (1e-300, 1e300):
        again = replace(weighted, weights=unit * twice)
        assert compute(["ece"], again) == pytest.approx(compute(["ece"], weighted))


def test_the_bars_are_wilsons() -> None:
    theirs = scipy.stats.binomtest(3, 20).proportion_ci(0.95, "wilson")
    found = wilson(3 / 20, 20)
    assert (found.lower, found.upper) == pytest.approx((theirs.low, theirs.high))
    assert (wilson(0, 5).lower, wilson(1, 5).upper) == (0.0, 1.0)
    assert wilson(0, 5).upper == pytest.approx(1 - wilson(1, 5).lower) == pytest.approx(0.43448, abs=1e-5)


def test_rows_of_uneven_weight_count_less() -> None:
    p, truth = np.full(4, 0.5), np.array([0, 1, 0, 1])
    (even,) = reliability(of_two(p, truth, np.ones(4)))
    (uneven,) = reliability(of_two(p, truth, np.array([3.0, 3, 0.1, 0.1])))
    assert even.interval == wilson(0.5, 4)
    assert uneven.interval.lower == pytest.approx(wilson(0.5, 6.2**2 / 18.02).lower)
