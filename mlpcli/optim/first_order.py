"""The first-order optimizers by their names in a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Protocol

from mlpcli.config.fading_spec import DecaySpec, decay_of
from mlpcli.optim import adam, adaptive, gradient_descent, sign_based
from mlpcli.optim.rates import Parameters, factors_of
from mlpcli.optim.rule import Kinds, Optimizer

OPTIMIZERS: Kinds = {**gradient_descent.RULES, **adaptive.RULES, **adam.RULES, **sign_based.RULES}


class OptimizerChoice(Protocol):
    """A choice of a configuration: its name, decay, factors by group, and the rule's options besides."""

    @property
    def name(self) -> str: ...

    @property
    def weight_decay(self) -> float | DecaySpec: ...

    @property
    def rates(self) -> object | None: ...


def build(spec: OptimizerChoice, parameters: Iterable[Parameters] = ()) -> Optimizer:
    """The optimizer that `spec` names, each option of its rule from the attribute of that name.

    Where groups have rates of their own, `parameters` are all that it will step, in their order.
    """
    kind = OPTIMIZERS[spec.name]
    rule: Any = kind.rule
    options = {field.name: getattr(spec, field.name) for field in fields(rule)}
    factors = () if spec.rates is None else factors_of(parameters, spec.rates)
    return Optimizer(rule(**options), kind.decay(decay_of(spec.weight_decay).amount), factors)
