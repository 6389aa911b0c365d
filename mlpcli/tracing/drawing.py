"""Where everything of a drawn network is: units in columns, and what leads from each to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array
from mlpcli.tracing.notation import INPUTS, OUTPUTS, derivative_of, value_of
from mlpcli.tracing.values import Line, Stage, Trace

RADIUS: Final = 25
APART: Final = 84  # units of a column, from centre to centre
BETWEEN: Final = 210  # columns
MARGIN: Final = 150  # beside the first and the last column, for their names
HEAD: Final = 56  # above the units
FOOT: Final = 20  # below them
MOST_UNITS: Final = 10  # of a column
MOST_COLUMNS: Final = 7
MOST_NUMBERS: Final = 12  # edges between two columns that have their numbers beside them
LONGEST: Final = 15  # characters of a name beside a unit


@dataclass(frozen=True)
class Unit:
    """A circle with a number in it, a name beside it, and a remark below it; `share` of the largest."""

    x: float
    y: float
    text: str
    sign: str
    share: float
    name: str = ""
    side: str = ""
    below: str = ""


@dataclass(frozen=True)
class Edge:
    """A line from unit to unit, as wide as its number is large, which may stand on it."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    sign: str
    text: str
    title: str
    at: tuple[float, float] | None


@dataclass(frozen=True)
class Drawing:
    """Units and edges in a frame of so many pixels, and the heads of the columns."""

    name: str
    title: str
    description: str
    width: int
    height: int
    heads: tuple[tuple[float, str], ...]
    edges: tuple[Edge, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, eq=False)
class _Column:
    """A column of units: what stands above it, its number of units, their numbers and names if any."""

    head: str
    count: int
    values: Array | None
    names: Sequence[str] = ()
    below: Sequence[str] = ()


def can_be_drawn(trace: Trace) -> bool:
    """Whether the network is small enough."""
    return max(trace.widths) <= MOST_UNITS and len(trace.widths) <= MOST_COLUMNS


def drawings_of(trace: Trace) -> tuple[Drawing, Drawing]:
    """The network with what its first row makes of it, and with what comes back."""
    layers = len(trace.widths) - 1
    row = f"row {trace.rows[0]}"
    forward, backward = _by_symbol(trace.forward), _by_symbol(trace.backward)
    weights = [_named(trace.forward, f"layers.{layer}.weight") for layer in range(layers)]
    slopes = [_named(trace.backward, f"layers.{layer}.weight") for layer in range(layers)]
    there = [*_sources(trace, forward), _outputs(trace, forward)]
    deltas = [derivative_of(value_of("z", layer)) for layer in range(layers)]
    back = [_Column("", trace.widths[0], None, there[0].names)]
    back += [_Column(f"{delta}", len(backward[delta].across), backward[delta].values[0]) for delta in deltas]
    return (
        _drawn("forward", f"Forward: {row}", "values in the units, weights on the edges", there, weights),
        _drawn("backward", f"Backward: {row}", "δ in the units, ∂J/∂W on the edges", back, slopes),
    )


def _by_symbol(stages: Sequence[Stage]) -> dict[str, Line]:
    return {line.symbol: line for stage in stages for line in stage.lines}


def _named(stages: Sequence[Stage], name: str) -> Line:
    return next(line for stage in stages for line in stage.lines if line.name == name)


def _sources(trace: Trace, forward: dict[str, Line]) -> Iterator[_Column]:
    """What goes into each layer of weights: the last value before it, and the biases of those units."""
    last, bias = forward[INPUTS], None
    for line in (line for stage in trace.forward for line in stage.lines):
        if not line.name and line.symbol not in {OUTPUTS, "y", "w"}:
            last = line
        elif line.name.endswith(".weight") and line.name.startswith("layers."):
            names = last.across if last.symbol == INPUTS else ()
            yield _Column(last.symbol, len(last.across), last.values[0], names, _biases(bias))
            bias = None
        elif line.name.endswith(".bias") and line.name.startswith("layers."):
            bias = line


def _outputs(trace: Trace, forward: dict[str, Line]) -> _Column:
    """The outputs, each with its target."""
    found, targets = forward[OUTPUTS], forward["y"].values[0]
    below = [f"y = {float(target):.3g}" for target in targets]
    bias = next((line for name, line in forward.items() if line.name == f"layers.{_last(trace)}.bias"), None)
    below = [f"{a}, {b}" for a, b in zip(_biases(bias), below, strict=True)] if bias else below
    return _Column(found.symbol, len(found.across), found.values[0], found.across, below)


def _last(trace: Trace) -> int:
    return len(trace.widths) - 2


def _biases(line: Line | None) -> list[str]:
    return [] if line is None else [f"b = {float(value):.3g}" for value in line.values]


def _drawn(
    name: str, title: str, description: str, columns: Sequence[_Column], weights: Sequence[Line]
) -> Drawing:
    highest = max(column.count for column in columns)
    height = HEAD + highest * APART + FOOT
    middle = HEAD + highest * APART / 2
    units = [list(_units(column, at, middle, len(columns))) for at, column in enumerate(columns)]
    edges = [
        edge
        for at, line in enumerate(weights)
        for edge in _edges(units[at], units[at + 1], line)
    ]  # fmt: skip
    return Drawing(
        name,
        title,
        description,
        2 * MARGIN + (len(columns) - 1) * BETWEEN,
        height,
        tuple((MARGIN + at * BETWEEN, column.head) for at, column in enumerate(columns)),
        tuple(edges),
        tuple(unit for column in units for unit in column),
    )


def _units(column: _Column, at: int, middle: float, columns: int) -> Iterator[Unit]:
    x = MARGIN + at * BETWEEN
    top = middle - (column.count - 1) * APART / 2
    side = "start" if at == 0 else "end" if at == columns - 1 else ""
    largest = 0.0 if column.values is None else float(np.abs(column.values).max())
    for number in range(column.count):
        value = None if column.values is None else float(column.values[number])
        yield Unit(
            x=x,
            y=top + number * APART,
            text="" if value is None else short(value),
            sign=_sign(value or 0.0),
            share=abs(value) / largest if value and largest else 0.0,
            name=_cut(column.names[number]) if column.names and side else "",
            side=side,
            below=column.below[number] if column.below else "",
        )


def _edges(left: Sequence[Unit], right: Sequence[Unit], line: Line) -> Iterator[Edge]:
    """From every unit to every unit; the numbers of one unit's edges stand at the same distance from it."""
    largest = float(np.abs(line.values).max()) or 1.0
    shown = line.values.size <= MOST_NUMBERS
    for i, start in enumerate(left):
        t = 0.5 if len(left) == 1 else 0.36 + 0.34 * i / (len(left) - 1)
        for j, end in enumerate(right):
            value = float(line.values[i, j])
            x1, x2 = start.x + RADIUS, end.x - RADIUS
            yield Edge(
                x1=x1,
                y1=start.y,
                x2=x2,
                y2=end.y,
                width=round(0.75 + 4.25 * abs(value) / largest, 2),
                sign=_sign(value),
                text=short(value) if shown else "",
                title=f"{line.symbol}[{line.down[i]}, {line.across[j]}] = {value:.6g}",
                at=(round(x1 + t * (x2 - x1), 1), round(start.y + t * (end.y - start.y) + 4, 1)),
            )


def _sign(value: float) -> str:
    return "neg" if value < 0 else "pos" if value > 0 else "nil"


def short(value: float) -> str:
    """A number that fits into a circle."""
    if value and not 1e-2 <= abs(value) < 1e4:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.3g}"


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
