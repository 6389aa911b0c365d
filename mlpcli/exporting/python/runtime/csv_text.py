"""A filter of CSV: names of columns, fields, and what becomes of the rows on standard input."""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlpcli.exporting.python.runtime.cells import UnusableError

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


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


def filtered(predicted: Callable[[Iterator[list[str]], bool], Iterator[str]], form: tuple[str, str]) -> int:
    """Write what is predicted of the rows on standard input, as `mlp predict` does. 4 where they are wrong.

    `predicted` makes lines of rows, and is told whether bad ones are left empty; `form` is what stands
    between fields, and the encoding.
    """
    parser = argparse.ArgumentParser(description="Predict rows of CSV: python FILE < in.csv > out.csv")
    parser.add_argument("--on-bad-row", choices=["error", "empty"], default="error")
    asked = parser.parse_args()
    csv.field_size_limit(1 << 30)
    given = io.TextIOWrapper(sys.stdin.buffer, encoding=form[1], newline="")
    written = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    rows = csv.reader(given, delimiter=form[0])
    try:
        lines = predicted(rows, asked.on_bad_row == "empty")
        header = next(lines)
        for line in lines:  # where the first row is wrong nothing is written
            written.write(header + line)
            header = ""
        written.write(header)
    except (UnusableError, UnicodeDecodeError, csv.Error) as error:
        sys.stderr.write(f"error: {error}\n")
        return 4
    finally:
        given.detach()
        written.flush()
        written.detach()
    return 0
