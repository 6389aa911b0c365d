"""Bad cells, which cannot be used, and unseen categories: what is wrong, in which rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.config.spec import MissingSpec
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import BadCells, Kind, Notation, kind_of
from mlpcli.tables.decorated_numbers import example_of
from mlpcli.tables.decorations import decoration_of
from mlpcli.tables.table import Lines, Table

SHOWN_COLUMNS = 5
EXAMPLES = 3  # of unseen categories
NUMBER_HINT = "if it means that the value is missing, name it in `na_values` under `data`"
COMMA_HINT = 'if the comma is the decimal mark, write `decimal: ","` under `data`'
MISSING_HINT = (
    "`missing: median` (or mean, most_frequent, category, drop, ...) says what training does about it"
)


@dataclass(frozen=True)
class Fault:
    """Cells of one column of a table that cannot be used, or whole rows, all for the same reason.

    `found` is how the message ends: with what the first of the cells holds, where it says so.
    """

    column: str | None
    reason: str
    rows: Indices
    hint: str | None = None
    found: str = ""

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.reason + self.found

    def among(self, rows: Indices) -> Fault:
        """The same fault with the rows of the table, where it was found among `rows` of it."""
        return replace(self, rows=rows[self.rows])

    def problem(self, table: Table) -> Problem:
        """The first of the cells with its place, and where the next ones are."""
        first, more = self.rows[0], self.rows[1:]
        others = ""
        if len(more):
            others = f" (and {len(more):,} more{_where(more, table.lines)})"
        what = self.message if self.column is None else f"column '{self.column}': {self.message}"
        return Problem(what + others, table.place(int(first)), self.hint)


@dataclass(frozen=True)
class Unseen:
    """Cells of one column that hold categories which training did not have; examples of those."""

    column: str
    count: int
    examples: tuple[str, ...]
    rows: Indices
    encoded: str = "zeros"

    def note(self, where: str) -> str:
        """What a person should know about it."""
        shown = ", ".join(f"'{text}'" for text in self.examples)
        cells = "cell holds a category" if self.count == 1 else "cells hold categories"
        return f"column '{self.column}': {self.count:,} {cells} {where} that training did not have ({shown})"


def _where(rows: Indices, lines: Lines | None) -> str:
    """In which lines some rows are, the first of them."""
    if lines is None or lines.sources:  # where several files have lines of these numbers
        return ""
    shown = ", ".join(str(lines.of(int(row))) for row in rows[:2]) + (", …" if len(rows) > 2 else "")
    return f": {lines.word}{'s' if len(rows) > 1 else ''} {shown}"


def join_faults(found: Sequence[Fault]) -> Fault:
    """The cells of several stretches of rows, top to bottom, that cannot be used for the same reason."""
    return replace(found[0], rows=np.concatenate([fault.rows for fault in found]))


def join_unseen(found: Sequence[Unseen]) -> Unseen:
    """The unseen categories of a column in several stretches of rows, top to bottom."""
    examples = dict.fromkeys(example for unseen in found for example in unseen.examples)
    return replace(
        found[0],
        count=sum(unseen.count for unseen in found),
        examples=tuple(examples)[:EXAMPLES],
        rows=np.concatenate([unseen.rows for unseen in found]),
    )


def text_fault(column: str, bad: BadCells, notation: Notation) -> Fault:
    """The fault of cells that hold something else than a number."""
    found = bad.texts[0]
    hint = NUMBER_HINT
    parse = notation.decorations.get(column)
    if parse is not None:
        written = f"expected a number written as '{example_of(parse, notation.decimal)}'"
        return Fault(column, written, bad.rows, hint, f", found '{found}'")
    if kind_of(found) is not Kind.NUMBER and kind_of(found, ",") is Kind.NUMBER:
        hint = COMMA_HINT
    return Fault(column, "expected a number", bad.rows, hint, f", found '{found}'")


def refuse_texts(table: Table, targets: Sequence[str] = ()) -> None:
    """DataError for the columns that should hold numbers and hold something else."""
    faults = [text_fault(name, table.number(name).bad, table.notation) for name in table.with_bad_cells]
    require_none((replace(one, hint=_hint(one, table, targets)) for one in faults), table)


def _hint(fault: Fault, table: Table, targets: Sequence[str]) -> str | None:
    """What to do about texts among numbers: where most cells have the same decoration, to say which."""
    column = table.number(fault.column or "")
    if 2 * len(fault.rows) < len(column.values) - np.count_nonzero(column.missing):
        return fault.hint
    found = decoration_of(Counter(column.bad.texts.tolist()), table.notation.decimal)
    if found is None or found.parse is None:
        return fault.hint
    if fault.column in targets:
        return f"they are {found.seen}: write `target_parse: {found.parse.written}` under `data`"
    return f"they are {found.seen}: give the feature a `parse: {found.parse.written}` beside its encoding"


def overflow_faults(outputs: Matrix) -> tuple[Fault, ...]:
    """The fault of rows for which a network puts out something else than finite numbers (rows, outputs)."""
    rows = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if not len(rows):
        return ()
    hint = "are its numbers far outside of those that the network was trained on?"
    return (Fault(None, "the network's output for this row is not a finite number", rows, hint),)


def missing_fault(column: str, absent: Array) -> Fault:
    """The fault of empty cells of a feature for which there is no policy."""
    return Fault(column, "a missing value, and no policy for it", np.flatnonzero(absent), MISSING_HINT)


def lacking_fault(column: str, absent: Array, hint: str) -> Fault:
    """The fault of empty cells that no policy fills."""
    return Fault(column, "a missing value", np.flatnonzero(absent), hint)


def unfilled(column: str, what: str, policy: MissingSpec, place: Place) -> Problem:
    """A missing cell at `place` in a column of `what`, which the policy has nothing to fill with."""
    given = policy.policy if policy.value is None else f"{{constant: {policy.value}}}"
    ours = "median" if what == "numbers" else "most_frequent"
    return Problem(
        f"column '{column}': a missing value in a column of {what}, which the policy `{given}` cannot fill",
        place,
        f"give the feature a policy of its own: `{column}: {{missing: {ours}}}`",
    )


def require_none(faults: Iterable[Fault], table: Table) -> None:
    """DataError with the first columns that have faults."""
    problems = [fault.problem(table) for fault in faults]
    if problems:
        raise DataError(*problems[:SHOWN_COLUMNS])
