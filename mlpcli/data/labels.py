"""The targets of every part as the loss sees them, the weights of its rows, and those that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import RowsOf
from mlpcli.data.target_range import ScaledTargets
from mlpcli.data.task import Outcome
from mlpcli.data.weights import Weighting
from mlpcli.storage.rows import Rows
from mlpcli.tables.bad_cells import Fault
from mlpcli.tables.table import Wanted


@dataclass(frozen=True)
class Dataset:
    """Encoded rows: inputs, targets as the loss sees them, weights in the loss and those of `data.weight`."""

    x: Rows
    y: Matrix
    weights: Vector | None
    sample_weights: Vector | None


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
class Labels:
    """The targets of a part, those that cannot be used, and the weights of its rows where all can."""

    y: Matrix
    faults: Sequence[Fault]
    negative: Sequence[Fault]
    weights: Vector | None = None
    sample_weights: Vector | None = None

    @property
    def usable(self) -> bool:
        """Whether all targets can be used."""
        return not self.faults and not self.negative

    def beside(self, x: Rows) -> Dataset:
        """The inputs of the same rows with them."""
        return Dataset(x, self.y, self.weights, self.sample_weights)


def labels_of(parts: Sequence[RowsOf], fitted: Fitted, dtype: str) -> dict[str, Labels]:
    """Those of each part, down to the first with targets that cannot be used: the others are not told of."""
    labels: dict[str, Labels] = {}
    for part in parts:
        labels[part.name] = _part_labels(part, fitted, dtype)
        if not labels[part.name].usable:
            break
    return labels


def _part_labels(part: RowsOf, fitted: Fitted, dtype: str) -> Labels:
    table, rows, weighting = part.owner.table, part.rows, fitted.weighting
    encoded = fitted.outcome.target.encode(table, rows)
    faults = [fault.among(rows) for fault in encoded.faults]
    if not faults and fitted.outcome.target.task == "regression":
        scaled = ScaledTargets(table, rows, fitted.outcome.target.columns, encoded.y)
        faults = [fault.among(rows) for fault in _out_of_range(scaled, part, fitted, dtype)]
    negative = [fault.among(rows) for fault in _negative(fitted.outcome, encoded.y)]
    labels = Labels(encoded.y, faults, negative)
    if not labels.usable:
        return labels
    weights, own = weighting.of(table, rows), weighting.own(table, rows)
    return replace(labels, weights=weights, sample_weights=own)


def _out_of_range(scaled: ScaledTargets, part: RowsOf, fitted: Fitted, dtype: str) -> list[Fault]:
    """Targets that the network cannot be trained on, or judged by."""
    found = list(scaled.beyond(dtype))
    if part.name == "train" and not found:
        found += scaled.below(dtype)
        found += scaled.beyond_squares(dtype) if fitted.outcome.loss.squares else ()
    return found


def _negative(outcome: Outcome, y: Matrix) -> Iterator[Fault]:
    """Where targets are counts, those below 0 have no likelihood."""
    if not outcome.loss.counts:
        return
    for name, column in zip(outcome.target.columns, y.T, strict=True):
        rows = np.flatnonzero(column < 0)
        if len(rows):
            message = f"expected a count of at least 0 for {outcome.loss.name}, found a negative number"
            yield Fault(name, message, rows)
