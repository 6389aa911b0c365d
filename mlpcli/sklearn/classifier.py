"""MLPClassifier: networks of mlp that predict classes, or several labels for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.loss_spec import LOSSES, losses_for
from mlpcli.sklearn.arrays import Given, weighted_rows
from mlpcli.sklearn.estimator import Estimator, has_epochs, has_intervals
from mlpcli.sklearn.typed import (
    ClassifierMixin,
    available_if,
    check_classification_targets,
    column_or_1d,
    type_of_target,
)
from mlpcli.tables.matrix_columns import AnyMatrix
from mlpcli.training.decoder import OutputDecoder

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


class _Rows(NamedTuple):
    """Features, classes (n,) or labels (n, k), and weights of rows."""

    x: AnyMatrix
    y: Array
    weights: Vector
    has_labels: bool


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

    `warm_start` lets a fit go on from the weights of the one before, `verbose` prints a line an epoch, and
    `callback` hears of each (`mlpcli.Epoch`); where it returns True, the training ends.

    After `fit`: `classes_`; `history_`, a DataFrame with a row per epoch or iteration (of each `member`), and
    `n_iter_`, their number, of several networks that of the longest training. Of a single one `coefs_`,
    `intercepts_`, `loss_`, `loss_curve_`, `n_layers_`, `n_outputs_` and `out_activation_` as scikit-learn's.
    """

    classes_: Array

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Train on features X (n, d), sparse or not, and classes y (n,), or labels y (n, k).

        With `warm_start` and after a fit the network goes on from its weights, and encodes as it did; the
        classes have to be the same.
        """
        with self._all_or_nothing():
            goes_on = self._goes_on
            before = self.classes_ if goes_on else None
            given = self._given(self._rows(X, y, sample_weight, reset=not goes_on))
            if before is not None and not np.array_equal(before, self.classes_):
                message = f"expected y to have the classes of the fit before, {before}, found {self.classes_}"
                raise ValueError(f"warm_start: {message}")
            self._train(given)
        return self

    @available_if(has_epochs)
    def partial_fit(self, X: object, y: object, sample_weight: object = None, classes: object = None) -> Self:
        """One epoch over these rows, where the last one left off; the first rows decide about all scaling.

        `classes` are all that there will be: the first call needs them, or labels y (n, k).
        """
        with self._all_or_nothing():
            first = not hasattr(self, "networks_")
            rows = self._rows(X, y, sample_weight, reset=first)
            known = None if rows.has_labels else self._all_classes(classes, first=first)
            self._train_more(replace(self._given(rows, known), partial=True))
        return self

    def _all_classes(self, classes: object, *, first: bool) -> Array:
        """All classes that there are: those given first, which later ones have to be."""
        if classes is None and first:
            raise ValueError("classes: the first call of partial_fit needs all that there will be")
        given = None if classes is None else np.unique(column_or_1d(classes))
        if given is not None and not first and not np.array_equal(given, self.classes_):
            raise ValueError(f"classes: expected those of the first call, {self.classes_}, found {given}")
        return self.classes_ if given is None else given

    def _rows(self, X: object, y: object, sample_weight: object, *, reset: bool) -> _Rows:
        rows, target = self._checked_with(X, y, reset=reset)
        check_classification_targets(target)
        kind = type_of_target(target)
        if kind == "multiclass-multioutput":
            raise ValueError("expected a class, or labels of 0 and 1, for each row; found several classes")
        has_labels = kind == "multilabel-indicator"
        if has_labels:
            dense = target.toarray() if hasattr(target, "toarray") else target
            target = dense.astype(np.float64)
        else:
            target = column_or_1d(target, warn=True)
        return _Rows(*weighted_rows(rows, target, sample_weight), has_labels)

    def _given(self, rows: _Rows, classes: Array | None = None) -> Given:
        """The rows to learn from; of no label, but a class of `classes`, which are those of y by default."""
        if rows.has_labels:
            other = rows.y[(rows.y != 0) & (rows.y != 1)]
            if len(other):
                raise ValueError(f"expected labels of 0 and 1 for each row, found {other[0]:g}")
            self.classes_ = np.arange(rows.y.shape[1])
            return Given("multilabel", rows.x, rows.y, rows.weights, (0, 1))
        self.classes_ = np.unique(rows.y) if classes is None else classes
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least two classes, found only one class: '{self.classes_[0]}'")
        indices = np.minimum(np.searchsorted(self.classes_, rows.y), len(self.classes_) - 1)
        strange = rows.y[self.classes_[indices] != rows.y]
        if len(strange):
            raise ValueError(f"y: expected one of the classes {self.classes_}, found {strange[0]!r}")
        coded = indices.reshape(-1, 1).astype(np.float64)
        return Given("classification", rows.x, coded, rows.weights, tuple(self.classes_.tolist()))

    def predict(self, X: object) -> Array:
        """The predicted class of each row, (n,), or its labels, (n, k)."""
        rows = self._checked(X)
        predicted = self.networks_.predicted(rows)
        return predicted if predicted.ndim > 1 else np.asarray(self.classes_[predicted])

    @available_if(_has_probabilities)
    def predict_proba(self, X: object) -> Matrix:
        """The probability of each class in the order of `classes_`, of each label: (n, k)."""
        return self._probabilities(X, OutputDecoder.probability_of_each)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: object) -> Matrix:
        """Their logarithms, which have all digits where a probability is rounded to 0 or 1."""
        return self._probabilities(X, OutputDecoder.log_probability_of_each)

    def _probabilities(self, X: object, read: Callable[[OutputDecoder, Matrix], Matrix]) -> Matrix:
        rows = self._checked(X)
        if not self.networks_.decoder.probabilistic:
            raise ValueError("the fitted network has no probabilities: its outputs are scores")
        return self.networks_.read(rows, read)

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
