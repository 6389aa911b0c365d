"""Arrow files (IPC, which Feather is another name of) and streams of the same, a record batch at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from mlpcli.extras import optional
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.arrow_columns import BLOCK_ROWS, blocks_of, rows_in_front
from mlpcli.tables.formats.arrow_files import Mapped, refuse_others, seekable, told
from mlpcli.tables.formats.typed_reader import CellBlock, TypedReader
from mlpcli.tables.source import DataFile

LARGE_BATCH = 64 << 20  # bytes
FILE, STREAM = b"ARROW1", b"\xff\xff\xff\xff"  # what each begins with


def arrow_reader(file: DataFile, form: CsvFormat) -> TypedReader:
    """The reader of an Arrow file or stream; raises UsageError where pyarrow is not installed."""
    return TypedReader(ArrowBatches(file), form)


class ArrowBatches:
    """An open Arrow file or stream."""

    def __init__(self, file: DataFile) -> None:
        ipc = optional("pyarrow.ipc", f"{file.name}: reading .arrow")
        self.name = file.name
        self.warnings: Sequence[str] = ()
        self._waiting: list[Any] = []
        self._before = 0  # rows that are passed over
        self._handle = seekable(file)
        self._mapped: Mapped | None = None
        try:
            head = refuse_others(self._handle, (FILE, STREAM), file.name, "an Arrow file")
            with told(file.name, "is a damaged Arrow file"):
                self._schema, self._batches = self._opened(ipc, head.startswith(FILE))
                self.names: Sequence[str] = self._schema.names
        except BaseException:
            self._handle.close()
            raise

    def _opened(self, ipc: Any, is_file: bool) -> tuple[Any, Iterator[Any]]:
        """The schema and the record batches. Where one of these may be large, the file is mapped."""
        size = self._handle.seek(0, io.SEEK_END)
        self._handle.seek(0)
        count = ipc.open_file(self._handle).num_record_batches if is_file else 1
        source: Any = self._handle
        if size > LARGE_BATCH * count and (mapped := Mapped.of(self._handle)) is not None:
            self._mapped, source = mapped, import_module("pyarrow").py_buffer(mapped.pages)
        if not is_file:
            stream = ipc.open_stream(source)
            return stream.schema, iter(stream)
        opened = ipc.open_file(source)
        return opened.schema, map(opened.get_batch, range(count))

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def first(self, rows: int) -> CellBlock:
        """Some rows at the front; they are still to come."""
        with told(self.name, "is a damaged Arrow file"):
            while sum(batch.num_rows for batch in self._waiting) < rows and self._pull():
                pass
        return rows_in_front(iter(self._waiting), rows, self._schema, self.name)

    def skip(self, most: float) -> int:
        """Pass over record batches at the front, as long as they have at most so many rows: how many."""
        passed = 0
        for batch in self._all():
            if passed + batch.num_rows > most:
                self._waiting.insert(0, batch)
                break
            passed += batch.num_rows
        self._before += passed
        return passed

    def blocks(self, names: Sequence[str]) -> Iterator[CellBlock]:
        """The rows that are left, some at a time, with these columns."""
        return blocks_of(self._all(), names, self._before, self.name)

    def _all(self) -> Iterator[Any]:
        """The record batches that are left."""
        with told(self.name, "is a damaged Arrow file"):
            while self._waiting or self._pull():
                batch = self._waiting.pop(0)
                yield batch
                if self._mapped is not None:
                    self._mapped.forget()

    def _pull(self) -> bool:
        """Have one more record batch waiting; whether there is one."""
        batch = next(self._batches, None)
        if batch is not None:
            size = BLOCK_ROWS if self._mapped else max(1, batch.num_rows)
            self._waiting += [batch.slice(start, size) for start in range(0, max(1, batch.num_rows), size)]
        return batch is not None
