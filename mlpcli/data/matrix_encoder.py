"""Columns of numbers of a matrix, encoded all at once: row after row, and not column after column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.data.feature import Feature
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.scaling import NOTHING, SCALINGS, smooth_clip
from mlpcli.tables.matrix_columns import MatrixColumns, number_of_name

BLOCK: Final = 1 << 16  # numbers in float64 that are worked on together: they stay in a processor's cache


@dataclass(frozen=True, eq=False)
class MatrixEncoder:
    """Features of numbers as arrays (inputs,): each is g((f(x) − center) / scale) of the column of its name.

    `logs` are those of which f is log(1 + x), `clipped` those of which g is `smooth_clip`, `nothing` those
    that are 0 whatever their number. `places` are where the columns are in a matrix without names.
    """

    names: tuple[str, ...]
    places: Indices | slice
    centers: Vector
    scales: Vector
    logs: Array
    clipped: Array
    nothing: Array

    def write(self, columns: MatrixColumns, rows: Indices | None, out: Matrix) -> bool:
        """Write some rows, all for None, into `out` (rows, inputs); whether every number is finite there.

        Where one is not, something is missing or too large, and what is written is of no use.
        """
        places = as_slice(columns.places(self.names)) if columns.is_named else self.places
        step = max(1, BLOCK // len(self.names))
        for start in range(0, len(out), step):
            block = slice(start, min(start + step, len(out)))
            with np.errstate(all="ignore"):
                x = columns.rows(block if rows is None else rows[block])
                out[block] = self._encoded(x[:, places])
            if not np.isfinite(out[block]).all():
                return False
        return True

    def _encoded(self, x: Matrix) -> Matrix:
        if self.logs.any():
            x = np.where(self.logs, np.log1p(x), x)
        x = x - self.centers
        np.divide(x, self.scales, x)
        if self.clipped.any():
            x[:, self.clipped] = smooth_clip(x[:, self.clipped], 1.0)
            x[:, self.nothing] = np.where(np.isnan(x[:, self.nothing]), np.nan, 0.0)
        return x


def as_slice(places: Sequence[int]) -> Indices | slice:
    """The places, as a slice where they are the first in order: what is cut out so is no copy."""
    return slice(len(places)) if list(places) == list(range(len(places))) else np.array(places)


def matrix_encoder(features: Sequence[Feature]) -> MatrixEncoder | None:
    """The encoder of features that are all scaled columns of a matrix; None where one is something else."""
    scaled = [feature for feature in features if isinstance(feature, NumberFeature) and not feature.curve]
    if not scaled or len(scaled) < len(features):
        return None
    clips = [SCALINGS[one.encode].after is not None if one.encode in SCALINGS else False for one in scaled]
    clipped, scales = np.array(clips), np.array([feature.scale for feature in scaled])
    return MatrixEncoder(
        tuple(feature.name for feature in scaled),
        as_slice([number_of_name(feature.name) or 0 for feature in scaled]),
        np.array([feature.center for feature in scaled]),
        scales,
        np.array([feature.encode == "log1p" for feature in scaled]),
        clipped,
        clipped & (scales == NOTHING),
    )
