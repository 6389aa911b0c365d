"""The first line of a table: the names of its columns, and every way in which they can be wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlpcli.data.columns import Kind, kind_of
from mlpcli.errors import DataError, Place, Problem

MAX_COLUMNS = 10_000
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True)
class Header:
    """The names of the columns. `unnamed` columns at the end have no name and must be empty."""

    source: str
    names: tuple[str, ...]
    unnamed: int = 0
    notes: tuple[str, ...] = ()
    hint: str | None = None  # about a separator that the file seems to have instead

    def require(self, wanted: Iterable[str]) -> None:
        """DataError naming every column that is wanted and not there."""
        problems = self.lacks(wanted)
        if problems:
            raise DataError(*problems)

    def lacks(self, wanted: Iterable[str]) -> list[Problem]:
        """The columns that are wanted and not there, each with the one that was probably meant."""
        wanted, known = list(wanted), set(self.names)
        place = Place(self.source, 1)
        return [
            Problem(f"there is no column '{name}'", place, self.suggestion(name, wanted))
            for name in wanted
            if name not in known
        ]

    def suggestion(self, name: str, wanted: Iterable[str]) -> str:
        """What to do about a name that is not there: no column is meant by it that is wanted by its own."""
        if self.hint:
            return self.hint
        named = set(wanted)
        by_lower = {known.lower(): known for known in reversed(self.names) if known not in named}
        close = difflib.get_close_matches(name.lower(), by_lower, n=1)
        if close:
            return f"did you mean '{by_lower[close[0]]}'?"
        shown = ", ".join(self.names[:10]) + (", …" if len(self.names) > 10 else "")
        return f"the columns are: {shown}"


def read_header(fields: Sequence[str], source: str, separator: str) -> Header:
    """The header that the fields of the first row are."""
    place = Place(source, 1)
    names = [name.strip() for name in fields]
    unnamed = next((i for i, name in enumerate(reversed(names)) if name), len(names))
    names = names[: len(names) - unnamed]
    _refuse_bad_names(names, place)
    notes = []
    if names != list(fields[: len(names)]):
        notes.append(f"{place}: spaces around the names of columns are left out")
    if all(kind_of(name) is Kind.NUMBER for name in names):
        notes.append(f"{place}: all the names of columns are numbers: is the first line no header?")
    return Header(source, tuple(names), unnamed, tuple(notes), _other_separator(fields, separator))


def _refuse_bad_names(names: Sequence[str], place: Place) -> None:
    if not names:
        raise DataError.of("expected the names of the columns, found an empty line", place)
    if len(names) > MAX_COLUMNS:
        message = f"{len(names):,} columns, and at most {MAX_COLUMNS:,} are allowed"
        raise DataError.of(message, place)
    problems = [
        Problem(f"column {position} has no name", place) for position, name in enumerate(names, 1) if not name
    ]
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, 1):
        positions.setdefault(name, []).append(position)
    problems += [
        Problem(f"several columns are called '{name}': {', '.join(map(str, where))}", place)
        for name, where in positions.items()
        if name and len(where) > 1
    ]
    if problems:
        raise DataError(*problems[:5])


def _other_separator(fields: Sequence[str], separator: str) -> str | None:
    """A hint where a header of one column holds a separator that was not stated."""
    if len(fields) > 1:
        return None
    found = max(SEPARATORS, key=fields[0].count)
    if found == separator or not fields[0].count(found):
        return None
    written = "\\t" if found == "\t" else found
    seen = f"the columns seem to be separated by {SEPARATORS[found]}"
    return f'{seen}: write `separator: "{written}"` under `data`'
