"""Tables as Parquet and as Arrow files: numbers as 64-bit floats, everything else as strings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

from mlpcli.run.predictions_csv import Columns, Stream

ROW_GROUP = 1 << 17  # rows; however they come, so that the same table is the same bytes


def write_parquet(stream: Stream, names: Sequence[str], tables: Iterable[Columns]) -> None:
    """Write the columns of these names, a row group at a time."""
    parquet = import_module("pyarrow.parquet")
    _write(_row_groups(names, tables), lambda schema: parquet.ParquetWriter(_sink(stream), schema))


def write_arrow(stream: Stream, names: Sequence[str], tables: Iterable[Columns]) -> None:
    """Write the columns of these names as an Arrow IPC file, which Feather is another name of."""
    ipc = import_module("pyarrow.ipc")
    _write(_row_groups(names, tables), lambda schema: ipc.new_file(_sink(stream), schema))


def _write(groups: Iterator[Any], begun: Callable[[Any], Any]) -> None:
    """Write all groups by the writer that is made for the schema of the first."""
    first = next(groups)
    with begun(first.schema) as writer:
        for group in chain([first], groups):
            writer.write_table(group)


def _sink(stream: Stream) -> Any:
    return import_module("pyarrow").PythonFile(stream, mode="w")


def _row_groups(names: Sequence[str], tables: Iterable[Columns]) -> Iterator[Any]:
    """The rows as Arrow tables of ROW_GROUP rows each, the last aside; at least one."""
    arrow = import_module("pyarrow")
    waiting: list[Any] = []
    rows = 0
    for columns in tables:
        waiting.append(arrow.table([_array(arrow, column) for column in columns], names=list(names)))
        rows += waiting[-1].num_rows
        while rows > ROW_GROUP:
            joined = arrow.concat_tables(waiting)
            yield joined.slice(0, ROW_GROUP).combine_chunks()
            waiting = [joined.slice(ROW_GROUP)]
            rows -= ROW_GROUP
    yield arrow.concat_tables(waiting).combine_chunks()


def _array(arrow: Any, column: Any) -> Any:
    if column.dtype != object:
        return arrow.array(column, arrow.float64(), from_pandas=True)  # which NaN is a null for
    return arrow.array([cell or None for cell in column.tolist()], arrow.string())
