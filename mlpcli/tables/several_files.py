"""Several files of the same columns, read one after the other as if their rows were in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlpcli.errors import DataError, Problem
from mlpcli.tables.columns import Notation
from mlpcli.tables.header import Header
from mlpcli.tables.table import Table, Wanted

if TYPE_CHECKING:
    from mlpcli.tables.reader import Reader


class SeveralFiles:
    """Open files, of which the first one says what the columns are; the others have them in any order."""

    def __init__(self, openers: Sequence[Callable[[], Reader]]) -> None:
        self._first = openers[0]()
        self._others = openers[1:]
        self._notes: list[str] = []

    @property
    def header(self) -> Header:
        """The names of the columns of the first."""
        return self._first.header

    @property
    def last_notes(self) -> Sequence[str]:
        """What was left out after the last row of each, and what to know of those after the first."""
        return tuple(self._notes)

    @property
    def sample(self) -> list[list[str]]:
        """The cells of some rows of the first."""
        return self._first.sample

    @property
    def notation(self) -> Notation:
        """How their texts say numbers and nothing."""
        return self._first.notation

    def skip(self, most: float = inf) -> int:
        """Pass over rows at the front of the first; over all rows of all where nothing is said."""
        passed = self._first.skip(most)
        if most == inf:
            passed += sum(self._passed(opened) for opened in self._others)
        return passed

    def _passed(self, opened: Callable[[], Reader]) -> int:
        with opened() as reader:
            return reader.skip()

    def tables(self, wanted: Wanted, *, kept: bool = False) -> Iterator[Table]:
        """The rows of all, block by block. Raises DataError for a file with other columns."""
        yield from self._tables(self._first, wanted, kept)
        for opened in self._others:
            with opened() as reader:
                self._require_same(reader.header)
                self._notes += [*reader.header.notes, *reader.header.warnings]
                yield from self._tables(reader, wanted, kept)

    def _tables(self, reader: Reader, wanted: Wanted, kept: bool) -> Iterator[Table]:
        """The rows of one, which know in which file they are."""
        for table in reader.tables(wanted, kept=kept):
            lines = table.lines
            if lines is not None:
                lines = replace(lines, sources=(reader.header.source,) * len(lines.rows))
            yield replace(table, lines=lines)
        self._notes += reader.last_notes

    def _require_same(self, header: Header) -> None:
        first = self.header
        problems = header.lacks(first.names)
        hint = f"all files have the columns of {first.source}"
        problems += [
            Problem(f"column '{name}' is not in {first.source}", header.place, hint)
            for name in header.names
            if first.own(name) is None
        ]
        if problems:
            raise DataError(*problems[:5])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._first.__exit__(kind, error, trace)
