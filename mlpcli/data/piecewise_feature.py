"""An input column of numbers as pieces: how far a number has come in each bin between quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.feature import Found, Numbers, Stored
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.scaling import NOTHING, WIDEST, weighted_percentiles
from mlpcli.tables.bad_cells import Fault
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, TrainingRows, Wanted

BINS = 48  # where the config does not say


@dataclass(frozen=True)
class PiecewiseFeature:
    """A fitted column: `number` says what fills its missing cells, and how its numbers are decorated.

    Bin t begins at starts[t] and is widths[t] wide; NOTHING is the width of the only bin of a constant.
    """

    number: NumberFeature
    starts: tuple[float, ...]
    widths: tuple[float, ...]
    encode: str = "piecewise_linear"

    @property
    def name(self) -> str:
        """The column."""
        return self.number.name

    @property
    def parse(self) -> ParseSpec | None:
        """How its numbers are decorated."""
        return self.number.parse

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its inputs are called: `x.bin1`, `x.bin2`, ..."""
        return tuple(f"{self.name}.bin{number}" for number in range(1, len(self.starts) + 1))

    @property
    def wanted(self) -> Wanted:
        """Its column, as numbers."""
        return self.number.wanted

    @property
    def spelling(self) -> Spelling:
        """A number has none of its own."""
        return self.number.spelling

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """What fills it, with a center and a scale that change nothing."""
        return self.number.numbers

    @classmethod
    def fit(cls, name: str, encode: EncodeSpec, policy: MissingSpec, train: TrainingRows) -> PiecewiseFeature:
        """The bins between evenly spaced quantiles of the training rows, missing cells filled.

        Of equal quantiles one is left; there are fewer bins than rows.
        """
        number = NumberFeature.fit(name, EncodeSpec(name="none"), policy, train)
        values, faults = _values(number, train.table, train.rows)
        for fault in faults:
            values[fault.rows] = np.nan
        usable = ~np.isnan(values)
        weights = None if train.repetitions is None else train.repetitions[usable]
        edges = bin_edges(values[usable], encode.bins or BINS, weights)
        if len(edges) == 1:
            return cls(number, tuple(edges.tolist()), (NOTHING,))
        with np.errstate(over="ignore"):
            widths = np.minimum(np.diff(edges), WIDEST)
        return cls(number, tuple(edges[:-1].tolist()), tuple(widths.tolist()))

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], stored: Stored) -> PiecewiseFeature:
        """The feature that `meta` described."""
        own = {key: value for key, value in entry.items() if key != "bins"}
        number = NumberFeature.from_meta({**own, "encode": "none"}, stored)
        return cls(number, *stored.bins(entry["bins"]))

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""
        return {**self.number.meta(), "encode": self.encode, "bins": len(self.starts)}

    def facts(self) -> dict[str, Any]:
        """Its fill, and where its bins begin and the last one ends."""
        fill = {key: value for key, value in self.number.facts().items() if key == "fill"}
        end = [self.starts[-1] + self.widths[-1]] if self.widths[-1] != NOTHING else []
        return {**fill, "edges": [*self.starts, *end]}

    def is_constant(self, table: Table, rows: Indices) -> bool:
        """Whether some rows hold one number, with what fills their missing cells."""
        return self.number.is_constant(table, rows)

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into `out`, (rows, bins). Rows of cells with a fault become 0."""
        values, faults = _values(self.number, table, rows)
        with np.errstate(all="ignore"):
            out[:] = self.pieces(values)
        for fault in faults:
            out[fault.rows] = 0.0
        beyond = np.flatnonzero(~np.isfinite(out).all(axis=1))
        if len(beyond):
            found = f", found {values[beyond[0]]!s}"
            faults.append(Fault(self.name, "expected a number that can be scaled", beyond, found=found))
            out[beyond] = 0.0
        return faults, []

    def pieces(self, values: Vector) -> Matrix:
        """(n, bins): min(1, max(0, (x − start) / width)), the first bin with no 0, the last with no 1.

        One bin is (x − start) / width. Those of a column (Gorishniy et al. 2022, arXiv 2203.05556, section
        3.2) sum to how many bins lie below x.
        """
        if self.widths[-1] == NOTHING:
            return np.zeros((len(values), 1))
        pieces: Matrix = (values[:, np.newaxis] - np.array(self.starts)) / np.array(self.widths)
        np.minimum(pieces[:, :-1], 1.0, out=pieces[:, :-1])
        np.maximum(pieces[:, 1:], 0.0, out=pieces[:, 1:])
        return pieces


def _values(number: NumberFeature, table: Table, rows: Indices | None) -> tuple[Vector, list[Fault]]:
    """The column's numbers, missing cells filled, and cells that cannot be used, which are 0."""
    alone = np.zeros((table.rows if rows is None else len(rows), 1))
    faults, _ = number.write(table, rows, alone)
    return alone[:, 0], faults


def bin_edges(values: Vector, bins: int, weights: Vector | None = None) -> Vector:
    """The edges of at most so many bins of about as many values, ascending; one edge where all are equal.

    With weights a value counts as often as it weighs.
    """
    if not len(values):
        return np.zeros(1)
    weights = np.ones(len(values)) if weights is None else weights
    count = max(1, min(bins, round(float(weights.sum())) - 1))
    # a quantile that is a row's but for rounding is taken for that: the trace would be a bin without width
    edges = weighted_percentiles(values, weights, np.linspace(0.0, 100.0, count + 1))
    # rounding must not make a step down
    return np.unique(np.maximum.accumulate(edges))
