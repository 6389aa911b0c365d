"""What a trace is made of: arrays with their names, formulas and labels, stage after stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.arrays import Array


@dataclass(frozen=True, eq=False)
class Line:
    """An array: what it is called, the formula that made it, and the labels of its rows and columns.

    A parameter or its gradient has the `name` of the model file too. A vector has one row, without a label.
    """

    symbol: str
    formula: str
    values: Array
    down: Sequence[str]
    across: Sequence[str]
    name: str = ""

    @property
    def written(self) -> str:
        """`z⁽²⁾ = x W⁽¹⁾ + b⁽¹⁾`."""
        return f"{self.symbol} = {self.formula}" if self.formula else self.symbol


@dataclass(frozen=True, eq=False)
class Stage:
    """What happens in one layer, or before the first or after the last, line by line."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Objective:
    """J: the loss of the rows, and what the penalties add to it."""

    formula: str
    loss: float
    penalty: float

    @property
    def value(self) -> float:
        """J."""
        return self.loss + self.penalty


@dataclass(frozen=True, eq=False)
class Update:
    """One step of the optimizer by the gradient: its formula, its rate, and every parameter after it."""

    optimizer: str
    formula: str
    rate: float | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Trace:
    """Forward, loss, backward and one update of some rows, as one training step has them.

    `widths` are those of the network from the first weight layer on, `activations` one a weight layer.
    `rows` are the numbers of the rows in their file, counted from 1; `dtype` is the precision of it all;
    `remarks` what else one should know.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    rows: tuple[int, ...]
    dtype: str
    forward: tuple[Stage, ...]
    objective: Objective
    backward: tuple[Stage, ...]
    update: Update
    remarks: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers are learnt."""
        return sum(line.values.size for line in self.update.lines)
