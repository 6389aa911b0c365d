"""Columns of numbers as inputs: scaled, and perhaps clipped; constants; how far they have come in bins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.cells import missing


def filled(number: float | None, fill: float | None, column: str) -> float:
    """The number, or what stands for a missing one."""
    if number is None:
        number = fill
    if number is None:
        raise missing(column)
    return number


class Number:
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
        self.column, self.fill, self.log, self.clip = column, fill, log, clip
        self.center, self.scale = center, scale

    def inputs(self, number: float | None) -> list[float]:
        """The one input."""
        x = filled(number, self.fill, self.column)
        if self.log:
            x = math.log1p(x) if x > -1.0 else math.nan
        v = (x - self.center) / self.scale
        return [v / math.hypot(1.0, v / 3.0) if self.clip else v]


class Constant:
    """0 for every number: the training rows held one alone."""

    def __init__(self, column: str, fill: float | None) -> None:
        self.column, self.fill = column, fill

    def inputs(self, number: float | None) -> list[float]:
        """The one input."""
        filled(number, self.fill, self.column)
        return [0.0]


class Pieces:
    """(x - start) / width of each bin, at most 1 but in the last, at least 0 but in the first."""

    def __init__(
        self, column: str, fill: float | None, starts: Sequence[float], widths: Sequence[float]
    ) -> None:
        self.column, self.fill, self.starts, self.widths = column, fill, starts, widths

    def inputs(self, number: float | None) -> list[float]:
        """One for each bin."""
        x = filled(number, self.fill, self.column)
        found = [(x - start) / width for start, width in zip(self.starts, self.widths)]
        last = len(found) - 1
        for place, value in enumerate(found):
            if place < last and value > 1.0:
                found[place] = 1.0
            elif place > 0 and value < 0.0:
                found[place] = 0.0
        return found
