"""Tables as text: what parts their fields, the names of their columns, rows of CSV."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from mlpcli.exporting.python.runtime.cells import UnusableError

NOTHING = " \t,;|\r\n"  # all that a line without content has
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def rows_of(lines: Iterator[str], separator: str | None) -> Iterator[list[str]]:
    """The rows of a table, of which the first are the names of columns; blank lines before it are none.

    Where no separator is stated, a line `sep=;` before the names says it, or the line of names does: it is a
    tab where that has some and no comma, else a comma.
    """
    first, named = "", None
    for line in lines:
        first = line.lstrip("\ufeff")
        sign = None if named else SEPARATOR_LINE.fullmatch(first)
        if sign and sign[1].isascii():
            named = sign[1]
        elif first.strip(NOTHING):
            break
        first = ""
    by_names = "\t" if "\t" in first and "," not in first else ","
    return csv.reader(chain([first], lines), delimiter=separator or named or by_names)


def folded(name: str) -> str:
    """What two names have in common that look the same."""
    return " ".join(unicodedata.normalize("NFC", name).translate(INVISIBLE).split())


def places_of(header: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Where each column is that is wanted, by its name or by one that looks the same."""
    exact = {name: place for place, name in reversed(list(enumerate(header)))}
    alike = {folded(name): place for name, place in exact.items()}
    found = {name: exact.get(name, alike.get(folded(name))) for name in wanted}
    lacking = [name for name, place in found.items() if place is None]
    if lacking:
        raise UnusableError(f"there is no column '{lacking[0]}'")
    return {name: place for name, place in found.items() if place is not None}


def field(value: Any) -> str:
    """A value as a field of CSV: numbers so that they read back as the same."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)
    return '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) else text


def line_of(values: Sequence[Any]) -> str:
    """A row of CSV."""
    return (",".join(map(field, values)) or '""') + "\n"


def cells_of(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """The fields of each row; lines that hold nothing are none, unless there is a single column."""
    for number, row in enumerate(rows, 1):
        if row or width == 1:
            cells = row or [""]
            if len(cells) != width:
                raise UnusableError(f"row {number}: expected {width} fields, found {len(cells)}")
            yield cells
