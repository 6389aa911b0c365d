"""The one way into the encoder: the parts of a training span by span, other rows batch by batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.data.encoder import Encoded, InputEncoder
from mlpcli.data.target import EncodedTarget, TargetEncoder
from mlpcli.data.target_range import ScaledTargets
from mlpcli.data.weights import sample_weights
from mlpcli.memory import portion
from mlpcli.parallel.ordered_map import in_order
from mlpcli.storage.rows import Sink
from mlpcli.tables.bad_cells import Fault, Unseen, join_faults, join_unseen, require_none
from mlpcli.tables.owners import Owner
from mlpcli.tables.reader import Reader
from mlpcli.tables.row_digest import RowDigest
from mlpcli.tables.some_rows import EVERYTHING, Taken, tables_between
from mlpcli.tables.table import Table, Wanted

SPAN = 1 << 16  # rows encoded at a time
SPAN_BYTES = (1 << 20, 1 << 25)  # of their inputs in float64, at least and at most
HEAD = 16  # rows; no fewer than a model file carries
BATCH_ENTRIES = 1 << 22  # of the matrix of inputs
ANSWERS = 1 << 18  # of a batch, each of which becomes a text


@dataclass(frozen=True)
class RowsOf:
    """A part of the data: some rows of one of the tables, ascending."""

    name: str
    owner: Owner
    rows: Indices


class Findings:
    """Bad cells and new categories in the rows of a part, looked at from the first row to the last."""

    def __init__(self, table: Table) -> None:
        # without its columns: all that is asked of it is where the rows are
        self._table = Table(table.source, table.rows, table.lines, table.notation)
        self._faults: defaultdict[tuple[str | None, str], list[Fault]] = defaultdict(list)
        self._unseen: defaultdict[str, list[Unseen]] = defaultdict(list)

    def add(self, encoded: Encoded, rows: Indices) -> None:
        """What was found in these rows of the table."""
        for fault in encoded.faults:
            self._faults[fault.column, fault.reason].append(fault.among(rows))
        for unseen in encoded.unseen:
            self._unseen[unseen.column].append(replace(unseen, rows=rows[unseen.rows]))

    def faults(self, inputs: InputEncoder) -> list[Fault]:
        """The bad cells, as if all rows had been looked at together: feature by feature."""
        order = {feature.name: index for index, feature in enumerate(inputs.features)}
        keys = sorted(self._faults, key=lambda key: (order[key[0] or ""], key[1]))
        return [join_faults(self._faults[key]) for key in keys]

    def unseen(self, inputs: InputEncoder) -> list[Unseen]:
        """The categories that training did not have, feature by feature."""
        names = dict.fromkeys(feature.name for feature in inputs.features)
        return [join_unseen(self._unseen[name]) for name in names if name in self._unseen]

    def require_none(self, faults: Iterable[Fault]) -> None:
        """DataError for these bad cells, with their places."""
        require_none(faults, self._table)


@dataclass(frozen=True)
class _Stretch:
    """Rows of a part in one span of its table: from `first` to `last` of the part's, `rows` of `table`'s."""

    part: RowsOf
    first: int
    last: int
    table: Table
    rows: Indices


def write_inputs(
    parts: Sequence[RowsOf], inputs: InputEncoder, to: Mapping[str, Sink], head: Matrix
) -> dict[str, Findings]:
    """Put the inputs of each part into its sink, and the first of the training rows into `head`, in float64.

    The owners give up their tables: never are all cells there twice.
    """
    findings = {part.name: Findings(part.owner.table) for part in parts}

    def written(stretch: _Stretch) -> tuple[_Stretch, Encoded]:
        out = to[stretch.part.name].room(stretch.first, stretch.last)
        return stretch, inputs.encode(stretch.table, stretch.rows, out)

    most = max(1, min(SPAN, portion(16, *SPAN_BYTES) // (8 * inputs.width)))
    for stretch, encoded in in_order(written, _stretches(parts, most)):
        part, first, last = stretch.part, stretch.first, stretch.last
        to[part.name].put(first, encoded.x)
        findings[part.name].add(encoded, part.rows[first:last])
        if part.name == "train" and first < len(head):
            head[first:last] = inputs.encode(stretch.table, stretch.rows[: len(head) - first]).x
    return findings


def _stretches(parts: Sequence[RowsOf], most: int) -> Iterator[_Stretch]:
    """All rows of the parts, table after table, each from its top down, no more than `most` together."""
    for owner in {id(part.owner): part.owner for part in parts}.values():
        for span in owner.give_up(most):
            for part in parts:
                if part.owner is owner:
                    first, last = np.searchsorted(part.rows, [span.start, span.stop]).tolist()
                    if first < last:
                        yield _Stretch(part, first, last, span.table, part.rows[first:last] - span.start)


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
    """A batch with its targets as the loss sees them, and the weights of its rows where there are any.

    `left_out` rows before it have no target.
    """

    inputs: Batch
    y: Matrix
    sample_weights: Vector | None
    left_out: int


@dataclass(frozen=True)
class Labelling:
    """What labelled rows have besides inputs: targets, and weights in a column where there is one.

    `drops` where rows without a target are left out; otherwise they are wrong. `carried` columns keep their
    texts.
    """

    target: TargetEncoder
    weight: str | None = None
    drops: bool = False
    carried: tuple[str, ...] = ()

    @property
    def wanted(self) -> Wanted:
        """The columns that an input must have for it."""
        numbers = () if self.weight is None else (self.weight,)
        return self.target.wanted + Wanted(numbers=numbers, texts=self.carried)

    def rows(self, table: Table) -> Indices:
        """The rows of a table that count."""
        return np.flatnonzero(~table.lacking(self.target.columns)) if self.drops else np.arange(table.rows)


def batches(
    reader: Reader, inputs: InputEncoder, dtype: str, taken: Taken = EVERYTHING, outputs: int = 1
) -> Iterator[Batch]:
    """The rows of an open input, in the precision of a network of so many outputs. Columns are taken by name.

    Carried ones keep their texts; no rows are one empty batch. Raises DataError naming all the columns that
    are not there.
    """
    wanted = inputs.wanted + Wanted(texts=tuple(taken.carried))
    table = None
    for table in _tables(reader, wanted, taken.rows):
        yield from batches_of(table, inputs, dtype, outputs)
    if table is None:
        yield from batches_of(
            Table.empty(reader.header.source, wanted, reader.notation), inputs, dtype, outputs
        )


def labelled_batches(
    reader: Reader, inputs: InputEncoder, dtype: str, labelling: Labelling, digest: RowDigest
) -> Iterator[LabelledBatch]:
    """The labelled rows of an open input, told to `digest` too. DataError for cells that are not good."""
    weight, target = labelling.weight, labelling.target
    for table in _tables(reader, inputs.wanted + labelling.wanted):
        digest.add(table)
        rows = labelling.rows(table)
        left_out = table.rows - len(rows)
        for batch in batches_of(table, inputs, dtype, target.outputs, rows):
            encoded = target.encode(table, batch.rows)
            wide = () if target.task != "regression" else _beyond(target, encoded, batch, dtype)
            faults = (*encoded.faults, *wide, *batch.faults)
            require_none((fault.among(batch.rows) for fault in faults), table)
            own = None if weight is None else sample_weights(table, weight, batch.rows)
            yield LabelledBatch(batch, encoded.y, own, left_out)
            left_out = 0


def _beyond(target: TargetEncoder, encoded: EncodedTarget, batch: Batch, dtype: str) -> Iterator[Fault]:
    return ScaledTargets(batch.table, batch.rows, target.columns, encoded.y).beyond(dtype)


def _tables(reader: Reader, wanted: Wanted, rows: slice | None = None) -> Iterator[Table]:
    reader.header.require(wanted.names)
    yield from reader.tables(wanted) if rows is None else tables_between(reader, wanted, rows)


def batches_of(
    table: Table, inputs: InputEncoder, dtype: str, outputs: int = 1, chosen: Indices | None = None
) -> Iterator[Batch]:
    """The rows of a table, or some, so many at a time that neither inputs nor outputs of a network are many.

    No rows are one empty batch.
    """
    size = max(1, min(BATCH_ENTRIES // inputs.width, ANSWERS // outputs))
    count = table.rows if chosen is None else len(chosen)
    for start in range(0, max(1, count), size):
        stop = min(start + size, count)
        rows = np.arange(start, stop) if chosen is None else chosen[start:stop]
        encoded = inputs.encode(table, rows, inputs.zeros(len(rows), dtype))
        yield Batch(table, rows, encoded.x, encoded.faults, encoded.unseen)
