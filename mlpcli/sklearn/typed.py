"""What the estimators use of scikit-learn, with the types that it does not declare itself.

The classes are scikit-learn's own for type checkers too: what takes an estimator of its takes ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from mlpcli.arrays import Array, Vector

try:
    from sklearn import utils
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import metaestimators, multiclass, validation
except ModuleNotFoundError as error:
    message = "mlpcli.sklearn needs scikit-learn 1.6 or later: pip install 'scikit-learn>=1.6'"
    raise ModuleNotFoundError(message, name=error.name) from error

Method = TypeVar("Method", bound=Callable[..., Any])


class AvailableIf(Protocol):
    """Makes a method exist only for some estimators."""

    def __call__(self, check: Callable[[Any], bool], /) -> Callable[[Method], Method]: ...


class Validate(Protocol):
    """Checks arrays, and remembers (or compares) the number and the names of the features."""

    def __call__(self, estimator: Any, /, X: object, y: object = ..., **checks: object) -> Any: ...


available_if: AvailableIf = metaestimators.available_if
validate_data: Validate = validation.validate_data
check_classification_targets: Callable[[object], None] = multiclass.check_classification_targets
check_is_fitted: Callable[[Any], None] = validation.check_is_fitted
check_random_state: Callable[[object], Any] = utils.check_random_state
check_sample_weight: Callable[..., Vector] = validation._check_sample_weight
check_y: Callable[..., Array] = validation._check_y
column_or_1d: Callable[..., Array] = utils.column_or_1d
type_of_target: Callable[[object], str] = multiclass.type_of_target

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "RegressorMixin",
    "available_if",
    "check_classification_targets",
    "check_is_fitted",
    "check_random_state",
    "check_sample_weight",
    "check_y",
    "column_or_1d",
    "type_of_target",
    "validate_data",
]
