"""A filter: rows of CSV in, predictions out, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from mlpcli.exporting.python.runtime.cells import UnusableError
from mlpcli.exporting.python.runtime.csv_text import cells_of, line_of, places_of
from mlpcli.exporting.python.runtime.predicting import Model
from mlpcli.exporting.python.runtime.streams import filtered


def predicted(
    model: Model, ids: Sequence[str], rows: Iterator[list[str]], empty_bad_rows: bool
) -> Iterator[str]:
    """The header, then a line for each row."""
    header = [name.lstrip("\ufeff") for name in next(rows, [])]
    places = places_of(header, [*ids, *(column.name for column in model.columns)])
    yield line_of([*ids, *model.reading.names])
    for number, cells in enumerate(cells_of(rows, len(header)), 1):
        try:
            values = list(model.predict({name: cells[place] for name, place in places.items()}).values())
        except UnusableError as error:
            if not empty_bad_rows:
                raise UnusableError(f"row {number}: {error}") from error
            values = [None] * len(model.reading.names)
        yield line_of([*(cells[places[name]] for name in ids), *values])


def main(model: Model, ids: Sequence[str], separator: str | None, encoding: str) -> int:
    """Predict the rows on standard input; the exit code."""
    return filtered(partial(predicted, model, ids), (separator, encoding))
