"""Columns as a command line names them: `a,b`, with quotes around a name that has a comma."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from mlpcli.config.fields import suggestion
from mlpcli.errors import Place, UsageError


def several(
    text: str, flag: str, columns: Sequence[str], *, least: int = 1, most: int | None = None
) -> tuple[str, ...]:
    """The columns that a text names; raises UsageError for what is none, and for too few or too many."""
    place = Place(f"{flag} '{text}'")
    names = next(csv.reader([text], skipinitialspace=True), [])
    for name in names:
        if name not in columns:
            raise UsageError.of(f"the model has no column '{name}'", place, suggestion(name, columns))
    if len(set(names)) < len(names):
        raise UsageError.of("a column is named twice", place)
    if len(names) < least or (most is not None and len(names) > most):
        wanted = "two columns or more" if most is None else "one column or two"
        raise UsageError.of(f"expected {wanted}, found {len(names)}", place, f"for example {flag} 'a,b'")
    return tuple(names)


def apart(groups: Sequence[tuple[str, ...]], flag: str) -> list[tuple[str, ...]]:
    """The groups, no two of which have a column in common; raises UsageError."""
    counts = Counter(name for group in groups for name in group)
    for name, count in counts.items():
        if count > 1:
            raise UsageError.of(f"column '{name}' is in two groups", Place(flag), "put them into one group")
    return list(groups)
