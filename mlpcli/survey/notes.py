"""What `mlp train` notes of columns whose encoding nobody stated: the eyes of `init`, on some rows."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.arrays import Indices
from mlpcli.data.roles import Roles
from mlpcli.survey.columns import CALLED, Codes, Holding, Names, column_facts
from mlpcli.survey.dates import AlmostDates, Dates
from mlpcli.survey.disguises import disguises
from mlpcli.survey.leaks import leak_notes
from mlpcli.tables.table import Table

SEEN = 5_000  # rows that are looked at, from the first one on
SHOWN = 5


def notes_on(table: Table, roles: Roles, rows: Indices) -> list[str]:
    """What there is to say of the training rows: of single columns, and of those that tell the target."""
    return [*column_notes(table, roles, rows), *leak_notes(table, roles, rows)]


def column_notes(table: Table, roles: Roles, rows: Indices) -> list[str]:
    """What seems to be something else than the encoding inferred takes it for, a line for each column."""
    inferred = [name for name, spec in roles.features.items() if spec.encode is None]
    part = table.part(inferred, rows[:SEEN])
    found = list(_findings(part, inferred, alone=len(roles.features) == 1)) if inferred else []
    more = len(found) - SHOWN
    rest = [f"and {more:,} more columns; `mlp init` writes a line for each"] if more > 0 else []
    return [*found[:SHOWN], *rest]


def _findings(table: Table, names: list[str], *, alone: bool) -> Iterator[str]:
    """What there is to say of columns; one that stands `alone` is not to be left out."""
    marks = disguises(table, ()).cells
    for name in names:
        facts = column_facts(table, name)
        holds = facts.holds
        said = None if holds is None or (alone and isinstance(holds, Names)) else _said(name, holds)
        if said is not None:
            yield f"column '{name}': {said}"
        elif marks.get(name):
            shown = ", ".join(f"'{mark}'" for mark in marks[name])
            few = f"{sum(marks[name].values()):,} of the first {table.rows:,} training rows"
            yield f"column '{name}': {shown} in {few}: if that means missing, name it in `na_values`"


def _said(name: str, holds: Holding) -> str | None:
    """What a column seems to hold, and what to write; None where there is nothing to say."""
    if isinstance(holds, Names):
        return f"{holds.why}; leave it out: `exclude: [{name}]`"
    if isinstance(holds, Dates):
        written = f'{{encode: datetime, format: "{holds.form}"}}' if holds.form else "datetime"
        return f"dates, taken as they stand; their parts would be inputs with `{name}: {written}`"
    if isinstance(holds, AlmostDates):
        return f"dates written {holds.form or 'as in ISO 8601'}, but not '{holds.odd}'; taken for texts"
    if isinstance(holds, Codes) and holds.why == CALLED:
        return f"called like a code, and taken for amounts; `{name}: one_hot` takes each for itself"
    return None
