"""What the estimators use of scikit-learn, with the types that it does not declare itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar

    from mlpcli.arrays import Array, Vector

    Method = TypeVar("Method", bound=Callable[..., Any])

    class BaseEstimator:
        """Parameters by name, validation of inputs, tags."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def __sklearn_tags__(self) -> Any: ...

    class ClassifierMixin:
        """`score` by accuracy."""

    class RegressorMixin:
        """`score` by R²."""

    class AvailableIf(Protocol):
        """Makes a method exist only for some estimators."""

        def __call__(self, check: Callable[[Any], bool]) -> Callable[[Method], Method]: ...

    class Validate(Protocol):
        """Checks arrays, and remembers (or compares) the number and the names of the features."""

        def __call__(self, estimator: BaseEstimator, X: object, y: object = ..., **checks: object) -> Any: ...

    available_if: AvailableIf
    validate_data: Validate
    check_classification_targets: Callable[[object], None]
    check_is_fitted: Callable[[BaseEstimator], None]
    check_random_state: Callable[[object], Any]
    check_sample_weight: Callable[..., Vector]
    column_or_1d: Callable[..., Array]
    type_of_target: Callable[[object], str]
else:
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
        from sklearn.utils import check_random_state, column_or_1d
        from sklearn.utils.metaestimators import available_if
        from sklearn.utils.multiclass import check_classification_targets, type_of_target
        from sklearn.utils.validation import _check_sample_weight as check_sample_weight
        from sklearn.utils.validation import check_is_fitted, validate_data
    except ModuleNotFoundError as error:
        message = "mlpcli.sklearn needs scikit-learn 1.6 or later: pip install 'scikit-learn>=1.6'"
        raise ModuleNotFoundError(message, name=error.name) from error

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "RegressorMixin",
    "available_if",
    "check_classification_targets",
    "check_is_fitted",
    "check_random_state",
    "check_sample_weight",
    "column_or_1d",
    "type_of_target",
    "validate_data",
]
