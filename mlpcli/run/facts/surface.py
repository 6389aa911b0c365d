"""What the networks compute where one or two numbers go in: a curve, or a surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.training_files import format_of
from mlpcli.nn.network import Network
from mlpcli.report.network_parts import Axis, ClassSurface, FittedCurve, Line, NumberSurface, Rows
from mlpcli.rng import stream
from mlpcli.run.calibrating import reads
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.shortened import capped, drawn, name
from mlpcli.run.facts.source_rows import SourceRows
from mlpcli.run.member import TrainedMember
from mlpcli.tables.columns import NumberColumn
from mlpcli.tables.table import Table
from mlpcli.training.combined import combined

Surface: TypeAlias = FittedCurve | ClassSurface | NumberSurface

PLACES, SIDE = 101, 41  # at which the networks are asked, along a curve and along each side of a surface
MARGIN = 0.05  # of the range of the training rows, on both sides
MOST_ROWS, MOST_LINES = 300, 6


def surface_of(case: Case, source: SourceRows | None) -> Surface | None:
    """The curve or surface; None where other columns go in, or more, or the cells could not be read."""
    features = case.whole.prepared.inputs.features
    if source is None or len(features) > 2 or not all(isinstance(one, NumberFeature) for one in features):
        return None
    columns = [feature.name for feature in features]
    known = [source.numbers(case.rows, column) for column in columns]
    axes = [_axis(case, source, column, PLACES if len(columns) == 1 else SIDE) for column in columns]
    if any(one is None for one in axes):
        return None
    drawable = [one for one in axes if one is not None]
    rows = np.flatnonzero(np.isfinite(known).all(axis=0))
    rows = _some(rows)
    if len(columns) == 1:
        return _curve(case, drawable[0], known[0][rows], rows)
    return _surface(case, drawable, [column[rows] for column in known], rows)


def _axis(case: Case, source: SourceRows, column: str, count: int) -> Axis | None:
    """The range of the training rows and a little more; None where they have one value."""
    (file,) = (one for one in case.whole.prepared.origins.files if one.key == "train")
    values = source.numbers([(file, source.train)], column)
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low)
    if not 0 < room < np.inf:
        return None
    places = np.linspace(low - room, high + room, count)
    return Axis(column=name(column), places=drawn(places), low=low, high=high)


def _some(rows: Indices) -> Indices:
    """As many rows as can be told apart in a picture."""
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(stream(0, "drawn rows").choice(rows, MOST_ROWS, replace=False))


def _asked(case: Case, places: Sequence[Vector]) -> Matrix:
    """What the networks that are kept say (n, outputs) where the columns have these values (n,)."""
    kept = reads(case.done.kept.study, case.results.calibrated)
    names = [feature.name for feature in case.whole.prepared.inputs.features]
    numbers = {column: [NumberColumn(values)] for column, values in zip(names, places, strict=True)}
    notation = format_of(case.whole.config.spec.data).notation
    table = Table("", len(places[0]), None, notation, numbers)
    said = [_speaker(case, member)(table) for member in case.done.kept.members]
    if kept.is_single:
        return said[0]
    return combined(said, [member.scores.decoder for member in case.done.kept.members], kept.whole.decoder)


def _speaker(case: Case, member: TrainedMember) -> Callable[[Table], Matrix]:
    """One of the networks, with the encoding that it was trained with."""
    shape = case.done.kept.study.whole.network
    network = Network(shape.architecture, shape.loss, dtype=shape.dtype)
    network.load(member.arrays)
    inputs = InputEncoder.from_meta(member.document["features"], member.arrays)
    return lambda table: network.scores(
        inputs.encode(table, None, inputs.zeros(table.rows, shape.dtype.name)).x
    )


def _curve(case: Case, axis: Axis, x: Vector, rows: Indices) -> FittedCurve | None:
    decoder = case.readers(case.judge).decoder
    scores = _asked(case, [np.array(axis.places)])
    names, truth = [name(one) for one in case.classes], case.predictions.truth
    classes = case.predictions.task == "classification"
    if decoder.probabilistic:
        lines: Array = decoder.probability_of_each(scores)
        if len(names) == 2 and classes:
            positive = decoder.target.positive
            lines, names, truth = lines[:, [positive]], [names[positive]], truth == positive
        elif classes:
            truth = truth == 0
    elif case.predictions.task == "regression":
        lines, names = decoder.predicted(scores), [name(one) for one in decoder.target.columns]
    else:
        return None
    if not np.isfinite(lines).all():
        return None
    y = truth[rows] if truth.ndim == 1 else truth[rows, 0]
    said = [Line(name=one, y=drawn(values)) for one, values in zip(names, lines.T, strict=True)]
    beside = Rows(total=case.predictions.rows, x=drawn(x), y=drawn(y))
    return FittedCurve(kind="curve", axis=axis, lines=capped(said, MOST_LINES), rows=beside)


def _surface(case: Case, axes: Sequence[Axis], known: Sequence[Vector], rows: Indices) -> Surface | None:
    decoder, task = case.readers(case.judge).decoder, case.predictions.task
    x, y = (np.array(axis.places) for axis in axes)
    grid = [corner.ravel() for corner in np.meshgrid(x, y)]
    said = decoder.predicted(_asked(case, grid))
    beside = Rows(total=case.predictions.rows, x=drawn(known[0]), y=drawn(known[1]))
    if task == "classification":
        beside = beside.model_copy(update={"classes": tuple(case.predictions.truth[rows].tolist())})
        return ClassSurface(
            kind="classes",
            x=axes[0],
            y=axes[1],
            classes=capped([name(one) for one in case.classes], len(case.classes)),
            cells=tuple(map(tuple, said.reshape(len(y), len(x)).tolist())),
            rows=beside,
        )
    if task != "regression" or not np.isfinite(said).all():
        return None
    return NumberSurface(
        kind="numbers",
        x=axes[0],
        y=axes[1],
        target=name(decoder.target.columns[0]),
        cells=tuple(drawn(line) for line in said[:, 0].reshape(len(y), len(x))),
        rows=beside,
    )
