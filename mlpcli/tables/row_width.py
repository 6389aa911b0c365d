"""Whether every row of some bytes is as wide as the header: counted at the speed of bytes, or row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import RLock

import numpy as np
import numpy.typing as npt

from mlpcli.tables.quoted_rows import quoted_rows
from mlpcli.tables.table import Lines
from mlpcli.tables.wrong_rows import FIELD_LIMIT, Malformed, Ragged, Shape, is_cut_off

_limiting = RLock()


@dataclass(frozen=True)
class Checked:
    """The first `size` bytes are `rows` whole rows, some perhaps ragged; the next begins in `next_line`."""

    rows: int
    size: int
    lines: Lines
    next_line: int
    ragged: Ragged | None = None


def check(content: bytes, shape: Shape, line: int) -> Checked:
    """Check whole lines that begin with a new row in line `line`. A row that is not whole yet is left out.

    Raises DataError with the place of a row that cannot be told apart into fields.
    """
    if b'"' in content:
        return _check_quoted(content, shape, line) or _Walk(shape, line).over(content)
    rows = _count_regular(content, shape)
    if rows is not None:
        return Checked(rows, len(content), Lines((0,), (line,)), line + rows)
    return _Walk(shape, line).over(content)


def _check_quoted(content: bytes, shape: Shape, line: int) -> Checked | None:
    """The same of rows with quotes if all of them have the right shape; None if that takes a closer look."""
    found = quoted_rows(content, shape.separator)
    # what is not within quotes must be empty where there is no name, or be all of a line: a closer look
    if found is None or not found.rows or found.longest > FIELD_LIMIT or shape.unnamed or shape.width == 1:
        return None
    if _count_regular(found.outside, shape) != found.rows:
        return None
    return Checked(found.rows, found.size, found.lines(line), line + found.line_count)


def passed_over(content: bytes, shape: Shape, line: int) -> Checked:
    """The rows at the front of whole lines, whatever their width, at several times the speed of `check`.

    The lines that they begin in are not told. Raises DataError where it takes fields to tell rows apart,
    and these cannot be told either.
    """
    if b'"' not in content:
        rows = content.count(b"\n")
        return Checked(rows, len(content), Lines((0,), (line,)), line + rows)
    quoted = quoted_rows(content, shape.separator)
    if quoted is None:
        return check(content, shape, line)
    return Checked(quoted.rows, quoted.size, Lines((0,), (line,)), line + quoted.line_count)


def _count_regular(content: bytes, shape: Shape) -> int | None:
    """The number of rows without quotes if all have the right shape; None if that takes a closer look."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    separator = shape.separator.encode()
    rows = _count_long(content, shape) or _count_any(content, shape)
    if rows is None:
        return None
    if shape.unnamed and content.count(separator * shape.unnamed + b"\n") != rows:
        return None
    if shape.width == 1 and (content.startswith(b"\n") or b"\n\n" in content):
        return None
    return None if _has_long_stretch(content, separator) else rows


def _count_any(content: bytes, shape: Shape) -> int | None:
    """The number of rows if all of them have the right number of separators.

    Without quotes, what is left of a row when all but separators and line ends is taken away says it all.
    """
    separator = shape.separator.encode()
    skeleton = content.translate(None, bytes(set(range(256)) - set(separator + b"\n\r")))
    row = separator * (shape.width - 1) + b"\n"
    rows = len(skeleton) // len(row)
    return rows if skeleton == row * rows else None


def _count_long(content: bytes, shape: Shape) -> int | None:
    """The same, several times faster; None also where a row may be shorter than a word has bits.

    With a bit for each byte, a line end is the only bit of its word, and the word less 1 is the bits of all
    bytes before it, among which the separators are counted.
    """
    if b"\r" in content:
        return None
    ends = _words_of_bits(content, b"\n")
    words = np.flatnonzero(ends)
    end = ends[words]
    separators = _words_of_bits(content, shape.separator.encode())
    counts = np.bitwise_count(separators)
    before = np.cumsum(counts, dtype=np.intp) - counts
    found = before[words] + np.bitwise_count(separators[words] & (end - 1))
    rows = len(words)
    expected = np.arange(1, rows + 1) * (shape.width - 1)
    return rows if not (end & (end - 1)).any() and np.array_equal(found, expected) else None


def _words_of_bits(content: bytes, sign: bytes) -> npt.NDArray[np.uint64]:
    """A bit for each byte, the lowest first: whether it is this sign."""
    bits = np.packbits(np.frombuffer(content, np.uint8) == ord(sign), bitorder="little")
    return np.append(bits, np.zeros(-len(bits) % 8, np.uint8)).view("<u8")


def _has_long_stretch(content: bytes, separator: bytes) -> bool:
    """Whether a field may be longer than the limit: then half a limit somewhere holds no separator."""
    step = FIELD_LIMIT // 2
    return any(
        content.find(separator, start, start + step) < 0 and content.find(b"\n", start, start + step) < 0
        for start in range(0, len(content) - step, step)
    )


@dataclass
class _Walk:
    """A walk over rows with the csv module, which knows the line of each."""

    shape: Shape
    line: int
    rows: int = 0
    read: int = 0  # lines
    starts: list[tuple[int, int]] = field(default_factory=list)
    ragged: list[tuple[int, list[str]]] = field(default_factory=list)
    first_ragged: int = 0

    def over(self, content: bytes) -> Checked:
        """The whole rows at the front of the content."""
        first = self.line
        try:
            for fields, read in fields_of(content, self.shape.separator):
                self._row(fields, read)
        except csv.Error as error:
            if not is_cut_off(error) and not self.ragged:
                rest = content[self._size(content) :]
                row = Malformed(rest, self.line + self.read, self.shape.mending, self.shape.separator)
                raise row.error(error) from error
        rows, lines = zip(*self.starts, strict=True) if self.starts else ((0,), (self.line,))
        ragged = Ragged(self.ragged, first, self.rows, self.rows - self.first_ragged == len(self.ragged))
        size, end = self._size(content), self.line + self.read
        return Checked(self.rows, size, Lines(rows, lines), end, ragged if self.ragged else None)

    def _size(self, content: bytes) -> int:
        return sum(len(line) for line in islice(io.BytesIO(content), self.read))

    def _row(self, fields: list[str], read: int) -> None:
        start = self.line + self.read
        if not self.starts or start - self.starts[-1][1] != self.rows - self.starts[-1][0]:
            self.starts.append((self.rows, start))
        if len(fields) != self.shape.width or any(fields[self.shape.named :]):
            if not self.ragged:
                self.first_ragged = self.rows
            self.ragged.append((start, fields))
        self.rows += 1
        self.read = read


def fields_of(content: bytes, separator: str) -> Iterator[tuple[list[str], int]]:
    """Row by row the fields and the number of lines up to its end; csv.Error where it is malformed."""
    reader = csv.reader(map(bytes.decode, io.BytesIO(content)), delimiter=separator, strict=True)
    with _field_limit():
        for fields in reader:
            yield fields, reader.line_num


@contextmanager
def _field_limit() -> Iterator[None]:
    """The csv module's limit for fields as it is needed here: a process has one, which others may rely on."""
    with _limiting:
        before = csv.field_size_limit(FIELD_LIMIT)
        try:
            yield
        finally:
            csv.field_size_limit(before)
