"""Features next to each other, written into the matrix of inputs at once: faster than one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.data.feature import Feature, Found
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.piecewise_feature import PiecewiseFeature
from mlpcli.tables.bad_cells import Fault, Unseen
from mlpcli.tables.table import Table

GROUP = 64
WIDE = 8  # inputs of one feature that go to their rows at once
SHORT = 1 << 16  # rows of a table that may be there once more


class Group(NamedTuple):
    """Features next to each other, what writes them at once, and how many inputs they are."""

    write: Callable[..., Found]
    features: tuple[Feature, ...]
    width: int


def _write_wide(features: Sequence[Feature], table: Table, rows: Indices | None, out: Matrix) -> Found:
    """Write one feature into its inputs as they are: most of them stay zeros."""
    return features[0].write(table, rows, out)


def _write_numbers(
    features: Sequence[NumberFeature], table: Table, rows: Indices | None, out: Matrix
) -> Found:
    """Write features of numbers all at once; those by themselves that lack a number or cannot use one."""
    # nearly all of some rows are taken of all columns at once, when they are rows already
    few = rows is not None and (table.rows > SHORT or 2 * len(rows) < table.rows)
    taken, placed = (rows, None) if few else (None, rows)
    columns = np.empty((len(features), len(out) if few else table.rows))
    with np.errstate(all="ignore"):
        for column, feature in zip(columns, features, strict=True):
            column[:] = feature.transformed(table.number(feature.name, taken).values)
        columns -= np.array([[feature.center] for feature in features])
        columns /= np.array([[feature.scale] for feature in features])
        for column, feature in zip(columns, features, strict=True):
            if (found := feature.after(column)) is not column:
                column[:] = found
        if placed is None:
            np.copyto(out, columns.T, casting="same_kind")
        else:
            out[:] = columns.T.astype(out.dtype, order="C")[placed]
        faults: list[Fault] = []
        # no number is beyond a precision that has room for the extremes; what is missing is passed on by both
        extremes = np.stack([reach.reduce(columns, 1, initial=0.0) for reach in (np.minimum, np.maximum)])
        for index in np.flatnonzero(~np.isfinite(extremes.astype(out.dtype)).all(axis=0)).tolist():
            alone = np.zeros((len(out), 1), out.dtype)
            faults += features[index].write(table, rows, alone)[0]
            out[:, index] = alone[:, 0]
    return faults, []


def _write_group(features: Sequence[Feature], table: Table, rows: Indices | None, out: Matrix) -> Found:
    """Write features column by column into columns, then all of them into rows.

    That is much faster than cell by cell.
    """
    columns = np.zeros(out.shape, order="F")
    faults: list[Fault] = []
    unseen: list[Unseen] = []
    end = 0
    for feature in features:
        start, end = end, end + len(feature.input_names)
        found, new = feature.write(table, rows, columns[:, start:end])
        faults += found
        unseen += new
    with np.errstate(over="ignore"):
        out[:] = columns
    return faults, unseen


def groups_of(features: Sequence[Feature]) -> Iterator[Group]:
    """The features in order, in groups of about GROUP inputs; wide ones alone, and numbers by themselves."""
    kinds: list[tuple[Callable[..., Found], list[Feature]]] = []
    width = 0
    for feature in features:
        write = _writer(feature)
        width += len(feature.input_names)
        if not kinds or write is not kinds[-1][0] or write is _write_wide or width > GROUP:
            kinds.append((write, []))
            width = len(feature.input_names)
        kinds[-1][1].append(feature)
    for write, group in kinds:
        yield Group(write, tuple(group), sum(len(feature.input_names) for feature in group))


def _writer(feature: Feature) -> Callable[..., Found]:
    """What writes a feature, and others like it with it."""
    if isinstance(feature, NumberFeature):
        return _write_numbers
    alone = isinstance(feature, PiecewiseFeature) or len(feature.input_names) >= WIDE
    return _write_wide if alone else _write_group
