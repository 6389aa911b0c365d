"""An input column of numbers: fitted on the training rows, then g((f(x) − center) / scale) for any row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.feature import Found, Numbers, Stored, require_some
from mlpcli.data.scaling import SCALINGS, mean_of, percentiles
from mlpcli.errors import DataError
from mlpcli.tables.bad_cells import Fault, missing_fault, text_fault, unfilled
from mlpcli.tables.columns import number_of
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, TrainingRows, Wanted

FILLING = frozenset({"mean", "median", "most_frequent", "constant"})
SEVERAL = 100  # rows that are looked at first, where one value in all of them is looked for
MAX_QUANTILES = 1_000
# so near to the ends a rank is taken for the end itself, which keeps normal numbers finite
END = 1e-7


@dataclass(frozen=True)
class NumberFeature:
    """A fitted column. `missing` is its policy, `fill` what stands for a missing cell, None without one."""

    name: str
    encode: str
    missing: str
    center: float
    scale: float
    fill: float | None
    curve: QuantileCurve | None = None  # of `quantile` alone
    parse: ParseSpec | None = None  # how its numbers are decorated

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its one input is called."""
        return (self.name,)

    @property
    def wanted(self) -> Wanted:
        """Its column, as numbers."""
        return Wanted(numbers=(self.name,))

    @property
    def spelling(self) -> Spelling:
        """A number has none of its own."""
        return Spelling()

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """Its center, scale and fill, which is 0 without a policy."""
        return ((self.center, self.scale, self.fill or 0.0),)

    @classmethod
    def fit(cls, name: str, encode: EncodeSpec, policy: MissingSpec, train: TrainingRows) -> NumberFeature:
        """What fills the missing cells of training rows, then the scaling with those filled."""
        table, rows, repetitions = train.table, train.rows, train.repetitions
        column = table.number(name, rows)
        empty = np.isnan(column.values)
        known = column.values[~empty] if empty.any() else column.values
        absent = column.missing if len(column.bad) else empty
        require_some(name, absent, table)
        missing, fill = policy.policy, None
        if missing in FILLING:
            fill = _fill(policy, known)
        if missing in FILLING | {"category"} and fill is None:
            if absent.any():
                raise DataError(unfilled(name, "numbers", policy, table.place(int(rows[absent.argmax()]))))
            # nothing to fill, and nothing to fill it with later
            missing = "error"
        filled = known if fill is None else np.append(known, np.full(np.count_nonzero(absent), fill))
        weights = None
        if repetitions is not None:
            weights = np.append(repetitions[~empty], repetitions[absent])[: len(filled)]
        parse = table.notation.decorations.get(name)
        if encode.name == "quantile":
            curve = fit_curve(filled, encode.output or "uniform")
            return cls(name, encode.name, missing, 0.0, 1.0, fill, curve, parse)
        return cls(name, encode.name, missing, *_scaling(encode.name, filled, weights), fill, parse=parse)

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], stored: Stored) -> NumberFeature:
        """The feature that `meta` described."""
        center, scale, fill = stored.numbers()
        encode, missing = entry["encode"], entry["missing"]
        curve = QuantileCurve(stored.quantiles(), entry["output"]) if encode == "quantile" else None
        parse = ParseSpec.model_validate(entry["parse"]) if "parse" in entry else None
        fill_used = fill if missing in FILLING else None
        return cls(entry["name"], encode, missing, center, scale, fill_used, curve, parse)

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""
        own: dict[str, Any] = {} if self.curve is None else {"output": self.curve.output}
        if self.parse is not None:
            own["parse"] = self.parse.options
        return {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": None, **own}

    def facts(self) -> dict[str, Any]:
        """Its fill, its quantiles, or its center and scale."""
        fill = {"fill": self.fill or 0.0} if self.missing in FILLING else {}
        if self.curve is not None:
            return {**fill, "quantiles": list(self.curve.quantiles)}
        return {"center": self.center, "scale": self.scale, **fill}

    def is_constant(self, table: Table, rows: Indices) -> bool:
        """Whether some rows hold one number, with what fills their missing cells."""
        # nearly always the first rows hold several values already
        first = self._known(table, rows[:SEVERAL])
        if len(first) and first.min() != first.max():
            return False
        known = self._known(table, rows)
        return bool(len(known)) and bool(known.min() == known.max())

    def _known(self, table: Table, rows: Indices) -> Vector:
        """The numbers in some rows, missing ones as they are filled; without those that nothing fills."""
        values = table.number(self.name, rows).values
        known = values[~np.isnan(values)]
        return known if self.fill is None or len(known) == len(values) else np.append(known, self.fill)

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into `out`, (rows, 1). Cells with a fault become 0."""
        column = table.number(self.name, rows)
        values = column.values
        with np.errstate(all="ignore"):
            if self._write(values, out):
                return [], []
        faults = [text_fault(self.name, column.bad, table.notation)] if len(column.bad) else []
        absent = column.missing
        if self.fill is not None:
            values = np.where(absent, self.fill, values)
        elif absent.any():
            faults.append(missing_fault(self.name, absent))
        given = ~np.isnan(values)
        with np.errstate(all="ignore"):
            self._write(values, out)
        finite = np.isfinite(out[:, 0])
        if not finite[given].all():
            faults.append(self._out_of_range(values, np.flatnonzero(given & ~finite)))
        out[~finite, 0] = 0.0
        return faults, []

    def _write(self, values: Vector, out: Array) -> bool:
        """Write g((f(x) − center) / scale); whether it is finite, and so nothing is missing or wrong."""
        out[:, 0] = self.after((self.transformed(values) - self.center) / self.scale)
        return bool(np.isfinite(out[:, 0]).all())

    def transformed(self, values: Vector) -> Vector:
        """f(x): log(1 + x) for `log1p`, the rank of x for `quantile`, otherwise x."""
        if self.curve is not None:
            return self.curve(values)
        return np.log1p(values) if self.encode == "log1p" else values

    def after(self, scaled: Array) -> Array:
        """g(v): between −3 and 3 for `robust_clip`, otherwise v."""
        scaling = SCALINGS.get(self.encode)
        return scaled if scaling is None or scaling.after is None else scaling.after(scaled, self.scale)

    def _out_of_range(self, values: Vector, rows: Indices) -> Fault:
        wanted = "above -1 for log1p" if self.encode == "log1p" else "that can be scaled"
        return Fault(self.name, f"expected a number {wanted}", rows, found=f", found {values[rows[0]]!s}")


def _scaling(encode: str, filled: Vector, weights: Vector | None) -> tuple[float, float]:
    """Center and scale of what `encode` makes of numbers before it scales them."""
    if encode == "log1p":
        usable = filled > -1
        filled, weights = np.log1p(filled[usable]), None if weights is None else weights[usable]
    if not len(filled):
        return 0.0, 1.0
    return SCALINGS["standardize" if encode == "log1p" else encode](filled, weights)


def _fill(policy: MissingSpec, known: Vector) -> float | None:
    """What stands for a missing cell; None where the constant is no number."""
    if policy.policy == "mean":
        return mean_of(known)
    if policy.policy == "median":
        return float(np.median(known))
    if policy.policy == "most_frequent":
        values, counts = np.unique(known, return_counts=True)
        return float(values[counts.argmax()])
    number = number_of(policy.value or "")
    return None if np.isnan(number) else number


@dataclass(frozen=True)
class QuantileCurve:
    """The piecewise linear curve from `quantiles`, ascending, to as many ranks evenly from 0 to 1.

    `output` is uniform or normal: the rank, or the number that as many of a standard normal are below.
    """

    quantiles: tuple[float, ...]
    output: str

    def __call__(self, values: Vector) -> Vector:
        """The curve at `values`, NaN where they are; as scikit-learn's QuantileTransformer has it.

        Where a value is several quantiles at once, halfway between the first and the last of their ranks.
        """
        x = np.array(self.quantiles)
        ranks = np.linspace(0.0, 1.0, len(x))
        curve = 0.5 * (np.interp(values, x, ranks) - np.interp(-values, -x[::-1], -ranks[::-1]))
        near = END if self.output == "normal" else 0.0
        curve[values + near > x[-1] if near else values == x[-1]] = 1.0
        curve[values - near < x[0] if near else values == x[0]] = 0.0
        return _normal(curve) if near else curve


def _normal(ranks: Vector) -> Vector:
    # only this needs SciPy
    from scipy.special import ndtri

    ends = ndtri(np.array([END - np.spacing(1), 1 - (END - np.spacing(1))]))
    return np.clip(ndtri(ranks), *ends)


def fit_curve(values: Vector, output: str) -> QuantileCurve:
    """The curve of some rows: as many quantiles as rows, at most 1,000."""
    count = max(1, min(MAX_QUANTILES, len(values)))
    quantiles = percentiles(values, np.linspace(0.0, 1.0, count) * 100) if len(values) else np.zeros(1)
    # rounding must not make a step down
    return QuantileCurve(tuple(np.maximum.accumulate(quantiles).tolist()), output)
