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

from mlpcli.data.table import Lines
from mlpcli.errors import DataError, Place, Problem

FIELD_LIMIT = 1 << 20  # bytes
# what the csv module says, and what a person is told
MALFORMED = (
    ("unexpected end of data", "a quote that is never closed", None),
    (
        "field larger",
        f"a field is longer than {FIELD_LIMIT >> 20} MiB",
        "a quote that is never closed makes one field of the rest of the file",
    ),
    (
        "new-line character",
        "a carriage return in the middle of a line",
        "save the file with line ends as Unix or Windows have them",
    ),
    ("expected after", "text after the closing quote of a field", "a quote within a quoted field is doubled"),
)
_limiting = RLock()


@dataclass(frozen=True)
class Shape:
    """What a row must look like: `named` fields and then `unnamed` empty ones."""

    source: str
    separator: str
    named: int
    unnamed: int
    hint: str | None = None  # about a separator that the header seems to have instead

    @property
    def width(self) -> int:
        """The number of fields in a row."""
        return self.named + self.unnamed


@dataclass(frozen=True)
class Checked:
    """The first `size` bytes are `rows` whole rows of the right shape, the next one begins in `next_line`."""

    rows: int
    size: int
    lines: Lines
    next_line: int


def check(content: bytes, shape: Shape, line: int) -> Checked:
    """Check whole lines that begin with a new row in line `line`. A row that is not whole yet is left out.

    Raises DataError with the places of rows of another shape.
    """
    rows = _count_regular(content, shape)
    if rows is not None:
        return Checked(rows, len(content), Lines((0,), (line,)), line + rows)
    return _Walk(shape, line).over(content)


def _count_regular(content: bytes, shape: Shape) -> int | None:
    """The number of rows if all of them have the right shape; None if that takes a closer look."""
    if b'"' in content:
        return None
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

    def over(self, content: bytes) -> Checked:
        """The whole rows at the front of the content."""
        try:
            for fields, read in fields_of(content, self.shape.separator):
                self._row(fields, read)
        except csv.Error as error:
            if not is_cut_off(error):
                if self.ragged:
                    self._refuse()
                place = Place(self.shape.source, self.line + self.read)
                raise malformed(error, place) from error
        if self.ragged:
            self._refuse()
        size = sum(len(line) for line in islice(io.BytesIO(content), self.read))
        rows, lines = zip(*self.starts, strict=True) if self.starts else ((0,), (self.line,))
        return Checked(self.rows, size, Lines(rows, lines), self.line + self.read)

    def _row(self, fields: list[str], read: int) -> None:
        start = self.line + self.read
        if not self.starts or start - self.starts[-1][1] != self.rows - self.starts[-1][0]:
            self.starts.append((self.rows, start))
        if len(fields) != self.shape.width or any(fields[self.shape.named :]):
            self.ragged.append((start, fields))
        self.rows += 1
        self.read = read

    def _refuse(self) -> None:
        (line, fields), more = self.ragged[0], self.ragged[1:]
        others = ""
        if more:
            shown = ", ".join(str(line) for line, _ in more[:2]) + (", …" if len(more) > 2 else "")
            others = f" (and {len(more)} more: line{'s' * (len(more) > 1)} {shown})"
        raise DataError(
            Problem(self._found(fields) + others, Place(self.shape.source, line), self._hint(fields))
        )

    def _found(self, fields: list[str]) -> str:
        if not fields:
            return "an empty line between rows"
        if len(fields) == self.shape.width:
            extra = next(text for text in fields[self.shape.named :] if text)
            return f"a column without a name must be empty, found '{extra}'"
        return f"expected {self.shape.width} field{'s' * (self.shape.width > 1)}, found {len(fields)}"

    def _hint(self, fields: list[str]) -> str | None:
        if self.shape.hint:
            return self.shape.hint
        if len(fields) > self.shape.width:
            return "put quotes around a text that holds the separator"
        return None


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


def is_cut_off(error: csv.Error) -> bool:
    """Whether a row only ends too early, within quotes: more bytes may complete it."""
    return "unexpected end of data" in str(error)


def malformed(error: csv.Error, place: Place) -> DataError:
    """The error about a row that cannot be told apart into fields."""
    for words, message, hint in MALFORMED:
        if words in str(error):
            return DataError(Problem(message, place, hint))
    return DataError(Problem(f"cannot be read as CSV: {error}", place))
