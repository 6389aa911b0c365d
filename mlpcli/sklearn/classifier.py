"""MLPClassifier: networks of mlp that predict classes, or several labels for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.sklearn.arrays import Given
from mlpcli.sklearn.estimator import Estimator, weighted_rows
from mlpcli.sklearn.typed import (
    ClassifierMixin,
    available_if,
    check_classification_targets,
    column_or_1d,
    type_of_target,
    validate_data,
)

PROBABLE_LOSSES = frozenset({None, "binary_cross_entropy", "cross_entropy"})
PROBABLE_OUTPUTS = frozenset({"sigmoid", "softmax"})


def _has_probabilities(classifier: MLPClassifier) -> bool:
    """Whether loss and output activation make the outputs probabilities."""
    last = classifier.activation[-1] if isinstance(classifier.activation, list | tuple) else None
    return _name(classifier.loss) in PROBABLE_LOSSES or _name(last) in PROBABLE_OUTPUTS


def _name(choice: Any) -> Any:
    return choice.get("name") if isinstance(choice, Mapping) else choice


class MLPClassifier(ClassifierMixin, Estimator):
    """A network that predicts the class of each row, or labels where `y` has a column of 0 and 1 for each.

    Parameters have the names, the values and the defaults that they have in the config of `mlp train`, but
    for two. `optimizer="lbfgs"` sees all rows at once, so that weights of rows are the same as repetitions of
    them, to the last bit; with many rows, `optimizer="adam"` is faster. `l2=0.01` tames it on noise.

    `encode` scales the inputs; `class_weight` is a mapping from classes, or `balanced`.
    `validation` holds out a share of the rows, for `early_stopping={"patience": 20}`.

    After `fit`: `classes_`; `history_`, a DataFrame with a row per epoch or iteration, and `n_iter_`, their
    number.
    """

    classes_: Array

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Train on features X (n, d) and classes y (n,), or labels y (n, k)."""
        rows, target = validate_data(self, X, y, dtype=np.float64, multi_output=True)
        check_classification_targets(target)
        kind = type_of_target(target)
        if kind == "multiclass-multioutput":
            raise ValueError("expected a class, or labels of 0 and 1, for each row; found several classes")
        if kind == "multilabel-indicator":
            dense = target.toarray() if hasattr(target, "toarray") else target
            given = self._labelled(*weighted_rows(rows, dense.astype(np.float64), sample_weight))
        else:
            labels = column_or_1d(target, warn=True)
            given = self._classified(*weighted_rows(rows, labels, sample_weight))
        self._train(given)
        return self

    def _labelled(self, rows: Matrix, labels: Array, weights: Vector) -> Given:
        self.classes_ = np.arange(labels.shape[1])
        return Given("multilabel", rows, labels, weights, ("0", "1"))

    def _classified(self, rows: Matrix, labels: Array, weights: Vector) -> Given:
        self.classes_, indices = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least two classes, found only one class: '{self.classes_[0]}'")
        classes = tuple(map(str, self.classes_.tolist()))
        return Given("classification", rows, indices.reshape(-1, 1).astype(np.float64), weights, classes)

    def predict(self, X: object) -> Array:
        """The predicted class of each row, (n,), or its labels, (n, k)."""
        rows = self._checked(X)
        predicted = self.network_.predicted(rows)
        return predicted if predicted.ndim > 1 else np.asarray(self.classes_[predicted])

    @available_if(_has_probabilities)
    def predict_proba(self, X: object) -> Matrix:
        """The probability of each class in the order of `classes_`, of each label: (n, k)."""
        rows = self._checked(X)
        probability = self.network_.probability(rows)
        if probability is None:
            raise ValueError("the fitted network has no probabilities: its outputs are scores")
        return probability

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
