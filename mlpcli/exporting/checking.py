"""Whether an exported model says what the model itself says: the largest difference on a table's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.data.encoding import Batch, batches_of
from mlpcli.errors import DataError, Place
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description
from mlpcli.exporting.differences import Answered, differences
from mlpcli.exporting.exporter import Cells, Scorer
from mlpcli.run.prediction import predicted_values
from mlpcli.run.predictor import Model
from mlpcli.tables.reader import Reader
from mlpcli.tables.table import Wanted

# the networks' own rounding, which depends on the order of sums
TOLERANCE: Final = {"float32": 1e-6, "float64": 1e-12}


@dataclass(frozen=True)
class Comparison:
    """How far the answers are apart at most, and where: a row, counted from 1, and a column of the output.

    `empty` rows have no prediction by the model. `left_out` rows hold texts among numbers, which cannot be
    given to the format.
    """

    tolerance: float
    rows: int = 0
    empty: int = 0
    left_out: int = 0
    largest: float = 0.0
    row: int | None = None
    column: str | None = None

    @property
    def good(self) -> bool:
        """Whether nothing but rounding is different."""
        return self.largest <= self.tolerance

    def joined(self, other: Comparison) -> Comparison:
        """The same with the rows of another one behind them."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in ("rows", "empty", "left_out")}
        total = replace(self, **counts)
        if other.row is None or other.largest <= self.largest:
            return total
        return replace(total, largest=other.largest, row=self.rows + other.row, column=other.column)


def compare(model: Model, description: Description, reader: Reader, score: Scorer, typed: bool) -> Comparison:
    """Both on the rows of an open input; `typed` where the format takes numbers as numbers, not as texts.

    Raises DataError for columns that are not there, and where there are no rows.
    """
    found = Comparison(TOLERANCE[description.dtype])
    for batch in _batches(model, description, reader):
        found = found.joined(_compared(model, description, batch, score, typed))
    if not found.rows:
        raise DataError.of("there are no rows after the header", Place(reader.header.source))
    return found


def _batches(model: Model, description: Description, reader: Reader) -> Iterator[Batch]:
    """The rows of an input, every column as texts."""
    names = tuple(column.name for column in description.columns)
    reader.header.require(names)
    for table in reader.tables(Wanted(texts=names)):
        yield from batches_of(table, model.inputs, model.dtype, model.outputs)


def _compared(model: Model, description: Description, batch: Batch, score: Scorer, typed: bool) -> Comparison:
    cells = cells_of(batch, description)
    said, judged = model.said(batch)
    expected = Answered(description.outputs, predicted_values(model, judged, said.scores))
    apart = differences(expected, Answered(description.outputs, score(cells)))
    left_out = cells.unsaid if typed else np.zeros(cells.rows, dtype=bool)
    apart[left_out] = 0.0
    empty = int(judged.bad_rows.sum())
    found = Comparison(TOLERANCE[description.dtype], cells.rows, empty, int(left_out.sum()))
    if not apart.any():
        return found
    row, column = (int(place) for place in np.unravel_index(apart.argmax(), apart.shape))
    largest = float(apart[row, column])
    return replace(found, largest=largest, row=row + 1, column=description.outputs.names[column])


def cells_of(batch: Batch, description: Description) -> Cells:
    """The cells of a batch that the model reads."""
    table, rows = batch.table, batch.rows
    numbers: dict[str, Vector] = {}
    unsaid = np.zeros(len(rows), dtype=bool)
    for column in description.columns:
        if isinstance(column, NumberColumn):
            found = table.number(column.name, rows)
            numbers[column.name] = found.values
            unsaid[found.bad.rows] = True
    texts = {column.name: table.text(column.name, rows).texts().tolist() for column in description.columns}
    return Cells(len(rows), numbers, texts, unsaid)
