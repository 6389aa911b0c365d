"""A description as expressions of Python, which make the objects that the runtime's parts define."""

from __future__ import annotations

from base64 import b85encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np

from mlpcli.arrays import Array
from mlpcli.exporting.columns import (
    Absent,
    Code,
    Column,
    Constant,
    Date,
    Feature,
    Levels,
    Number,
    NumberColumn,
    OneHot,
    Pieces,
    Rank,
)
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

WIDTH: Final = 100  # characters of packed numbers in a line
LITTLE: Final = {"float32": "<f4", "float64": "<f8"}


def call(name: str, *arguments: str, **named: object) -> str:
    """A call with these arguments, expressions, and those named ones that are not None, values."""
    known = [f"{key}={value!r}" for key, value in named.items() if value is not None]
    return f"{name}({', '.join([*arguments, *known])})"


def listed(expressions: Iterable[str], indent: int) -> str:
    """A list of expressions, one in each line."""
    pad = " " * (indent + 4)
    lines = [f"{pad}{expression},\n" for expression in expressions]
    return f"[\n{''.join(lines)}{' ' * indent}]" if lines else "[]"


def packed(array: Array) -> str:
    """The bytes of numbers, the lowest first, in base85, as one text in lines."""
    text = b85encode(array.astype(LITTLE[array.dtype.name]).tobytes()).decode()
    if len(text) <= WIDTH:
        return f'"{text}"'
    lines = "\n".join(f'    "{text[start : start + WIDTH]}"' for start in range(0, len(text), WIDTH))
    return f"(\n{lines}\n)"


def column_literal(column: Column, decimal: str) -> str:
    """How a column is read."""
    common = (repr(column.name), repr(decimal), repr(list(column.blanks)), repr(list(column.blank_numbers)))
    if not isinstance(column, NumberColumn):
        return call("TextColumn", *common)
    if column.parse is None:
        return call("NumberColumn", *common)
    parts = (column.parse.prefix, column.parse.suffix, column.parse.thousands)
    return call("DecoratedColumn", *common, repr(tuple(part or "" for part in parts)))


def encoding_literal(features: Sequence[Feature], decimal: str) -> str:
    """What columns become for a network."""
    return listed((feature_literal(feature, decimal) for feature in features), 8)


def feature_literal(feature: Feature, decimal: str) -> str:
    """What a column becomes."""
    if isinstance(feature, OneHot):
        ends = (repr(list(feature.zeros)), repr(list(feature.ones)))
        return call("OneHot", repr(feature.column), _levels(feature.levels, decimal), *ends)
    if isinstance(feature, Code):
        return call("Code", repr(feature.column), _levels(feature.levels, decimal))
    if isinstance(feature, Absent):
        own = (repr(decimal), repr(list(feature.blank_numbers))) if feature.blank_numbers else ()
        return call("Absent", repr(feature.column), *own)
    return FEATURES[type(feature)](feature)


def _levels(levels: Levels, decimal: str) -> str:
    lists = (list(levels.texts), list(levels.indices))
    rest = (levels.manner, decimal, levels.absent, levels.unseen)
    blank = [list(levels.blank_numbers)] if levels.blank_numbers else []
    return call("Levels", *map(repr, (*lists, *rest, *blank)))


def _number(feature: Number) -> str:
    named = {name: True for name in ("log", "clip") if getattr(feature, name)}
    values = (feature.column, feature.fill, feature.center, feature.scale)
    return call("Number", *map(repr, values), **named)


def _date(feature: Date) -> str:
    parts = [
        (part.name, None, None) if part.cyclic else (part.name, part.center, part.scale)
        for part in feature.parts
    ]
    return call("Date", *map(repr, (feature.column, feature.fill, feature.form, parts)))


def _values(*names: str) -> Callable[[Any], str]:
    """A call with the values of these fields."""
    return lambda it: call(
        type(it).__name__,
        *(
            repr(list(value) if isinstance(value, tuple) else value)
            for value in (getattr(it, n) for n in names)
        ),
    )


FEATURES: dict[type[Any], Callable[[Any], str]] = {
    Number: _number,
    Constant: _values("column", "fill"),
    Rank: _values("column", "fill", "quantiles", "normal"),
    Pieces: _values("column", "fill", "starts", "widths"),
    Date: _date,
}


def step_literal(step: Step) -> str:
    """What a network does."""
    if isinstance(step, Residual):
        return call("Residual", f"[{', '.join(map(step_literal, step.within))}]")
    return STEPS[type(step)](step)


def function_literal(activation: Activation) -> str:
    """The function of a single score."""
    return call(activation.name, **activation.options)


def _activation(step: Activation) -> str:
    return call("Activation", function_literal(step), *([] if step.alpha is None else [packed(step.alpha)]))


def _affine(step: Affine) -> str:
    bias = "None" if step.bias is None else packed(step.bias)
    return call("Affine", str(len(step.weight)), packed(np.ascontiguousarray(step.weight.T)), bias)


def _lookup(step: Lookup) -> str:
    each = zip(step.columns, step.tables, strict=True)
    tables = (f"{column}: ({table.shape[1]}, {packed(table)})" for column, table in each)
    return call("Lookup", f"{{{', '.join(tables)}}}")


def _waves(step: Waves) -> str:
    frequencies = step.frequency.shape[1]
    weight = np.ascontiguousarray(step.weight.transpose(0, 2, 1))
    waves = f"({packed(step.frequency)}, {packed(step.phase)})"
    return call("Waves", repr(list(step.columns)), str(frequencies), waves, packed(weight), packed(step.bias))


def _arrays(name: str, arrays: Sequence[Array], *rest: object) -> str:
    return call(name, *map(packed, arrays), *map(repr, rest))


STEPS: dict[type[Any], Callable[[Any], str]] = {
    Activation: _activation,
    Affine: _affine,
    Lookup: _lookup,
    Waves: _waves,
    Factors: lambda step: _arrays("Factors", [step.factor]),
    RunningNorm: lambda step: _arrays("RunningNorm", [step.mean, step.factor, step.shift]),
    LayerNorm: lambda step: _arrays("LayerNorm", [step.factor, step.shift], step.epsilon),
}
