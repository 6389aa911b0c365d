"""Parquet files, a row group at a time, and of one that is very large some rows of it at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from mlpcli.extras import optional
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.arrow_columns import BLOCK_ROWS, blocks_of, rows_in_front
from mlpcli.tables.formats.arrow_files import refuse_others, seekable, told
from mlpcli.tables.formats.typed_reader import CellBlock, TypedReader
from mlpcli.tables.source import DataFile

WHOLE_GROUP = 64 << 20  # bytes, unpacked, of the columns wanted; a larger row group comes by batches
BATCH = 16 << 20  # bytes, of these
BUFFER = 1 << 20  # bytes of each column that are read at a time


def parquet_reader(file: DataFile, form: CsvFormat) -> TypedReader:
    """The reader of a Parquet file; raises UsageError where pyarrow is not installed."""
    return TypedReader(Parquet(file), form)


class Parquet:
    """An open Parquet file."""

    def __init__(self, file: DataFile) -> None:
        parquet = optional("pyarrow.parquet", f"{file.name}: reading .parquet")
        self.name = file.name
        self.warnings: Sequence[str] = ()
        self._group = self._before = 0  # the next row group, and the rows of those that are passed over
        self._row = 1.0  # bytes of a row, as far as is known, for metadata have texts of dictionaries once
        self._handle = seekable(file)
        try:
            refuse_others(self._handle, (b"PAR1",), file.name, "a Parquet file")
            with told(file.name, "is a damaged Parquet file"):
                # read ahead, all row groups would soon be in memory
                self._file = parquet.ParquetFile(self._handle, pre_buffer=False, buffer_size=BUFFER)
                self.names: Sequence[str] = self._file.schema_arrow.names
        except BaseException:
            self._handle.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def first(self, rows: int) -> CellBlock:
        """Some rows at the front."""
        with told(self.name, "is a damaged Parquet file"):
            batches = (self._measured(batch) for batch in self._file.iter_batches(batch_size=rows))
            return rows_in_front(batches, rows, self._file.schema_arrow, self.name)

    def skip(self, most: float) -> int:
        """Pass over row groups at the front, as long as they have at most so many rows: how many."""
        start, metadata = self._before, self._file.metadata
        while self._group < metadata.num_row_groups:
            rows = metadata.row_group(self._group).num_rows
            if self._before - start + rows > most:
                break
            self._before += rows
            self._group += 1
        return self._before - start

    def blocks(self, names: Sequence[str]) -> Iterator[CellBlock]:
        """The rows that are left, some at a time, with these columns."""
        groups = range(self._group, self._file.metadata.num_row_groups)
        parts = chain.from_iterable(self._parts(group, list(names)) for group in groups)
        return blocks_of(parts, names, self._before, self.name)

    def _parts(self, group: int, names: list[str]) -> Iterator[Any]:
        """The rows of a row group: all of them, or batches where they are many bytes."""
        rows = self._file.metadata.row_group(group).num_rows
        with told(self.name, f"row group {group + 1} cannot be read"):
            if max(self._bytes(group, names), rows * self._row) <= WHOLE_GROUP:
                parts: Iterable[Any] = [self._file.read_row_group(group, columns=names)]
            else:
                size = max(1, min(BLOCK_ROWS, int(BATCH / self._row)))
                parts = self._file.iter_batches(batch_size=size, row_groups=[group], columns=names)
            yield from map(self._measured, parts)

    def _measured(self, part: Any) -> Any:
        """Some rows; what one of them takes is remembered."""
        self._row = max(self._row, part.nbytes / max(1, part.num_rows))
        return part

    def _bytes(self, group: int, names: Sequence[str]) -> int:
        found = self._file.metadata.row_group(group)
        columns = (found.column(index) for index in range(found.num_columns))
        wanted = {*names}
        return sum(
            column.total_uncompressed_size
            for column in columns
            if {column.path_in_schema, column.path_in_schema.partition(".")[0]} & wanted
        )
