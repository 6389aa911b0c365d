"""Whether an exported model says what the model itself says: the largest difference on a table's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.calibration.said import Said
from mlpcli.data.encoding import Batch, batches_of
from mlpcli.errors import DataError, Place
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description
from mlpcli.exporting.differences import Answered, differences
from mlpcli.exporting.exporter import Cells, Scorer
from mlpcli.nn.network import Network
from mlpcli.run.prediction import predicted_values
from mlpcli.run.predictor import Model
from mlpcli.tables.reader import Reader
from mlpcli.tables.table import Wanted
from mlpcli.training.combined import combined

TOLERANCE: Final = {"float32": 1e-6, "float64": 1e-12}
SUMS: Final = 2.0  # times what a network is off by rounding, an export may be off too


@dataclass(frozen=True)
class Comparison:
    """How far the answers are apart at most, and where: a row, counted from 1, and a column of the output.

    `beyond` is how much further the worst is than the rounding of the model's own networks explains.
    `empty` rows have no prediction by the model. `left_out` rows hold texts among numbers, which cannot be
    given to the format.
    """

    tolerance: float
    rows: int = 0
    empty: int = 0
    left_out: int = 0
    largest: float = 0.0
    beyond: float = 0.0
    row: int | None = None
    column: str | None = None

    @property
    def good(self) -> bool:
        """Whether nothing but rounding is different."""
        return self.beyond <= self.tolerance

    def joined(self, other: Comparison) -> Comparison:
        """The same with the rows of another one behind them."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in ("rows", "empty", "left_out")}
        if other.row is None or other._badness <= self._badness:
            return replace(self, **counts)
        return replace(other, **counts, row=self.rows + other.row)

    @property
    def _badness(self) -> tuple[bool, float]:
        return not self.good, self.largest if self.good else self.beyond


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
    """The rows of an input as they are predicted, every column as texts besides."""
    names = tuple(column.name for column in description.columns)
    reader.header.require(names)
    for table in reader.tables(Wanted(model.inputs.wanted.numbers, names)):
        yield from batches_of(table, model.inputs, model.dtype, model.outputs)


def _compared(model: Model, description: Description, batch: Batch, score: Scorer, typed: bool) -> Comparison:
    cells, outputs = cells_of(batch, description), description.outputs
    said, judged = model.said(batch)
    expected = Answered(outputs, predicted_values(model, judged, said.scores))
    left_out = cells.unsaid if typed else np.zeros(cells.rows, dtype=bool)
    apart = differences(expected, Answered(outputs, score(cells)))
    apart[left_out] = 0.0
    empty = int(judged.bad_rows.sum())
    found = Comparison(TOLERANCE[description.dtype], cells.rows, empty, int(left_out.sum()))
    if not apart.any():
        return found
    beyond = apart - SUMS * rounding(model, judged, said, expected)
    worst = beyond if (beyond > found.tolerance).any() else apart
    row, column = (int(place) for place in np.unravel_index(worst.argmax(), worst.shape))
    largest, most = float(apart[row, column]), max(0.0, float(beyond.max()))
    return replace(found, largest=largest, beyond=most, row=row + 1, column=outputs.names[column])


def rounding(model: Model, judged: Batch, said: Said, expected: Answered) -> Matrix:
    """How far each prediction (n, columns) of what is `said` is from those in double precision.

    So much the order of a sum decides in single precision, where numbers nearly cancel: whoever adds up in
    another order is as far away; and at least by scores that are the next numbers of their precision, which
    matters where they are large. 0 where one of the two has no prediction.
    """
    if model.dtype == "float64":
        return np.zeros((len(judged.rows), len(expected.columns)))
    members = (replace(one, network=_in_double(one.network)) for one in model.members)
    in_double, judged_again = replace(model, members=tuple(members)).said(judged)
    others = (
        predicted_values(model, judged_again, in_double.scores),
        predicted_values(model, judged, _next_to(said, model)),
    )
    apart = np.stack([differences(expected, Answered(expected.outputs, one)) for one in others])
    return np.asarray(np.where(np.isfinite(apart), apart, 0.0).max(axis=0))


def _next_to(said: Said, model: Model) -> Matrix:
    """The scores where those of each network are the next numbers, up and down in turn over the outputs."""
    each = said.members or [said]
    ends = np.where(np.arange(said.scores.shape[1]) % 2, -np.inf, np.inf)
    scores = [np.nextafter(one.scores, ends.astype(one.scores.dtype)) for one in each]
    return combined(scores, [one.decoder for one in each], model.decoder) if said.members else scores[0]


def _in_double(network: Network) -> Network:
    """A network with the same weights in double precision."""
    other = Network(network.architecture, network.loss, dtype=np.float64)
    other.load(network.arrays())
    return other


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
