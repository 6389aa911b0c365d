"""Columns of Arrow, which Parquet files have too: numbers as they are, all others as their texts in a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.tables.columns import NumberColumn, TextColumn
from mlpcli.tables.formats.cells import NumberText, UnusableValueError, Writing, native_numbers
from mlpcli.tables.formats.typed_reader import CellBlock
from mlpcli.tables.table import Lines

BLOCK_ROWS = 1 << 16  # at a time, however large or small row groups are
BLOCK_CELLS = 1 << 20


@dataclass(frozen=True)
class ArrowColumn:
    """Some rows of a column of Arrow, in one piece."""

    array: Any

    def numbers(self, writing: Writing, missing: Vector) -> NumberColumn | None:
        """The numbers where the column has a type of integers or of floats; `missing` ones are nothing."""
        types, array = import_module("pyarrow.types"), self.array
        if not types.is_integer(array.type) and not types.is_floating(array.type):
            return None
        absent = array.is_null().to_numpy(zero_copy_only=False)
        # of integers beyond 2^53 the nearest float, as for their text
        doubles = array.fill_null(0).cast("float64", safe=False)
        values: Vector = doubles.to_numpy(zero_copy_only=False)
        return native_numbers(
            values, absent | np.isin(values, missing), writing, lambda row: writing.text(array[row].as_py())
        )

    def texts(self, writing: Writing) -> TextColumn:
        """The texts that the cells would be in a CSV; raises UnusableValueError for a type without any."""
        arrow = import_module("pyarrow")
        types, array = arrow.types, _plain(arrow, self.array)
        if types.is_string(array.type) or types.is_large_string(array.type):
            encoded = array.fill_null("").dictionary_encode()
            levels: Sequence[str] = encoded.dictionary.to_pylist()
        else:
            found = _unusable(types, array)
            if found is not None:
                raise UnusableValueError(*found)
            encoded = array.dictionary_encode(null_encoding="encode")
            levels = [writing.text(value) for value in _values(types, encoded.dictionary)]
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp)
        return _distinct(codes, levels)


def _plain(arrow: Any, array: Any) -> Any:
    """The values of a dictionary, of an extension, or of a view as an array that can be told apart."""
    types = arrow.types
    if isinstance(array.type, arrow.BaseExtensionType):
        array = array.storage
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_string_view(array.type):
        array = array.cast(arrow.large_string())
    return array


def _values(types: Any, different: Any) -> list[Any]:
    """The values of an array, floats of fewer than 64 bits as the shortest texts that give them back."""
    values: list[Any] = different.to_pylist()
    if types.is_floating(different.type) and not types.is_float64(different.type):
        kind = np.float32 if types.is_float32(different.type) else np.float16
        return [v if v is None or v != v else NumberText(kind(v)) for v in values]
    return values


def _unusable(types: Any, array: Any) -> tuple[str, int] | None:
    """What the cells of a type are that a CSV cannot have, and the first row with one."""
    kinds = {
        "a list": (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view),
        "an object": (types.is_struct, types.is_map, types.is_union),
        "binary data": (
            types.is_binary,
            types.is_large_binary,
            types.is_fixed_size_binary,
            types.is_binary_view,
        ),
        "a duration": (types.is_duration, types.is_interval),
    }
    for what, tests in kinds.items():
        if any(test(array.type) for test in tests):
            known = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
            return what, int(known[0]) if len(known) else 0
    return None


def _distinct(codes: Any, levels: Sequence[str]) -> TextColumn:
    """A column of texts, with each level once, as different values may have one text."""
    position: dict[str, int] = {}
    into = np.fromiter((position.setdefault(level, len(position)) for level in levels), np.intp, len(levels))
    return TextColumn(into[codes] if len(levels) else codes, tuple(position))


def rows_in_front(batches: Iterator[Any], rows: int, schema: Any) -> CellBlock:
    """So many rows of the first batches, with all columns."""
    some: list[Any] = []
    while sum(batch.num_rows for batch in some) < rows and (batch := next(batches, None)) is not None:
        some.append(batch)
    front = import_module("pyarrow").Table.from_batches(some, schema).slice(0, rows)
    return _block(front, 0)


def blocks_of(parts: Iterable[Any], names: Sequence[str], before: int) -> Iterator[CellBlock]:
    """The rows of tables or record batches of Arrow, however large or small, after `before` others."""
    arrow = import_module("pyarrow")
    size = max(1, min(BLOCK_ROWS, BLOCK_CELLS // max(1, len(names))))
    waiting: list[Any] = []
    for part in parts:
        table = part if isinstance(part, arrow.Table) else arrow.Table.from_batches([part])
        waiting.append(table.select(names))
        while sum(table.num_rows for table in waiting) >= size:
            joined = arrow.concat_tables(waiting)
            yield _block(joined.slice(0, size), before)
            before, waiting = before + size, [joined.slice(size)]
    if waiting and (rest := arrow.concat_tables(waiting)).num_rows:
        yield _block(rest, before)


def _block(table: Any, before: int) -> CellBlock:
    """All rows of a table, after `before` others."""
    columns = zip(table.column_names, map(_joined, table.columns), strict=True)
    where = Lines((0,), (before + 1,), "row")
    return CellBlock(table.num_rows, where, {name: ArrowColumn(array) for name, array in columns})


def _joined(column: Any) -> Any:
    """A column in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
