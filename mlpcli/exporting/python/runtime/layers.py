"""What the network does with its inputs, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mlpcli.exporting.python.runtime.arithmetic import product, rounded, rows, unpacked

Vector = Sequence[float]
Step = Callable[[Vector], Vector]


class Affine:
    """x W + b. W is packed with the weights of one output after the other; b may be none."""

    def __init__(self, inputs: int, weight: str, bias: str | None) -> None:
        self.weight = rows(inputs, weight)
        self.bias = [0.0] * len(self.weight) if bias is None else unpacked(bias)

    def __call__(self, x: Vector) -> Vector:
        """The outputs."""
        x = list(x)
        return rounded([product(x, w) + b for w, b in zip(self.weight, self.bias)])


class Lookup:
    """x with the codes in some columns replaced by the vectors of their tables; -1 is zeros."""

    def __init__(self, tables: dict[int, tuple[int, str]]) -> None:
        self.tables = {column: (width, rows(width, packed)) for column, (width, packed) in tables.items()}

    def __call__(self, x: Vector) -> Vector:
        """Vectors in the places of codes."""
        found: list[float] = []
        for column, number in enumerate(x):
            if column in self.tables:
                width, table = self.tables[column]
                found += table[int(number)] if number >= 0 else [0.0] * width
            else:
                found.append(number)
        return found


class Waves:
    """cos(2 pi w x + b) W + bias, then x, for the x in some columns; then the other columns.

    w and b have a row for each column; W has one for each number made of a column, of all columns in turn.
    """

    def __init__(
        self, columns: Sequence[int], frequencies: int, waves: tuple[str, str], weight: str, bias: str
    ) -> None:
        self.columns = columns
        self.frequency, self.phase = (rows(frequencies, packed) for packed in waves)
        self.weight, self.bias = rows(frequencies, weight), unpacked(bias)
        self.mixed = len(self.weight) // len(columns)

    def __call__(self, x: Vector) -> Vector:
        """Some numbers for each of the columns."""
        found: list[float] = []
        for place, column in enumerate(self.columns):
            number, first = x[column], place * self.mixed
            angles = zip(self.frequency[place], self.phase[place])
            cosines = rounded([_cosine(2 * math.pi * w * number + b) for w, b in angles])
            mixed = range(first, first + self.mixed)
            found += [product(cosines, self.weight[row]) + self.bias[row] for row in mixed]
            found.append(number)
        others = set(range(len(x))).difference(self.columns)
        return rounded([*found, *(x[column] for column in sorted(others))])


def _cosine(angle: float) -> float:
    return math.cos(angle) if math.isfinite(angle) else math.nan


class Factors:
    """x times a factor for each input."""

    def __init__(self, factor: str) -> None:
        self.factor = unpacked(factor)

    def __call__(self, x: Vector) -> Vector:
        """The products."""
        return rounded([a * b for a, b in zip(x, self.factor)])


class RunningNorm:
    """(z - mean) factor + shift, unit by unit."""

    def __init__(self, mean: str, factor: str, shift: str) -> None:
        self.mean, self.factor, self.shift = unpacked(mean), unpacked(factor), unpacked(shift)

    def __call__(self, z: Vector) -> Vector:
        """The normalized units."""
        each = zip(z, self.mean, self.factor, self.shift)
        return rounded([(x - mean) * factor + shift for x, mean, factor, shift in each])


class LayerNorm:
    """factor (z - mean) / sqrt(variance + epsilon) + shift, by the mean and the variance of the units."""

    def __init__(self, factor: str, shift: str, epsilon: float) -> None:
        self.factor, self.shift, self.epsilon = unpacked(factor), unpacked(shift), epsilon

    def __call__(self, z: Vector) -> Vector:
        """The normalized units."""
        mean = sum(z) / len(z)
        centred = rounded([x - mean for x in z])
        # squares beyond the network's precision are infinite, and then nothing but the shift is left
        root = math.sqrt(sum(rounded([x * x for x in centred])) / len(z) + self.epsilon)
        each = zip(centred, self.factor, self.shift)
        return rounded([x / root * factor + shift for x, factor, shift in each])


class Residual:
    """x plus what some steps make of it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __call__(self, x: Vector) -> Vector:
        """The sum."""
        z = x
        for step in self.steps:
            z = step(z)
        return rounded([a + b for a, b in zip(z, x)])
