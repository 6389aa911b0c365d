"""What classifier and regressor share: the parameters, checked rows, a trained network."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import pandas as pd

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.load import Config
from mlpcli.errors import MlpError
from mlpcli.run.results import history_frame
from mlpcli.sklearn.arrays import Given
from mlpcli.sklearn.equal_rows import merge_equal_rows
from mlpcli.sklearn.names_elsewhere import naming_ours, no_such_parameter
from mlpcli.sklearn.networks import TrainedNetworks
from mlpcli.sklearn.settings import config_of_parameters, explained
from mlpcli.sklearn.training import train_arrays
from mlpcli.sklearn.typed import BaseEstimator, check_is_fitted, check_sample_weight, validate_data

Choice = str | Mapping[str, Any]  # a name, or a mapping with its options
LAYERS = ("auto", 64, 32, "auto")


class Estimator(BaseEstimator):
    """The parameters, each called as in the config, and what comes of `fit`."""

    n_features_in_: int
    n_iter_: int
    networks_: TrainedNetworks

    @naming_ours
    def __init__(
        self,
        *,
        layers: Sequence[int | str] = LAYERS,
        activation: Choice | Sequence[Choice] = "relu",
        init: Choice = "glorot_uniform",
        bias: bool = True,
        dropout: float | Sequence[float] = 0.0,
        normalization: Choice | None = None,
        residual: bool = False,
        numeric_embedding: Choice | None = None,
        scaling: bool = False,
        encode: Choice = "standardize",
        target_scale: Choice | None = None,
        target_transform: str | None = None,
        target_clip: bool | None = None,
        loss: Choice | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        l1: float = 0.0,
        l2: float = 1e-2,
        optimizer: Choice = "lbfgs",
        learning_rate: float | None = None,
        schedule: Choice = "constant",
        epochs: int | None = None,
        batch_size: int | str | None = None,
        parts: int | str = "auto",
        shuffle: bool = True,
        clip_norm: float | None = None,
        dtype: str | None = None,
        validation: float | None = None,
        early_stopping: Mapping[str, Any] | None = None,
        average: Mapping[str, Any] | None = None,
        refit: bool = False,
        ensemble: int | Mapping[str, int] | None = None,
        calibration: str | None = None,
        threshold: float | Mapping[str, Any] | None = None,
        intervals: float | Sequence[float] | None = None,
        recipe: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.layers = layers
        self.activation = activation
        self.init = init
        self.bias = bias
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.numeric_embedding, self.scaling = numeric_embedding, scaling
        self.encode = encode
        self.target_scale, self.target_transform = target_scale, target_transform
        self.target_clip = target_clip
        self.loss = loss
        self.class_weight = class_weight
        self.l1, self.l2 = l1, l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.epochs, self.batch_size = epochs, batch_size
        self.parts, self.shuffle = parts, shuffle
        self.clip_norm = clip_norm
        self.dtype = dtype
        self.validation, self.early_stopping = validation, early_stopping
        self.average, self.refit, self.ensemble = average, refit, ensemble
        self.calibration, self.threshold, self.intervals = calibration, threshold, intervals
        self.recipe, self.random_state = recipe, random_state

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name; ValueError for one that there is not."""
        known = self.get_params()
        for name in parameters:
            if name not in known:
                raise ValueError(no_such_parameter(type(self).__name__, name, known))
        super().set_params(**parameters)
        return self

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A fit that fails leaves what was fitted before as it was."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _train(self, given: Given) -> None:
        try:
            config = config_of_parameters(self._chosen(), given)
            if config.spec.training.batch_size == "full" and not _sees_other_rows(config):
                given = merge_equal_rows(given)
            self.networks_ = train_arrays(config, given)
        except MlpError as error:
            raise ValueError(explained(error)) from error
        self.n_iter_ = self.networks_.epochs
        for warning in self.networks_.warnings:
            warnings.warn(warning, UserWarning, stacklevel=3)

    @property
    def history_(self) -> pd.DataFrame:
        """The history of `fit`: a row per epoch or iteration, of each `member` where there are several."""
        if not hasattr(self, "networks_"):
            raise AttributeError("history_ is there after fit")
        rows = self.networks_.history
        return history_frame(rows, list(rows[0]))

    def _chosen(self) -> dict[str, Any]:
        """The parameters that count: beside a recipe those that are not as they are by default."""
        parameters: dict[str, Any] = self.get_params(deep=False)
        if self.recipe is None:
            return parameters
        usual = {name: it.default for name, it in inspect.signature(type(self)).parameters.items()}
        return {
            name: value
            for name, value in parameters.items()
            if type(value) is not type(usual[name]) or value != usual[name]
        }

    def _with_level(self, X: object, level: float) -> Matrix:
        """The features of rows that are to have intervals; raises ValueError for a level that has none."""
        rows, found = self._checked(X), self.networks_.intervals
        known = () if found is None else found.levels
        if level not in known:
            there = ", ".join(f"{one:g}" for one in known) or "none"
            raise ValueError(f"level: expected one that `intervals` had in fit ({there}), found {level!r}")
        return rows

    def _checked(self, X: object) -> Matrix:
        """The features of rows to predict."""
        check_is_fitted(self)
        rows: Matrix = validate_data(self, X, dtype=np.float64, reset=False)
        return rows


def has_intervals(estimator: Estimator) -> bool:
    """Whether intervals are asked for."""
    return estimator.intervals is not None


def _sees_other_rows(config: Config) -> bool:
    """Whether what is made of a row depends on how often the others are there: by a layer, or by a fold."""
    model = config.spec.model
    by_rows = model.normalization is not None and model.normalization.over == "rows"
    return by_rows or model.init.name == "data_driven" or config.spec.folds is not None


def weighted_rows(X: Matrix, y: Array, sample_weight: object) -> tuple[Matrix, Array, Vector]:
    """The rows that count, and their weights: a weight of 0 is as good as no row."""
    weights = check_sample_weight(sample_weight, X, dtype=np.float64)
    if (weights < 0).any():
        raise ValueError("expected weights of at least 0, found negative values in sample_weight")
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()):
            raise ValueError("the sum of sample_weight is more than a number can hold")
    counts = weights > 0
    if not counts.any():
        raise ValueError("the weights of all rows are zero")
    if counts.all():
        return X, y, weights
    return X[counts], y[counts], weights[counts]
