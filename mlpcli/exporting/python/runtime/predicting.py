"""From the cells of a row to its prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from mlpcli.exporting.python.runtime.arithmetic import require_scaled
from mlpcli.exporting.python.runtime.layers import Step


class Column(Protocol):
    """A column of the table."""

    name: str

    def read(self, cell: Any) -> float | str | None:
        """What a cell holds; None where it is missing."""


class Feature(Protocol):
    """What a column becomes."""

    column: str

    def inputs(self, cell: Any) -> list[float]:
        """The inputs of the network."""


class Reading(Protocol):
    """What scores mean."""

    names: list[str]

    def read(self, scores: Sequence[float]) -> list[Any]:
        """A value for each of the names."""


class Network:
    """Steps from inputs to scores; the inputs are those of an encoding, by its number."""

    def __init__(self, encoding: int, steps: Sequence[Step]) -> None:
        self.encoding, self.steps = encoding, steps

    def scores(self, x: Sequence[float]) -> Sequence[float]:
        """The scores of a row of inputs."""
        for step in self.steps:
            x = step(x)
        return x


class Model:
    """Columns, encodings of them (each a list of features), networks, and what their scores mean."""

    def __init__(
        self,
        columns: Sequence[Column],
        encodings: Sequence[Sequence[Feature]],
        networks: Sequence[Network],
        together: Callable[[Sequence[Sequence[float]]], Sequence[float]] | None,
        reading: Reading,
    ) -> None:
        self.columns, self.encodings, self.networks = columns, encodings, networks
        self.together, self.reading = together, reading

    def predict(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The prediction for a row, by the names of the columns that `mlp predict` writes.

        A missing cell is None, an empty text or NaN. Raises UnusableError, a ValueError, for cells that the
        model cannot use, KeyError for a column that is not there.
        """
        cells = {column.name: column.read(row[column.name]) for column in self.columns}
        inputs = [self._inputs(features, cells) for features in self.encodings]
        each = [network.scores(inputs[network.encoding]) for network in self.networks]
        scores = each[0] if self.together is None else self.together(each)
        return dict(zip(self.reading.names, self.reading.read(scores)))

    def _inputs(self, features: Sequence[Feature], cells: Mapping[str, Any]) -> list[float]:
        found: list[float] = []
        for feature in features:
            found += require_scaled(feature.inputs(cells[feature.column]), feature.column)
        return found
