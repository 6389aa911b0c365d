"""What the columns of a table hold: kinds, missing cells, how many different values; for `mlp init`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.data.bad_cells import refuse_texts
from mlpcli.data.columns import Kind, NumberColumn, TextColumn, kind_of, sorted_texts
from mlpcli.data.csv_format import MISSING_MARKS, CsvFormat
from mlpcli.data.dates import dates_of, likely_format
from mlpcli.data.reader import Reader, WholeFile, read_whole
from mlpcli.data.source import DataFile
from mlpcli.data.table import Table, Wanted

ID_NAME = re.compile(r"(?i:(^|[\s_.-])(id|uuid|guid|index|idx)$)|[a-z0-9](Id|ID)$|(?i:^unnamed: 0$)")


@dataclass(frozen=True)
class ColumnFacts:
    """One column. `distinct` counts different values, missing ones aside; `odd` is a text among numbers.

    `dates` is the format of its texts where all of them are dates, "" for that of ISO 8601.
    """

    name: str
    numeric: bool
    rows: int
    missing: int
    distinct: int
    numbering: bool = False  # whole numbers that go up by one from row to row
    dates: str | None = None
    odd: str | None = None

    @property
    def present(self) -> int:
        """How many cells have a value."""
        return self.rows - self.missing

    @property
    def identifies(self) -> bool:
        """Whether it seems to name rows: texts, or numbers of that name, which are all different."""
        known_otherwise = self.dates is not None or self.odd is not None
        if known_otherwise or self.present < 2 or self.distinct < self.present:
            return False
        return not self.numeric or bool(ID_NAME.search(self.name))


@dataclass(frozen=True)
class TargetFacts:
    """One target column: its values in order and how often each occurs, up to the first thousand."""

    name: str
    numeric: bool
    missing: int
    distinct: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Survey:
    """A whole table: how it is written, and what its columns hold."""

    source: str
    rows: int
    format: CsvFormat
    features: tuple[ColumnFacts, ...]
    targets: tuple[TargetFacts, ...]

    @property
    def targets_missing(self) -> int:
        """In how many rows a target is missing, at the most."""
        return min(self.rows, sum(target.missing for target in self.targets))


def survey(file: DataFile, form: CsvFormat, targets: Sequence[str]) -> Survey:
    """Look at every column. Raises DataError for a target that is not there, or rows that cannot be read."""
    whole = _read(file, form, targets)
    marks = missing_marks(whole.table, targets)
    if marks:
        form = replace(form, na_values=marks)
        whole = _read(file, form, targets)
    table = whole.table
    refuse_texts(table)
    names = [name for name in whole.header.names if name not in targets]
    return Survey(
        file.name,
        table.rows,
        form,
        tuple(_column_facts(table, name) for name in names),
        tuple(_target_facts(table, name) for name in targets),
    )


def _read(file: DataFile, form: CsvFormat, targets: Sequence[str]) -> WholeFile:
    def choose(reader: Reader) -> Wanted:
        reader.header.require(targets)
        return Wanted(texts=tuple(targets), either=tuple(n for n in reader.header.names if n not in targets))

    return read_whole(file, form, choose)


def missing_marks(table: Table, targets: Sequence[str]) -> tuple[str, ...]:
    """The texts that stand for a missing cell in columns that otherwise hold numbers."""
    found: set[str] = set()
    for name, column in table.texts.items():
        texts = set(column.counts()) - table.notation.missing
        marks = {text for text in texts if text.strip() in MISSING_MARKS}
        rest = texts - marks
        few = name in targets and len(rest) < 3  # classes, of which one may well be called unknown
        if marks and rest and not few and all(_is_number(text, table) for text in rest):
            found |= marks
    for name in table.numbers:
        found |= {text for text in table.number(name).bad.texts if text.strip() in MISSING_MARKS}
    return tuple(sorted(found))


def _is_number(text: str, table: Table) -> bool:
    return kind_of(text, table.notation.decimal) is Kind.NUMBER


def _column_facts(table: Table, name: str) -> ColumnFacts:
    if name in table.numbers:
        return _number_facts(name, table.number(name))
    return _text_facts(name, table.text(name), table)


def _number_facts(name: str, column: NumberColumn) -> ColumnFacts:
    known = column.values[~column.missing]
    numbering = (
        len(known) == len(column.values) > 2 and known[0] in (0, 1) and bool(np.all(np.diff(known) == 1))
    )
    missing = len(column.values) - len(known)
    return ColumnFacts(name, True, len(column.values), missing, len(np.unique(known)), numbering)


def _text_facts(name: str, column: TextColumn, table: Table) -> ColumnFacts:
    counts = {text: n for text, n in column.counts().items() if text not in table.notation.missing}
    texts = [text for text in counts if not _is_number(text, table)]
    odd = texts[0] if 0 < len(texts) <= len(counts) // 2 else None
    missing = table.rows - sum(counts.values())
    return ColumnFacts(name, False, table.rows, missing, len(counts), dates=_dates(list(counts)), odd=odd)


def _dates(texts: Sequence[str]) -> str | None:
    """How all of some texts are written that are dates; None where they are not."""
    form = likely_format(texts)
    if form is None or np.isnat(dates_of(texts, form or None)).any():
        return None
    return form


def _target_facts(table: Table, name: str) -> TargetFacts:
    counts = {text: n for text, n in table.text(name).counts().items() if text not in table.notation.missing}
    numeric = bool(counts) and all(_is_number(text, table) for text in counts)
    ordered = {text: counts[text] for text in sorted_texts(counts, table.notation.decimal)}
    return TargetFacts(name, numeric, table.rows - sum(counts.values()), len(counts), ordered)
