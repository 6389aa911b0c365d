"""Cuts a table into its header and blocks of whole rows, each with its place in the file."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from mlpcli.errors import DataError, Place
from mlpcli.tables.column_names import header_of
from mlpcli.tables.csv_format import CsvFormat, other_separator
from mlpcli.tables.decoding import Text
from mlpcli.tables.first_lines import FirstLines, Placed, Skipped, skipped_lines
from mlpcli.tables.first_row import FirstRow
from mlpcli.tables.last_lines import (
    END_MARK,
    LINE_ENDS,
    nothing_of,
    sum_of,
    without_empty_rows,
    without_last_lines,
)
from mlpcli.tables.row_width import check, fields_of, passed_over
from mlpcli.tables.table import Lines
from mlpcli.tables.wrong_rows import Malformed, Shape, is_cut_off

SAMPLE = 1 << 16  # bytes at the front of the rows that are looked at before kinds are chosen for the columns
SAMPLE_ROWS = 200
BOM = b"\xef\xbb\xbf"
# bytes that are read before something is said about lines that hold nothing, or are of another width
LOOK_AHEAD = 1 << 20
LINE_FEED = ord("\n")


@dataclass(frozen=True)
class Block:
    """Some whole rows as UTF-8, every one of them of the right width."""

    content: bytes
    rows: int
    lines: Lines


class Records:
    """The rows of a file, read once from its front to its end."""

    def __init__(self, text: Text, form: CsvFormat) -> None:
        self._pieces = text.pieces
        self._mending = text.mending
        self._name = text.mending.name
        self._buffer = b""
        self._ended = False
        self._line = 1
        self._nothing = LINE_ENDS + END_MARK
        self.last_notes: list[str] = []
        skipped = self._skip_lines()
        first_line = self._buffer.partition(b"\n")[0]
        self.separator = form.separator or skipped.separator or form.separator_of(self._name, first_line)
        row, own = self._read_front(form.empty_rows)
        self.sample = list(row.sample)
        hint = other_separator(row)
        header = header_of(row, hint)
        notes = (*text.notes, *skipped.notes(self._name, self.separator), *header.notes)
        self.header = replace(header, notes=notes)
        self.shape = Shape(self._mending, self.separator, len(header.names), header.unnamed, row.line, hint)
        # the line of the names, where it cannot be data too
        self._own = own if len(header.names) > 1 and header.hint is None and not row.is_usual() else b""
        # a sign of that line that no row has so far: a block without it does not hold the line
        seen = set(self._buffer[:SAMPLE])
        self._rare = next((own[i : i + 1] for i, sign in enumerate(own) if sign not in seen), b"")

    def _read_front(self, empty_rows: bool) -> tuple[FirstRow, bytes]:
        """The first row and its bytes, which are taken off the buffer, with some of those below it."""
        line, (fields, own) = self._line, self._read_first()
        if len(fields) > 1 and not empty_rows:
            self._nothing = nothing_of(self.separator)
        if self._ended:
            self._buffer, self.last_notes = without_last_lines(self._buffer, self._nothing, self._name)
        sample = self._read_sample()
        row = FirstRow(
            fields, [below.fields for below in sample], self._name, line, self.separator, self._mending
        )
        if other_separator(row) is None:
            FirstLines([Placed(line, fields), *sample], self.separator, self._mending).refuse_descriptions()
        return row, own

    def blocks(self, chunks: int = 1) -> Iterator[Block]:
        """The rows after the header: those of the first chunk of the file, then about so many at a time."""
        while self._buffer or not self._ended:
            block = self._next_block()
            if block is not None:
                yield block
            else:
                self._refuse_open_end()
            del block  # before the next one is read
            self._fill(chunks)

    def skip(self, most: float) -> int:
        """Take blocks of rows off the front, at most so many rows, without a look at fields: how many."""
        passed = 0
        while self._buffer or not self._ended:
            whole = self._whole_lines()
            found = passed_over(whole, self.shape, self._line) if whole else None
            if found is None or not found.rows:
                self._refuse_open_end()
            elif passed + found.rows > most:
                break
            else:
                self._drop(found.size, found.next_line)
                passed += found.rows
            self._fill()
        return passed

    def _refuse_open_end(self) -> None:
        """DataError where the file has ended and what is left is no row."""
        if self._buffer and self._ended:
            raise self._malformed(csv.Error("unexpected end of data"))

    def _next_block(self) -> Block | None:
        """The whole rows in the buffer, taken off it; None where there are none."""
        whole = self._whole_lines()
        checked = check(whole, self.shape, self._line) if whole else None
        if checked is None or not checked.rows:
            return None
        if checked.ragged is not None:
            # what comes after them tells what they are
            if not self._ended and len(self._buffer) < LOOK_AHEAD:
                return None
            raise checked.ragged.error(self.shape, self._ended)
        content = whole[: checked.size]
        self._refuse_header_again(content)
        if self._ended and checked.size == len(self._buffer):
            self._note_sum(content)
        self._drop(checked.size, checked.next_line)
        return Block(content, checked.rows, checked.lines)

    def _refuse_header_again(self, rows: bytes) -> None:
        """DataError where the line of the header is there once more, as files put together have it."""
        if not self._own or self._rare not in rows:
            return
        found = rows.find(self._own)
        while found > 0 and rows[found - 1] != LINE_FEED:
            found = rows.find(self._own, found + 1)
        if found >= 0:
            line = self._line + rows.count(b"\n", 0, found)
            keep = f"NR <= {self.header.line} {{h = $0; print; next}} $0 != h"
            hint = f"take it out: {self._mending.through(f'awk {shlex.quote(keep)}', 'table')}"
            raise DataError.of("the names of the columns again", Place(self._name, line), hint)

    def _note_sum(self, rows: bytes) -> None:
        """A note where the last row seems to sum up the others: where no other row begins with that word."""
        found = sum_of(rows, self.separator)
        if found is not None and sum(found[1] in fields[0] for fields in self.sample) < 2:
            line = self._line + rows.count(b"\n", 0, found[0])
            note = f"{Place(self._name, line)}: the last row begins with '{found[1]}'"
            hint = f"hint: if it is no row like the others: {self._mending.up_to_line(line - 1)}"
            self.last_notes += [note, hint]

    def _fill(self, chunks: int = 1) -> None:
        """So many more chunks. At the end of the file the last line gets its end, and empty lines go."""
        more = list(islice(self._pieces, chunks))
        if more:
            self._buffer = b"".join([self._buffer, *more])
        elif not self._ended:
            self._ended = True
            self._buffer, self.last_notes = without_last_lines(self._buffer, self._nothing, self._name)

    def _drop(self, size: int, next_line: int) -> None:
        self._line = next_line
        self._buffer = self._buffer[size:]

    def _malformed(self, error: csv.Error) -> DataError:
        return Malformed(self._buffer, self._line, self._mending, self.separator).error(error)

    def _whole_lines(self) -> bytes:
        """The lines in the buffer; those at its end that hold nothing stay there, they may end the file."""
        end = text = self._buffer.rfind(b"\n") + 1
        while text and self._buffer[text - 1] in self._nothing:
            text -= 1
        if end - text > LOOK_AHEAD:
            command = self._mending.through(without_empty_rows(self.separator), "table")
            place = Place(self._name, self._line + self._buffer.count(b"\n", 0, text) + (text > 0))
            raise DataError.of(
                "a very long stretch of lines that hold nothing", place, f"take them out: {command}"
            )
        return self._buffer[: self._buffer.find(b"\n", text) + 1] if text else b""

    def _skip_lines(self) -> Skipped:
        """The lines before the first one that holds something, taken off the buffer."""
        while True:
            self._fill()
            self._buffer = self._buffer.removeprefix(BOM)
            skipped = skipped_lines(self._buffer)
            if skipped.size < len(self._buffer) and b"\n" in self._buffer[skipped.size :]:
                self._drop(skipped.size, 1 + skipped.lines)
                return skipped
            if self._ended:
                raise DataError.of("is empty; expected a header and rows", Place(self._name))
            if skipped.size > LOOK_AHEAD:
                hint = f"take them out: {self._mending.through(without_empty_rows(','), 'table')}"
                place = Place(self._name)
                raise DataError.of("begins with a very long stretch of blank lines", place, hint)

    def _read_first(self) -> tuple[list[str], bytes]:
        """The fields of the first row, and its bytes, which are taken off the buffer."""
        while True:
            try:
                first = next(fields_of(self._whole_lines(), self.separator), None)
            except csv.Error as error:
                if self._ended or not is_cut_off(error):
                    raise self._malformed(error) from error
                first = None
            if first:
                fields, lines = first
                size = _size_of(self._buffer, lines)
                if self._buffer[:size].endswith(b"\r\r\n"):  # to the csv module an empty line, which it skips
                    raise self._malformed(csv.Error("new-line character"))
                own = self._buffer[:size]
                self._drop(size, self._line + lines)
                return fields, own
            self._fill()

    def _read_sample(self) -> list[Placed]:
        """The first rows that hold something, each with its line, without taking them off the buffer."""
        while not self._ended and (len(self._buffer) < SAMPLE or b"\n" not in self._buffer):
            self._fill()
        end = max(self._buffer.rfind(b"\n", 0, SAMPLE), self._buffer.find(b"\n")) + 1
        sample: list[Placed] = []
        line, apart = self._line, False
        # a row that is malformed, or cut off here, is reported or completed when its block is read
        with suppress(csv.Error):
            for fields, read in islice(fields_of(self._buffer[:end], self.separator), SAMPLE_ROWS):
                filled = any(cell.strip() for cell in fields)
                if filled:
                    sample.append(Placed(line, fields, apart))
                line, apart = self._line + read, not filled and len(fields) < 2
        return sample


def _size_of(content: bytes, lines: int) -> int:
    end = 0
    for _ in range(lines):
        end = content.index(b"\n", end) + 1
    return end
