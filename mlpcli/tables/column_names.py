"""From the first row of a file to the names of its columns, and what is said about odd ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.first_row import FirstRow, doubts, doubts_on_units
from mlpcli.tables.header import Header
from mlpcli.tables.shell_commands import LONGEST, joined, printed

MAX_COLUMNS = 100_000
# names that are said one by one
SHOWN = 10


def header_of(row: FirstRow, hint: str | None) -> Header:
    """The header that the first row is; `hint` is about a separator that the file seems to have instead.

    DataError where several columns have one name, or there are too many.
    """
    fields = [name.strip() for name in row.fields]
    named, unnamed = _ends(fields, row)
    names, notes = _named(fields[:named], row.place)
    if len(names) > MAX_COLUMNS:
        message = f"{len(names):,} columns, and at most {MAX_COLUMNS:,} are allowed"
        cut = row.mending.through(f"cut -d {shlex.quote(row.separator)} -f 1-1000", "table")
        raise DataError.of(message, row.place, f"take some of them, the first ones for example: {cut}")
    remarks = tuple(doubts(names, row))
    _refuse_repeated(names, row, remarks)
    notes += [f"{row.source}: {note}" for note in _ends_of_lines(len(fields), named, unnamed)]
    if any(name != name.strip() for name in row.fields[:named]):
        notes.append(f"{row.place}: spaces around the names of columns are left out")
    advice = remarks[1].removeprefix("hint: ") if remarks else None
    return Header(
        row.source, tuple(names), unnamed, (*notes, *remarks, *doubts_on_units(row)), hint or advice, row.line
    )


def _ends(fields: Sequence[str], row: FirstRow) -> tuple[int, int]:
    """How many columns there are, and how many empty fields without a name every row has after them."""
    named = next((i for i in range(len(fields), 0, -1) if fields[i - 1]), 0)
    named = next((i for i in range(len(fields), named, -1) if row.cells(i - 1)), named)
    first = next((one for one in row.sample if one), None)
    if first is None or not named:
        return named or len(fields), len(fields) - named if named else 0
    more = len(first) - named
    if more == 0 or (more > 0 and not any(first[named:])):
        return named, more
    return named, len(fields) - named


def _ends_of_lines(width: int, named: int, unnamed: int) -> Iterator[str]:
    if unnamed:
        what = "column after it is" if unnamed == 1 else "columns after it are"
        yield f"a separator at the end of every line: the empty {what} left out"
    elif width > named:
        yield "a separator at the end of the header alone: there is no column after it"


def _named(fields: Sequence[str], place: Place) -> tuple[list[str], list[str]]:
    """The names, those of pandas for columns that have none, and the notes about them."""
    taken = set(fields)
    names = list(fields)
    empty = [position for position, name in enumerate(names) if not name]
    for position in empty:
        names[position] = _free(f"Unnamed: {position}", taken)
        taken.add(names[position])
    if not empty:
        return names, []
    shown = [f"'{names[position]}'" for position in empty]
    called = ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
    if len(empty) == 1:
        return names, [f"{place}: column {empty[0] + 1} has no name: it is called {called} here"]
    return names, [f"{place}: columns {_ranges(empty)} have no name: they are called {called} here"]


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number after it as pandas gives it where another column has that name."""
    found, number = name, 0
    while found in taken:
        number += 1
        found = f"{name}.{number}"
    return found


def _ranges(positions: Sequence[int]) -> str:
    """Columns counted from 1: `5-9 and 11`."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    words = [f"{run[0] + 1}" if len(run) == 1 else f"{run[0] + 1}-{run[-1] + 1}" for run in runs]
    if len(words) > SHOWN:
        words = [*words[:SHOWN], f"{len(words) - SHOWN} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _refuse_repeated(names: Sequence[str], row: FirstRow, remarks: Sequence[str]) -> None:
    """DataError naming the columns of one name, with a command that gives each its own."""
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, 1):
        positions.setdefault(name, []).append(position)
    repeated = {name: where for name, where in positions.items() if len(where) > 1}
    if not repeated:
        return
    hint = remarks[1].removeprefix("hint: ") if remarks else f"give each its own: {_renamed(names, row)}"
    problems = [
        Problem(f"several columns are called '{name}': {_shown(where)}", row.place, hint)
        for name, where in repeated.items()
    ]
    raise DataError(*problems[: 1 if remarks else 5])


def _shown(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions[:SHOWN])) + (", …" if len(positions) > SHOWN else "")


def _renamed(names: Sequence[str], row: FirstRow) -> str:
    """The command that puts a header of names before the rows that are all different, as pandas has them.

    A second line of the header is made part of it.
    """
    below = row.second_header()
    if below is not None:
        names = [" ".join(filter(None, both)) for both in zip(names, map(str.strip, below), strict=True)]
    taken, own = set(names), []
    for position, name in enumerate(names):
        own.append(_free(name, taken) if name in names[:position] else name)
        taken.add(own[-1])
    line = joined(own, row.separator)
    if len(line) <= LONGEST and "\n" not in line:
        return row.mending.below(printed(line), row.line + (1 if below is None else 2))
    read = f'p.read_csv("{row.source}", sep="{row.separator}", dtype=str, keep_default_na=False)'
    script = f'import pandas as p; {read}.to_csv("named.csv", sep="{row.separator}", index=False)'
    return f"python -c {shlex.quote(script)}"
