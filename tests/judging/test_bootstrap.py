"""Intervals of metrics: every metric in draws against the metric itself, and the ends against SciPy's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from mlpcli.judging.bootstrap import IN_DRAWS, Interval, interval_of, intervals
from mlpcli.judging.drawn import Drawn, Sample
from mlpcli.judging.resampling import affordable_draws, resampled_counts
from mlpcli.training.metrics import METRICS, compute
from mlpcli.training.predictions import Predictions
from tests.training.test_metrics import PARTS, classification, regression

CASES = [
    (name, part)
    for part, make in PARTS.items()
    for name, metric in METRICS.items()
    if make(0).task in metric.tasks and not (metric.instead and make(0).odds.columns > 2)
]


def test_every_metric_is_there() -> None:
    assert set(IN_DRAWS) == set(METRICS)


@pytest.mark.parametrize(("name", "part"), CASES)
@pytest.mark.parametrize("weighted", ["unweighted", "weighted", "some weights zero"])
def test_a_draw_has_the_metric_of_the_rows_that_it_repeats(name: str, part: str, weighted: str) -> None:
    """Counts are weights of sums; here they are rows written down as often."""
    predictions, rng = PARTS[part](7), np.random.default_rng(1)
    if weighted == "weighted":
        predictions = replace(predictions, weights=rng.uniform(0.1, 4, predictions.rows))
    if weighted == "some weights zero":
        predictions = replace(predictions, weights=np.floor(rng.uniform(0, 3, predictions.rows)))
    if predictions.task == "regression" and predictions.weights is not None:
        predictions = predictions.of_rows(predictions.weights > 0)
    counts = np.concatenate([np.ones((1, predictions.rows)), *resampled_counts(predictions.rows, 4)])
    found = IN_DRAWS[name](Drawn(Sample(predictions), counts))
    for draw, value in zip(counts, found, strict=True):
        rows = np.repeat(np.arange(predictions.rows), draw.astype(np.intp))
        expected = compute([name], predictions.of_rows(rows))[name]
        if name == "ece" and draw.max() > 1:
            continue  # its bins are those of all rows
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_the_ends_are_those_of_scipy() -> None:
    predictions = regression(3, 1, rows=80)
    absolute = np.abs(predictions.truth - predictions.predicted)[:, 0]
    theirs = scipy.stats.bootstrap(
        (absolute,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    found = intervals(predictions, ["mae"], draws=20_000)["mae"]
    assert (found.lower, found.upper) == pytest.approx((theirs.low, theirs.high), rel=0.005)


def test_worked_by_hand() -> None:
    """Of two rows, one right, a draw has 0, 1 or 2 right with probabilities 1/4, 1/2, 1/4."""
    predictions = Predictions("classification", np.array([0, 1]), np.array([0, 0]))
    assert intervals(predictions, ["accuracy"]) == {"accuracy": Interval(0.0, 1.0)}
    assert intervals(predictions, ["accuracy"], level=0.4) == {"accuracy": Interval(0.5, 0.5)}
    (counts,) = resampled_counts(2, 4000)
    assert np.bincount(counts[:, 0].astype(int)) / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)


def test_the_quantiles_are_those_of_the_draws_that_have_a_value() -> None:
    assert interval_of(np.array([np.nan, 0.0, 1.0, 2.0, 3.0, 4.0]), 0.5) == Interval(1.0, 3.0)
    assert interval_of(np.array([np.nan, np.nan, 1.0]), 0.5) is None


def test_the_same_rows_have_the_same_intervals_whatever_else_is_asked_for() -> None:
    predictions = classification(2, 3)
    alone = intervals(predictions, ["f1_macro"])
    assert intervals(predictions, ["roc_auc", "loss", "f1_macro"])["f1_macro"] == alone["f1_macro"]


def test_one_in_twenty_intervals_misses() -> None:
    """Of 200 samples of 100 rows that are right with a chance of 0.8 about 190 intervals hold 0.8."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(200):
        right = rng.random(100) < 0.8
        zeros = np.zeros(100, np.intp)
        found = intervals(Predictions("classification", zeros, 1 - right), ["accuracy"], draws=200)[
            "accuracy"
        ]
        held += found.lower <= 0.8 <= found.upper
    assert 180 <= held <= 198


def test_rows_that_belong_together_are_drawn_together() -> None:
    """Ten rows of each of ten groups, all right or all wrong: there are ten cases and not a hundred."""
    groups = np.repeat(np.arange(10), 10)
    predictions = Predictions("classification", (groups < 7).astype(np.intp), np.ones(100, np.intp))
    (counts,) = resampled_counts(100, 50, np.array([f"g{group}" for group in groups]))
    assert (counts.reshape(50, 10, 10) == counts.reshape(50, 10, 10)[:, :, :1]).all()
    apart, together = (intervals(predictions, ["accuracy"], groups=who)["accuracy"] for who in (None, groups))
    assert together.upper - together.lower > 2.5 * (apart.upper - apart.lower)


def test_a_metric_without_a_value_has_no_interval() -> None:
    one_class = replace(classification(0, 2), truth=np.zeros(60, dtype=np.intp))
    assert list(intervals(one_class, ["roc_auc", "pr_auc", "accuracy"])) == ["accuracy"]
    assert intervals(replace(one_class, weights=np.zeros(60)), ["accuracy"]) == {}


def test_rows_without_weight_do_not_decide_about_units() -> None:
    plain = regression(0, 1)
    first = np.arange(31) == 0
    far = replace(
        plain, predicted=np.where(first[:, None], 1e300, plain.predicted), weights=np.where(first, 0.0, 1.0)
    )
    names = ["mae", "rmse", "r2", "median_absolute_error"]
    without = intervals(plain.of_rows(~first), names)
    for name, interval in intervals(far, names, groups=np.arange(31)).items():
        assert (interval.lower, interval.upper) == pytest.approx((without[name].lower, without[name].upper))


def test_very_many_rows_are_drawn_less_often() -> None:
    assert [affordable_draws(rows) for rows in (0, 10_000, 100_000, 10**9)] == [1000, 1000, 671, 200]
