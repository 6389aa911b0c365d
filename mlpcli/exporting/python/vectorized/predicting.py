"""From columns of cells to predictions, and a filter: rows of CSV in, predictions out, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from mlpcli.exporting.python.runtime.csv_text import cells_of, line_of, places_of
from mlpcli.exporting.python.runtime.streams import filtered
from mlpcli.exporting.python.vectorized.arrays import Array
from mlpcli.exporting.python.vectorized.cells import Bad, read
from mlpcli.exporting.python.vectorized.features import inputs_of
from mlpcli.exporting.python.vectorized.layers import Step

AT_ONCE = 10_000  # rows


class Network:
    """Steps from inputs to scores; the inputs are those of an encoding, by its number."""

    def __init__(self, encoding: int, steps: Sequence[Step]) -> None:
        self.encoding, self.steps = encoding, steps

    def scores(self, x: Array) -> Array:
        """The scores of rows of inputs."""
        for step in self.steps:
            x = step(x)
        return x


class Model:
    """Columns, encodings of them (each a list of features), networks, and what their scores mean."""

    def __init__(
        self,
        columns: Sequence[Any],
        encodings: Sequence[Sequence[Any]],
        networks: Sequence[Network],
        together: Callable[[Array], Array] | None,
        reading: Any,
    ) -> None:
        self.columns, self.encodings, self.networks = columns, encodings, networks
        self.together, self.reading = together, reading

    def predict(
        self, table: Mapping[str, Sequence[Any]], on_bad_row: str = "error", before: int = 0
    ) -> dict[str, Array]:
        """The predictions for columns of cells, by the names of the columns that `mlp predict` writes.

        A table may be a DataFrame or a dict of lists or arrays. A missing cell is None, an empty text or NaN.
        Raises UnusableError, a ValueError, for cells that the model cannot use, unless `on_bad_row` is
        "empty": then such rows have None or NaN. Raises KeyError for a column that is not there. `before` is
        how many rows there were before these, for what is said of one.
        """
        bad = Bad(len(table[self.columns[0].name]), before)
        cells = {column.name: read(column, table[column.name], bad) for column in self.columns}
        inputs = [self._inputs(features, cells, bad) for features in self.encodings]
        with np.errstate(all="ignore"):
            each = np.array([network.scores(inputs[network.encoding]) for network in self.networks])
            scores = each[0] if self.together is None else self.together(each)
            columns, outputs = self.reading.read(scores)
        lost = ~np.isfinite(outputs).all(axis=1)
        bad.add(lost, "the network's output for this row is not a finite number")
        if on_bad_row != "empty":
            bad.require_none()
        return dict(zip(self.reading.names, (emptied(column, bad.rows) for column in columns)))

    def _inputs(self, features: Sequence[Any], cells: Mapping[str, Array], bad: Bad) -> Array:
        return np.hstack([inputs_of(feature, cells[feature.column], bad) for feature in features])


def emptied(column: Array, bad: Array) -> Array:
    """A column with nothing in the rows that are bad."""
    nothing = None if column.dtype == object else np.nan
    return np.where(bad, nothing, column)


def predicted(
    model: Model, ids: Sequence[str], rows: Iterator[list[str]], empty_bad_rows: bool
) -> Iterator[str]:
    """The header, then a line for each row."""
    header = [name.lstrip("\ufeff") for name in next(rows, [])]
    places = places_of(header, [*ids, *(column.name for column in model.columns)])
    yield line_of([*ids, *model.reading.names])
    each, before = cells_of(rows, len(header)), 0
    while some := list(islice(each, AT_ONCE)):
        table = {name: [row[place] for row in some] for name, place in places.items()}
        found = model.predict(table, "empty" if empty_bad_rows else "error", before).values()
        before += len(some)
        columns = [*(table[name] for name in ids), *(column.tolist() for column in found)]
        yield from (line_of([None if cell != cell else cell for cell in row]) for row in zip(*columns))


def main(model: Model, ids: Sequence[str], separator: str | None, encoding: str) -> int:
    """Predict the rows on standard input; the exit code."""
    return filtered(partial(predicted, model, ids), (separator, encoding))
