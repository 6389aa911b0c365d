"""The steps of a network as nodes, in its own precision and in the order of its own sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

import numpy as np

from mlpcli.exporting.onnx.functions import cos, exp, less, minimum, reciprocal, sqrt
from mlpcli.exporting.onnx.graph import WHOLE, Value
from mlpcli.exporting.steps import (
    Activation,
    Affine,
    Factors,
    LayerNorm,
    Lookup,
    Residual,
    RunningNorm,
    Step,
    Waves,
)
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.numeric_embedding import TURN


def scores(steps: Sequence[Step], x: Value, width: int) -> Value:
    """What a network makes of its inputs x (rows, width)."""
    before = list(takewhile(lambda step: isinstance(step, Lookup | Waves), steps))
    for step in before:
        if isinstance(step, Lookup):
            x, width = _lookup(step, x, width), width + sum(table.shape[1] - 1 for table in step.tables)
        elif isinstance(step, Waves):
            x, width = _waves(step, x, width), width + step.bias.size
    return _after(steps[len(before) :], x)


def _after(steps: Iterable[Step], x: Value) -> Value:
    """What other steps make of x (rows, inputs)."""
    for step in steps:
        x = WRITERS[type(step)](step, x)
    return x


def activated(activation: Activation, z: Value) -> Value:
    """φ(z) by the formula of `nn.activations`, with a value for an array; softmax over each row."""
    if activation.name == "softmax":
        powers = exp(z - z.max_of_rows())
        return powers / powers.sum_of_rows()
    if activation.name == "identity":
        return z
    # the cap goes with the precision, which the choice knows
    options = {name: value for name, value in activation.options.items() if name != "cap"}
    formula: Callable[..., Any] = ActivationChoice(activation.name, options).formula(z.dtype)
    found: Value = formula(z)[0]
    return found


def _activation(step: Activation, z: Value) -> Value:
    a = activated(step, z)
    return a if step.alpha is None else (a - z) * step.alpha + z


def _affine(step: Affine, x: Value) -> Value:
    weight = x.graph.constant(step.weight, x.dtype, "weight")
    if step.bias is None:
        return x.graph.node("MatMul", [x, weight], x.dtype)
    return x.graph.node("Gemm", [x, weight, x.graph.constant(step.bias, x.dtype, "bias")], x.dtype)


def _running_norm(step: RunningNorm, z: Value) -> Value:
    return (z - step.mean) * step.factor + step.shift


def _layer_norm(step: LayerNorm, z: Value) -> Value:
    """Not `LayerNormalization`: onnxruntime's takes the difference of two means, which loses digits."""
    centred = z - z.mean_of_rows()
    variance = (centred * centred).mean_of_rows()
    scaled: Value = centred * reciprocal(sqrt(variance + step.epsilon)) * step.factor + step.shift
    return scaled


def _lookup(step: Lookup, x: Value, width: int) -> Value:
    """Columns of codes replaced by vectors, the others in between as they are."""
    tables = dict(zip(step.columns, step.tables, strict=True))
    parts, plain = list[Value](), list[int]()
    for column in range(width):
        if column not in tables:
            plain.append(column)
            continue
        parts += [x.taken(plain)] if plain else []
        parts.append(_vectors(x.taken([column]), tables[column]))
        plain = []
    return x.graph.joined([*parts, *([x.taken(plain)] if plain else [])])


def _vectors(codes: Value, table: Any) -> Value:
    """The vectors (rows, width) of codes (rows, 1); of −1 the one behind the last, which is 0."""
    levels, width = table.shape
    with_zeros = codes.graph.constant(np.vstack([table, np.zeros((1, width))]), codes.dtype, "table")
    places = minimum(codes, levels - 1).cast(WHOLE)
    unknown = less(places, 0).cast(WHOLE)
    return with_zeros.at(places + unknown * (levels + 1)).shaped(0, width)


def _waves(step: Waves, x: Value, width: int) -> Value:
    """In memory row after row, but a product of matrices for each column wants columns first."""
    n, _, mixed = step.weight.shape
    numbers = x.taken(step.columns).shaped(0, n, 1)
    angles = np.multiply(step.frequency, TURN)[np.newaxis]
    cosines = cos(numbers * angles + step.phase[np.newaxis]).transposed(1, 0, 2)
    weight = x.graph.constant(step.weight, x.dtype, "weight")
    mixtures = x.graph.node("MatMul", [cosines, weight], x.dtype) + step.bias[:, np.newaxis]
    beside = x.graph.joined([mixtures.transposed(1, 0, 2), numbers], axis=2).shaped(0, n * (mixed + 1))
    others = [column for column in range(width) if column not in step.columns]
    return x.graph.joined([beside, x.taken(others)]) if others else beside


WRITERS: Final[Mapping[type[Any], Callable[[Any, Value], Value]]] = {
    Activation: _activation,
    Affine: _affine,
    Factors: lambda step, x: x * step.factor,
    LayerNorm: _layer_norm,
    Residual: lambda step, x: x + _after(step.within, x),
    RunningNorm: _running_norm,
}
