"""One column from its parts, top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mlpcli.tables.columns import NO_CELLS, NumberColumn, TextColumn


def join_numbers(parts: Sequence[NumberColumn]) -> NumberColumn:
    """One column from its parts, top to bottom."""
    if len(parts) == 1:
        return parts[0]
    bad, rows = NO_CELLS, 0
    for part in parts:
        if len(part.bad):
            bad += part.bad.shifted(rows)
        rows += len(part.values)
    return NumberColumn(np.concatenate([part.values for part in parts]), bad)


def join_texts(parts: Iterable[TextColumn], rows: int) -> TextColumn:
    """One column of so many rows from its parts, top to bottom, their levels made one list.

    There may be very many rows: no more than one part need be there at a time.
    """
    codes = np.empty(rows, np.intp)
    places: dict[str, int] = {}
    start = 0
    for part in parts:
        for level in part.levels:
            places.setdefault(level, len(places))
        own = np.fromiter(map(places.__getitem__, part.levels), np.intp, len(part.levels))
        codes[start : start + len(part.codes)] = own[part.codes]
        start += len(part.codes)
    return TextColumn(codes, tuple(places))
