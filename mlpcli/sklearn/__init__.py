"""Estimators for scikit-learn: `MLPClassifier` and `MLPRegressor` train the networks of mlp on arrays."""

from mlpcli.sklearn.classifier import MLPClassifier
from mlpcli.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
