"""MLPRegressor: networks of mlp that predict numbers, one or several for each row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from mlpcli.arrays import Array
from mlpcli.sklearn.arrays import Given, weighted_rows
from mlpcli.sklearn.estimator import Estimator, has_epochs, has_intervals
from mlpcli.sklearn.typed import RegressorMixin, available_if


class MLPRegressor(RegressorMixin, Estimator):
    """A network that predicts numbers, one for each row, or several where `y` has several columns.

    Parameters have the names, the values and the defaults that they have in the config of `mlp train`, but
    for two. `optimizer="lbfgs"` sees all rows at once, so that weights of rows are the same as repetitions of
    them, to the last bit, but under batch_norm; with many rows, `optimizer="adam"` is faster. `l2=0.01` tames
    it on noise.

    `encode` scales the inputs, `target_scale` the targets, which `target_transform` may take the logarithm of
    before; predictions are in the targets' own units, and with `target_clip` within their range in `fit`.
    `validation` holds out a share of the rows, for `early_stopping={"patience": 20}`. `ensemble=5` trains
    five networks, one after the other, whose outputs are averaged; `{"folds": 5}` one for each part of the
    rows, which validates it (and `validation` has no use). With `refit` the networks are trained once more,
    on the rows that validate too, to the epoch that was best.

    `recipe` is one that `mlp init` writes, `quick`, `strong` or `best`: what it says for X and y is in place
    of every default, and a parameter that is not as it is by default wins. `intervals=[0.9]`, by folds,
    makes `predict_interval`.

    `warm_start` lets a fit go on from the weights of the one before, `verbose` prints a line an epoch, and
    `callback` hears of each (`mlpcli.Epoch`); where it returns True, the training ends.

    After `fit`: `history_`, a DataFrame with a row per epoch or iteration (of each `member`), and `n_iter_`,
    their number, of several networks that of the longest training. Of a single one `coefs_`, `intercepts_`,
    `loss_`, `loss_curve_`, `n_layers_`, `n_outputs_` and `out_activation_` as scikit-learn's.
    """

    _y_axes: int

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Train on features X (n, d), sparse or not, and targets y, (n,) or (n, k).

        With `warm_start` and after a fit the network goes on from its weights, and encodes as it did.
        """
        with self._all_or_nothing():
            self._train(self._given(X, y, sample_weight, reset=not self._goes_on))
        return self

    @available_if(has_epochs)
    def partial_fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """One epoch over these rows, where the last one left off; the first rows decide about all scaling."""
        with self._all_or_nothing():
            given = self._given(X, y, sample_weight, reset=not hasattr(self, "networks_"))
            self._train_more(replace(given, partial=True))
        return self

    def _given(self, X: object, y: object, sample_weight: object, *, reset: bool) -> Given:
        rows, numbers = self._checked_with(X, y, reset=reset, y_numeric=True)
        rows, numbers, weights = weighted_rows(rows, numbers.astype(np.float64), sample_weight)
        self._y_axes = numbers.ndim
        return Given("regression", rows, numbers.reshape(len(numbers), -1), weights)

    def predict(self, X: object) -> Array:
        """The predicted numbers, (n,) or (n, k) as y was."""
        rows = self._checked(X)
        predicted = self.networks_.predicted(rows)
        return predicted[:, 0] if self._y_axes == 1 else predicted

    @available_if(has_intervals)
    def predict_interval(self, X: object, level: float = 0.9) -> Array:
        """The lower and the upper end that hold the number of a row as often as `level` says, (n, 2).

        Where y has several columns (n, k, 2). Levels are those that `intervals` had in `fit`.
        """
        bounds = self.networks_.bounds(self._with_level(X, level), level)
        return bounds[:, 0] if self._y_axes == 1 else bounds

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
