"""An input column of numbers: fitted on the training rows, then (f(x) − center) / scale for any row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.columns import NumberColumn, number_of
from mlpcli.data.faults import Fault, missing_fault, text_fault, unfilled
from mlpcli.data.feature import Fitted, Found
from mlpcli.data.quantiles import QuantileCurve, fit_curve
from mlpcli.data.scaling import SCALINGS, mean_of
from mlpcli.data.table import Table, Wanted
from mlpcli.errors import DataError, Place

FILLING = frozenset({"mean", "median", "most_frequent", "constant"})


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

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its one input is called."""
        return (self.name,)

    @property
    def wanted(self) -> Wanted:
        """Its column, as numbers."""
        return Wanted(numbers=(self.name,))

    @property
    def fitted(self) -> tuple[Fitted, ...]:
        """Its center, scale and fill, which is 0 without a policy."""
        return ((self.center, self.scale, self.fill or 0.0),)

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""
        own = {} if self.curve is None else {"output": self.curve.output}
        return {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": None, **own}

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into `out`, (rows, 1). Cells with a fault become 0."""
        column = table.number(self.name, rows)
        values = column.values
        with np.errstate(all="ignore"):
            if self._write(values, out):
                return [], []
        faults = [text_fault(self.name, column.bad)] if len(column.bad) else []
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
        """Write (f(x) − center) / scale; whether all of it is finite, and so nothing is missing or wrong."""
        out[:, 0] = (self.transformed(values) - self.center) / self.scale
        return bool(np.isfinite(out[:, 0]).all())

    def transformed(self, values: Vector) -> Vector:
        """f(x): log(1 + x) for `log1p`, the rank of x for `quantile`, otherwise x."""
        if self.curve is not None:
            return self.curve(values)
        return np.log1p(values) if self.encode == "log1p" else values

    def _out_of_range(self, values: Vector, rows: Indices) -> Fault:
        found = f"found {values[rows[0]]!s}"
        if self.encode == "log1p":
            return Fault(self.name, f"expected a number above -1 for log1p, {found}", rows)
        return Fault(self.name, f"expected a number that can be scaled, {found}", rows)


def fit_number(
    name: str, encode: EncodeSpec, policy: MissingSpec, column: NumberColumn, place: Place
) -> NumberFeature:
    """Fit a column on training rows: what fills its missing cells, then its scaling with those filled.

    Cells that cannot be used are left out here; encoding the same rows reports them.
    """
    empty = np.isnan(column.values)
    known = column.values[~empty] if empty.any() else column.values
    absent = column.missing if len(column.bad) else empty
    missing, fill = policy.policy, None
    if missing in FILLING:
        fill = _fill(policy, known)
    if missing in FILLING | {"category"} and fill is None:
        if absent.any():
            raise DataError(unfilled(name, "numbers", policy, place))
        # nothing to fill, and nothing to fill it with later
        missing = "error"
    filled = known if fill is None else np.concatenate([known, np.full(np.count_nonzero(absent), fill)])
    if encode.name == "quantile":
        curve = fit_curve(filled, encode.output or "uniform")
        return NumberFeature(name, encode.name, missing, 0.0, 1.0, fill, curve)
    return NumberFeature(name, encode.name, missing, *_scaling(encode.name, filled), fill)


def _scaling(encode: str, filled: Vector) -> tuple[float, float]:
    """Center and scale of what `encode` makes of numbers before it scales them."""
    values = np.log1p(filled[filled > -1]) if encode == "log1p" else filled
    if not len(values):
        return 0.0, 1.0
    return SCALINGS["standardize" if encode == "log1p" else encode](values)


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
