"""What scores mean where numbers are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli.exporting.python.runtime.activations import Function
from mlpcli.exporting.python.runtime.arithmetic import PRECISION, require_finite
from mlpcli.exporting.python.runtime.digits import as_single_tells
from mlpcli.exporting.python.runtime.units import Units


class Amounts:
    """A number for each of some columns."""

    def __init__(self, columns: Sequence[str], function: Function, units: Units) -> None:
        self.function, self.units = function, units
        self.names = ["prediction"] if len(columns) == 1 else [f"{name}_prediction" for name in columns]

    def read(self, scores: Sequence[float]) -> list[Any]:
        """A value for each of the names."""
        numbers = require_finite(self.units.numbers(list(map(self.function, scores))))
        if PRECISION == "d":
            return list(numbers)
        lines = zip(numbers, self.units.line_at(numbers))
        return self.units.bounded([as_single_tells(number, *line) for number, line in lines])
