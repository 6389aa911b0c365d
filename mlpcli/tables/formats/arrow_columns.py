"""Columns of Arrow, which Parquet files have too: numbers as they are, all others as their texts in a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import NumberColumn, TextColumn
from mlpcli.tables.formats.cells import UnusableValueError, Writing, native_numbers, singles
from mlpcli.tables.formats.typed_reader import CellBlock
from mlpcli.tables.shortest_numbers import as_written
from mlpcli.tables.table import Lines

BLOCK_ROWS = 1 << 16  # at a time, however large or small row groups are
BLOCK_CELLS, BLOCK_BYTES = 1 << 20, 1 << 25


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
        known = array.fill_null(0)
        if types.is_floating(array.type) and not types.is_float64(array.type):
            values = as_written(known.to_numpy(zero_copy_only=False))
        else:
            # of integers beyond 2^53 the nearest float, as for their text
            values = known.cast("float64", safe=False).to_numpy(zero_copy_only=False)
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
            try:
                levels = [writing.text(value) for value in _values(types, encoded.dictionary)]
            except UnusableValueError as error:
                row = encoded.indices.to_pylist().index(error.row)
                raise UnusableValueError(error.found, row) from error
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp)
        return _distinct(codes, levels)


def _plain(arrow: Any, array: Any) -> Any:
    """The values of an array of any layout or extension, as one of a type that can be told apart."""
    types = arrow.types
    if isinstance(array.type, arrow.BaseExtensionType):
        if array.type.extension_name == "arrow.uuid":
            return arrow.array([value and str(value) for value in array.to_pylist()], arrow.large_string())
        is_flag, array = array.type.extension_name == "arrow.bool8", array.storage
        array = array.cast(arrow.bool_()) if is_flag else array
    if types.is_run_end_encoded(array.type):
        array = import_module("pyarrow.compute").run_end_decode(array)
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_string_view(array.type):
        array = array.cast(arrow.large_string())
    if types.is_decimal(array.type) and array.type.bit_width < 128:
        array = array.cast(arrow.decimal128(array.type.precision, array.type.scale))
    return array


def _values(types: Any, different: Any) -> list[Any]:
    """The values of an array. Raises UnusableValueError for a time that Python has not."""
    kind = different.type
    try:
        values: list[Any] = different.to_pylist()
    except (OverflowError, ValueError) as error:  # a year, or a zone
        row = next(row for row in range(len(different)) if not _is_readable(different[row]))
        zone = getattr(kind, "tz", None)
        beyond = "a time beyond the years 1 to 9999" if isinstance(error, OverflowError) else None
        raise UnusableValueError(beyond or f"a time of the zone '{zone}', which is not known", row) from error
    if types.is_floating(kind) and not types.is_float64(kind):
        return singles(values, kind.to_pandas_dtype())
    if types.is_time64(kind) and kind.unit == "ns":
        # those of Python end at microseconds
        texts = different.cast("string").to_pylist()
        return [v if v is None or t.endswith("000") else t for v, t in zip(values, texts, strict=True)]
    return values


def _is_readable(scalar: Any) -> bool:
    try:
        scalar.as_py()
    except (OverflowError, ValueError):
        return False
    return True


def _unusable(types: Any, array: Any) -> tuple[str, int] | None:
    """What the cells of a type are that a CSV cannot have, and the first row with one."""
    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    views = (types.is_list_view, types.is_large_list_view)
    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view)
    kinds = {
        "a list": (*lists, *views),
        "an object": (types.is_struct, types.is_map, types.is_union),
        "binary data": binary,
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


def rows_in_front(batches: Iterator[Any], rows: int, schema: Any, source: str) -> CellBlock:
    """So many rows of the first batches, with all columns."""
    some: list[Any] = []
    while sum(batch.num_rows for batch in some) < rows and (batch := next(batches, None)) is not None:
        some.append(batch)
    front = import_module("pyarrow").Table.from_batches(some, schema).slice(0, rows)
    _require_sound(front, source, 0)
    return _block(front, 0)


def blocks_of(parts: Iterable[Any], names: Sequence[str], before: int, source: str) -> Iterator[CellBlock]:
    """The rows of tables or record batches of Arrow, however large or small, after `before` others.

    Raises DataError for a column whose buffers are none of its type: what is read of them has no bounds.
    """
    arrow = import_module("pyarrow")
    size = max(1, min(BLOCK_ROWS, BLOCK_CELLS // max(1, len(names))))
    waiting: list[Any] = []
    rows = held = 0  # that are waiting, and their bytes
    for part in parts:
        table = (part if isinstance(part, arrow.Table) else arrow.Table.from_batches([part])).select(names)
        _require_sound(table, source, before + rows)
        waiting.append(table)
        rows, held = rows + table.num_rows, held + table.nbytes
        while rows >= size or (rows and held >= BLOCK_BYTES):
            joined = arrow.concat_tables(waiting)
            yield _block(joined.slice(0, size), before)
            before, rest = before + min(size, rows), joined.slice(size)
            waiting, rows, held = [rest], rest.num_rows, rest.nbytes
    if rows:
        yield _block(arrow.concat_tables(waiting), before)


def _require_sound(table: Any, source: str, before: int) -> None:
    """Raise DataError for the first column that is damaged, with the first row where it is."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        said = _damage(column)
        if said is not None:
            row = next((row for row in range(len(column)) if _damage(column.slice(row, 1))), None)
            what = "expected text in UTF-8" if "UTF8" in said else f"is damaged: {said}"
            place = Place(source, None if row is None else before + row + 1)
            raise DataError(Problem(f"column '{name}': {what}", place))


def _damage(column: Any) -> str | None:
    """What pyarrow says of a column whose buffers cannot be those of its type."""
    try:
        column.validate(full=True)
    except import_module("pyarrow").ArrowInvalid as error:
        return str(error)
    return None


def _block(table: Any, before: int) -> CellBlock:
    """All rows of a table, after `before` others."""
    columns = zip(table.column_names, map(_joined, table.columns), strict=True)
    where = Lines((0,), (before + 1,), "row")
    return CellBlock(table.num_rows, where, {name: ArrowColumn(array) for name, array in columns})


def _joined(column: Any) -> Any:
    """A column in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
