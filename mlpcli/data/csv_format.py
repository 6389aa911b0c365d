"""How CSV files are written: as a config says, or as `mlp init` finds out, which alone guesses."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mlpcli.config.parse_spec import ParseSpec
from mlpcli.data.columns import Kind, Notation, kind_of
from mlpcli.data.row_width import fields_of
from mlpcli.data.source import UTF16_MARKS, DataFile, Hashed, chunks
from mlpcli.errors import DataError

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
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
    )
    for word in words
)


SEPARATOR_OF_SUFFIX = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class CsvFormat:
    """How the files are written.

    Where no separator is stated it goes by a file's name, and is `otherwise` where that says nothing.
    `own_na_values` are texts that mean a missing cell in one column alone.
    """

    separator: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    na_values: tuple[str, ...] = ()
    otherwise: str = ","
    decorations: Mapping[str, ParseSpec] = field(default_factory=dict)  # by column
    own_na_values: Mapping[str, Sequence[str]] = field(default_factory=dict)  # likewise

    def separator_of(self, name: str) -> str:
        """The separator of a file: a tab for .tsv and a comma for .csv, packed or not, if none is stated."""
        if self.separator is not None:
            return self.separator
        suffix = Path(name.lower().removesuffix(".gz")).suffix
        return SEPARATOR_OF_SUFFIX.get(suffix, self.otherwise)

    @property
    def notation(self) -> Notation:
        """How the texts in such a file say numbers and nothing."""
        return Notation(self.decimal, frozenset(("", *self.na_values)), self.decorations)


@dataclass(frozen=True)
class Head:
    """The first rows of a file, in an encoding that fits all of it."""

    encoding: str
    content: bytes  # whole lines, as UTF-8

    def rows(self, separator: str) -> list[list[str]]:
        """The fields of the first rows; those before the first one that cannot be told apart into fields."""
        found: list[list[str]] = []
        with suppress(csv.Error):
            found += (fields for fields, _ in islice(fields_of(self.content, separator), SAMPLE_ROWS))
        return found


def detect_format(file: DataFile) -> CsvFormat:
    """The format that fits the file best. Raises DataError where none does."""
    head = read_head(file)
    by_name = CsvFormat().separator_of(file.name)
    separator = detect_separator(head, by_name)
    decimal = detect_decimal(head.rows(separator)[1:], separator)
    return CsvFormat(None if separator == by_name else separator, decimal, head.encoding)


def read_head(file: DataFile) -> Head:
    """The first lines of a file, in the first encoding that fits every byte of it."""
    with file.open() as handle:
        wide = handle.read(2) in UTF16_MARKS
    for encoding in ("utf-16",) if wide else ENCODINGS:
        try:
            return Head(encoding, _first_lines(file, encoding))
        except DataError as error:
            if encoding == ENCODINGS[-1] or not _is_other_encoding(error):
                raise
    raise AssertionError("latin-1 has a character for every byte")


def _is_other_encoding(error: DataError) -> bool:
    return isinstance(error.__cause__, UnicodeDecodeError)


def _first_lines(file: DataFile, encoding: str) -> bytes:
    head = b""
    with file.open() as handle:
        for chunk in chunks(Hashed(handle), file.name, encoding):
            if len(head) < SAMPLE_BYTES:
                head += chunk[:SAMPLE_BYTES]
    head = head.removeprefix(codecs.BOM_UTF8)
    lines = io.BytesIO(head).readlines()
    if len(lines) > 1 and len(head) >= SAMPLE_BYTES:
        del lines[-1]
    return b"".join(lines)


def detect_separator(head: Head, by_name: str) -> str:
    """The separator with which most rows are as wide as the first one, and that is the widest."""

    def fitness(separator: str) -> tuple[float, int, bool]:
        rows = head.rows(separator)
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows) / max(1, len(rows))
        return (round(alike, 1), width, separator == by_name) if width > 1 else (0.0, 0, separator == by_name)

    return max(SEPARATORS, key=fitness)


def detect_decimal(rows: Sequence[Sequence[str]], separator: str) -> str:
    """A comma where that makes numbers of columns that with a point hold text."""
    if separator == ",":
        return "."
    columns = [
        [cell for cell in column if cell not in MISSING_MARKS | {""}] for column in zip(*rows, strict=False)
    ]
    numeric = {
        decimal: sum(
            bool(column) and all(kind_of(cell, decimal) is Kind.NUMBER for cell in column)
            for column in columns
        )
        for decimal in (".", ",")
    }
    return "," if numeric[","] > numeric["."] else "."
