"""Arrays as training takes its data: encoded inputs, targets as the loss sees them, weights.

Weights count as repetitions: whatever is fitted here is what the same rows, each as often as its weight says,
would give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.config.load import Config
from mlpcli.config.spec import LossSpec, ScaleSpec
from mlpcli.data.columns import NumberColumn, TextColumn
from mlpcli.data.dataset import Prepared
from mlpcli.data.encoders import InputEncoder
from mlpcli.data.encoding import HEAD, Dataset
from mlpcli.data.faults import require_none
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.split import split_by_fraction, split_sizes, too_few_rows
from mlpcli.data.structure import Lines
from mlpcli.data.table import CsvFormat, Table
from mlpcli.data.target import TargetEncoder, class_target
from mlpcli.data.task import decide_loss, decide_output_activation, decide_scale
from mlpcli.data.weights import fit_weighting
from mlpcli.errors import DataError, Place, Problem
from mlpcli.run.limits import dtype_of
from mlpcli.sklearn.weighted import Scaling, scaling_of

SOURCE = "X"
WEIGHT = "sample_weight"
ROWS = Lines((0,), (0,), word="row")


@dataclass(frozen=True, eq=False)
class Given:
    """Rows to learn from: features (n, d), targets (n, k), the weights of the rows, all above 0.

    Targets are numbers, labels 0 or 1, or in a column the index of each row's class. `classes` are values as
    Python has them, those of labels 0 and 1.
    """

    task: str
    x: Matrix
    y: Matrix
    weights: Vector
    classes: tuple[Any, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The classes as texts."""
        return tuple(map(str, self.classes))

    @property
    def targets(self) -> tuple[str, ...]:
        """What the targets are called in messages."""
        return tuple(f"y{index}" for index in range(self.y.shape[1]))

    @property
    def weighted(self) -> bool:
        """Whether the rows count differently."""
        return bool((self.weights != 1.0).any())

    def table(self) -> Table:
        """The features, the weights and the classes as columns."""
        table = table_of_array(self.x)
        table.numbers[WEIGHT] = [NumberColumn(self.weights)]
        if self.task == "classification":
            table.texts[self.targets[0]] = TextColumn(self.y[:, 0].astype(np.intp), self.words)
        return table


def table_of_array(x: Matrix) -> Table:
    """The columns of an array, called x0, x1, ..."""
    numbers = {f"x{index}": [NumberColumn(column)] for index, column in enumerate(x.T)}
    return Table(SOURCE, len(x), ROWS, CsvFormat(), numbers)


def encoded(inputs: InputEncoder, table: Table, dtype: str, rows: Indices | None = None) -> Matrix:
    """The inputs of the network in its precision; raises DataError for numbers that cannot be scaled."""
    found = inputs.encode(table, rows, inputs.zeros(table.rows if rows is None else len(rows), dtype))
    require_none(found.faults, table)
    return found.x


def prepare_arrays(config: Config, given: Given, encode: str) -> Prepared:
    """The data of a training: what `mlp train` makes of a file with these numbers in it."""
    loss = decide_loss(config, given.task, len(given.classes))
    _require_counts(given, loss)
    output = decide_output_activation(config, loss)
    scale = decide_scale(config, given.task, loss, output)
    table = given.table()
    train, validation = _split(config, given)
    _require_classes(given, train)
    own = given.weights[train] if given.weighted else None
    inputs = _fit_inputs(given.x[train], encode, own)
    target = _fit_target(given, loss, _target_scales(given.y[train], scale, own))
    weighting = fit_weighting(_balanced(config, given, train), target, table, train)

    def dataset(rows: Indices) -> Dataset:
        y = _as_the_loss_sees(given.y[rows], target)
        weights = weighting.of(table, rows), weighting.own(table, rows)
        return Dataset(encoded(inputs, table, dtype_of(config), rows), y, *weights)

    held_out = dataset(validation) if len(validation) else None
    rows = dataset(train)
    return Prepared(given.task, loss, output, inputs, target, rows, held_out, None, rows.x[:HEAD], (), "")


def _split(config: Config, given: Given) -> tuple[Indices, Indices]:
    """The rows that train and those that validate. DataError where there are none left to train."""
    share = config.spec.data.validation
    rows = np.arange(len(given.x))
    sizes = split_sizes(len(rows), share if isinstance(share, float) else 0.0, 0.0)
    if share is not None and len(rows) - sum(sizes) < 2:
        raise DataError(Problem(too_few_rows(len(rows), *sizes), Place(SOURCE)))
    classes = given.y[:, 0].astype(np.intp) if given.task == "classification" else None
    parts = split_by_fraction(rows, sizes, classes, config.spec.seed)
    return parts.train, parts.validation


def _require_classes(given: Given, train: Indices) -> None:
    """Every class needs rows that train: DataError for one that was held out."""
    if given.task != "classification":
        return
    there = set(given.y[train, 0].astype(np.intp).tolist())
    for index, name in enumerate(given.classes):
        if index not in there:
            message = f"validation holds out every row of the class {name!r}"
            raise DataError(Problem(message, Place("y"), "give it more rows, or hold out fewer"))


def _balanced(config: Config, given: Given, train: Indices) -> Config:
    """The config with the weights that `balanced` means: rows that train count, by their weights."""
    if config.spec.class_weight != "balanced":
        return config
    sums = np.bincount(given.y[train, 0].astype(np.intp), given.weights[train])
    weights = dict(zip(given.words, (sums.sum() / (len(sums) * sums)).tolist(), strict=True))
    return replace(config, spec=config.spec.model_copy(update={"class_weight": weights}))


def _require_counts(given: Given, loss: LossSpec) -> None:
    """Counts are at least 0. Rows may have been merged: their numbers would mean nothing to who gave them."""
    if loss.counts and given.y.min() < 0:
        message = f"expected counts of at least 0 for {loss.name}, found {given.y.min():g}"
        raise DataError(Problem(message, Place("y")))


def scaled_columns(values: Matrix, scaling: Scaling) -> list[tuple[float, float]]:
    """(center, scale) of each column."""
    return [scaling(np.ascontiguousarray(column)) for column in values.T]


def _fit_inputs(x: Matrix, encode: str, weights: Vector | None) -> InputEncoder:
    fitted = scaled_columns(x, scaling_of(encode, weights))
    features = (
        NumberFeature(name=f"x{index}", encode=encode, missing="error", center=center, scale=scale, fill=None)
        for index, (center, scale) in enumerate(fitted)
    )
    return InputEncoder(tuple(features))


def _target_scales(y: Matrix, scale: ScaleSpec, weights: Vector | None) -> list[tuple[float, float]]:
    """(center, scale) of each target."""
    if scale.name == "divide":
        return [(0.0, scale.number or 1.0)] * y.shape[1]
    return scaled_columns(y, scaling_of(scale.name, weights))


def _fit_target(given: Given, loss: LossSpec, scales: list[tuple[float, float]]) -> TargetEncoder:
    if given.task == "classification":
        return class_target(given.targets[0], given.words, loss.name)
    center, scale = np.array(scales, dtype=np.float64).T.copy()
    return TargetEncoder(given.task, given.targets, given.words, len(center), center, scale)


def _as_the_loss_sees(y: Matrix, target: TargetEncoder) -> Array:
    """Scaled numbers, or a one for the class of each row."""
    if target.task != "classification" or target.outputs == 1:
        return np.asarray((y - target.center) / target.scale)
    return np.eye(target.outputs)[y[:, 0].astype(np.intp)]
