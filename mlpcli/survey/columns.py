"""What a column holds: numbers, dates, codes or texts; missing cells, how many different values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.date_format import is_time_alone
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.survey.codes import are_whole, called_code, is_numbering, naming
from mlpcli.survey.dates import AlmostDates, Dates, dates_in, described, epoch_of
from mlpcli.survey.levels import Levels
from mlpcli.survey.tails import long_tail
from mlpcli.tables.columns import NumberColumn, TextColumn, number_of
from mlpcli.tables.decorations import decoration_of
from mlpcli.tables.spellings import is_code, merge
from mlpcli.tables.table import Table

CALLED = "called so"
MOST_ODD = 0.5  # of the levels, which are no numbers among numbers


@dataclass(frozen=True)
class Numbers:
    """Amounts from `low` to `high`, `middle` the median; `tail` says in which way they have a long one.

    `usual` is the share of rows with the median itself, `others` how many have another number, of which
    `distinct` are different.
    """

    low: float
    middle: float
    high: float
    tail: str | None = None
    usual: float = 0.0
    others: int = 0
    distinct: int = 0

    @classmethod
    def of(cls, known: Vector, distinct: int) -> Numbers:
        """What is to say of numbers, none of them missing, and at least one."""
        middle = float(np.median(known))
        others = int(np.count_nonzero(known != middle))
        return cls(
            float(known.min()),
            middle,
            float(known.max()),
            long_tail(known, distinct),
            1 - others / len(known),
            others,
            distinct - (others < len(known)),
        )


@dataclass(frozen=True)
class Amounts:
    """Numbers with decoration on which all cells agree: what is seen, and how they are parsed."""

    numbers: Numbers
    seen: str
    parse: ParseSpec


@dataclass(frozen=True)
class Codes:
    """Levels that look like numbers: why they are none."""

    levels: Levels
    why: str


@dataclass(frozen=True)
class Texts:
    """Levels; `odd` is one that is no number where most of the others are, None where most are texts.

    `seen` says which decorations they have that seem to be meant as numbers, and do not agree.
    """

    levels: Levels
    odd: str | None = None
    seen: str = ""


@dataclass(frozen=True)
class Names:
    """Values that name rows, and say nothing about others."""

    why: str


Holding = Numbers | Amounts | Codes | Texts | Dates | AlmostDates | Names


@dataclass(frozen=True)
class ColumnFacts:
    """One column. `distinct` counts different values, missing ones aside; `numeric` where all are numbers.

    `holds` says more, where numbers are not all the same.
    """

    name: str
    numeric: bool
    rows: int
    missing: int
    distinct: int
    holds: Holding | None = None

    @property
    def dates(self) -> str | None:
        """The format of its days, "" for that of ISO 8601; None where it has none, as times alone."""
        holds = self.holds
        return holds.form if isinstance(holds, Dates) and not is_time_alone(holds.form or None) else None

    @property
    def present(self) -> int:
        """How many cells have a value."""
        return self.rows - self.missing


def column_facts(table: Table, name: str) -> ColumnFacts:
    """What a column of a table holds."""
    if name in table.numbers:
        return _number_facts(name, table.number(name))
    return _text_facts(name, table.text(name), table)


def _number_facts(name: str, column: NumberColumn) -> ColumnFacts:
    rows, known = len(column.values), column.known
    values = np.unique(known)
    holds = _in_numbers(name, known, values, rows) if len(values) > 1 else None
    return ColumnFacts(name, True, rows, rows - len(known), len(values), holds)


def _in_numbers(name: str, known: Vector, values: Vector, rows: int) -> Holding:
    """What numbers are, of which the different ones are `values`, ascending."""
    epoch = epoch_of(name, known)
    if epoch is not None:
        return described([repr(value) for value in values.tolist()], epoch)
    if len(known) == rows and is_numbering(known):
        return Names("row numbers: they say nothing about new rows")
    why = naming(name, known, len(values))
    if why is not None:
        return Names(f"{why}: a name of the row, which says nothing about others")
    if called_code(name) and len(values) > 2 and are_whole(values):
        counts = np.bincount(np.searchsorted(values, known)).tolist()
        return Codes(Levels.of({f"{value:.0f}": n for value, n in zip(values, counts, strict=True)}), CALLED)
    return Numbers.of(known, len(values))


def _text_facts(name: str, column: TextColumn, table: Table) -> ColumnFacts:
    counts = {text: n for text, n in column.counts().items() if text not in table.notation.missing}
    missing = table.rows - sum(counts.values())
    counts = merge(counts, table.notation.decimal).counts
    holds = _in_texts(name, counts, table) if len(counts) > 1 else Texts(Levels.of(counts))
    if holds is None:
        return _number_facts(name, column.numbers(table.notation))
    return ColumnFacts(name, False, table.rows, missing, len(counts), holds)


def _in_texts(name: str, counts: Mapping[str, int], table: Table) -> Holding | None:
    """What two texts or more are; None where all of them are amounts, as others meant nothing."""
    dates = dates_in(counts)
    if dates is not None:
        return dates
    texts = [text for text in counts if not is_number(text, table)]
    return _in_levels(name, counts, table, texts) if texts or any(map(is_code, counts)) else None


def _in_levels(name: str, counts: Mapping[str, int], table: Table, texts: Sequence[str]) -> Holding:
    """What levels are, of which these `texts` are no numbers: decorated ones, names, codes, or texts."""
    meant = decoration_of(counts, table.notation.decimal)
    if meant is not None and meant.parse is not None:
        known = table.text(name).numbers(table.notation, meant.parse).known
        return Amounts(Numbers.of(known, len(counts)), meant.seen, meant.parse)
    odd = texts[0] if 0 < len(texts) <= MOST_ODD * len(counts) else None
    if meant is not None:
        return Texts(Levels.of(counts), odd, meant.seen)
    if odd is None and len(counts) == sum(counts.values()):
        return Names("different in every row: a name of the row, which says nothing about others")
    if not texts:
        return Codes(Levels.of(counts), "some begin with 0")
    return Texts(Levels.of(counts), odd)


def is_number(text: str, table: Table) -> bool:
    """Whether a text says a number in the notation of its table."""
    return not isnan(number_of(text, table.notation.decimal))
