"""Arrays as a table, which is prepared for training like the table of a file.

Weights count as repetitions: whatever is fitted here is what the same rows, each as often as its weight says,
would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.config.spec import Spec
from mlpcli.data.dataset import fit_rows, parts_of
from mlpcli.data.gathering import Gathered, cut_into_folds, nothing_observed
from mlpcli.data.part_sizes import TO_TRAIN
from mlpcli.data.roles import Roles
from mlpcli.data.row_origins import NO_ORIGINS
from mlpcli.data.splits import choose_rows
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.matrix_columns import AnyMatrix, MatrixColumns
from mlpcli.tables.owners import MatrixOwner
from mlpcli.tables.table import NUMBERED, Table

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
    x: AnyMatrix
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

    def owner(self) -> MatrixOwner:
        """A table of features, weights and targets, and who has it; classes are known, and in their order."""
        numbers, texts = {WEIGHT: [NumberColumn(self.weights)]}, {}
        for name, y in zip(self.targets, self.y.T, strict=True):
            if self.task == "regression":
                numbers[name] = [NumberColumn(y)]
            else:
                texts[name] = TextColumn(y.astype(np.intp), self.words, ordered=True)
        lines = None if self.merged else NUMBERED
        rows = Table(SOURCE, len(self.y), lines, Notation(), texts=texts)
        return MatrixOwner(rows, MatrixColumns(self.x, numbers))


def table_of_array(x: AnyMatrix) -> Table:
    """The columns of an array as a table."""
    return Table(SOURCE, x.shape[0], NUMBERED, Notation(), MatrixColumns(x))


def gather_arrays(spec: Spec, given: Given) -> Gathered:
    """The data of a training before it is encoded: what `mlp train` makes of a file with these numbers in it.

    Columns have the encodings that the settings name, or the one that stands for all of them.
    """
    roles = _roles(spec, given)
    owner = given.owner()
    # without rows held out, a single one will do: it may stand for many equal ones
    splits = choose_rows(spec, roles, given.task, owner.table, TO_TRAIN if spec.validates else 1)
    _require_classes(given, splits.train)
    cut = cut_into_folds(spec, given.task, owner.table, splits.train)
    parts = parts_of(owner, splits)
    repetitions = given.repetitions
    own = None if repetitions is None else repetitions[splits.train]
    fitted = fit_rows(spec, roles, given.task, parts[0], own)
    return Gathered(
        spec,
        roles,
        tuple(parts),
        fitted,
        (),
        (),
        {},
        NO_ORIGINS,
        cut.folds,
        repetitions,
        observe=nothing_observed,
    )


def _roles(spec: Spec, given: Given) -> Roles:
    """What the columns are for; where one encoding is named it is that of each."""
    assert spec.data.features is not None, "estimators name an encoding"
    features = dict(spec.data.features)
    if EACH in features:
        features = dict.fromkeys(MatrixColumns(given.x), features[EACH])
    return Roles(features, given.targets, (WEIGHT,), ())


def _require_classes(given: Given, train: Indices) -> None:
    """Every class needs rows that train: DataError for one that was held out."""
    if given.task != "classification":
        return
    there = set(given.y[train, 0].astype(np.intp).tolist())
    for index, name in enumerate(given.classes):
        if index not in there:
            message = f"validation holds out every row of the class {name!r}"
            raise DataError(Problem(message, Place("y"), "give it more rows, or hold out fewer"))
