"""The first-order optimizers by their names in a configuration."""

from __future__ import annotations

from dataclasses import fields
from typing import Protocol

from mlpcli.optim.adam import Adam, AdamW, NAdam, RAdam
from mlpcli.optim.adaptive import Adadelta, Adagrad, RmsProp
from mlpcli.optim.gradient_descent import Sgd
from mlpcli.optim.rule import Rule
from mlpcli.optim.sign_based import Lion, Rprop

FirstOrder = Sgd | Adagrad | RmsProp | Adadelta | Adam | AdamW | RAdam | NAdam | Lion | Rprop

OPTIMIZERS: dict[str, type[FirstOrder]] = {
    "sgd": Sgd,
    "adagrad": Adagrad,
    "rmsprop": RmsProp,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
    "radam": RAdam,
    "nadam": NAdam,
    "lion": Lion,
    "rprop": Rprop,
}


class Named(Protocol):
    """A choice of a configuration: its name, and its options as further attributes."""

    @property
    def name(self) -> str: ...


def build(spec: Named) -> Rule:
    """The rule that `spec` names, each of its options from the attribute of that name."""
    kind = OPTIMIZERS[spec.name]
    return kind(**{field.name: getattr(spec, field.name) for field in fields(kind)})
