"""What classifier and regressor share: the parameters, checked rows, a trained network."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.spec import QUASI_NEWTON
from mlpcli.errors import MlpError
from mlpcli.sklearn.arrays import Given
from mlpcli.sklearn.equal_rows import merged_for
from mlpcli.sklearn.fitted import FittedParts
from mlpcli.sklearn.mixed_rows import mixed_rows
from mlpcli.sklearn.names_elsewhere import naming_ours, no_such_parameter
from mlpcli.sklearn.one_epoch import Going, Steps, train_one_epoch
from mlpcli.sklearn.settings import config_of_parameters, explained
from mlpcli.sklearn.training import train_arrays
from mlpcli.sklearn.typed import BaseEstimator, check_is_fitted, check_y, validate_data
from mlpcli.tables.matrix_columns import AnyMatrix
from mlpcli.terminal.progress import print_epoch
from mlpcli.training.callbacks import Callback, Observer, observer_of

Choice = str | Mapping[str, Any]  # a name, or a mapping with its options
LAYERS = ("auto", 64, 32, "auto")
SPARSE = "csr"  # what other sparse matrices are made
KEPT = (np.float64, np.float32)  # precisions of rows; others become the first
# what is fitted or judged by all rows at once
OF_ALL_ROWS = (
    "validation",
    "early_stopping",
    "ensemble",
    "refit",
    "calibration",
    "threshold",
    "intervals",
    "recipe",
)


class Estimator(FittedParts, BaseEstimator):
    """The parameters, each called as in the config, and what comes of `fit`."""

    n_features_in_: int
    n_iter_: int
    _steps: Steps | None

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
        warm_start: bool = False,
        verbose: bool | int = False,
        callback: Callback | None = None,
        random_state: Any = None,
    ) -> None:
        self.layers, self.activation = layers, activation
        self.init, self.bias, self.dropout = init, bias, dropout
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
        self.warm_start, self.verbose, self.callback = warm_start, verbose, callback

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
        with _explained():
            before = self.networks_ if self._goes_on else None
            if before is not None and len(before.members) > 1:
                raise ValueError("warm_start is for a single network: set `ensemble` to None, or fit a clone")
            config = config_of_parameters(self._chosen(), given)
            given = merged_for(config, given)
            self.networks_ = train_arrays(config, given, self._observers(), before)
        self._steps = None
        self.n_iter_ = self.networks_.epochs
        for warning in self.networks_.warnings:
            warnings.warn(warning, UserWarning, stacklevel=3)

    def _observers(self) -> list[Observer]:
        """Who hears of every epoch, the screen first: it has the last line where the callback raises."""
        shown: list[Observer] = [print_epoch] if self.verbose else []
        return shown if self.callback is None else [*shown, observer_of(self.callback)]

    @property
    def _goes_on(self) -> bool:
        """Whether `fit` is to start from what it has."""
        return self.warm_start and hasattr(self, "networks_")

    def _train_more(self, given: Given) -> None:
        """One epoch over some rows."""
        of_all = [name for name in OF_ALL_ROWS if getattr(self, name) not in (None, False)]
        of_all += ["class_weight"] if isinstance(self.class_weight, str) else []
        if of_all:
            names = ", ".join(of_all)
            raise ValueError(f"partial_fit sees some rows, and these need all of them: {names}")
        with _explained():
            config = config_of_parameters(self._chosen(), given)
            going = Going(self.networks_, self._steps) if hasattr(self, "networks_") else None
            going = train_one_epoch(config, given, going, self._observers())
        self.networks_, self._steps = going.networks, going.steps
        self.n_iter_ = self.networks_.epochs

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

    def _with_level(self, X: object, level: float) -> AnyMatrix:
        """The features of rows that are to have intervals; raises ValueError for a level that has none."""
        rows, found = self._checked(X), self.networks_.intervals
        known = () if found is None else found.levels
        if level not in known:
            there = ", ".join(f"{one:g}" for one in known) or "none"
            raise ValueError(f"level: expected one that `intervals` had in fit ({there}), found {level!r}")
        return rows

    def _checked(self, X: object) -> AnyMatrix:
        """The features of rows to predict."""
        check_is_fitted(self)
        mixed = mixed_rows(X)
        if mixed is not None:
            validate_data(self, X, skip_check_array=True, reset=False)
            return mixed
        rows: AnyMatrix = validate_data(self, X, accept_sparse=SPARSE, dtype=KEPT, reset=False)
        return rows

    def _checked_with(
        self, X: object, y: object, *, reset: bool, y_numeric: bool = False
    ) -> tuple[AnyMatrix, Array]:
        """Features and targets to learn from."""
        mixed = mixed_rows(X)
        if mixed is None:
            checks = {"accept_sparse": SPARSE, "dtype": KEPT, "multi_output": True}
            rows, target = validate_data(self, X, y, reset=reset, y_numeric=y_numeric, **checks)
            return rows, target
        validate_data(self, X, skip_check_array=True, reset=reset)
        target = check_y(y, multi_output=True, y_numeric=y_numeric, estimator=self)
        if target.shape[0] != mixed.shape[0]:
            raise ValueError(f"X has {mixed.shape[0]} rows, and y has {target.shape[0]}")
        return mixed, target

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@contextmanager
def _explained() -> Iterator[None]:
    """An error of settings or data in the words of parameters and arrays."""
    try:
        yield
    except MlpError as error:
        raise ValueError(explained(error)) from error


def has_epochs(estimator: Estimator) -> bool:
    """Whether the optimizer goes through the rows again and again, and may so go on with others."""
    optimizer = estimator.optimizer
    name = optimizer.get("name") if isinstance(optimizer, Mapping) else optimizer
    return not (isinstance(name, str) and name in QUASI_NEWTON)


def has_intervals(estimator: Estimator) -> bool:
    """Whether intervals are asked for."""
    return estimator.intervals is not None
