"""Encodes the parts of the data, some rows at a time, and lets go of what has been encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.data.encoders import Encoded, InputEncoder
from mlpcli.data.faults import Fault, Unseen, join_unseen, require_none
from mlpcli.data.outcome import Outcome
from mlpcli.data.table import Table, Wanted
from mlpcli.data.weights import Weighting
from mlpcli.parallel.ordered_map import in_order

SPAN = 1 << 16  # rows encoded at a time
HEAD = 16  # rows; no fewer than a model file carries


@dataclass(frozen=True)
class Dataset:
    """Encoded rows: inputs, targets as the loss sees them, weights in the loss and those of `data.weight`."""

    x: Matrix
    y: Matrix
    weights: Vector | None
    sample_weights: Vector | None


@dataclass(frozen=True)
class RowsOf:
    """A part of the data: some rows of one of the files, ascending."""

    name: str
    table: Table
    rows: Indices


@dataclass(frozen=True)
class Fitted:
    """What the training rows decided."""

    inputs: InputEncoder
    outcome: Outcome
    weighting: Weighting
    notes: tuple[str, ...]

    @property
    def wanted(self) -> Wanted:
        """The columns that a file of other rows must have."""
        weight = () if self.weighting.column is None else (self.weighting.column,)
        return self.inputs.wanted + self.outcome.target.wanted + Wanted(numbers=weight)


@dataclass(frozen=True)
class EncodedParts:
    """The parts by name, notes about them, and the inputs of the first training rows in float64."""

    datasets: dict[str, Dataset]
    notes: tuple[str, ...]
    head: Matrix


def encode_parts(parts: Sequence[RowsOf], fitted: Fitted, dtype: str) -> EncodedParts:
    """The parts, training first, with inputs in `dtype`. DataError naming the cells that cannot be used.

    The columns of numbers in their tables are used up: never are all cells there twice.
    """
    target, weighting = fitted.outcome.target, fitted.weighting
    datasets: dict[str, Dataset] = {}
    for part in parts:
        encoded = target.encode(part.table, part.rows)
        if encoded.faults or list(_negative(fitted.outcome, encoded.y)):
            _refuse(parts, fitted, dtype)
        weights = weighting.of(part.table, part.rows), weighting.own(part.table, part.rows)
        x = fitted.inputs.zeros(len(part.rows), dtype)
        datasets[part.name] = Dataset(x, encoded.y, *weights)
    head = np.empty((min(HEAD, len(parts[0].rows)), fitted.inputs.width))
    unseen: dict[str, dict[str, Unseen]] = {part.name: {} for part in parts}

    def inputs_of(span: _Span) -> tuple[_Span, Encoded]:
        x = datasets[span.part.name].x[span.first : span.last]
        return span, fitted.inputs.encode(span.table, span.rows, x)

    for span, found in in_order(inputs_of, _spans(parts)):
        part, rows = span.part, span.rows
        if found.faults or (found.unseen and part.name == "train"):
            _refuse([span.up_to(other) for other in parts if other.table is part.table], fitted, dtype)
        if part.name == "train" and span.first < HEAD:
            head[span.first : span.last] = fitted.inputs.encode(span.table, rows[: HEAD - span.first]).x
        _add(unseen[part.name], found.unseen)
        part.table.forget_from(span.stop)
    return EncodedParts(datasets, tuple(_notes(unseen, fitted.inputs)), head)


@dataclass(frozen=True)
class _Span:
    """Rows of a part in one span of its table: from `first` to `last` of the part's, `rows` of `table`'s."""

    part: RowsOf
    first: int
    last: int
    table: Table
    rows: Indices
    stop: int  # in the part's table

    def up_to(self, part: RowsOf) -> RowsOf:
        """The rows of a part of the same table down to the end of this span."""
        return replace(part, rows=part.rows[part.rows < self.stop])


def _spans(parts: Sequence[RowsOf]) -> Iterator[_Span]:
    """All rows of the parts, from the end of each table up: what is below a span is not needed again."""
    tables = {id(part.table): part.table for part in parts}
    for table in tables.values():
        for start, stop in reversed(table.spans(SPAN)):
            piece = table.between(start, stop)
            for part in parts:
                if part.table is table:
                    first, last = np.searchsorted(part.rows, [start, stop]).tolist()
                    if first < last:
                        yield _Span(part, first, last, piece, part.rows[first:last] - start, stop)


def _refuse(parts: Iterable[RowsOf], fitted: Fitted, dtype: str) -> None:
    """Raise DataError for the cells that cannot be used: those of the first part that has some."""
    for part in parts:
        x = fitted.inputs.zeros(len(part.rows), dtype)
        inputs = fitted.inputs.encode(part.table, part.rows, x)
        target = fitted.outcome.target.encode(part.table, part.rows)
        faults = [*target.faults, *inputs.faults, *_negative(fitted.outcome, target.y)]
        if part.name == "train":
            faults += [_unlisted(unseen) for unseen in inputs.unseen]
        require_none((fault.among(part.rows) for fault in faults), part.table)


def _unlisted(unseen: Unseen) -> Fault:
    """Training rows lack no category of their own, so this is one that a given list leaves out."""
    message = f"the category '{unseen.examples[0]}' is not in the list given for it"
    return Fault(unseen.column, message, unseen.rows, "add it to `categories`")


def _negative(outcome: Outcome, y: Matrix) -> Iterator[Fault]:
    """Where targets are counts, those below 0 have no likelihood."""
    if not outcome.loss.counts:
        return
    for name, column in zip(outcome.target.columns, y.T, strict=True):
        rows = np.flatnonzero(column < 0)
        if len(rows):
            message = f"expected a count of at least 0 for {outcome.loss.name}, found a negative number"
            yield Fault(name, message, rows)


def _add(known: dict[str, Unseen], above: Iterable[Unseen]) -> None:
    """Take up the unseen categories of rows above those known so far."""
    for unseen in above:
        later = known.get(unseen.column)
        known[unseen.column] = unseen if later is None else join_unseen(unseen, later)


def _notes(unseen: dict[str, dict[str, Unseen]], inputs: InputEncoder) -> Iterator[str]:
    for part, found in unseen.items():
        for feature in inputs.features:
            if feature.name in found:
                yield found.pop(feature.name).note(f"in the {part} rows")
