"""An input column of dates: parts that come again as sine and cosine, the others standardized."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.encode_spec import CYCLIC_PARTS, read_date
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.category_feature import fill_of, filled
from mlpcli.data.columns import TextColumn
from mlpcli.data.dates import dates_of, likely_format, part_of, turn_of
from mlpcli.data.faults import Fault, missing_fault, unfilled
from mlpcli.data.feature import Fitted, Found
from mlpcli.data.scaling import SCALINGS
from mlpcli.data.table import Table, Wanted
from mlpcli.errors import DataError

DATE_PARTS = ("year", "month", "day", "day_of_week")


@dataclass(frozen=True)
class DateFeature:
    """A fitted column. `fill` is the text of the date that stands for a missing cell, None without one.

    `fitted` holds mean and standard deviation of each part that is not a cycle.
    """

    name: str
    missing: str
    fill: str | None
    form: str | None
    parts: tuple[str, ...]
    cyclic: bool
    fitted: tuple[Fitted, ...]
    encode: str = "datetime"

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its inputs are called: `date.year`, `date.month.sin`, `date.month.cos`."""
        return tuple(name for part in self.parts for name in self._names(part))

    def _names(self, part: str) -> tuple[str, ...]:
        name = f"{self.name}.{part}"
        return (f"{name}.sin", f"{name}.cos") if is_cycle(part, self.cyclic) else (name,)

    @property
    def wanted(self) -> Wanted:
        """Its column, as texts."""
        return Wanted(texts=(self.name,))

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""
        entry = {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": self.fill}
        return {**entry, "format": self.form, "parts": list(self.parts), "cyclic": self.cyclic}

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into zeros, (rows, inputs)."""
        column, missing = table.text(self.name, rows), table.format.missing
        faults, wrong = [], np.zeros(len(column.codes), dtype=bool)
        absent = column.where(missing)
        if self.fill is not None:
            column = filled(column, missing, self.fill)
        elif absent.any():
            faults.append(missing_fault(self.name, absent))
            wrong |= absent
        column = column.trimmed()
        dates = dates_of(column.levels, self.form)
        known = ~np.isnat(dates)
        texts = np.flatnonzero(~known[column.codes] & ~wrong)
        if len(texts):
            faults.append(self._no_date(column.take(texts), texts))
        encoded = np.zeros((len(dates), out.shape[1]))
        for index, values in enumerate(self._inputs(dates[known])):
            encoded[known, index] = values
        out[:] = encoded[column.codes]
        return faults, []

    def _inputs(self, dates: Array) -> Iterator[Vector]:
        """The inputs, in their order."""
        scaling = iter(self.fitted)
        for part in self.parts:
            if is_cycle(part, self.cyclic):
                turn = turn_of(dates, part)
                yield np.sin(turn)
                yield np.cos(turn)
            else:
                center, scale, _ = next(scaling)
                yield (part_of(dates, part) - center) / scale

    def _no_date(self, column: TextColumn, rows: Indices) -> Fault:
        found = column.levels[column.codes[0]]
        if self.form is not None:
            return Fault(self.name, f"expected a date written as {self.form}, found '{found}'", rows)
        likely = likely_format([found])
        hint = f'if that is a date, state how it is written: `format: "{likely}"`' if likely else None
        return Fault(self.name, f"expected a date such as 2024-01-31, found '{found}'", rows, hint)


def is_cycle(part: str, cyclic: bool) -> bool:
    """Whether a part of a date becomes a sine and a cosine."""
    return cyclic and part in CYCLIC_PARTS


def fit_dates(name: str, encode: EncodeSpec, policy: MissingSpec, table: Table, rows: Indices) -> DateFeature:
    """Fit a column on training rows: what fills its missing cells, then its parts with those filled.

    `mean` and `median` mean `most_frequent`. Texts that are no dates are left out here; encoding the same
    rows reports them. Without `parts`, the hour is one where some training row has a time of day.
    """
    column, marks = table.text(name, rows), table.format.missing
    absent = column.where(marks)
    counts = {text: count for text, count in column.counts().items() if text not in marks}
    missing, fill = policy.policy, fill_of(policy, counts)
    if fill is not None and (missing == "category" or read_date(fill, encode.format) is None):
        if absent.any() and missing in {"category", "constant"}:
            raise DataError(unfilled(name, "dates", policy, table.place(int(rows[absent.argmax()]))))
        # nothing to fill, and nothing to fill it with later
        missing, fill = "error", None
    column = (column if fill is None else filled(column, marks, fill)).trimmed()
    dates = dates_of(column.levels, encode.format)
    known = ~np.isnat(dates)
    column, dates = column.take(np.flatnonzero(known[column.codes])).trimmed(), dates[known]
    parts: tuple[str, ...] = encode.parts or (*DATE_PARTS, *(("hour",) if _have_times(dates) else ()))
    cyclic = encode.cyclic is not False
    fitted = tuple(
        (*_scaling(dates, column.codes, part), 0.0) for part in parts if not is_cycle(part, cyclic)
    )
    return DateFeature(name, missing, fill, encode.format, parts, cyclic, fitted)


def _have_times(dates: Array) -> bool:
    return bool((dates != dates.astype("datetime64[D]")).any())


def _scaling(dates: Array, codes: Indices, part: str) -> tuple[float, float]:
    """Mean and standard deviation of a part over rows, each with the code of its date."""
    return SCALINGS["standardize"](part_of(dates, part)[codes]) if len(codes) else (0.0, 1.0)
