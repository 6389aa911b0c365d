"""Our estimators under the names of scikit-learn's MLP: its own tests of it run through these.

Nothing is computed here; what is called otherwise is passed on. Their alpha counts beside the sum over a
batch, their inputs and targets are taken as they are, and their training stops by its own loss.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if

from mlpcli import sklearn as ours

ACTIVATIONS = {"logistic": "sigmoid"}
DEFAULTS: dict[str, Any] = {
    "hidden_layer_sizes": (100,),
    "activation": "relu",
    "solver": "adam",
    "alpha": 0.0001,
    "batch_size": "auto",
    "learning_rate": "constant",
    "learning_rate_init": 0.001,
    "power_t": 0.5,
    "max_iter": 200,
    "shuffle": True,
    "random_state": None,
    "tol": 1e-4,
    "verbose": False,
    "warm_start": False,
    "momentum": 0.9,
    "nesterovs_momentum": True,
    "early_stopping": False,
    "validation_fraction": 0.1,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-8,
    "n_iter_no_change": 10,
    "max_fun": 15000,
}
PASSED_ON = (
    "classes_",
    "coefs_",
    "intercepts_",
    "loss_",
    "loss_curve_",
    "n_layers_",
    "n_outputs_",
    "n_features_in_",
    "feature_names_in_",
)


class Their:
    """The parameters of theirs, and ours that does the work."""

    kind: Any
    score_name = ""
    as_they_are: ClassVar[dict[str, Any]] = {"encode": "none"}

    def __init__(self, loss: str | None = None, **given: Any) -> None:
        self.loss = loss
        for name, default in DEFAULTS.items():
            setattr(self, name, given.get(name, default))

    def set_params(self, **parameters: Any) -> Any:
        vars(self).update(parameters)
        return self

    def _settings(self, X: Any, *, partly: bool = False) -> dict[str, Any]:
        rows = X.shape[0] if hasattr(X, "shape") else len(X)
        batch = (
            rows
            if self.solver == "lbfgs"
            else min(200 if self.batch_size == "auto" else self.batch_size, rows)
        )
        sizes = np.atleast_1d(self.hidden_layer_sizes).tolist()
        settings = {
            **self.as_they_are,
            "layers": ("auto", *sizes, "auto"),
            "activation": ACTIVATIONS.get(self.activation, self.activation),
            "loss": self.loss,
            "l2": float(self.alpha) / batch,
            "dtype": "float32" if getattr(X, "dtype", None) == np.float32 else "float64",
            "optimizer": self._optimizer(),
            "verbose": self.verbose,
            "warm_start": self.warm_start,
            "random_state": self.random_state,
        }
        if self.solver == "lbfgs":
            return settings
        settings |= {"epochs": self.max_iter, "batch_size": int(batch), "shuffle": self.shuffle}
        if self.learning_rate == "invscaling":
            settings["schedule"] = {"name": "inverse_scaling", "power": self.power_t}
        return settings if partly else settings | self._stopping()

    def _optimizer(self) -> dict[str, Any]:
        if self.solver == "lbfgs":
            return {"name": "lbfgs", "iterations": self.max_iter, "tolerance": self.tol}
        rate = {"name": self.solver, "learning_rate": self.learning_rate_init}
        if self.solver == "adam":
            return {**rate, "beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        return {**rate, "momentum": self.momentum, "nesterov": self.nesterovs_momentum and self.momentum > 0}

    def _stopping(self) -> dict[str, Any]:
        if np.isinf(self.n_iter_no_change):
            return {}
        stopping = {"patience": self.n_iter_no_change, "min_delta": self.tol}
        if not self.early_stopping:
            return {"early_stopping": {"monitor": "loss", **stopping}}
        monitor = f"val_{self.score_name}"
        return {"early_stopping": {"monitor": monitor, **stopping}, "validation": self.validation_fraction}

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        settings = self._settings(X)
        if self.warm_start and hasattr(self, "inner"):
            self.inner.set_params(**settings)
        else:
            self.inner = self.kind(**settings)
        self.inner.fit(X, y, sample_weight)
        if self.n_iter_ == self.max_iter:
            warnings.warn("as many iterations as there may be", ConvergenceWarning, stacklevel=2)
        return self

    @available_if(lambda self: self.solver != "lbfgs")
    def partial_fit(self, X: Any, y: Any, *rest: Any, **classes: Any) -> Any:
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        settings = self._settings(X, partly=True)
        if hasattr(self, "inner"):
            self.inner.set_params(**{"validation": None, "early_stopping": None, **settings})
        else:
            self.inner = self.kind(**settings)
        self.inner.partial_fit(X, y, *rest, **classes)
        return self

    def predict(self, X: Any) -> Any:
        return self.inner.predict(X)

    def __getattr__(self, name: str) -> Any:
        if name in PASSED_ON and "inner" in vars(self):
            return getattr(self.inner, name)
        raise AttributeError(name)

    def __sklearn_is_fitted__(self) -> bool:
        return "inner" in vars(self)

    @property
    def n_iter_(self) -> int:
        return int(self.inner.n_iter_)

    @property
    def out_activation_(self) -> str:
        names = {ours: theirs for theirs, ours in ACTIVATIONS.items()}
        return names.get(self.inner.out_activation_, self.inner.out_activation_)

    @property
    def validation_scores_(self) -> list[float] | None:
        return self.inner.history_[f"val_{self.score_name}"].tolist() if self.early_stopping else None

    @property
    def best_validation_score_(self) -> float | None:
        return None if self.validation_scores_ is None else max(self.validation_scores_)

    @property
    def best_loss_(self) -> float | None:
        return None if self.early_stopping else self.inner.best_loss_


class MLPClassifier(Their, ClassifierMixin, BaseEstimator):
    """Theirs, of classes."""

    kind = ours.MLPClassifier
    score_name = "accuracy"

    def predict_proba(self, X: Any) -> Any:
        return self.inner.predict_proba(X)

    def predict_log_proba(self, X: Any) -> Any:
        return self.inner.predict_log_proba(X)


class MLPRegressor(Their, RegressorMixin, BaseEstimator):
    """Theirs, of numbers."""

    kind = ours.MLPRegressor
    score_name = "r2"
    as_they_are: ClassVar[dict[str, Any]] = {"encode": "none", "target_scale": "none"}

    def __init__(self, loss: str = "squared_error", **given: Any) -> None:
        super().__init__(loss, **given)
