"""What is said about rows that are none: of another width than the header, or with a quote gone wrong."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.shell_commands import Mending

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
BETWEEN_QUOTES = re.compile(rb'"([;,|\t ])(?=")')
FIELD_LIMIT = 1 << 20  # bytes
# what the csv module says, and what a person is told
MALFORMED = (
    ("unexpected end of data", "a quote that is never closed"),
    ("field larger", f"a field is longer than {FIELD_LIMIT >> 20} MiB"),
    ("new-line character", "a carriage return in the middle of a line"),
    ("expected after", "text after the closing quote of a field"),
)
CLOSED = re.compile(rb'"(?:[^"]|"")*+"')
WITHOUT_BLANK_LINES = "sed '/^[[:space:]]*$/d'"


@dataclass(frozen=True)
class Shape:
    """What a row must look like: `named` fields and then `unnamed` empty ones. `header` is a line."""

    mending: Mending
    separator: str
    named: int
    unnamed: int
    header: int = 1
    hint: str | None = None  # about a separator that the header seems to have instead

    @property
    def source(self) -> str:
        """The name of the file."""
        return self.mending.name

    @property
    def width(self) -> int:
        """The number of fields in a row."""
        return self.named + self.unnamed


@dataclass(frozen=True)
class Ragged:
    """Rows of another shape, each with its line, among so many `rows` from the line `start` on.

    `last` where no row of the right shape comes after the first of them.
    """

    found: Sequence[tuple[int, list[str]]]
    start: int
    rows: int
    last: bool

    def error(self, shape: Shape, ended: bool) -> DataError:
        """What is said about them, where the file has ended or goes on."""
        (line, fields), more = self.found[0], self.found[1:]
        others = ""
        if more:
            shown = ", ".join(str(line) for line, _ in more[:2]) + (", …" if len(more) > 2 else "")
            others = f" (and {len(more)} more: line{'s' * (len(more) > 1)} {shown})"
        message = _found(fields, shape) + others
        return DataError(Problem(message, Place(shape.source, line), self._hint(shape, ended)))

    def _hint(self, shape: Shape, ended: bool) -> str | None:
        line, fields = self.found[0]
        if shape.hint:
            return shape.hint
        if ended and self._are_below_the_table(shape):
            which = "the last line is" if len(self.found) == 1 else "the lines from there on are"
            return f"if {which} not part of the table: {shape.mending.up_to_line(line - 1)}"
        if not any(cell.strip() for cell in fields) and len(fields) < 2:
            return f"take such lines out: {shape.mending.through(WITHOUT_BLANK_LINES, 'table')}"
        return self._hint_of_comments(shape) or self._hint_of_all(shape) or self._hint_of_width(shape)

    def _hint_of_comments(self, shape: Shape) -> str | None:
        """Where all of them begin with one sign of a comment."""
        for sign in ("#", "%", "//"):
            if all(fields and fields[0].startswith(sign) for _, fields in self.found):
                return f"take such lines out: {shape.mending.through(f'grep -v ^{sign}', 'table')}"
        return None

    def _hint_of_width(self, shape: Shape) -> str | None:
        """Where some rows have a field too many, which is empty or holds what belongs to another."""
        rows = [fields for _, fields in self.found]
        if all(len(fields) >= shape.named and not any(fields[shape.named :]) for fields in rows):
            cut = f"cut -d {shlex.quote(shape.separator)} -f 1-{shape.named}"
            return (
                f"if what is after the last name is empty everywhere: {shape.mending.through(cut, 'table')}"
            )
        return _hint_of_one(rows[0], shape)

    def _are_below_the_table(self, shape: Shape) -> bool:
        """Whether they are a few last lines that hold a remark, or a sum."""
        filled = [sum(bool(cell.strip()) for cell in fields) for _, fields in self.found]
        few = len(self.found) * 2 <= self.found[0][0] - shape.header
        return self.last and few and all(2 * count <= shape.named for count in filled)

    def _hint_of_all(self, shape: Shape) -> str | None:
        """Where every row has the same width, and only the header another."""
        widths = {len(fields) for _, fields in self.found}
        if len(self.found) < self.rows or self.start != shape.header + 1 or len(widths) > 1:
            return None
        if widths == {shape.width + 1}:
            name = shlex.quote(f"{shape.header}s/^/row{_in_sed(shape.separator)}/")
            return f"if the first column lacks its name: {shape.mending.through(f'sed {name}', 'named')}"
        if widths == {shape.width - 1}:
            cell = shlex.quote(f"{self.start},$s/\\r*$/{_in_sed(shape.separator)}/")
            return f"if the last column is empty: {shape.mending.through(f'sed {cell}', 'table')}"
        return None


def separated_by(separator: str) -> str:
    """What to do where another separator than the one stated seems to be there."""
    written = r"\t" if separator == "\t" else separator
    seen = f"the columns seem to be separated by {SEPARATORS[separator]}"
    return f'{seen}: write `separator: "{written}"` under `data`'


def _in_sed(separator: str) -> str:
    return {"\t": r"\t", "/": r"\/"}.get(separator, separator)


def _found(fields: Sequence[str], shape: Shape) -> str:
    if not any(cell.strip() for cell in fields) and len(fields) < 2:
        return "an empty line between rows"
    if len(fields) == shape.width:
        extra = next(text for text in fields[shape.named :] if text)
        return f"a column without a name must be empty, found '{extra}'"
    return f"expected {shape.width} field{'s' * (shape.width > 1)}, found {len(fields)}"


def _hint_of_one(fields: Sequence[str], shape: Shape) -> str | None:
    if len(fields) == shape.width:
        names = "".join(f"{_in_sed(shape.separator)}column{i + 1}" for i in range(shape.named, shape.width))
        sign = re.escape(shape.separator) if shape.separator in "|.*[" else _in_sed(shape.separator)
        sign = shape.separator if shape.separator == "|" else sign
        command = shlex.quote(f"{shape.header}s/{sign}*\\r*$/{names}/")
        return f"give it a name: {shape.mending.through(f'sed {command}', 'named')}"
    if len(fields) > shape.width:
        return "put quotes around a text that holds the separator"
    return None


def is_cut_off(error: csv.Error) -> bool:
    """Whether a row only ends too early, within quotes: more bytes may complete it."""
    return "unexpected end of data" in str(error)


@dataclass(frozen=True)
class Malformed:
    """A row that cannot be told apart into fields: the content from its first line on, which is `line`."""

    content: bytes
    line: int
    mending: Mending
    separator: str

    def error(self, error: csv.Error) -> DataError:
        """What is said about it."""
        words = str(error)
        message = next((told for said, told in MALFORMED if said in words), f"cannot be read as CSV: {error}")
        hint, line = None, self.line
        if "new-line character" in words:
            hint = self._hint_about_line_ends()
        elif "expected after" in words:
            hint = self._hint_about_quotes()
        elif "unexpected end" in words or "field larger" in words:
            hint = "a quote that is never closed makes one field of the rest of the file"
            opening = self._open_quote()
            if opening is not None:
                line += opening
                hint = self._hint_about_open_quote(opening)
        return DataError(Problem(message, Place(self.mending.name, line), hint))

    def _text(self, number: int) -> bytes:
        """A line of the content, counted from 0."""
        return self.content.split(b"\n", number + 1)[number]

    def _open_quote(self) -> int | None:
        """The line in which a quote opens that nothing closes, counted from the row's first."""
        opening = re.compile(rb"(?:\A|(?<=[\n" + re.escape(self.separator.encode()) + rb']))"')
        position = 0
        while found := opening.search(self.content, position):
            closed = CLOSED.match(self.content, found.start())
            if closed is None:
                return self.content.count(b"\n", 0, found.start())
            position = closed.end()
        return None

    def _hint_about_open_quote(self, opening: int) -> str:
        if self._text(opening).count(b'"') > 1:
            return "a quote within a quoted text is doubled, and each text has one at its end"
        command = self.mending.through(f"sed '{self.line + opening}s/\"//'", "table")
        return f"close it, or take it away: {command}"

    def _hint_about_quotes(self) -> str:
        first = self._text(0)
        between = Counter(BETWEEN_QUOTES.findall(first)).most_common(1)
        sign = between[0][0].decode() if between else self.separator
        if sign in SEPARATORS and sign != self.separator:
            return separated_by(sign)
        if sign == " ":
            read = f'p.read_csv("{self.mending.name}", sep=r"\\s+")'
            script = shlex.quote(f'import pandas as p; {read}.to_csv("table.csv", index=False)')
            return f"the columns seem to be separated by spaces: python -c {script}"
        doubled = "a quote within a quoted field is doubled"
        if b'\\"' in first:
            command = self.mending.through(r"""sed 's/\\"/""/g'""", "table")
            return f"{doubled}, not marked with a backslash: {command}"
        command = self.mending.through(f"sed '{self.line}s/\"//g'", "table")
        return f"{doubled}; without those of this line: {command}"

    def _hint_about_line_ends(self) -> str:
        parts = [part for part in self._text(0).split(b"\r") if part]
        separators = {part.count(self.separator.encode()) for part in parts}
        alike = len(parts) > 1 and len(separators) == 1 and separators != {0}
        command = self.mending.through(r"tr -s '\r' '\n'" if alike else r"tr -d '\r'", "unix")
        return f"it ends lines: {command}" if alike else f"take it away: {command}"
