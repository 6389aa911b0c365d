"""A filter: rows of CSV in, predictions out."""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from mlpcli.exporting.python.runtime.cells import UnusableError
from mlpcli.exporting.python.runtime.predicting import Model

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


def predicted(
    model: Model, ids: Sequence[str], rows: Iterator[list[str]], empty_bad_rows: bool
) -> Iterator[str]:
    """The header, then a line for each row."""
    header = [name.lstrip("\ufeff") for name in next(rows)]
    places = places_of(header, [*ids, *(column.name for column in model.columns)])
    yield line_of([*ids, *model.reading.names])
    for number, row in enumerate(rows, 1):
        if not row and len(header) > 1:
            continue
        cells = row or [""]
        if len(cells) != len(header):
            raise UnusableError(f"row {number}: expected {len(header)} fields, found {len(cells)}")
        try:
            values = list(model.predict({name: cells[place] for name, place in places.items()}).values())
        except UnusableError as error:
            if not empty_bad_rows:
                raise UnusableError(f"row {number}: {error}") from error
            values = [None] * len(model.reading.names)
        yield line_of([*(cells[places[name]] for name in ids), *values])


def main(model: Model, ids: Sequence[str], separator: str, encoding: str) -> int:
    """Predict the rows on standard input, as `mlp predict` does. 4 where they cannot be used."""
    parser = argparse.ArgumentParser(description="Predict rows of CSV: python FILE < in.csv > out.csv")
    parser.add_argument("--on-bad-row", choices=["error", "empty"], default="error")
    asked = parser.parse_args()
    csv.field_size_limit(1 << 30)
    given = io.TextIOWrapper(sys.stdin.buffer, encoding=encoding, newline="")
    written = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    rows = csv.reader(given, delimiter=separator)
    try:
        for line in predicted(model, ids, rows, asked.on_bad_row == "empty"):
            written.write(line)
    except (UnusableError, UnicodeDecodeError, csv.Error) as error:
        sys.stderr.write(f"error: {error}\n")
        return 4
    finally:
        given.detach()
        written.flush()
        written.detach()
    return 0
