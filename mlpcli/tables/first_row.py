"""The first row of a file, beside some of those below: whether it is the header, and all of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlpcli.errors import Place
from mlpcli.tables.columns import Kind, kind_of, number_of
from mlpcli.tables.shell_commands import LONGEST, Mending, joined, letters, printed

# so many numbers that go one way only are names, or so many that count from 1 or from 0: pixels, wavelengths
MONOTONE, POSITIONS = 8, {False: 5, True: 3}
YEARS = 1800, 2200
FEW_CELLS, FEW_ROWS = 10, 4
# what cells of numbers may be besides numbers
GAPS = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "-", "..", "."))


@dataclass(frozen=True)
class FirstRow:
    """The first row of a file, and some of the rows after it."""

    fields: list[str]
    sample: Sequence[list[str]]
    source: str
    line: int
    separator: str
    mending: Mending

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.source, self.line)

    def is_usual(self) -> bool:
        """Whether many rows are the same as this one, which is no header then."""
        return 4 * sum(row == self.fields for row in self.sample) > len(self.sample)

    def cells(self, position: int) -> list[str]:
        """What the sample holds in a column, but for rows that are the header again."""
        rows = (row for row in self.sample if len(row) > position and row != self.fields)
        return [row[position].strip() for row in rows if row[position].strip()]

    def is_common(self, position: int) -> bool:
        """Whether the name of a column is more than once a cell of it, but for the header again."""
        name = self.fields[position]
        rows = (row for row in self.sample if len(row) > position and row[position] == name)
        return sum(row != self.fields for row in rows) > 1 or self.is_usual()

    def second_header(self) -> list[str] | None:
        """The row below the names where it holds texts, and all others numbers, in two columns or more."""
        width = len(self.fields)
        rows = [row for row in self.sample if len(row) == width]
        if len(rows) < FEW_ROWS or len(self.sample[0]) != width:
            return None
        above = [i for i in range(width) if are_numbers([rows[1][i].strip()])]
        if sum(bool(rows[0][i].strip()) and not are_numbers([rows[0][i].strip()]) for i in above) < 2:
            return None
        columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
        numeric = [column for column in columns if are_numbers(column[1:])]
        texts = sum(bool(column[0]) and column[0] not in GAPS for column in numeric)
        mixed = any(are_numbers(column[:1]) for column in numeric)
        return rows[0] if texts > 1 and not mixed else None


def doubts(names: Sequence[str], row: FirstRow) -> Iterator[str]:
    """What is said where the first line seems to hold no names, and what to do about it."""
    quoted = next((name for name in names if len(name) > 1 and name[0] == name[-1] == '"'), None)
    if quoted is None:
        yield from _doubts_on_data(names, row)
        return
    yield f"{row.place}: a space before a quote makes it part of the name: {quoted}"
    script = shlex.quote(f's/{row.separator} *"/{row.separator}"/g')
    yield f"hint: take spaces before quotes out: {row.mending.through(f'sed {script}', 'table')}"


def doubts_on_units(row: FirstRow) -> Iterator[str]:
    """What is said where the header seems to have a second line, and what to do about it."""
    second = row.second_header()
    if second is not None:
        shown = ", ".join(cell for cell in second[:5] if cell)
        yield f"{row.place}: the row below the names holds no number where all others do ({shown})"
        without = row.mending.through(f"sed {row.line + 1}d", "table")
        yield f"hint: if these are units, or a second line of names, take it out: {without}"


def _doubts_on_data(names: Sequence[str], row: FirstRow) -> Iterator[str]:
    """What is said where the first line seems to hold data: that it does, and how to put a header first."""
    numbers = [i for i, name in enumerate(names) if kind_of(name) is Kind.NUMBER]
    if are_labels([number_of(names[i]) for i in numbers]):
        numbers = []
    likely = [i for i in numbers if _is_within(number_of(names[i]), row.cells(i))]
    repeated = [i for i in sorted(set(range(len(names))).difference(numbers)) if row.is_common(i)]
    count = len(likely) + len(repeated)
    if 2 * count <= len(names):
        return
    found = f"{count} of the {len(names)} names of columns are as the cells below them"
    if len(likely) == len(names):
        found = "all the names of columns are numbers"
    elif 2 * len(likely) > len(names):
        found = f"{len(likely)} of the {len(names)} names of columns are numbers"
    yield f"{row.place}: {found}: is the first line no header?"
    yield f"hint: {header_first(len(names), row)}"


def header_first(columns: int, row: FirstRow) -> str:
    """How to put a line with so many names before the first row."""
    line = joined(letters(columns), row.separator)
    numbered = f"seq -s {shlex.quote(row.separator)} -f c%g {columns}"
    names = printed(line) if len(line) <= LONGEST else numbered
    return f"put a line with names first: {row.mending.below(names, row.line)}"


def are_labels(values: Sequence[float]) -> bool:
    """Whether numbers are names for all that: of positions, years, wavelengths."""
    steps = [after - before for before, after in pairwise(values)]
    if set(steps) == {1.0} and len(values) >= POSITIONS[values[0] == 0]:
        return values[0] in (0, 1) or len(values) >= MONOTONE or _are_years(values)
    upwards, downwards = all(step > 0 for step in steps), all(step < 0 for step in steps)
    if not steps or not (upwards or downwards):
        return False
    return len(values) >= MONOTONE or _are_years(values)


def _are_years(values: Sequence[float]) -> bool:
    return all(value.is_integer() and YEARS[0] <= value <= YEARS[1] for value in values)


def _is_within(number: float, cells: Sequence[str]) -> bool:
    """Whether a number is about as large as those of its column, or there are too few to tell."""
    if len(cells) < FEW_CELLS:
        return True
    values = [number_of(cell) for cell in cells if kind_of(cell) is Kind.NUMBER]
    if 2 * len(values) <= len(cells):
        return False
    least, most = min(values), max(values)
    return least - (most - least) <= number <= most + (most - least)


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether some cells are numbers, in either notation, or missing."""
    known = [cell for cell in cells if cell not in GAPS]
    return bool(known) and all(any(kind_of(cell, mark) is Kind.NUMBER for mark in ".,") for cell in known)
