"""What a network does with its inputs, step after step: plain arrays, the same for every format.

Every step takes the outputs of the one before, in the network's precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.activations import SELU_ALPHA, SELU_SCALE, ActivationChoice, exp_cap
from mlpcli.nn.affine import AffineKind
from mlpcli.nn.batch_norm import BatchNormKind
from mlpcli.nn.dropout import DropoutKind
from mlpcli.nn.embedding import EmbeddingKind
from mlpcli.nn.layer_norm import LayerNormKind
from mlpcli.nn.layers import Kind
from mlpcli.nn.learnable import LearnableKind
from mlpcli.nn.network import Network
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.nn.pointwise import ActivationKind
from mlpcli.nn.residual import ResidualKind
from mlpcli.nn.scaling import ScalingKind


@dataclass(frozen=True, eq=False)
class Lookup:
    """x with each code in `columns` replaced by its vector in `tables` (levels, width); −1 by zeros."""

    columns: tuple[int, ...]
    tables: tuple[Matrix, ...]


@dataclass(frozen=True, eq=False)
class Waves:
    """cos(2π w x + b) W + bias, then x, for the x of each of n `columns`; then all other columns in order.

    `frequency` w and `phase` b (n, frequencies), `weight` W (n, frequencies, mixed), `bias` (n, mixed).
    """

    columns: tuple[int, ...]
    frequency: Matrix
    phase: Matrix
    weight: Array
    bias: Matrix


@dataclass(frozen=True, eq=False)
class Factors:
    """x ∘ factor (inputs,)."""

    factor: Vector


@dataclass(frozen=True, eq=False)
class Affine:
    """x W + b: `weight` (inputs, outputs), `bias` (outputs,) or None."""

    weight: Matrix
    bias: Vector | None


@dataclass(frozen=True, eq=False)
class RunningNorm:
    """(z − mean) ∘ factor + shift, each (outputs,)."""

    mean: Vector
    factor: Vector
    shift: Vector


@dataclass(frozen=True, eq=False)
class LayerNorm:
    """factor ∘ (z − mean) / √(variance + epsilon) + shift by the mean and the biased variance of the row."""

    factor: Vector
    shift: Vector
    epsilon: float


@dataclass(frozen=True, eq=False)
class Activation:
    """φ(z) as `nn.activations` has it; with `alpha` (outputs,) z + alpha ∘ (φ(z) − z).

    `options` holds every number that the formula needs: `slope`; `alpha` and `scale` of elu, which selu is
    too; `cap` of those that have exponentials to bound.
    """

    name: str
    options: Mapping[str, float]
    alpha: Vector | None = None


@dataclass(frozen=True, eq=False)
class Residual:
    """x + what the steps `within` make of x."""

    within: tuple[Step, ...]


Step: TypeAlias = Lookup | Waves | Factors | Affine | RunningNorm | LayerNorm | Activation | Residual
Arrays: TypeAlias = Mapping[str, Array]


def steps_of(network: Network) -> tuple[Step, ...]:
    """All that a network does, from inputs to scores: its output activation is not one of them."""
    arrays = network.arrays()
    return tuple(
        step
        for layer in network.architecture.layers()
        for kind in layer.kinds
        for step in _steps(kind, layer.own(arrays), network.dtype)
    )


def activation_of(choice: ActivationChoice, dtype: np.dtype[Any], alpha: Vector | None = None) -> Activation:
    """An activation in a precision, with every option that it has."""
    name = "elu" if choice.name == "selu" else choice.name
    cap = {"cap": exp_cap(dtype)}
    options: dict[str, dict[str, float]] = {
        "leaky_relu": {"slope": 0.01},
        "elu": {"alpha": 1.0, "scale": 1.0},
        "selu": {"alpha": SELU_ALPHA, "scale": SELU_SCALE},
        "sigmoid": cap,
        "silu": cap,
        "mish": cap,
    }
    return Activation(name, {**options.get(choice.name, {}), **choice.options}, alpha)


def _steps(kind: Kind, arrays: Arrays, dtype: np.dtype[Any]) -> Iterator[Step]:
    if isinstance(kind, ResidualKind):
        yield Residual(tuple(step for one in kind.within for step in _steps(one, arrays, dtype)))
    elif isinstance(kind, ActivationKind):
        if kind.choice.name != "identity":
            yield activation_of(kind.choice, dtype)
    elif isinstance(kind, LearnableKind):
        yield activation_of(kind.choice, dtype, arrays["alpha"])
    elif not isinstance(kind, DropoutKind):
        yield MAKERS[type(kind)](kind, arrays)


def _lookup(kind: EmbeddingKind, arrays: Arrays) -> Lookup:
    columns = tuple(one.column for one in kind.columns)
    return Lookup(columns, tuple(arrays[f"{number}.weight"] for number in range(len(columns))))


def _waves(kind: PeriodicKind, arrays: Arrays) -> Waves:
    own = {name: arrays[name] for name in ("frequency", "phase", "weight", "bias")}
    own["weight"] = own["weight"].reshape(len(kind.columns), kind.frequencies, kind.width - 1)
    return Waves(kind.columns, **own)


def _running_norm(kind: BatchNormKind, arrays: Arrays) -> RunningNorm:
    variance = arrays["running_variance"].astype(np.float64)
    factor = arrays["gamma"] / np.sqrt(variance + kind.epsilon)
    return RunningNorm(arrays["running_mean"], factor.astype(arrays["gamma"].dtype), arrays["beta"])


MAKERS: dict[type[Any], Callable[[Any, Arrays], Step]] = {
    EmbeddingKind: _lookup,
    PeriodicKind: _waves,
    ScalingKind: lambda _, arrays: Factors(arrays["factor"]),
    AffineKind: lambda _, arrays: Affine(arrays["weight"], arrays.get("bias")),
    BatchNormKind: _running_norm,
    LayerNormKind: lambda kind, arrays: LayerNorm(arrays["gamma"], arrays["beta"], kind.epsilon),
}
