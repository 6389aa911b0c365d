"""MLPClassifier: networks of mlp that predict classes, or several labels for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.loss_spec import LOSSES, losses_for
from mlpcli.sklearn.arrays import Given
from mlpcli.sklearn.estimator import Estimator, has_intervals, weighted_rows
from mlpcli.sklearn.typed import (
    ClassifierMixin,
    available_if,
    check_classification_targets,
    column_or_1d,
    type_of_target,
    validate_data,
)

# no sets: a loss that is none, such as a list, is to be refused by fit and by nothing before
PROBABLE_OUTPUTS = (*PROBABILITIES,)
PROBABLE_LOSSES = (None, *(name for name, loss in LOSSES.items() if loss.output_activation in PROBABILITIES))
SCORING_LOSSES = tuple(name for name, loss in LOSSES.items() if loss.threshold == 0.0)
LABEL_LOSSES = (None, *losses_for("multilabel"))


def _has_probabilities(classifier: MLPClassifier) -> bool:
    """Whether loss and output activation make the outputs probabilities."""
    last = classifier.activation[-1] if isinstance(classifier.activation, list | tuple) else None
    return _name(classifier.loss) in PROBABLE_LOSSES or _name(last) in PROBABLE_OUTPUTS


def _has_scores(classifier: MLPClassifier) -> bool:
    """Whether the outputs are scores, of two classes one with its border at 0."""
    return _name(classifier.loss) in SCORING_LOSSES


def _name(choice: Any) -> Any:
    return choice.get("name") if isinstance(choice, Mapping) else choice


class MLPClassifier(ClassifierMixin, Estimator):
    """A network that predicts the class of each row, or labels where `y` has a column of 0 and 1 for each.

    Parameters have the names, the values and the defaults that they have in the config of `mlp train`, but
    for two. `optimizer="lbfgs"` sees all rows at once, so that weights of rows are the same as repetitions of
    them, to the last bit, but under batch_norm; with many rows, `optimizer="adam"` is faster. `l2=0.01` tames
    it on noise.

    `encode` scales the inputs, by name or as `{"name": "piecewise_linear", "bins": 16}`; `class_weight` is a
    mapping from classes, or `balanced`.
    `validation` holds out a share of the rows, for `early_stopping={"patience": 20}`. `ensemble=5` trains
    five networks, one after the other, whose outputs are averaged; `{"folds": 5}` one for each part of the
    rows, which validates it (and `validation` has no use). With `refit` the networks are trained once more,
    on the rows that validate too, to the epoch that was best.

    `recipe` is one that `mlp init` writes, `quick`, `strong` or `best`: what it says for X and y is in place
    of every default, and a parameter that is not as it is by default wins. By the rows that validate
    `calibration="temperature"` makes probabilities right, and `threshold`, such as `{"maximize": "f1"}` or
    `{"recall": 0.9}`, is chosen for the second of two classes; a number is one. `intervals=[0.9]`, by folds,
    makes `predict_interval`.

    After `fit`: `classes_`; `history_`, a DataFrame with a row per epoch or iteration (of each `member`), and
    `n_iter_`, their number, of several networks that of the longest training.
    """

    classes_: Array

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Train on features X (n, d) and classes y (n,), or labels y (n, k)."""
        with self._all_or_nothing():
            self._train(self._given(X, y, sample_weight))
        return self

    def _given(self, X: object, y: object, sample_weight: object) -> Given:
        rows, target = validate_data(self, X, y, dtype=np.float64, multi_output=True)
        check_classification_targets(target)
        kind = type_of_target(target)
        if kind == "multiclass-multioutput":
            raise ValueError("expected a class, or labels of 0 and 1, for each row; found several classes")
        if kind == "multilabel-indicator":
            dense = target.toarray() if hasattr(target, "toarray") else target
            return self._labelled(*weighted_rows(rows, dense.astype(np.float64), sample_weight))
        return self._classified(*weighted_rows(rows, column_or_1d(target, warn=True), sample_weight))

    def _labelled(self, rows: Matrix, labels: Array, weights: Vector) -> Given:
        other = labels[(labels != 0) & (labels != 1)]
        if len(other):
            raise ValueError(f"expected labels of 0 and 1 for each row, found {other[0]:g}")
        self.classes_ = np.arange(labels.shape[1])
        return Given("multilabel", rows, labels, weights, (0, 1))

    def _classified(self, rows: Matrix, labels: Array, weights: Vector) -> Given:
        self.classes_, indices = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least two classes, found only one class: '{self.classes_[0]}'")
        given = indices.reshape(-1, 1).astype(np.float64)
        return Given("classification", rows, given, weights, tuple(self.classes_.tolist()))

    def predict(self, X: object) -> Array:
        """The predicted class of each row, (n,), or its labels, (n, k)."""
        rows = self._checked(X)
        predicted = self.networks_.predicted(rows)
        return predicted if predicted.ndim > 1 else np.asarray(self.classes_[predicted])

    @available_if(_has_probabilities)
    def predict_proba(self, X: object) -> Matrix:
        """The probability of each class in the order of `classes_`, of each label: (n, k)."""
        rows = self._checked(X)
        probability = self.networks_.probability(rows)
        if probability is None:
            raise ValueError("the fitted network has no probabilities: its outputs are scores")
        return probability

    @available_if(has_intervals)
    def predict_interval(self, X: object, level: float = 0.9) -> Array:
        """Which classes are in the set that holds that of a row as often as `level` says, (n, classes).

        Levels are those that `intervals` had in `fit`.
        """
        return self.networks_.sets(self._with_level(X, level), level)

    @available_if(_has_scores)
    def decision_function(self, X: object) -> Array:
        """The score of each class in the order of `classes_`, (n, k), of which the largest decides.

        Of two classes only the second's, (n,), which is predicted from 0 on.
        """
        rows = self._checked(X)
        scores = self.networks_.scores(rows).astype(np.float64)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # a weight is one of a class, and a label is none
        has_weights = isinstance(self.class_weight, str | Mapping) and len(self.class_weight) > 0
        tags.classifier_tags.multi_label = _name(self.loss) in LABEL_LOSSES and not has_weights
        return tags
