"""An input column of dates: parts that come again as sine and cosine, the others standardized."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.date_format import is_month_alone, is_time_alone, read_date
from mlpcli.config.encode_spec import CYCLIC_PARTS, TIME_PARTS
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.category_feature import fill_of, filled
from mlpcli.data.feature import Found, Numbers, Stored, require_some
from mlpcli.data.scaling import SCALINGS
from mlpcli.errors import DataError
from mlpcli.tables.bad_cells import Fault, missing_fault, unfilled
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.dates import dates_of, part_of, turn_of
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, TrainingRows, Wanted

DATE_PARTS = ("year", "month", "day", "day_of_week")


@dataclass(frozen=True)
class DateFeature:
    """A fitted column. `fill` is the text of the date that stands for a missing cell, None without one.

    `numbers` holds mean and standard deviation of each part that is not a cycle.
    """

    name: str
    missing: str
    fill: str | None
    form: str | None
    parts: tuple[str, ...]
    cyclic: bool
    numbers: tuple[Numbers, ...]
    encode: str = "datetime"

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its inputs are called: `date.year`, `date.month.sin`, `date.month.cos`."""
        return tuple(name for part in self.parts for name in self._names(part))

    def _names(self, part: str) -> tuple[str, ...]:
        name = f"{self.name}.{part}"
        return (f"{name}.sin", f"{name}.cos") if is_cycle(part, self.cyclic) else (name,)

    @property
    def scaled(self) -> tuple[int, ...]:
        """Which of its inputs are scaled numbers."""
        return scaled_inputs(self.parts, self.cyclic)

    @property
    def wanted(self) -> Wanted:
        """Its column, as texts."""
        return Wanted(texts=(self.name,))

    @property
    def spelling(self) -> Spelling:
        """The format of its dates."""
        return Spelling(date_format=self.form)

    @classmethod
    def fit(cls, name: str, encode: EncodeSpec, policy: MissingSpec, train: TrainingRows) -> DateFeature:
        """What fills the missing cells of training rows, then the scaling of the parts with those filled.

        `mean` and `median` mean `most_frequent`. Without `parts` there are those that differ in the rows.
        """
        table, rows = train.table, train.rows
        marks = table.notation.missing
        absent = np.concatenate([piece.where(marks) for piece in table.text_pieces(name, rows)])
        require_some(name, absent, table)
        missing, fill = policy.policy, fill_of(policy, _counts(name, policy, train))
        if fill is not None and (missing == "category" or read_date(fill, encode.format) is None):
            if absent.any() and missing in {"category", "constant"}:
                raise DataError(unfilled(name, "dates", policy, table.place(int(rows[absent.argmax()]))))
            # nothing to fill, and nothing to fill it with later
            missing, fill = "error", None
        pieces = table.text_pieces(name, rows)
        if fill is not None:
            pieces = (filled(piece, marks, fill) for piece in pieces)
        dates, codes = _known(pieces, encode.format)
        parts: tuple[str, ...] = encode.parts or telling_parts(dates, encode.format)
        cyclic = encode.cyclic is not False
        numbers = tuple((*_scaling(dates, codes, part), 0.0) for part in parts if not is_cycle(part, cyclic))
        return cls(name, missing, fill, encode.format, parts, cyclic, numbers)

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], stored: Stored) -> DateFeature:
        """The feature that `meta` described."""
        name, missing, fill, form = (entry[key] for key in ("name", "missing", "fill", "format"))
        parts, cyclic = tuple(entry["parts"]), entry["cyclic"]
        numbers = tuple(stored.numbers() for part in parts if not is_cycle(part, cyclic))
        return cls(name, missing, fill, form, parts, cyclic, numbers)

    def meta(self) -> dict[str, Any]:
        """What a model file says about it besides the arrays."""
        entry = {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": self.fill}
        return {**entry, "format": self.form, "parts": list(self.parts), "cyclic": self.cyclic}

    def facts(self) -> dict[str, Any]:
        """Its inputs, and center and scale of those that are scaled."""
        scaled = [{"center": center, "scale": scale} for center, scale, _ in self.numbers]
        return {"inputs": list(self.input_names), "scaled": scaled}

    def is_constant(self, table: Table, rows: Indices) -> bool:
        """Whether some rows hold one text."""
        seen: set[str] = set()
        for piece in table.text_pieces(self.name, rows):
            seen.update(piece.counts())
            if len(seen) > 1:
                return False
        return len(seen) == 1

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into zeros, (rows, inputs)."""
        column, missing = table.text(self.name, rows), table.notation.missing
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
        scaling = iter(self.numbers)
        for part in self.parts:
            if is_cycle(part, self.cyclic):
                turn = turn_of(dates, part)
                yield np.sin(turn)
                yield np.cos(turn)
            else:
                center, scale, _ = next(scaling)
                yield (part_of(dates, part) - center) / scale

    def _no_date(self, column: TextColumn, rows: Indices) -> Fault:
        text = column.levels[column.codes[0]]
        found, hint = f", found '{text}'", None
        if self.form is not None:
            return Fault(self.name, f"expected a date written as {self.form}", rows, found=found)
        if likely := likely_format([text]):
            hint = f'if that is a date, state how it is written: `format: "{likely}"`'
        return Fault(self.name, "expected a date such as 2024-01-31", rows, hint, found)


def is_cycle(part: str, cyclic: bool) -> bool:
    """Whether a part of a date becomes a sine and a cosine."""
    return cyclic and part in CYCLIC_PARTS


def _counts(name: str, policy: MissingSpec, train: TrainingRows) -> dict[str, int]:
    """How often each text occurs that means a value, where the policy asks for that."""
    counts: Counter[str] = Counter()
    if policy.policy in {"mean", "median", "most_frequent"}:
        for piece in train.table.text_pieces(name, train.rows):
            counts.update(piece.counts())
    return {text: count for text, count in counts.items() if text not in train.table.notation.missing}


def _known(pieces: Iterable[TextColumn], form: str | None) -> tuple[Array, Indices]:
    """Dates of a column, in one piece the different ones, and for each row that holds one which it is."""
    found = [_known_in(piece, form) for piece in pieces]
    if len(found) == 1:
        return found[0]
    dates = np.concatenate([dates[codes] for dates, codes in found])
    return dates, np.arange(len(dates))


def _known_in(column: TextColumn, form: str | None) -> tuple[Array, Indices]:
    column = column.trimmed()
    dates = dates_of(column.levels, form)
    known = ~np.isnat(dates)
    return dates[known], column.take(np.flatnonzero(known[column.codes])).trimmed().codes


def telling_parts(dates: Array, form: str | None) -> tuple[str, ...]:
    """The parts of some dates that are worth an input: those that differ, at least one.

    Of days the hour too where there are times; of times alone hour, minute and second. Where months are all
    that is written, the day is none of it.
    """
    parts: tuple[str, ...] = TIME_PARTS if is_time_alone(form) else (*DATE_PARTS, "hour")
    if is_month_alone(form):
        parts = DATE_PARTS[:2]
    return tuple(part for part in parts if _differs(dates, part)) or parts[:1]


def _differs(dates: Array, part: str) -> bool:
    values = part_of(dates, part)
    return bool((values != values[:1]).any())


def inputs_of(parts: Sequence[str], cyclic: bool = True) -> int:
    """How many inputs some parts are."""
    return sum(2 if is_cycle(part, cyclic) else 1 for part in parts)


def scaled_inputs(parts: Sequence[str], cyclic: bool) -> tuple[int, ...]:
    """Which of the inputs of some parts are scaled numbers: no sine or cosine."""
    return tuple(
        inputs_of(parts[:place], cyclic) for place, part in enumerate(parts) if not is_cycle(part, cyclic)
    )


def _scaling(dates: Array, codes: Indices, part: str) -> tuple[float, float]:
    """Mean and standard deviation of a part over rows, each with the code of its date."""
    return SCALINGS["standardize"](part_of(dates, part)[codes]) if len(codes) else (0.0, 1.0)
