"""A whole table: how it is written, and what its columns hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlpcli.data.bad_cells import refuse_texts
from mlpcli.data.columns import TextColumn
from mlpcli.data.csv_format import MISSING_MARKS, CsvFormat
from mlpcli.data.decorations import decoration_of
from mlpcli.data.reader import Reader, WholeFile, read_whole
from mlpcli.data.source import DataFile
from mlpcli.data.table import Table, Wanted
from mlpcli.survey.columns import ColumnFacts, column_facts, is_number
from mlpcli.survey.targets import TargetFacts, target_facts


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
        tuple(column_facts(table, name) for name in names),
        tuple(target_facts(table, name) for name in targets),
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
        found |= _marks_in(column, table, 3 if name in targets else 1)
    for name in table.numbers:
        found |= {text for text in table.number(name).bad.texts if text.strip() in MISSING_MARKS}
    return tuple(sorted(found))


def _marks_in(column: TextColumn, table: Table, least: int) -> set[str]:
    """The marks in a column of numbers, decorated or not, of which there are so many different ones.

    Of fewer values of a target one may well be a class that is called unknown.
    """
    counts = {text: n for text, n in column.counts().items() if text not in table.notation.missing}
    marks = {text for text in counts if text.strip() in MISSING_MARKS}
    rest = {text: n for text, n in counts.items() if text not in marks}
    if len(rest) < least:
        return set()
    if all(is_number(text, table) for text in rest):
        return marks
    seen = decoration_of(rest, table.notation.decimal)
    return set() if seen is None or seen.parse is None else {*marks, *seen.marks}
