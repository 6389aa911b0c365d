"""Columns of few numbers, fitted many at a time: each is what it would be alone, in far fewer calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.scaling import SCALINGS
from mlpcli.tables.table import TrainingRows

CELLS: Final = 1 << 15  # of the columns that are fitted together
FILLED_BY_NOTHING: Final = ("error", "drop")


def runs_of(features: Mapping[str, FeatureSpec], rows: int) -> Iterator[list[str]]:
    """The features in order, those together that are next to each other and have the same spec."""
    most = max(1, CELLS // max(1, rows))
    for _, alike in groupby(features, features.__getitem__):
        names = list(alike)
        yield from (names[start : start + most] for start in range(0, len(names), most))


def fit_together(
    names: Sequence[str], spec: FeatureSpec, policy: MissingSpec, train: TrainingRows
) -> list[tuple[NumberFeature, bool]] | None:
    """The features of columns of numbers, and whether each is constant.

    None where one has to be looked at by itself: it has a missing cell, say, or is to be ranked.
    """
    table, rows, encode = train.table, train.rows, spec.encode.name if spec.encode else "standardize"
    scaling = SCALINGS.get(encode)
    if len(names) == 1 or scaling is None or not scaling.takes_columns:
        return None
    if train.repetitions is not None or spec.indicator or policy.policy not in FILLED_BY_NOTHING:
        return None
    if not all(name in table.numbers for name in names):
        return None
    columns = np.stack([table.number(name, rows).values for name in names])
    if not np.isfinite(columns).all():
        return None
    centers, scales = scaling.plain(columns)
    fitted = zip(names, centers.tolist(), scales.tolist(), strict=True)
    features = [
        NumberFeature(
            name, encode, policy.policy, center, scale, None, parse=table.notation.decorations.get(name)
        )
        for name, center, scale in fitted
    ]
    return list(zip(features, (columns.min(1) == columns.max(1)).tolist(), strict=True))
