"""Columns as inputs: numbers all at once, texts by what each different one becomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from mlpcli.exporting.python.runtime.levels import amount_of
from mlpcli.exporting.python.vectorized.arrays import Array, rounded
from mlpcli.exporting.python.vectorized.cells import Bad, usable


class OfTexts(Protocol):
    """What a text becomes."""

    column: str

    def inputs(self, text: str | None) -> list[float]:
        """The inputs."""


def inputs_of(feature: Any, cells: Array, bad: Bad) -> Array:
    """The inputs that a column makes (rows, inputs), in the network's precision; 0 in rows that are bad."""
    own = feature.matrix(cells, bad) if hasattr(feature, "matrix") else by_text(feature, cells, bad)
    with np.errstate(all="ignore"):
        known = rounded(own)
    beyond = ~np.isfinite(known).all(axis=1)
    bad.add(beyond & ~bad.rows, f"column '{feature.column}': expected a number that can be scaled")
    known[bad.rows] = 0.0
    return known


def by_text(feature: OfTexts, texts: Array, bad: Bad) -> Array:
    """The same of a column of texts: each different one is looked at once."""
    places: dict[str | None, int] = {}
    which = np.array([places.setdefault(text, len(places)) for text in texts], dtype=np.intp)
    found: list[list[float] | None] = []
    for place, text in enumerate(places):
        inputs, reason = usable(feature.inputs, text)
        found.append(inputs)
        if reason is not None:
            bad.add(which == place, reason)
    width = next((len(inputs) for inputs in found if inputs is not None), width_of(feature))
    table = [inputs or [0.0] * width for inputs in found]
    return np.array(table, dtype=np.float64).reshape(-1, width)[which]


def width_of(feature: Any) -> int:
    """How many inputs a feature of texts makes."""
    if hasattr(feature, "zeros"):
        return len(feature.zeros)
    parts = getattr(feature, "parts", [("", 0.0, 1.0)])
    return sum(2 if center is None else 1 for _, center, _ in parts)


class OfNumbers:
    """What the columns of numbers have in common: `fill` stands for a missing cell."""

    def __init__(self, column: str, fill: float | None) -> None:
        self.column, self.fill = column, fill

    def filled(self, numbers: Array, bad: Bad) -> Array:
        """The numbers, with what stands for missing ones."""
        if self.fill is None:
            missing = np.isnan(numbers) & ~bad.rows
            bad.add(missing, f"column '{self.column}': a missing value, and no policy for it")
            return numbers
        return np.where(np.isnan(numbers), self.fill, numbers)


class Number(OfNumbers):
    """v = (x - center) / scale, of log(1 + x) in place of x if `log`; v / sqrt(1 + (v/3)^2) if `clip`."""

    def __init__(
        self,
        column: str,
        fill: float | None,
        center: float,
        scale: float,
        log: bool = False,
        clip: bool = False,
    ) -> None:
        super().__init__(column, fill)
        self.center, self.scale, self.log, self.clip = center, scale, log, clip

    def matrix(self, numbers: Array, bad: Bad) -> Array:
        """The one input of each row."""
        x = self.filled(numbers, bad)
        with np.errstate(all="ignore"):
            v = ((np.log1p(x) if self.log else x) - self.center) / self.scale
            return (v / np.hypot(1.0, v / 3.0) if self.clip else v)[:, np.newaxis]


class Constant(OfNumbers):
    """0 for every number: the training rows held one alone."""

    def matrix(self, numbers: Array, bad: Bad) -> Array:
        """The one input of each row."""
        return self.filled(numbers, bad)[:, np.newaxis] * 0.0


class Pieces(OfNumbers):
    """(x - start) / width of each bin, at most 1 but in the last, at least 0 but in the first."""

    def __init__(
        self, column: str, fill: float | None, starts: Sequence[float], widths: Sequence[float]
    ) -> None:
        super().__init__(column, fill)
        self.starts, self.widths = np.array(starts), np.array(widths)

    def matrix(self, numbers: Array, bad: Bad) -> Array:
        """An input of each row for each bin."""
        with np.errstate(all="ignore"):
            found = (self.filled(numbers, bad)[:, np.newaxis] - self.starts) / self.widths
        found[:, :-1] = np.minimum(found[:, :-1], 1.0)
        found[:, 1:] = np.maximum(found[:, 1:], 0.0)
        return found


class Absent:
    """1 where the cell of a column is missing, else 0; `blank_numbers` in any spelling are such texts."""

    def __init__(self, column: str, decimal: str = ".", blank_numbers: Sequence[float] = ()) -> None:
        self.column, self.decimal, self.blank_numbers = column, decimal, frozenset(blank_numbers)

    def matrix(self, cells: Array, _bad: Bad) -> Array:
        """The one input of each row."""
        if cells.dtype != object:
            return np.isnan(cells)[:, np.newaxis].astype(np.float64)
        known = {cell: cell is None or self.is_blank(cell) for cell in set(cells.tolist())}
        return np.array([[known[cell]] for cell in cells], dtype=np.float64).reshape(-1, 1)

    def is_blank(self, text: str) -> bool:
        """Whether a text is such a number."""
        return bool(self.blank_numbers) and amount_of(text, self.decimal) in self.blank_numbers
