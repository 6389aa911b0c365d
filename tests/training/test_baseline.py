"""The baseline against scikit-learn's dummy estimators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlpcli.nn.losses import Loss
from mlpcli.training.baseline import constant_loss, constant_prediction
from mlpcli.training.batches import Part
from mlpcli.training.metrics import compute
from mlpcli.training.predictions import Predictions

LABELS = st.lists(st.integers(0, 2), min_size=1, max_size=12).map(lambda labels: [0, 1, 2, *labels])


def rows_of(truth: object, weights: object = None, task: str = "classification") -> Predictions:
    known = np.array(truth)
    return Predictions(
        task, known, np.zeros_like(known), weights=None if weights is None else np.array(weights)
    )


@given(LABELS, st.booleans())
def test_the_most_frequent_class_and_the_priors(labels: list[int], weighted: bool) -> None:
    weights = np.arange(1.0, len(labels) + 1) if weighted else None
    features = np.zeros((len(labels), 1))
    dummy = DummyClassifier(strategy="prior").fit(features, labels, sample_weight=weights)
    guess = constant_prediction(rows_of(labels, weights), rows_of([2, 0]))
    assert guess.predicted.tolist() == dummy.predict(features[:2]).tolist()
    np.testing.assert_allclose(guess.odds.probability(), dummy.predict_proba(features[:2]), rtol=1e-12)


def test_every_label_of_a_multilabel_task_has_its_own_majority_a_tie_being_no() -> None:
    labels = [[0, 1, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]]
    guess = constant_prediction(rows_of(labels, task="multilabel"), rows_of([[1, 1, 1]], task="multilabel"))
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((4, 1)), labels)
    assert guess.predicted.tolist() == dummy.predict(np.zeros((1, 1))).tolist() == [[0, 1, 0]]
    np.testing.assert_allclose(guess.odds.probability(), [[0.25, 0.75, 0.5]], rtol=1e-15)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 5.0]])
def test_the_mean_of_every_target(weights: list[float] | None) -> None:
    truth = np.array([[1.0, 10.0], [2.0, 20.0], [6.0, -1.0]])
    dummy = DummyRegressor().fit(np.zeros((3, 1)), truth, sample_weight=weights)
    guess = constant_prediction(rows_of(truth, weights, "regression"), rows_of(truth[:2], task="regression"))
    np.testing.assert_allclose(guess.predicted, dummy.predict(np.zeros((2, 1))), rtol=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 5.0]])
def test_the_loss_of_the_mean_target(weights: list[float] | None, reduction: str) -> None:
    truth = np.array([[1.0, 10.0], [2.0, 20.0], [6.0, -1.0]])
    training, rows = (
        Part.of(y, y, None if weights is None else np.array(weights), float) for y in (truth, -truth)
    )
    w = np.array(weights or [1.0, 1.0, 1.0])
    errors = (-truth - np.average(truth, axis=0, weights=w)) ** 2
    expected = (w @ errors.mean(axis=1)) / w.sum() * (1 if reduction == "mean" else 3)
    assert constant_loss(Loss("mse", reduction=reduction), training, rows) == pytest.approx(
        expected, rel=1e-14
    )


def test_only_the_training_targets_decide_and_only_the_part_is_judged() -> None:
    part = rows_of([0, 0, 0, 1], [1.0, 1.0, 1.0, 5.0])
    guess = constant_prediction(rows_of([1, 1, 0]), part)
    assert compute(["accuracy"], guess) == {"accuracy": 5 / 8}
    assert guess.truth is part.truth
    assert guess.weights is part.weights


def test_the_baseline_on_its_own_training_rows_ranks_nothing_and_explains_nothing() -> None:
    labels = rows_of([1, 1, 0])
    assert compute(["roc_auc", "mcc"], constant_prediction(labels, labels)) == {"roc_auc": 0.5, "mcc": 0.0}
    numbers = rows_of([[1.0], [2.0], [4.0]], task="regression")
    assert compute(["r2"], constant_prediction(numbers, numbers)) == {"r2": 0.0}
