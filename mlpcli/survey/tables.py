"""A whole table: how it is written, and what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.survey.columns import Amounts, ColumnFacts, column_facts
from mlpcli.survey.dates import may_be_days
from mlpcli.survey.disguises import Disguises, disguises
from mlpcli.survey.leaks import Leak, find_leaks
from mlpcli.survey.targets import TargetFacts, target_facts
from mlpcli.tables.bad_cells import refuse_texts
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.header import Header
from mlpcli.tables.reader import Reader, WholeFile, read_whole
from mlpcli.tables.source import ALL_THERE_IS, Chosen, DataFile
from mlpcli.tables.table import Table, Wanted


@dataclass(frozen=True)
class Survey:
    """A whole table: how it is written, and what its columns hold."""

    source: str
    rows: int
    format: CsvFormat
    disguises: Disguises
    features: tuple[ColumnFacts, ...]
    targets: tuple[TargetFacts, ...]
    leaks: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = ()  # about the shape of the file
    chosen: Chosen = ALL_THERE_IS

    @property
    def targets_missing(self) -> int:
        """In how many rows a target is missing, at the most."""
        return min(self.rows, sum(target.missing for target in self.targets))


def survey(file: DataFile, form: CsvFormat, targets: Sequence[str]) -> Survey:
    """Look at every column. Raises DataError for a target that is not there, or rows that cannot be read."""
    whole = _read(file, form, targets)
    found = disguises(whole.table, targets)
    # numbers such as 20240131 are read again as the texts that dates are
    days = [name for name in whole.table.numbers if may_be_days(name, whole.table.number(name).known)]
    if found.everywhere or found.within or days:
        within = {name: tuple(marks) for name, marks in found.within.items()}
        form = replace(form, na_values=tuple(found.everywhere), own_na_values=within)
        whole = _read(file, form, targets, days)
    table = whole.table
    refuse_texts(table)
    names = _others(whole.header, targets)
    features = tuple(_features(table, names, targets))
    learnt = tuple(target_facts(table, name) for name in targets)
    amounts, header = _with_decorations(table, features, learnt), whole.header
    return Survey(
        file.name,
        table.rows,
        form,
        found,
        features,
        learnt,
        tuple(find_leaks(amounts, names, targets, np.arange(table.rows))),
        (*header.notes, *header.warnings, *header.respelt(targets)),
        file.chosen,
    )


def _others(header: Header, targets: Sequence[str]) -> list[str]:
    """The columns that are no target."""
    own = {header.own(name) for name in targets}
    return [name for name in header.names if name not in own]


def _features(table: Table, names: Sequence[str], targets: Sequence[str]) -> Iterator[ColumnFacts]:
    """What columns hold in the rows that have a target, as no other trains; missing cells in any row."""
    labelled = np.flatnonzero(~table.lacking(targets))
    part = table.part(names, labelled) if 0 < len(labelled) < table.rows else table
    for name in names:
        facts = column_facts(part, name)
        elsewhere = int(np.count_nonzero(table.missing(name))) - facts.missing
        yield replace(facts, rows=facts.rows + elsewhere, missing=facts.missing + elsewhere)


def _with_decorations(table: Table, features: Sequence[ColumnFacts], targets: Sequence[TargetFacts]) -> Table:
    """The table, in which decorated numbers are known to be such."""
    parses = {one.name: one.holds.parse for one in features if isinstance(one.holds, Amounts)}
    parses |= {one.name: one.amounts.parse for one in targets if one.amounts and one.amounts.parse}
    return replace(table, notation=replace(table.notation, decorations=parses))


def _read(file: DataFile, form: CsvFormat, targets: Sequence[str], texts: Sequence[str] = ()) -> WholeFile:
    def choose(reader: Reader) -> Wanted:
        reader.header.require(targets)
        own = {reader.header.own(name) for name in targets}
        rest = (name for name in reader.header.names if name not in {*own, *texts})
        return Wanted(texts=(*targets, *texts), either=tuple(rest))

    return read_whole(file, form, choose)
