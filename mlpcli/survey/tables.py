"""A whole table: how it is written, and what its columns hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlpcli.data.bad_cells import refuse_texts
from mlpcli.data.csv_format import MISSING_MARKS, CsvFormat
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
    notes: tuple[str, ...] = ()  # about the shape of the file

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
    own = {whole.header.own(name) for name in targets}
    names = [name for name in whole.header.names if name not in own]
    return Survey(
        file.name,
        table.rows,
        form,
        tuple(column_facts(table, name) for name in names),
        tuple(target_facts(table, name) for name in targets),
        (*whole.header.notes, *whole.header.respelt(targets)),
    )


def _read(file: DataFile, form: CsvFormat, targets: Sequence[str]) -> WholeFile:
    def choose(reader: Reader) -> Wanted:
        reader.header.require(targets)
        own = {reader.header.own(name) for name in targets}
        return Wanted(texts=tuple(targets), either=tuple(n for n in reader.header.names if n not in own))

    return read_whole(file, form, choose)


def missing_marks(table: Table, targets: Sequence[str]) -> tuple[str, ...]:
    """The texts that stand for a missing cell in columns that otherwise hold numbers."""
    found: set[str] = set()
    for name, column in table.texts.items():
        texts = set(column.counts()) - table.notation.missing
        marks = {text for text in texts if text.strip() in MISSING_MARKS}
        rest = texts - marks
        few = name in targets and len(rest) < 3  # classes, of which one may well be called unknown
        if marks and rest and not few and all(is_number(text, table) for text in rest):
            found |= marks
    for name in table.numbers:
        found |= {text for text in table.number(name).bad.texts if text.strip() in MISSING_MARKS}
    return tuple(sorted(found))
