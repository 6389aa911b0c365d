"""The parts of a report by themselves: hexagons, histograms, the verdict, and when to distrust a run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.report.blocks import Score
from mlpcli.report.class_parts import Reliability
from mlpcli.run.facts.distrust import _by_chance, _still_falls
from mlpcli.run.facts.hexagons import ACROSS, hexagons_of
from mlpcli.run.facts.main_metric import MainMetric
from mlpcli.run.facts.numbers import MOST_POINTS, errors_of, histogram

NUMBERS = st.floats(-1e6, 1e6, width=32)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60))
def test_every_point_is_in_the_hexagon_nearest_to_it(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points, dtype=np.float64).T
    found = hexagons_of(x, y)
    assert sum(found.rows) == len(points)
    assert len(set(zip(found.x, found.y, strict=True))) == len(found.rows)
    span = found.width * ACROSS
    assert found.height == pytest.approx(found.width / np.sqrt(3), rel=1e-9)
    for one, other in points:
        away = np.hypot(np.subtract(found.x, one), np.subtract(found.y, other))
        assert away.min() <= found.height + 1e-9 * span  # a corner is the farthest place of a hexagon


def test_hexagons_touch_and_do_not_overlap() -> None:
    """The centers of neighbours are a width apart."""
    rng = np.random.default_rng(0)
    found = hexagons_of(rng.uniform(0, 1, 20_000), rng.uniform(0, 1, 20_000))
    centers = np.stack([found.x, found.y], axis=1)
    away = np.sqrt(np.square(centers[:, np.newaxis] - centers).sum(axis=2))
    away[np.diag_indices(len(away))] = np.inf
    assert away.min(axis=1) == pytest.approx(found.width, rel=1e-3)


@given(st.lists(NUMBERS, min_size=1, max_size=200))
def test_every_error_is_in_a_bin(errors: list[float]) -> None:
    found = histogram(np.array(errors, dtype=np.float64))
    assert sum(found.rows) == len(errors)
    assert len(found.edges) == len(found.rows) + 1
    assert list(found.edges) == sorted(found.edges)


def test_many_points_are_counted_and_few_are_drawn() -> None:
    truth = np.linspace(0, 1, MOST_POINTS + 1)
    many, few = errors_of("y", truth, truth**2), errors_of("y", truth[1:], truth[1:] ** 2)
    assert many is not None
    assert few is not None
    assert many.points is None
    assert many.hexagons is not None
    assert sum(many.hexagons.rows) == MOST_POINTS + 1
    assert few.points is not None
    assert few.hexagons is None


def test_what_cannot_be_drawn_is_left_out() -> None:
    truth, predicted = np.array([1.0, 1e200, 2.0]), np.array([1.5, 1.0, 1e300])
    found = errors_of("y", truth, predicted)
    assert found is not None
    assert (found.rows, found.mean_error) == (1, 0.5)
    assert errors_of("y", truth[1:], predicted[1:]) is None


def main(value: float | None, constant: float | None, low: float, high: float, greater: bool) -> MainMetric:
    score = Score(metric="m", value=value, greater_is_better=greater, baseline=constant, low=low, high=high)
    return MainMetric(score)


@pytest.mark.parametrize(
    ("value", "constant", "low", "high", "greater", "verdict"),
    [
        (0.9, 0.5, 0.8, 0.95, True, "better"),
        (0.9, 0.8, 0.8, 0.95, True, "unsure"),
        (0.4, 0.5, 0.3, 0.5, True, "worse"),
        (1.0, 2.0, 0.9, 1.5, False, "better"),
        (1.0, 1.2, 0.9, 1.5, False, "unsure"),
        (3.0, 2.0, 2.5, 3.5, False, "worse"),
        (None, 0.5, 0.0, 1.0, True, "unsure"),
        (0.9, None, 0.8, 0.95, True, "unsure"),
    ],
)
def test_the_verdict_is_by_the_side_that_the_whole_interval_is_on(
    value: float | None, constant: float | None, low: float, high: float, greater: bool, verdict: str
) -> None:
    assert main(value, constant, low, high, greater).verdict == verdict


def test_skill_is_the_way_from_a_constant_prediction_to_no_error() -> None:
    accuracy, error = main(0.9, 0.6, 0.8, 0.95, True), main(1.0, 2.0, 0.9, 1.5, False)
    assert accuracy.skill(0.9) == pytest.approx(0.75)
    assert error.skill(1.0) == pytest.approx(0.5)
    assert accuracy.skill(None) is None
    assert main(1.0, 1.0, 1.0, 1.0, True).skill(1.0) is None


EPOCHS = np.arange(1, 101)


@pytest.mark.parametrize(
    ("losses", "rates", "falls"),
    [
        (1 / EPOCHS, np.full(100, 1e-3), True),
        (1 / EPOCHS, np.linspace(1e-3, 0, 100), False),  # the rate is spent: it would not fall further
        (1 + 1e-4 / EPOCHS, np.full(100, 1e-3), False),
        ((EPOCHS - 70) ** 2.0, np.full(100, 1e-3), False),
        (1 / EPOCHS[:10], np.full(10, 1e-3), False),
        (np.append(1 / EPOCHS[:99], np.nan), np.full(100, 1e-3), False),
    ],
)
def test_a_loss_that_still_falls_is_seen(losses: np.ndarray, rates: np.ndarray, falls: bool) -> None:
    assert _still_falls((losses.tolist(), rates.tolist())) is falls


def test_right_probabilities_miss_by_no_more_than_chance() -> None:
    """The expected distance of a share of n rows, √(2/π) √(p(1 − p)/n), beside draws of it."""
    rng = np.random.default_rng(0)
    rows, said = np.array([40, 50, 60]), np.array([0.2, 0.5, 0.9])
    drawn = rng.binomial(rows, said, (4000, 3)) / rows
    missed = float(np.average(np.abs(drawn - said), axis=1, weights=rows).mean())
    shares = tuple(said.tolist())
    found = Reliability(
        of="p", rows=(40, 50, 60), said=shares, found=shares, low=shares, high=shares, ece=0.0, brier=None
    )
    assert _by_chance(found) == pytest.approx(missed, rel=0.05)
