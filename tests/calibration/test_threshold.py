"""A threshold is the best there is by scikit-learn's metrics, does what it says, and ties are decided."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from mlpcli.calibration.threshold import (
    MAXIMIZED,
    Goal,
    Threshold,
    choose_threshold,
    simplest_between,
)

Floats = npt.NDArray[np.float64]
SKLEARN = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    "f1_macro": lambda *a, **k: metrics.f1_score(*a, average="macro", **k),
    "f1_weighted": lambda *a, **k: metrics.f1_score(*a, average="weighted", **k),
    "mcc": metrics.matthews_corrcoef,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
}
MANY = st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([2, 7, 16]), st.booleans())


def rows_of(seed: int, count: int, weighted: bool) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """Probabilities, some of them equal, which rows are positive, and weights."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=count).round(int(rng.integers(1, 4)))
    positive = rng.uniform(size=count) < 0.2 + 0.6 * p
    weights = rng.integers(0, 4, size=count).astype(float) if weighted else np.ones(count)
    return p, positive, weights


def value(name: str, positive: npt.NDArray[np.bool_], p: Floats, t: float, weights: Floats) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a metric that is 0/0
        return float(SKLEARN[name](positive, p >= t, sample_weight=weights))


def choice(rows: tuple[Floats, npt.NDArray[np.bool_], Floats], goal: Goal) -> Threshold:
    found = choose_threshold(*rows[:2], goal, rows[2])
    assume(found is not None)
    assert found is not None
    return found


@given(MANY, st.sampled_from(sorted(MAXIMIZED)))
def test_no_other_threshold_is_better(made: tuple[int, int, bool], name: str) -> None:
    p, positive, weights = rows_of(*made)
    found = choice((p, positive, weights), Goal(name))
    there = value(name, positive, p, found.threshold, weights)
    assert there == pytest.approx(found.value, abs=1e-12)
    others = [value(name, positive, p, t, weights) for t in (*np.unique(p), p.max() + 1e-9)]
    reachable = others if p.max() < 1 else others[:-1]  # above 1 there is no threshold
    assert there >= max(reachable) - 1e-12
    assert found.reached


@given(MANY, st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_precision_comes_with_the_most_recall_and_recall_with_the_most_precision(
    made: tuple[int, int, bool], wanted: float
) -> None:
    p, positive, weights = rows_of(*made)
    found = {name: choice((p, positive, weights), Goal(name, wanted)) for name in ("precision", "recall")}
    precision, recall, _ = metrics.precision_recall_curve(positive, p, sample_weight=weights)
    precision, recall = precision[:-1], recall[:-1]  # the last is of no threshold
    for name, curve, other, beside in (
        ("precision", precision, "recall", recall),
        ("recall", recall, "precision", precision),
    ):
        one = found[name]
        got, with_it = (value(word, positive, p, one.threshold, weights) for word in (name, other))
        assert got == pytest.approx(one.value, abs=1e-12)
        assert one.reached == bool((curve >= wanted).any())
        if one.reached:
            assert got >= wanted
            assert with_it == pytest.approx(beside[curve >= wanted].max(), abs=1e-12)
        else:
            assert got == pytest.approx(curve.max(), abs=1e-12)


def test_of_equal_choices_the_one_nearest_to_a_half() -> None:
    positive = np.array([False, False, True, True])
    found = choose_threshold(np.array([0.1, 0.2, 0.85, 0.9]), positive, Goal("accuracy"))
    assert found == Threshold(0.5, 1.0, Goal("accuracy"))
    # two right of three either way: nothing taken, or all but one
    found = choose_threshold(np.array([0.9, 0.6, 0.2]), np.array([False, True, False]), Goal("accuracy"))
    assert found == Threshold(0.4, 2 / 3, Goal("accuracy"))


def test_nothing_may_be_taken_where_that_is_most_accurate() -> None:
    p = np.array([0.1, 0.6, 0.7, 0.8])
    found = choose_threshold(p, np.array([True, False, False, False]), Goal("accuracy"))
    assert found == Threshold(0.9, 0.75, Goal("accuracy"))


def test_a_probability_of_1_is_always_taken() -> None:
    p, positive = np.array([0.0, 0.4, 1.0]), np.array([True, False, False])
    assert choose_threshold(p, positive, Goal("accuracy")) == Threshold(0.7, 1 / 3, Goal("accuracy"))


def test_what_cannot_be_reached_is_as_near_as_it_comes() -> None:
    p, positive = np.array([0.9, 0.8, 0.5, 0.3]), np.array([False, True, True, False])
    found = choose_threshold(p, positive, Goal("precision", 0.9))
    assert found == Threshold(0.4, 2 / 3, Goal("precision", 0.9), reached=False)


def test_rows_of_one_class_choose_nothing() -> None:
    p = np.array([0.2, 0.7])
    for positive, weights in (([True, True], [1, 1]), ([False, False], [1, 1]), ([True, False], [1, 0])):
        assert choose_threshold(p, np.array(positive), Goal("f1"), np.array(weights, float)) is None
    assert choose_threshold(np.empty(0), np.empty(0, bool), Goal("f1")) is None


@pytest.mark.parametrize(
    ("low", "high", "t"),
    [
        (0.31, 0.48, 0.4),
        (0.312, 0.314, 0.313),
        (0.0, 0.0, 0.0),
        (0.0, 1e-30, 1e-30),
        (0.9, 1.0, 0.95),
        (np.nextafter(0.3, 0), 0.3, 0.3),
        (0.5, np.nextafter(0.5, 1), np.nextafter(0.5, 1)),
    ],
)
def test_a_threshold_has_no_more_decimals_than_it_needs(low: float, high: float, t: float) -> None:
    assert simplest_between(low, high) == t
