"""Columns that alone tell the target, which mostly were not known when it was to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.data.roles import Roles
from mlpcli.rng import stream
from mlpcli.survey.telling import correlation_by_value, places, rank_correlation, told_by_size, told_by_value
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.dates import dates_of
from mlpcli.tables.table import Table

SUSPICIOUS = 0.99  # the share of rows, or the rank correlation, above which a column is named
FEWER_ERRORS = 10  # times fewer than a constant prediction makes
FEWEST_ROWS = 20  # below this chance tells as much
FEWEST_OTHERS = 10  # rows of another class than the most frequent one, likewise
LOOKED_AT = 500  # rows at first, more where classes are rare; all where these make a column suspicious
OTHERS_LOOKED_AT = 50
NEARLY_SUSPICIOUS = 0.98  # in those rows, which are not all
MOST_NAMES = 0.9  # different values a row: more are names of rows
MOST_CLASSES = 30  # different numbers that may still be classes
MOST_COLUMNS = 5  # that are named
ASKED = "is it known when you predict?"  # what every note ends with


@dataclass(frozen=True)
class Leak:
    """A column that tells a target: in which share of the rows, or with which rank correlation."""

    column: str
    target: str
    told: float
    ranks: bool
    alone: bool  # whether there is one target

    @property
    def note(self) -> str:
        """The column, and what to ask about it."""
        return f"column '{self.column}' {self.question}"

    @property
    def question(self) -> str:
        """What a person should ask."""
        target = "the target" if self.alone else f"the target '{self.target}'"
        if self.told > 1 - 1e-12:
            what = f"tells {target} of every row"
        elif self.ranks:
            what = f"tells {target} nearly, with a rank correlation of {_below_one(self.told)}"
        else:
            what = f"tells {target} of {_below_one(100 * self.told, 100)} % of the rows"
        return f"{what}: {ASKED}"


def _below_one(value: float, one: float = 1.0) -> str:
    """Four digits, and never as many as the whole."""
    return f"{min(value, one * (1 - 1e-4)):.4g}"


def leak_notes(table: Table, roles: Roles, rows: Indices) -> list[str]:
    """A note for each feature that alone tells a target in the training rows."""
    return [leak.note for leak in find_leaks(table, list(roles.features), roles.targets, rows)]


def find_leaks(table: Table, columns: Sequence[str], targets: Sequence[str], rows: Indices) -> list[Leak]:
    """The columns that tell a target in some rows of a table.

    Where there is one column alone there is nothing else to predict from, and so nothing to ask.
    """
    if len(columns) < 2 or len(rows) < FEWEST_ROWS:
        return []
    return [
        leak for name in targets for leak in _leaks_of(table, columns, name, rows, alone=len(targets) == 1)
    ][:MOST_COLUMNS]


def _leaks_of(
    table: Table, columns: Sequence[str], target: str, rows: Indices, *, alone: bool
) -> Iterator[Leak]:
    known = rows[~table.missing(target)[rows]]
    truth = _Truth.of(table, target, known)
    if not truth.can_be_told:
        return
    some = truth.sample()
    few, sampled = truth.take(some), len(some) < len(known)
    for name in columns:
        told = _told(table, name, known[some], few, singles=sampled)
        if sampled:
            suspected = told > NEARLY_SUSPICIOUS and few.has_fewer_errors(told, FEWER_ERRORS / 2)
            told = _told(table, name, known, truth) if suspected else 0.0
        if told > SUSPICIOUS and truth.has_fewer_errors(told, FEWER_ERRORS):
            yield Leak(name, target, told, truth.numeric, alone)


@dataclass(frozen=True, eq=False)
class _Truth:
    """The target in some rows: numbers, or the indices of classes."""

    values: Array
    numeric: bool

    @classmethod
    def of(cls, table: Table, name: str, rows: Indices) -> _Truth:
        """That of a column; numbers of which there are few may be classes."""
        if name not in table.texts or name in table.notation.decorations:
            return cls(table.number(name, rows).values, numeric=True)
        column = table.text(name, rows)
        if len(column.counts()) > MOST_CLASSES:
            numbers = column.numbers(table.notation)
            if not len(numbers.bad):
                return cls(numbers.values, numeric=True)
        return cls(column.trimmed().codes, numeric=False)

    @property
    def others(self) -> int:
        """How many rows are of another class than the most frequent one; all of them for numbers."""
        return len(self.values) - (0 if self.numeric else int(np.bincount(self.values).max(initial=0)))

    @property
    def can_be_told(self) -> bool:
        """Whether there are rows enough for more than chance."""
        return len(self.values) >= FEWEST_ROWS and self.others >= FEWEST_OTHERS

    def has_fewer_errors(self, told: float, times: float) -> bool:
        """Whether a rule that tells so much makes so many times fewer errors than a constant prediction."""
        return self.numeric or (1 - told) * times <= self.others / len(self.values)

    def sample(self) -> Indices:
        """Rows to look at first."""
        count = len(self.values)
        looked_at = max(LOOKED_AT, OTHERS_LOOKED_AT * count // max(1, self.others))
        if count <= looked_at:
            return np.arange(count)
        return stream(0, "leaks").permutation(count)[:looked_at].copy()

    def take(self, rows: Indices) -> _Truth:
        """The same for some of the rows."""
        values = self.values[rows]
        return _Truth(values if self.numeric else np.unique(values, return_inverse=True)[1], self.numeric)


def _told(table: Table, name: str, rows: Indices, truth: _Truth, *, singles: bool = False) -> float:
    """How much a column tells by its values, by their size, and by whether there is one."""
    absent = table.missing(name)[rows]
    if name in table.texts:
        column = table.text(name, rows)
        decorated = name in table.notation.decorations
        codes = column.codes
        numbers = table.number(name, rows).values if decorated else _moments(column, table)
    else:
        numbers = table.number(name, rows).values
        codes = _by_size(numbers, absent)
    told = [0.0]
    if np.count_nonzero(np.bincount(codes)) <= MOST_NAMES * len(rows):
        told.append(_told_by_value(codes, truth, singles))
    if not truth.numeric and absent.any():
        told.append(told_by_value(absent.astype(np.intp), truth.values))
    if numbers is not None and truth.numeric:
        told.append(_told_by_rank(numbers, ~absent, truth))
    elif numbers is not None and not absent.all():
        sizes = _by_size(numbers, absent) if name in table.texts else codes
        told.append(told_by_size(sizes, truth.values))
    return max(told)


def _by_size(numbers: Vector, absent: Array) -> Indices:
    """The places of numbers, of which the absent ones are the largest."""
    return places(np.where(absent, np.inf, numbers))


def _told_by_value(codes: Indices, truth: _Truth, singles: bool) -> float:
    tell = correlation_by_value if truth.numeric else told_by_value
    return tell(codes, truth.values, singles=singles)


def _told_by_rank(numbers: Vector, known: Array, truth: _Truth) -> float:
    enough = known.mean() >= 0.5
    return abs(rank_correlation(numbers[known], truth.values[known])) if enough else 0.0


def _moments(column: TextColumn, table: Table) -> Vector | None:
    """Texts that are dates as numbers; None where they are not."""
    levels = list(column.counts())
    known = [level for level in levels if level not in table.notation.missing]
    # most texts are no dates, which the first of them tells
    form = likely_format(known) if likely_format(known[:1]) is not None else None
    if form is None:
        return None
    dates = dates_of(known, form or None)
    if np.isnat(dates).any():
        return None
    numbers = dict(zip(known, dates.astype(np.int64).astype(np.float64).tolist(), strict=True))
    return np.array([numbers.get(level, np.nan) for level in column.levels])[column.codes]
