"""The options of every optimizer, with the defaults that users rely on: the tests' one table of them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from mlpcli.config.optimizer_spec import FirstOrderSpec
from mlpcli.optim.first_order import build
from mlpcli.optim.rule import Optimizer

ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"learning_rate": 1e-3, "momentum": 0, "dampening": 0, "nesterov": False, "weight_decay": 0},
    "rmsprop": {
        "learning_rate": 1e-2,
        "rho": 0.99,
        "momentum": 0,
        "centered": False,
        "epsilon": 1e-8,
        "weight_decay": 0,
    },
    "adagrad": {
        "learning_rate": 1e-2,
        "learning_rate_decay": 0,
        "initial_accumulator": 0,
        "epsilon": 1e-10,
        "weight_decay": 0,
    },
    "adadelta": {"learning_rate": 1, "rho": 0.9, "epsilon": 1e-6, "weight_decay": 0},
    "adam": ADAM,
    "adamw": ADAM | {"weight_decay": 1e-2},
    "radam": ADAM,
    "nadam": ADAM | {"learning_rate": 2e-3, "momentum_decay": 4e-3},
    "rprop": {
        "learning_rate": 1e-2,
        "eta_minus": 0.5,
        "eta_plus": 1.2,
        "step_min": 1e-6,
        "step_max": 50,
        "weight_decay": 0,
    },
    "lion": {"learning_rate": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0},
    "bfgs": {"iterations": 200, "tolerance": 1e-6},
    "lbfgs": {"iterations": 200, "tolerance": 1e-6},
}

# factors on the learning rate, `rates` of every first-order optimizer, where it has any
RATES: dict[str, float] = {
    "weight": 1,
    "bias": 1,
    "scaling": 1,
    "embedding": 1,
    "activation": 1,
    "normalization": 1,
}

_FIRST_ORDER: TypeAdapter[FirstOrderSpec] = TypeAdapter(FirstOrderSpec)


def choice(name: str, **options: Any) -> FirstOrderSpec:
    """What a config chooses: a first-order optimizer with these options, and defaults."""
    return _FIRST_ORDER.validate_python({"name": name, **options})


def optimizer(name: str, **options: Any) -> Optimizer:
    """The same, made."""
    return build(choice(name, **options))
