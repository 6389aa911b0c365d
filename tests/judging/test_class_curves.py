"""ROC and precision-recall curves against scikit-learn's, and what thinning leaves of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from mlpcli.judging.curves import precision_recall_curves, roc_curves, thinned
from mlpcli.training.predictions import Predictions
from tests.training.test_metrics import classification, identity, multilabel

ALL = 10**6


@pytest.mark.parametrize("ties", [4, 1000])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_points_are_those_of_scikit_learn(ties: int, weighted: bool) -> None:
    predictions = classification(3, 2, ties=ties)
    weights = np.random.default_rng(0).uniform(0.1, 4, 60) if weighted else None
    predictions = replace(predictions, weights=weights)
    p = predictions.odds.probability()[:, 1]
    (ours,) = roc_curves(predictions, ALL)
    assert ours is not None
    x, y, thresholds = roc_curve(predictions.truth, p, sample_weight=weights, drop_intermediate=False)
    kept = np.isin(thresholds, ours.thresholds)
    assert ours.thresholds[0] == np.inf
    for mine, theirs in zip(ours[:3], (x[kept], y[kept], thresholds[kept]), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-12)
    assert ours.area == pytest.approx(roc_auc_score(predictions.truth, p, sample_weight=weights))
    assert np.trapezoid(ours.y, ours.x) == pytest.approx(ours.area)  # what is left out was on a line

    (pr,) = precision_recall_curves(predictions, ALL)
    assert pr is not None
    precision, recall, _ = precision_recall_curve(predictions.truth, p, sample_weight=weights)
    points = {(round(r, 9), round(q, 9)) for q, r in zip(precision, recall, strict=True)}
    assert {(round(r, 9), round(q, 9)) for r, q in zip(pr.x, pr.y, strict=True)} <= points
    assert len(pr.x) > len(points) / 4
    assert pr.area == pytest.approx(average_precision_score(predictions.truth, p, sample_weight=weights))


def test_worked_by_hand() -> None:
    """Scores 4 3 2 1 of which the first and the third are positive."""
    truth = np.array([1, 0, 1, 0])
    predictions = Predictions("classification", truth, truth, identity(np.array([[4.0], [3], [2], [1]])))
    (roc,), (pr,) = roc_curves(predictions), precision_recall_curves(predictions)
    assert roc is not None
    assert pr is not None
    assert (roc.x.tolist(), roc.y.tolist()) == ([0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1])
    assert roc.thresholds.tolist() == [np.inf, 4, 3, 2, 1]
    assert (roc.area, pr.area) == (0.75, pytest.approx(5 / 6))
    assert (pr.x.tolist(), pr.y.tolist()) == ([0, 0.5, 0.5, 1, 1], pytest.approx([1, 1, 1 / 2, 2 / 3, 1 / 2]))


def test_the_first_of_two_classes_may_be_the_positive_one() -> None:
    predictions = classification(1, 2)
    (last,), (first,) = roc_curves(predictions), roc_curves(replace(predictions, positive=0))
    assert last is not None
    assert first is not None
    assert first.area == pytest.approx(last.area)
    assert first.thresholds[1:].max() <= 1 - last.thresholds[1:].min() + 1e-12


@pytest.mark.parametrize("predictions", [classification(0, 5), multilabel(0)])
def test_a_curve_for_each_class_or_label(predictions: Predictions) -> None:
    truth = predictions.truth if predictions.task == "multilabel" else np.eye(5)[predictions.truth]
    for index, curve in enumerate(roc_curves(predictions)):
        assert curve is not None
        score = predictions.odds.probability()[:, index]
        assert curve.area == pytest.approx(roc_auc_score(truth[:, index], score))


def test_what_has_no_rows_has_no_curve() -> None:
    predictions = replace(classification(0, 3), truth=np.arange(60) % 2)
    assert [curve is None for curve in roc_curves(predictions)] == [False, False, True]
    assert [curve is None for curve in precision_recall_curves(predictions)] == [False, False, True]
    alone = replace(classification(0, 2), truth=np.ones(60, np.intp))
    assert roc_curves(alone) == [None]
    (curve,) = precision_recall_curves(alone)
    assert curve is not None
    assert curve.area == 1.0


def test_thinning_keeps_points_of_the_curve_and_its_shape() -> None:
    predictions = classification(0, 2, rows=5000, ties=100_000)
    predictions = replace(
        predictions, truth=(np.random.default_rng(1).random(5000) < predictions.odds.probability()[:, 1]) * 1
    )
    (whole,), (thin,) = roc_curves(predictions, ALL), roc_curves(predictions, 100)
    assert whole is not None
    assert thin is not None
    assert len(thin.x) == 100 < len(whole.x)
    points = set(zip(whole.x, whole.y, whole.thresholds, strict=True))
    assert set(zip(thin.x, thin.y, thin.thresholds, strict=True)) <= points
    assert np.trapezoid(thin.y, thin.x) == pytest.approx(whole.area, abs=2e-3)
    assert thin.area == whole.area


def test_points_on_a_line_and_the_same_point_again_are_left_out() -> None:
    x, y = np.array([0, 0.25, 0.5, 1, 1]), np.array([0, 0.5, 1, 1, 1])
    assert thinned(x, y, 100).tolist() == [0, 2, 4]
    assert thinned(np.array([1.0, 1]), np.array([1.0, 1]), 100).tolist() == [0, 1]
    assert thinned(np.array([0.0, 1, 0]), np.array([0.0, 1, 0]), 100).tolist() == [0, 1, 2]
