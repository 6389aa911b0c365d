"""What a person should know about a split: which rows train that may have been meant for something else."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import DataSpec, SplitColumn
from mlpcli.tables.columns import number_of
from mlpcli.tables.spellings import places_by_meaning
from mlpcli.tables.table import Table

HELD_OUT_WORDS = frozenset(
    (
        "test",
        "testing",
        "val",
        "valid",
        "validation",
        "holdout",
        "hold-out",
        "hold_out",
        "held-out",
        "dev",
        "cal",
        "calib",
        "calibration",
        "eval",
    )
)
CLOSE = 0.75  # how alike two words are of which one may be the other's misspelling
SHOWN = 10  # values


@dataclass(frozen=True)
class Remarks:
    """Notes, and warnings of what may be wrong."""

    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __add__(self, other: Remarks) -> Remarks:
        return Remarks(self.notes + other.notes, self.warnings + other.warnings)


NOTHING = Remarks()


def remarks_on(data: DataSpec, table: Table, train: Indices, claimed: Array) -> Remarks:
    """What there is to say about rows that train beside those that split columns claim."""
    values = dict(_values_that_train(data, table, train))
    notes = [_note(column, counts) for column, counts in values.items() if len(counts) > 1]
    warnings = [line for column, counts in values.items() for line in _doubts(data, column, counts)]
    return Remarks((*notes, *_nothing_to_cut(data)), (*warnings, *_straddling(data, table, train, claimed)))


def unknown_classes(target: str, part: str, classes: Sequence[str]) -> str:
    """What to say of held-out rows that are left out, by the class of each."""
    names = list(dict.fromkeys(classes))
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    rows = "1 row" if len(classes) == 1 else f"{len(classes):,} rows"
    return (
        f"column '{target}': {rows} left out of the {part} rows, of classes that no training row has: {shown}"
    )


def _parts(data: DataSpec) -> dict[str, SplitColumn]:
    return {name: part for name, part in data.parts.items() if isinstance(part, SplitColumn)}


def _values_that_train(data: DataSpec, table: Table, train: Indices) -> Iterator[tuple[str, dict[str, int]]]:
    """For each split column how many training rows have which of its values."""
    for column in dict.fromkeys(part.column for part in _parts(data).values()):
        yield column, table.text(column, train).counts()


def _note(column: str, counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{_shown(value)} {count:,}" for value, count in list(counts.items())[:SHOWN])
    more = f", and {len(counts) - SHOWN:,} more" if len(counts) > SHOWN else ""
    return f"column '{column}': training: {shown}{more}"


def _shown(value: str) -> str:
    """The value, in quotes where it would be misread without them."""
    plain = value and value == value.strip() and "," not in value
    return value if plain else f"'{value}'"


def _doubts(data: DataSpec, column: str, counts: Mapping[str, int]) -> Iterator[str]:
    """Values that train and may not be meant to: close to a claimed one, or a word for held-out rows."""
    claimed = [part.value for part in _parts(data).values() if part.column == column]
    for value, count in list(counts.items())[:SHOWN]:
        rows = f"{count:,} {'row holds' if count == 1 else 'rows hold'}"
        word = value.strip().casefold()
        meant = difflib.get_close_matches(word, [text.strip().casefold() for text in claimed], 1, CLOSE)
        if meant:
            known = next(text for text in claimed if text.strip().casefold() == meant[0])
            yield f"column '{column}': {rows} '{value}', which is not '{known}': {_they(count)}"
        elif word in HELD_OUT_WORDS:
            yield f"column '{column}': {rows} '{value}', which no part claims: {_they(count)}"


def _they(count: int) -> str:
    return "it trains" if count == 1 else "they train"


def _nothing_to_cut(data: DataSpec) -> Iterator[str]:
    if any(isinstance(part, float) for part in data.parts.values()):
        return
    for key, column in (("group", data.group), ("order", data.order)):
        if column is not None:
            yield f"`{key}: {column}` cuts nothing here: neither validation nor test is a fraction"


def _straddling(data: DataSpec, table: Table, train: Indices, claimed: Array) -> Iterator[str]:
    """Groups that a split column tears apart."""
    if data.group is None or not claimed.any() or data.group not in table.texts:
        return
    column = table.text(data.group)
    levels = len(column.levels)
    in_both = np.bincount(column.codes[train], minlength=levels).astype(bool)
    in_both &= np.bincount(column.codes[claimed], minlength=levels).astype(bool)
    if in_both.any():
        what = "group has" if in_both.sum() == 1 else "groups have"
        yield f"column '{data.group}': {in_both.sum():,} {what} rows that train, and rows that a part claims"


def shared_groups(group: str, table: Table, train: Indices, held_out: Table) -> Iterator[str]:
    """A warning about groups of rows that train of which another table has rows too."""
    if group not in held_out.texts:
        return
    decimal = table.notation.decimal
    found = [text for text in held_out.text(group).counts() if text.strip()]
    if group in table.texts:
        places = places_by_meaning(found, tuple(table.text(group, train).counts()), decimal)
        count = sum(place >= 0 for place in places)
    else:
        numbers = set(table.number(group, train).values.tolist())
        count = len(numbers.intersection(number_of(text, decimal) for text in found))
    if count:
        what = "1 group has" if count == 1 else f"{count:,} groups have"
        yield f"column '{group}': {what} rows that train, and rows in {held_out.source}"
