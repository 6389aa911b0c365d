"""The first-order optimizers by their names in a configuration."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Protocol

from mlpcli.optim import adam, adaptive, gradient_descent, sign_based
from mlpcli.optim.rule import Kinds, Optimizer

OPTIMIZERS: Kinds = {**gradient_descent.RULES, **adaptive.RULES, **adam.RULES, **sign_based.RULES}


class OptimizerChoice(Protocol):
    """A choice of a configuration: its name and weight decay, and the rule's options as more attributes."""

    @property
    def name(self) -> str: ...

    @property
    def weight_decay(self) -> float: ...


def build(spec: OptimizerChoice) -> Optimizer:
    """The optimizer that `spec` names, each option of its rule from the attribute of that name."""
    kind = OPTIMIZERS[spec.name]
    rule: Any = kind.rule
    options = {field.name: getattr(spec, field.name) for field in fields(rule)}
    return Optimizer(rule(**options), kind.decay(spec.weight_decay))
