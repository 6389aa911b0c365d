"""What ours are called that have other names in scikit-learn's MLP, and elsewhere."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from mlpcli.config.synonyms import KEYS_ELSEWHERE

# where the name of ours alone would not say enough
SENTENCES: dict[str, str] = {
    "hidden_layer_sizes": 'write `layers=("auto", 64, 32, "auto")` for hidden_layer_sizes=(64, 32)',
    "alpha": "it is called `l2` here, and does not depend on the batch: alpha divided by the rows of one",
    "solver": 'it is called `optimizer` here, for example `optimizer="adam"`; by default it is lbfgs',
    "max_iter": 'write `epochs`, or `optimizer={"name": "lbfgs", "iterations": 200}`',
    "max_fun": 'write `optimizer={"name": "lbfgs", "iterations": 200}`, which counts no evaluations',
    "tol": 'write `early_stopping={"monitor": "loss", "min_delta": 1e-4, "patience": 10}`; lbfgs has '
    '`optimizer={"name": "lbfgs", "tolerance": 1e-6}`',
    "n_iter_no_change": 'write `early_stopping={"monitor": "loss", "patience": 10}`',
    "validation_fraction": 'write `validation=0.1` with `early_stopping={"patience": 10}`',
    "power_t": 'write `schedule={"name": "inverse_scaling", "power": 0.5}`',
    "momentum": 'write `optimizer={"name": "sgd", "momentum": 0.9}`',
    "nesterovs_momentum": 'write `optimizer={"name": "sgd", "momentum": 0.9, "nesterov": True}`',
    "beta_1": 'write `optimizer={"name": "adam", "beta1": 0.9}`',
    "beta_2": 'write `optimizer={"name": "adam", "beta2": 0.999}`',
    "epsilon": 'write `optimizer={"name": "adam", "epsilon": 1e-8}`',
}


Parameters = ParamSpec("Parameters")
Estimator = TypeVar("Estimator")


def naming_ours(
    init: Callable[Concatenate[Estimator, Parameters], None],
) -> Callable[Concatenate[Estimator, Parameters], None]:
    """A constructor that takes parameters by name: TypeError for one that there is not says what ours is."""
    known = [name for name in inspect.signature(init).parameters if name != "self"]

    @wraps(init)
    def checked(self: Estimator, /, *values: Parameters.args, **parameters: Parameters.kwargs) -> None:
        for name in parameters:
            if name not in known:
                raise TypeError(no_such_parameter(type(self).__name__, name, known))
        init(self, *values, **parameters)

    return checked


def no_such_parameter(estimator: str, name: str, known: Iterable[str]) -> str:
    """What to say of a parameter that an estimator does not have."""
    hint = name_hint(name, known)
    return f"{estimator} has no parameter `{name}`" + (f": {hint}" if hint else "")


def name_hint(name: str, parameters: Iterable[str]) -> str | None:
    """What to write in place of a parameter that the estimators do not have; None where nobody knows."""
    if name in SENTENCES:
        return SENTENCES[name]
    known = list(parameters)
    ours = KEYS_ELSEWHERE.get(name.lower(), "").split(".")
    for part in ours[-1:] + ours[:1]:
        if part in known:
            return f"it is called `{part}` here"
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else None
