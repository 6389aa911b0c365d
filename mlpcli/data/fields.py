"""The fields of rows, as the csv module reads them, and what it says of rows that it cannot read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

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
