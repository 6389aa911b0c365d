"""The names of a table's columns, and which column a name means that is spelt in another way."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from mlpcli.errors import DataError, Place, Problem

# nothing of these is seen: a joiner, a word joiner, a mark of byte order, a soft hyphen
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
SPACES = re.compile(r"\s+")


def folded(name: str) -> str:
    """What two names have in common that look the same: composed letters, and one space for any."""
    if name.isascii():
        return SPACES.sub(" ", name).strip()
    return SPACES.sub(" ", unicodedata.normalize("NFC", name).translate(INVISIBLE)).strip()


class Positions(dict[str, int]):
    """The position of each name, also of one that only looks like one of them, if only one does."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        for position, name in enumerate(names):
            self.setdefault(name, position)

    def __missing__(self, name: str) -> int:
        alike = self.alike(name)
        if len(alike) != 1:
            raise KeyError(name)
        return super().__getitem__(alike[0])

    def alike(self, name: str) -> tuple[str, ...]:
        """The names that look like this one."""
        return self._by_folded.get(folded(name), ())

    @cached_property
    def _by_folded(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name in self:
            key = folded(name)
            found[key] = (*found.get(key, ()), name)
        return found


@dataclass(frozen=True)
class Header:
    """The names of the columns, and the line they are in. `unnamed` columns at the end must be empty."""

    source: str
    names: tuple[str, ...]
    unnamed: int = 0
    notes: tuple[str, ...] = ()
    hint: str | None = None  # what to do about names that are none, or of columns with another separator
    line: int | None = 1  # where names stand in a line
    warnings: tuple[str, ...] = ()  # of what may be wrong with how the rows are read

    @property
    def place(self) -> Place:
        """Where the names are."""
        return Place(self.source, self.line)

    @cached_property
    def positions(self) -> Positions:
        """Where the columns are; those at the end too, which may have had cells in another file."""
        width = len(self.names)
        return Positions([*self.names, *(f"Unnamed: {i}" for i in range(width, width + self.unnamed))])

    def own(self, name: str) -> str | None:
        """The name as it is spelt here; None where no column has it, or several may be meant."""
        if name in self.positions:
            return name
        alike = self.positions.alike(name)
        return alike[0] if len(alike) == 1 else None

    def require(self, wanted: Iterable[str]) -> None:
        """DataError naming every column that is wanted and not there."""
        problems = self.lacks(wanted)
        if problems:
            raise DataError(*problems)

    def lacks(self, wanted: Iterable[str]) -> list[Problem]:
        """The columns that are wanted and not there, each with the one that was probably meant."""
        wanted = list(wanted)
        return [
            Problem(f"there is no column '{name}'", self.place, self.suggestion(name, wanted))
            for name in wanted
            if self.own(name) is None
        ]

    def suggestion(self, name: str, wanted: Iterable[str]) -> str:
        """What to do about a name that is not there: no column is meant by it that is wanted by its own."""
        if self.hint:
            return self.hint
        alike = self.positions.alike(name)
        if alike:
            shown = " and ".join(f"'{one}' ({difference(name, one)})" for one in alike)
            return f"several columns look like it: {shown}; write one as the file does"
        named = set(wanted)
        by_lower = {known.lower(): known for known in reversed(self.names) if known not in named}
        close = difflib.get_close_matches(name.lower(), by_lower, n=1)
        if close:
            meant = by_lower[close[0]]
            other = difference(name, meant)
            return f"did you mean '{meant}'?" + (f" the file writes it with {other}" if other else "")
        shown = ", ".join(self.names[:10]) + (", …" if len(self.names) > 10 else "")
        return f"the columns are: {shown}"

    def respelt(self, wanted: Iterable[str]) -> Iterator[str]:
        """A note for each name that is spelt in another way here."""
        for name in dict.fromkeys(wanted):
            own = self.own(name)
            if own is not None and own != name:
                yield f"{self.place}: column '{name}' is written with {difference(name, own)} here"


def difference(name: str, other: str) -> str:
    """The characters of `other` in place of those of `name`, where what is seen may be the same.

    Nothing where every difference is plain to see, one of ASCII letters.
    """
    matcher = difflib.SequenceMatcher(None, name, other, autojunk=False)
    changed = [(name[a:b], other[c:d]) for what, a, b, c, d in matcher.get_opcodes() if what != "equal"]
    unclear = [(mine, own) for mine, own in changed if not (mine + own).isascii() or (mine + own).isspace()]
    return ", ".join(f"{_spelt(own)} for {_spelt(mine)}" for mine, own in unclear[:3])


def _spelt(characters: str) -> str:
    """Characters that may be mistaken for others, by their numbers."""
    if not characters:
        return "nothing"
    return " + ".join(
        f"'{one}'" if one.isascii() and one.isprintable() and one != " " else f"U+{ord(one):04X}"
        for one in characters
    )
