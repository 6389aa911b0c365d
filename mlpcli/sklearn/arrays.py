"""Arrays as a table, which is prepared for training like the table of a file.

Weights count as repetitions: whatever is fitted here is what the same rows, each as often as its weight says,
would give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.config.spec import Spec
from mlpcli.data.dataset import fit_rows, parts_of
from mlpcli.data.gathering import Gathered, cut_into_folds
from mlpcli.data.part_sizes import TO_TRAIN
from mlpcli.data.roles import Roles
from mlpcli.data.row_origins import NO_ORIGINS
from mlpcli.data.splits import choose_rows
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.owners import TableOwner
from mlpcli.tables.table import NUMBERED, Table


def merge_equal_rows(given: Given) -> Given:
    """The rows that are different, sorted, with the sums of their weights.

    Rows of weight 1 that are all different stay as they are.
    """
    rows = np.ascontiguousarray(np.hstack([given.x, given.y]))
    as_bytes = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    if len(first) == len(rows) and given.repetitions is None:
        return given
    # each sum in an order that does not depend on that of the rows, or its rounding would
    order = np.lexsort([given.weights, inverse])
    summed = np.bincount(inverse[order], given.weights[order])
    weights = summed.astype(np.float64)
    return replace(given, x=given.x[first], y=given.y[first], weights=weights, merged=True)


SOURCE = "X"
WEIGHT = "sample_weight"
EACH = "x"  # what stands in settings for every column that these do not name


@dataclass(frozen=True, eq=False)
class Given:
    """Rows to learn from: features (n, d), targets (n, k), the weights of the rows, all above 0.

    Targets are numbers, labels 0 or 1, or in a column the index of each row's class. `classes` are values as
    Python has them, those of labels 0 and 1. `merged` where a row may stand for several, in another order.
    """

    task: str
    x: Matrix
    y: Matrix
    weights: Vector
    classes: tuple[Any, ...] = ()
    merged: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The classes as texts."""
        return tuple(map(str, self.classes))

    @property
    def targets(self) -> tuple[str, ...]:
        """What the targets are called in messages."""
        return tuple(f"y{index}" for index in range(self.y.shape[1]))

    @property
    def repetitions(self) -> Vector | None:
        """How often each row counts; None where all of them count once."""
        return self.weights if (self.weights != 1.0).any() else None

    def table(self) -> Table:
        """The features, the weights and the targets as columns; classes are known, and in their order."""
        numbers = features_of(self.x) | {WEIGHT: [NumberColumn(self.weights)]}
        texts = {}
        for name, y in zip(self.targets, self.y.T, strict=True):
            if self.task == "regression":
                numbers[name] = [NumberColumn(y)]
            else:
                texts[name] = TextColumn(y.astype(np.intp), self.words, ordered=True)
        lines = None if self.merged else NUMBERED
        return Table(SOURCE, len(self.x), lines, Notation(), numbers, texts)


def features_of(x: Matrix) -> dict[str, list[NumberColumn]]:
    """The columns of an array, called x0, x1, ..."""
    return {f"x{index}": [NumberColumn(column)] for index, column in enumerate(x.T)}


def table_of_array(x: Matrix) -> Table:
    """The columns of an array as a table."""
    return Table(SOURCE, len(x), NUMBERED, Notation(), features_of(x))


def gather_arrays(spec: Spec, given: Given) -> Gathered:
    """The data of a training before it is encoded: what `mlp train` makes of a file with these numbers in it.

    Columns have the encodings that the settings name, or the one that stands for all of them.
    """
    assert spec.data.features is not None, "estimators name an encoding"
    features = dict(spec.data.features)
    if EACH in features:
        features = dict.fromkeys(features_of(given.x), features[EACH])
    roles = Roles(features, given.targets, (WEIGHT,), ())
    owner = TableOwner(given.table())
    # without rows held out, a single one will do: it may stand for many equal ones
    splits = choose_rows(spec, roles, given.task, owner.table, TO_TRAIN if spec.validates else 1)
    _require_classes(given, splits.train)
    cut = cut_into_folds(spec, given.task, owner.table, splits.train)
    parts = parts_of(owner, splits)
    repetitions = given.repetitions
    own = None if repetitions is None else repetitions[splits.train]
    fitted = fit_rows(spec, roles, given.task, parts[0], own)
    return Gathered(spec, roles, tuple(parts), fitted, (), (), "", NO_ORIGINS, cut.folds, repetitions)


def _require_classes(given: Given, train: Indices) -> None:
    """Every class needs rows that train: DataError for one that was held out."""
    if given.task != "classification":
        return
    there = set(given.y[train, 0].astype(np.intp).tolist())
    for index, name in enumerate(given.classes):
        if index not in there:
            message = f"validation holds out every row of the class {name!r}"
            raise DataError(Problem(message, Place("y"), "give it more rows, or hold out fewer"))
