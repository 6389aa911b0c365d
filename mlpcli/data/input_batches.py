"""The rows of an input for a model, encoded batch by batch in bounded memory, with texts carried along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.data.encoders import InputEncoder
from mlpcli.data.faults import Fault, Unseen, require_none
from mlpcli.data.reader import Reader
from mlpcli.data.source import find
from mlpcli.data.table import CsvFormat, Table, Wanted
from mlpcli.data.target import TargetEncoder
from mlpcli.data.weights import sample_weights

BATCH_ENTRIES = 1 << 22  # of the matrix of inputs


@dataclass(frozen=True)
class Batch:
    """Some rows of an input: `x` for the network, with zeros in the cells that have a fault."""

    table: Table
    rows: Indices
    x: Matrix
    faults: tuple[Fault, ...]
    unseen: tuple[Unseen, ...]

    @property
    def bad_rows(self) -> Array:
        """Which rows of the batch hold a cell that cannot be used."""
        bad = np.zeros(len(self.rows), dtype=bool)
        for fault in self.faults:
            bad[fault.rows] = True
        return bad

    def require_good(self) -> None:
        """DataError with the places of cells that cannot be used."""
        require_none((fault.among(self.rows) for fault in self.faults), self.table)

    def texts(self, name: str) -> Array:
        """The texts of a column that is carried along, exactly as in the file."""
        return self.table.text(name, self.rows).texts()


@dataclass(frozen=True)
class LabelledBatch:
    """A batch with its targets as the loss sees them, and the weights of its rows where there are any."""

    inputs: Batch
    y: Matrix
    sample_weights: Vector | None


def open_input(path: str | Path, form: CsvFormat) -> Reader:
    """An input, its header read: a path, a FIFO, or `-` for standard input. To be used in a `with`."""
    return Reader(find(path), form)


def batches(reader: Reader, inputs: InputEncoder, dtype: str, carried: Sequence[str] = ()) -> Iterator[Batch]:
    """The rows of an open input, in the network's precision. Columns are taken by name.

    `carried` ones keep their texts. Raises DataError naming all the columns that are not there.
    """
    for table in _tables(reader, inputs.wanted + Wanted(texts=tuple(carried))):
        yield from batches_of(table, inputs, dtype)


def labelled_batches(
    reader: Reader, inputs: InputEncoder, dtype: str, target: TargetEncoder, weight: str | None = None
) -> Iterator[LabelledBatch]:
    """The rows of an open input that has the target too. Every cell must be good: DataError otherwise."""
    weights = () if weight is None else (weight,)
    for table in _tables(reader, inputs.wanted + target.wanted + Wanted(numbers=weights)):
        for batch in batches_of(table, inputs, dtype):
            encoded = target.encode(table, batch.rows)
            faults = (*encoded.faults, *batch.faults)
            require_none((fault.among(batch.rows) for fault in faults), table)
            own = None if weight is None else sample_weights(table, weight, batch.rows)
            yield LabelledBatch(batch, encoded.y, own)


def _tables(reader: Reader, wanted: Wanted) -> Iterator[Table]:
    reader.header.require(dict.fromkeys((*wanted.numbers, *wanted.texts)))
    yield from reader.tables(wanted)


def batches_of(table: Table, inputs: InputEncoder, dtype: str) -> Iterator[Batch]:
    """The rows of a table; a table without rows is one empty batch."""
    size = max(1, BATCH_ENTRIES // inputs.width)
    for start in range(0, max(1, table.rows), size):
        rows = np.arange(start, min(start + size, table.rows))
        encoded = inputs.encode(table, rows, inputs.zeros(len(rows), dtype))
        yield Batch(table, rows, encoded.x, encoded.faults, encoded.unseen)
