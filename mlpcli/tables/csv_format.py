"""How CSV files are written: as a config says, or as `mlp init` finds out, which alone guesses."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from mlpcli.config.file_names import separator_by_suffix
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.errors import DataError
from mlpcli.tables.columns import Kind, Notation, kind_of
from mlpcli.tables.first_lines import skipped_lines
from mlpcli.tables.first_row import FirstRow
from mlpcli.tables.row_width import fields_of
from mlpcli.tables.source import DataFile, Peeked, text_of
from mlpcli.tables.wrong_rows import SEPARATORS, separated_by

ENCODINGS = ("utf-8", "cp1252", "latin-1")  # the last one has a character for every byte
SAMPLE_BYTES = 1 << 18
SAMPLE_ROWS = 500
# what people and programs write where a value is missing, besides nothing
MISSING_MARKS = frozenset(
    word
    for words in (
        ("NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "NULL", "Null", "null", "nil"),
        ("None", "none", "NONE", "missing", "Missing", "MISSING", "unknown", "Unknown", "UNKNOWN"),
        ("?", "-", "--", "---", ".", "..", "*"),
        ("#DIV/0!", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),  # what a spreadsheet or C has calculated
    )
    for word in words
)
# digits that a decimal mark, or one between thousands, may part
IN_GROUPS = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}\s*")


@dataclass(frozen=True)
class CsvFormat:
    """How the files are written.

    Where no separator is stated it goes by a file's name; by its first line where that says nothing, as that
    of a pipe.
    `own_na_values` are texts that mean a missing cell in one column alone.
    Lines at the end with nothing between separators are no rows, unless `empty_rows` says that they are.
    """

    separator: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    na_values: tuple[str, ...] = ()
    decorations: Mapping[str, ParseSpec] = field(default_factory=dict)  # by column
    own_na_values: Mapping[str, Sequence[str]] = field(default_factory=dict)  # likewise
    empty_rows: bool = False

    def separator_of(self, name: str, first_line: bytes = b"") -> str:
        """The separator of a file, if none is stated: a tab for .tsv and a comma for .csv, packed or not.

        Of another name: a tab where the first line has some and no comma.
        """
        if self.separator is not None:
            return self.separator
        tabs = b"\t" in first_line and b"," not in first_line
        return separator_by_suffix(name, "\t" if tabs else ",")

    @property
    def notation(self) -> Notation:
        """How the texts in such a file say numbers and nothing."""
        return Notation(self.decimal, frozenset(("", *self.na_values)), self.decorations)


@dataclass(frozen=True)
class Head:
    """The first lines of a file that hold something, in an encoding that fits all of it.

    `named` is the separator that a line before them names.
    """

    encoding: str
    content: bytes  # whole lines, as UTF-8
    named: str | None = None

    def rows(self, separator: str) -> list[list[str]]:
        """The fields of the first rows; those before the first one that cannot be told apart into fields."""
        found: list[list[str]] = []
        with suppress(csv.Error):
            found += (fields for fields, _ in islice(fields_of(self.content, separator), SAMPLE_ROWS))
        return found

    def table(self, separator: str) -> list[list[str]]:
        """Those of the first rows that are as wide as most."""
        rows = self.rows(separator)
        width = usual_width(rows)
        return [row for row in rows if len(row) == width]


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """How many fields most rows have; 0 where there are no rows."""
    widths = Counter(len(row) for row in rows if row)
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def detect_format(file: DataFile) -> CsvFormat:
    """The format that fits the file best. Raises DataError where none does."""
    head = read_head(file)
    by_name = CsvFormat().separator_of(file.name)
    separator = head.named or detect_separator(head, by_name)
    decimal = detect_decimal(head.table(separator)[1:], separator)
    return CsvFormat(None if separator == by_name else separator, decimal, head.encoding)


def read_head(file: DataFile) -> Head:
    """The first lines of a file, in the first encoding that fits every byte of it."""
    for encoding in ENCODINGS:
        try:
            return _first_lines(file, encoding)
        except DataError as error:
            if encoding == ENCODINGS[-1] or not _is_other_encoding(error):
                raise
    raise AssertionError("latin-1 has a character for every byte")


def _is_other_encoding(error: DataError) -> bool:
    return isinstance(error.__cause__, UnicodeDecodeError)


def _first_lines(file: DataFile, encoding: str) -> Head:
    head = b""
    with file.open() as handle:
        text = text_of(Peeked(handle), file.name, encoding)
        for piece in text.pieces:
            if len(head) < SAMPLE_BYTES:
                head += piece[:SAMPLE_BYTES]
    head = head.removeprefix(codecs.BOM_UTF8)
    skipped = skipped_lines(head)
    lines = io.BytesIO(head[skipped.size :]).readlines()
    if len(lines) > 1 and len(head) >= SAMPLE_BYTES:
        del lines[-1]
    return Head(text.encoding, b"".join(lines), skipped.separator)


def detect_separator(head: Head, by_name: str) -> str:
    """The separator with which most rows are as wide as others, if it can be from the first on."""

    def fitness(separator: str) -> tuple[float, int, int, bool]:
        rows = head.rows(separator)
        width = usual_width(rows)
        if width < 2:
            return 0.0, 0, 0, separator == by_name
        alike = [len(row) == width for row in rows]
        return round(sum(alike) / len(rows), 1), -alike.index(True), width, separator == by_name

    return max(SEPARATORS, key=fitness)


def other_separator(row: FirstRow) -> str | None:
    """A hint where a first row of one field is better cut by a separator that was not stated."""
    if len(row.fields) > 1:
        return None
    lines = [row.separator.join(fields) for fields in (row.fields, *row.sample)]
    width = lines[0].count(row.separator) + 1
    if width > 1 and all(len(fields) in {1, width} for fields in row.sample):  # not a title with a comma
        sed = row.mending.through("""sed 's/^"//; s/"\\r*$//; s/""/"/g'""", "table")
        return f"every line is in quotes as a whole: {sed}"
    counts = {sign: _signs_in(lines, sign) for sign in SEPARATORS}
    found = max(SEPARATORS, key=lambda sign: (_agreement(counts[sign]), counts[sign][0]))
    if counts[found][0] and (_agreement(counts[found]) or not row.sample):
        hint = separated_by(found)
        plain = not any(sign in line for line in lines for sign in (row.separator, '"'))
        exchanged = f"tr {_quoted(found)} {_quoted(row.separator)}"
        return f"{hint}, or: {row.mending.through(exchanged, 'table')}" if plain else hint
    words = [len(line.split()) for line in lines]
    if words[0] > 1 and len(lines) > 1 and _agreement([count - 1 for count in words]):
        awk = row.mending.through("awk -v OFS=, '{$1 = $1; print}'", "table")
        return f"the columns seem to be separated by spaces: {awk}"
    return None


def _signs_in(lines: Sequence[str], sign: str) -> list[int]:
    """How often each line holds a sign, one at the end of the header alone aside."""
    alone = lines[0].endswith(sign) and not any(line.endswith(sign) for line in lines[1:])
    return [lines[0].count(sign) - alone, *(line.count(sign) for line in lines[1:])]


def _quoted(sign: str) -> str:
    return r"'\t'" if sign == "\t" else f"'{sign}'"


def _agreement(counts: Sequence[int]) -> bool:
    """Whether nearly all of some lines hold a sign as often as the first one."""
    return counts[0] > 0 and sum(count == counts[0] for count in counts) * 10 >= 9 * len(counts)


def detect_decimal(rows: Sequence[Sequence[str]], separator: str) -> str:
    """A comma where more columns are numbers with it than with a point; those of thousands decide last."""
    if separator == ",":
        return "."
    columns = [
        [cell for cell in column if cell not in MISSING_MARKS | {""}] for column in zip(*rows, strict=False)
    ]
    comma, point = (
        [
            column
            for column in columns
            if column and all(kind_of(cell, mark) is Kind.NUMBER for cell in column)
        ]
        for mark in (",", ".")
    )
    found, other = (
        (
            sum(any(mark in cell and not IN_GROUPS.fullmatch(cell) for cell in column) for column in numbers),
            len(numbers),
        )
        for mark, numbers in ((",", comma), (".", point))
    )
    return "," if found > other else "."
