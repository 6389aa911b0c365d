"""What the network does with its inputs, layer by layer, for all rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlpcli.exporting.python.vectorized.arrays import Array, rounded, rows, unpacked

Step = Callable[[Array], Array]


class Affine:
    """x W + b. W is packed with the weights of one output after the other; b may be none."""

    def __init__(self, inputs: int, weight: str, bias: str | None) -> None:
        self.weight = np.ascontiguousarray(rows(inputs, weight).T)
        self.bias = 0.0 if bias is None else unpacked(bias)

    def __call__(self, x: Array) -> Array:
        """The outputs."""
        return rounded(x @ self.weight + self.bias)


class Lookup:
    """x with the codes in some columns replaced by the vectors of their tables; -1 is zeros."""

    def __init__(self, tables: dict[int, tuple[int, str]]) -> None:
        self.tables = {
            column: np.vstack([rows(width, packed), np.zeros(width)])
            for column, (width, packed) in tables.items()
        }

    def __call__(self, x: Array) -> Array:
        """Vectors in the places of codes; -1 is the last one."""
        return np.hstack(
            [
                self.tables[column][x[:, column].astype(np.intp)]
                if column in self.tables
                else x[:, column : column + 1]
                for column in range(x.shape[1])
            ]
        )


class Waves:
    """cos(2 pi w x + b) W + bias, then x, for the x in some columns; then the other columns.

    w and b have a row for each column; W has one for each number made of a column, of all columns in turn.
    """

    def __init__(
        self, columns: Sequence[int], frequencies: int, waves: tuple[str, str], weight: str, bias: str
    ) -> None:
        self.columns = list(columns)
        self.frequency, self.phase = (rows(frequencies, packed) for packed in waves)
        self.weight = rows(frequencies, weight).reshape(len(self.columns), -1, frequencies)
        self.bias = unpacked(bias).reshape(len(self.columns), -1)

    def __call__(self, x: Array) -> Array:
        """Some numbers for each of the columns."""
        found = []
        for place, column in enumerate(self.columns):
            number = x[:, column : column + 1]
            cosines = rounded(np.cos(2 * np.pi * self.frequency[place] * number + self.phase[place]))
            found += [rounded(cosines @ self.weight[place].T + self.bias[place]), number]
        return np.hstack([*found, np.delete(x, self.columns, axis=1)])


class Factors:
    """x times a factor for each input."""

    def __init__(self, factor: str) -> None:
        self.factor = unpacked(factor)

    def __call__(self, x: Array) -> Array:
        """The products."""
        return rounded(x * self.factor)


class RunningNorm:
    """(z - mean) factor + shift, unit by unit."""

    def __init__(self, mean: str, factor: str, shift: str) -> None:
        self.mean, self.factor, self.shift = unpacked(mean), unpacked(factor), unpacked(shift)

    def __call__(self, z: Array) -> Array:
        """The normalized units."""
        return rounded((z - self.mean) * self.factor + self.shift)


class LayerNorm:
    """factor (z - mean) / sqrt(variance + epsilon) + shift, by the mean and the variance of the units."""

    def __init__(self, factor: str, shift: str, epsilon: float) -> None:
        self.factor, self.shift, self.epsilon = unpacked(factor), unpacked(shift), epsilon

    def __call__(self, z: Array) -> Array:
        """The normalized units."""
        centred = rounded(z - z.mean(axis=1, keepdims=True))
        # squares beyond the network's precision are infinite, and then nothing but the shift is left
        variance = rounded(centred * centred).mean(axis=1, keepdims=True)
        return rounded(centred / np.sqrt(variance + self.epsilon) * self.factor + self.shift)


class Residual:
    """x plus what some steps make of it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __call__(self, x: Array) -> Array:
        """The sum."""
        z = x
        for step in self.steps:
            z = step(z)
        return rounded(z + x)
