"""Cuts a table into its header and blocks of whole rows, each with its place in the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mlpcli.data.columns import Kind, kind_of
from mlpcli.data.csv_format import SEPARATORS
from mlpcli.data.row_width import Shape, check, fields_of, is_cut_off, malformed
from mlpcli.data.table import Header, Lines
from mlpcli.errors import DataError, Place, Problem

SAMPLE = 1 << 16  # bytes at the front of the rows that are looked at before kinds are chosen for the columns
SAMPLE_ROWS = 200
BOM = b"\xef\xbb\xbf"
MAX_COLUMNS = 10_000


@dataclass(frozen=True)
class Block:
    """Some whole rows as UTF-8, every one of them of the right width."""

    content: bytes
    rows: int
    lines: Lines


class Records:
    """The rows of a file, read once from its front to its end."""

    def __init__(self, chunks: Iterator[bytes], name: str, separator: str) -> None:
        self._chunks = chunks
        self._name = name
        self._separator = separator
        self._buffer = b""
        self._ended = False
        self._line = 1
        header = self._read_header()
        self.sample = self._read_sample()
        self.header = _with_line_ends(header, self.sample)
        names, unnamed = self.header.names, self.header.unnamed
        self.shape = Shape(name, separator, len(names), unnamed, header.hint)

    def blocks(self, chunks: int = 1) -> Iterator[Block]:
        """The rows after the header: those of the first chunk of the file, then about so many at a time."""
        while self._buffer or not self._ended:
            block = self._next_block()
            if block is not None:
                yield block
            elif self._buffer and self._ended:
                raise malformed(csv.Error("unexpected end of data"), Place(self._name, self._line))
            del block  # before the next one is read
            self._fill(chunks)

    def _next_block(self) -> Block | None:
        """The whole rows in the buffer, taken off it; None where there are none."""
        whole = self._whole_lines()
        checked = check(whole, self.shape, self._line) if whole else None
        if checked is None or not checked.rows:
            return None
        self._drop(checked.size, checked.next_line)
        return Block(whole[: checked.size], checked.rows, checked.lines)

    def _fill(self, chunks: int = 1) -> None:
        """So many more chunks. At the end of the file the last line gets its end, and blank lines go."""
        more = list(islice(self._chunks, chunks))
        if more:
            self._buffer = b"".join([self._buffer, *more])
        elif not self._ended:
            self._ended = True
            rest = self._buffer.rstrip(b"\r\n")
            self._buffer = rest + b"\n" if rest else b""

    def _drop(self, size: int, next_line: int) -> None:
        self._line = next_line
        self._buffer = self._buffer[size:]

    def _whole_lines(self) -> bytes:
        """The lines in the buffer; blank ones at its end stay there, they may be the end of the file."""
        end = self._buffer.rfind(b"\n") + 1
        text = end
        while text and self._buffer[text - 1] in b"\r\n":
            text -= 1
        return self._buffer[: self._buffer.find(b"\n", text) + 1] if text else b""

    def _read_header(self) -> Header:
        while True:
            self._fill()
            if self._buffer.startswith(BOM):
                self._buffer = self._buffer[len(BOM) :]
            try:
                first = next(fields_of(self._whole_lines(), self._separator), None)
            except csv.Error as error:
                if self._ended or not is_cut_off(error):
                    raise malformed(error, Place(self._name, 1)) from error
                first = None
            if first:
                fields, lines = first
                size = _size_of(self._buffer, lines)
                if self._buffer[:size].endswith(b"\r\r\n"):  # to the csv module an empty line, which it skips
                    raise malformed(csv.Error("new-line character"), Place(self._name, self._line))
                self._drop(size, self._line + lines)
                return read_header(fields, self._name, self._separator)
            if self._ended:
                raise DataError.of("is empty; expected a header and rows", Place(self._name))

    def _read_sample(self) -> list[list[str]]:
        """The first rows, without taking them off the buffer."""
        while not self._ended and (len(self._buffer) < SAMPLE or b"\n" not in self._buffer):
            self._fill()
        end = max(self._buffer.rfind(b"\n", 0, SAMPLE), self._buffer.find(b"\n")) + 1
        sample = []
        try:
            for fields, _ in islice(fields_of(self._buffer[:end], self._separator), SAMPLE_ROWS):
                sample.append(fields)
        except csv.Error:
            # the row is reported, or completed, when its block is read
            pass
        return sample


def _with_line_ends(header: Header, sample: list[list[str]]) -> Header:
    """The header, with the separator that ends every row taken for what it is."""
    first = sample[0] if sample else []
    if not header.unnamed and len(first) == len(header.names) + 1 and not first[-1]:
        header = replace(header, unnamed=1)
    if not header.unnamed:
        return header
    note = f"{header.source}: a separator at the end of every line: the empty column after it is left out"
    return replace(header, notes=(*header.notes, note))


def _size_of(content: bytes, lines: int) -> int:
    end = 0
    for _ in range(lines):
        end = content.index(b"\n", end) + 1
    return end


def read_header(fields: Sequence[str], source: str, separator: str) -> Header:
    """The header that the fields of the first row are."""
    place = Place(source, 1)
    names = [name.strip() for name in fields]
    unnamed = next((i for i, name in enumerate(reversed(names)) if name), len(names))
    names = names[: len(names) - unnamed]
    _refuse_bad_names(names, place)
    notes = []
    if names != list(fields[: len(names)]):
        notes.append(f"{place}: spaces around the names of columns are left out")
    if all(kind_of(name) is Kind.NUMBER for name in names):
        notes.append(f"{place}: all the names of columns are numbers: is the first line no header?")
    return Header(source, tuple(names), unnamed, tuple(notes), _other_separator(fields, separator))


def _refuse_bad_names(names: Sequence[str], place: Place) -> None:
    if not names:
        raise DataError.of("expected the names of the columns, found an empty line", place)
    if len(names) > MAX_COLUMNS:
        message = f"{len(names):,} columns, and at most {MAX_COLUMNS:,} are allowed"
        raise DataError.of(message, place)
    problems = [
        Problem(f"column {position} has no name", place) for position, name in enumerate(names, 1) if not name
    ]
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, 1):
        positions.setdefault(name, []).append(position)
    problems += [
        Problem(f"several columns are called '{name}': {', '.join(map(str, where))}", place)
        for name, where in positions.items()
        if name and len(where) > 1
    ]
    if problems:
        raise DataError(*problems[:5])


def _other_separator(fields: Sequence[str], separator: str) -> str | None:
    """A hint where a header of one column holds a separator that was not stated."""
    if len(fields) > 1:
        return None
    found = max(SEPARATORS, key=fields[0].count)
    if found == separator or not fields[0].count(found):
        return None
    written = "\\t" if found == "\t" else found
    seen = f"the columns seem to be separated by {SEPARATORS[found]}"
    return f'{seen}: write `separator: "{written}"` under `data`'
