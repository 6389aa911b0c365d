"""Some rows of a data file: which they are, and these alone, without a look at the cells of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlpcli.errors import UsageError
from mlpcli.parallel.shares import Shard
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import Reader, open_table
from mlpcli.tables.source import DataFile
from mlpcli.tables.table import Table, Wanted


@dataclass(frozen=True)
class Taken:
    """What is taken of an input besides the columns that are needed: which are carried, and which rows.

    `rows` has a start and a stop; all where it is None.
    """

    carried: Sequence[str] = ()
    rows: slice | None = None


EVERYTHING = Taken()


def rows_of_shard(file: DataFile, form: CsvFormat, shard: Shard) -> slice:
    """Which rows are a shard of a file, for which all are counted: shards differ by one row at the most.

    Raises UsageError for what can be read once only.
    """
    require_repeatable(file, shard)
    with open_table(file, form) as reader:
        return shard.rows(reader.skip())


def require_repeatable(file: DataFile, shard: Shard) -> None:
    """Raise UsageError for what can be read once only, and so has no shards."""
    if not file.regular:
        message = f"shard {shard}: {file.name} can be read only once, and its rows are counted first"
        raise UsageError.of(message, hint="write it to a file, and name that")


def tables_between(reader: Reader, wanted: Wanted, rows: slice) -> Iterator[Table]:
    """The columns of the rows from `rows.start` up to `rows.stop`, block by block."""
    if rows.start == rows.stop:
        return
    passed = reader.skip(rows.start)
    for table in reader.tables(wanted):
        first, last = max(0, rows.start - passed), min(table.rows, rows.stop - passed)
        if first < last:
            yield table.between(first, last)
        passed += table.rows
        if passed >= rows.stop:
            return
