"""Arrays as a table, which is prepared for training like the table of a file.

Weights count as repetitions: whatever is fitted here is what the same rows, each as often as its weight says,
would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.config.spec import FeatureSpec, Spec
from mlpcli.data.dataset import fit_rows, parts_of
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import RowsOf
from mlpcli.data.gathering import Gathered, cut_into_folds, nothing_observed
from mlpcli.data.labels import Fitted
from mlpcli.data.part_sizes import TO_TRAIN
from mlpcli.data.roles import Roles
from mlpcli.data.row_origins import NO_ORIGINS
from mlpcli.data.splits import choose_rows
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import Outcome, decide_loss, decide_output_activation
from mlpcli.data.weights import fit_weighting
from mlpcli.errors import DataError, Place, Problem
from mlpcli.sklearn.mixed_rows import MixedRows, columns_of_texts
from mlpcli.sklearn.typed import check_sample_weight
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.matrix_columns import AnyMatrix, MatrixColumns, name_of
from mlpcli.tables.owners import MatrixOwner
from mlpcli.tables.table import NUMBERED, Table

SOURCE = "X"
WEIGHT = "sample_weight"
OF_TEXTS = FeatureSpec.model_validate({"encode": "one_hot", "missing": "category"})
EACH = "x"  # what stands in settings for every column that these do not name


@dataclass(frozen=True, eq=False)
class Given:
    """Rows to learn from: features (n, d), targets (n, k), the weights of the rows, all above 0.

    Targets are numbers, labels 0 or 1, or in a column the index of each row's class. `classes` are values as
    Python has them, those of labels 0 and 1. `merged` where a row may stand for several, in another order;
    `partial` where there are other rows besides, and a class may have none here.
    """

    task: str
    x: AnyMatrix
    y: Matrix
    weights: Vector
    classes: tuple[Any, ...] = ()
    merged: bool = False
    partial: bool = False

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
        numbers, texts = {WEIGHT: [NumberColumn(self.weights)]}, dict(columns_of_texts(self.x))
        for name, y in zip(self.targets, self.y.T, strict=True):
            if self.task == "regression":
                numbers[name] = [NumberColumn(y)]
            else:
                texts[name] = TextColumn(y.astype(np.intp), self.words, ordered=True)
        lines = None if self.merged else NUMBERED
        rows = Table(SOURCE, len(self.y), lines, Notation(), texts=texts)
        return MatrixOwner(rows, MatrixColumns(self.x, numbers, hidden=[*_levels(self.x)]))


def table_of_array(x: AnyMatrix) -> Table:
    """The columns of an array as a table."""
    columns, texts = MatrixColumns(x, hidden=[*_levels(x)]), dict(columns_of_texts(x))
    return Table(SOURCE, x.shape[0], NUMBERED, Notation(), columns, texts)


def _levels(x: AnyMatrix) -> Mapping[int, tuple[str, ...]]:
    return x.levels if isinstance(x, MixedRows) else {}


@dataclass(frozen=True, eq=False)
class Known:
    """What an earlier fit has found out about other rows, by which these are encoded too."""

    inputs: InputEncoder
    target: TargetEncoder


def gather_arrays(spec: Spec, given: Given, known: Known | None = None) -> Gathered:
    """The data of a training before it is encoded: what `mlp train` makes of a file with these numbers in it.

    Columns have the encodings that the settings name, or the one that stands for all of them; nothing is
    fitted of what is `known`, and there need not be rows of every class then.
    """
    roles, owner = _roles(spec, given), given.owner()
    # without rows held out, a single one will do: it may stand for many equal ones
    splits = choose_rows(spec, roles, given.task, owner.table, TO_TRAIN if spec.validates else 1)
    cut = cut_into_folds(spec, given.task, owner.table, splits.train)
    parts, repetitions = parts_of(owner, splits), given.repetitions
    own = None if repetitions is None else repetitions[splits.train]
    if known is None:
        if not given.partial:
            _require_classes(given, splits.train)
        fitted = fit_rows(spec, roles, given.task, parts[0], own)
    else:
        fitted = _fitted_before(spec, known, parts[0], own)
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


def _fitted_before(spec: Spec, known: Known, train: RowsOf, repetitions: Vector | None) -> Fitted:
    """Everything that is fitted, of which only the weights of classes are those of these rows."""
    target = known.target
    loss = decide_loss(spec, target.task, len(target.classes))
    outcome = Outcome(target, loss, decide_output_activation(spec, loss))
    weighting = fit_weighting(spec, target, train.owner.table, train.rows, repetitions)
    return Fitted(known.inputs, outcome, weighting, ())


def _roles(spec: Spec, given: Given) -> Roles:
    """What the columns are for; where one encoding is named it is that of each."""
    assert spec.data.features is not None, "estimators name an encoding"
    features = dict(spec.data.features)
    if EACH in features:
        features = dict.fromkeys(map(name_of, range(given.x.shape[1])), features[EACH])
    features |= {name: OF_TEXTS for name, _ in columns_of_texts(given.x)}
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


def weighted_rows(X: AnyMatrix, y: Array, sample_weight: object) -> tuple[AnyMatrix, Array, Vector]:
    """The rows that count, and their weights: a weight of 0 is as good as no row."""
    weights = check_sample_weight(sample_weight, y, dtype=np.float64)
    if (weights < 0).any():
        raise ValueError("expected weights of at least 0, found negative values in sample_weight")
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()):
            raise ValueError("the sum of sample_weight is more than a number can hold")
    counts = weights > 0
    if not counts.any():
        raise ValueError("the weights of all rows are zero")
    if counts.all():
        return X, y, weights
    return X[counts], y[counts], weights[counts]
