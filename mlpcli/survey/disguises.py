"""Missing cells in disguise: marks and odd texts among numbers or dates, and numbers far from all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.tables.columns import Kind, kind_of, number_of
from mlpcli.tables.csv_format import MISSING_MARKS
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.decorations import decoration_of
from mlpcli.tables.table import Table

MARKS = frozenset(mark.casefold() for mark in MISSING_MARKS) | {"", "n.a.", "no data", "not available"}
# of spreadsheets and databases
MARKS |= {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "\\n", "0000-00-00"}
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)  # of a division by 0
MOST_CLASSES = 30  # different numbers of a target that may still be classes
FEW_ODD = 2  # different texts among numbers
ENOUGH_NUMBERS = 15  # different ones; fewer may be levels of which one has a name
MOST_ODD = 0.5  # of the cells
REPEATED = 2  # cells at the least
DIGIT = re.compile(r"\d")
NINES = re.compile(r"-?9+(\.9+)?")
LEAST_ABOVE, LEAST_BELOW = 90, -9  # 9 stands among grades, -1 among counts
FAR, FAR_OF_ONE_SIGN = 3.0, 0.5  # times the range of all others; below 0, where these are not, less will do


@dataclass(frozen=True)
class Disguises:
    """Texts that stand for a missing cell in each column, with how many cells hold each.

    Those `taken` are values of other columns, and so no marks of the whole table.
    """

    cells: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()

    @property
    def everywhere(self) -> dict[str, int]:
        """The marks of the whole table, in order."""
        counts: Counter[str] = Counter()
        for cells in self.cells.values():
            counts.update({mark: n for mark, n in cells.items() if mark not in self.taken})
        return dict(sorted(counts.items()))

    @property
    def within(self) -> dict[str, dict[str, int]]:
        """The marks of a column alone."""
        own = {
            name: {mark: n for mark, n in cells.items() if mark in self.taken}
            for name, cells in self.cells.items()
        }
        return {name: cells for name, cells in own.items() if cells}


def disguises(table: Table, targets: Sequence[str]) -> Disguises:
    """What stands for a missing cell in columns that otherwise hold numbers or dates.

    It does so in its own columns alone where another one holds the same as a value.
    """
    found = {name: _marks_among(table, name, name in targets) for name in table.texts}
    amounts = {name: table.number(name).values for name in table.numbers}
    amounts |= {name: values for name in targets if (values := _amounts_of(table, name)) is not None}
    extremes = {name: some for name, values in amounts.items() if (some := _extremes(values))}
    far = (_far_off(amounts[name], some) for name, some in extremes.items())
    known = {mark for mark in far if mark is not None}
    for name, values in amounts.items():
        bad = found[name] if name in targets else _bad_marks(table, name)
        found[name] = bad | _numbers_among(values, extremes.get(name, []), known)
    marks = {mark for cells in found.values() for mark in cells}
    taken = {mark for mark in marks if _is_value(table, mark, found, targets)}
    for name in targets:  # which have no marks of their own alone
        found[name] = {mark: n for mark, n in found.get(name, {}).items() if mark not in taken}
    return Disguises(found, frozenset(taken))


def _amounts_of(table: Table, target: str) -> Vector | None:
    """The numbers of a target, which is read as texts; None where they are few, and may be classes."""
    column = table.text(target)
    values = column.numbers(table.notation).values
    return values if len(np.unique(values[~np.isnan(values)])) > MOST_CLASSES else None


def _is_mark(text: str) -> bool:
    return text.strip().casefold() in MARKS


def _marks_among(table: Table, name: str, target: bool) -> dict[str, int]:
    """The texts that mean nothing in a column of texts, where the others are numbers or dates."""
    decimal = table.notation.decimal
    counts = {text: n for text, n in table.text(name).counts().items() if text not in table.notation.missing}
    marks = {text: n for text, n in counts.items() if _is_mark(text)}
    kinds = {text: kind_of(text, decimal) for text in counts if text not in marks}
    odd = [text for text, kind in kinds.items() if kind is not Kind.NUMBER]
    if not kinds or (target and len(kinds) < 3):  # classes, of which one may well be called unknown
        return {}
    if not marks and all(map(DIGIT.search, odd)):  # dates, amounts and names, of which none means nothing
        return {}
    if not odd or likely_format(list(kinds)) is not None:
        return marks
    seen = decoration_of({text: counts[text] for text in kinds}, decimal)
    if seen is not None and seen.parse is not None:
        return marks | {text: counts[text] for text in seen.marks}
    words = all(kinds[text] is Kind.TEXT and not DIGIT.search(text) for text in odd)
    few = len(odd) <= FEW_ODD and len(kinds) - len(odd) >= ENOUGH_NUMBERS
    named = {text: counts[text] for text in odd}
    if words and few and not target and sum(named.values()) <= MOST_ODD * sum(counts.values()):
        return marks | named
    return {}


def _bad_marks(table: Table, name: str) -> dict[str, int]:
    """Texts such as nan and inf, which stand where a number should."""
    texts = map(str, table.number(name).bad.texts)
    return dict(Counter(text for text in texts if _is_mark(text) or INFINITE.fullmatch(text.strip())))


def _far_off(values: Vector, extremes: Sequence[float]) -> str | None:
    """The number that stands for nothing: the lowest or the highest, repeated, far from all others."""
    for extreme in extremes:
        rest = values[(values != extreme) & ~np.isnan(values)]
        spread = float(rest.max() - rest.min()) if len(rest) else 0.0
        gap = float(np.abs(rest - extreme).min()) if len(rest) else 0.0
        other_sign = extreme < 0 <= (float(rest.min()) if len(rest) else -1.0)
        if spread > 0 and gap > (FAR_OF_ONE_SIGN if other_sign else FAR) * spread:
            return _text_of(extreme)
    return None


def _extremes(values: Vector) -> list[float]:
    """Those of the lowest and the highest number that are repeated, and that people write for nothing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    low, high = float(known.min()), float(known.max())
    made_up = [low] if low <= LEAST_BELOW and low % 1 == 0 else []
    made_up += [high] if high >= LEAST_ABOVE and NINES.fullmatch(_text_of(high)) else []
    return [extreme for extreme in made_up if np.count_nonzero(values == extreme) >= REPEATED]


def _numbers_among(values: Vector, extremes: Sequence[float], known: set[str]) -> dict[str, int]:
    """Numbers that stand for nothing in some column, where they are the lowest or highest in another too."""
    found = {_text_of(extreme): extreme for extreme in extremes}
    return {text: int(np.count_nonzero(values == found[text])) for text in found if text in known}


def _text_of(number: float) -> str:
    return f"{number:.0f}" if number % 1 == 0 else repr(number)


def _is_value(
    table: Table, mark: str, found: Mapping[str, Mapping[str, int]], targets: Sequence[str]
) -> bool:
    """Whether a column in which a text does not mean nothing has it as a number, or as a class."""
    number = number_of(mark, table.notation.decimal)
    numbers = (table.number(name).values for name in table.numbers if mark not in found[name])
    classes = (
        table.text(name).counts() for name in targets if name in table.texts and mark not in found[name]
    )
    return any(mark in counts for counts in classes) or any((values == number).any() for values in numbers)
