"""The columns that a model reads, and what becomes of their cells: plain values, the same in all formats.

A *feature* writes its inputs, `width` of them, in double precision; what it cannot use is a fault, and then
the row has no prediction. So is an input that is not finite once it is in the network's precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mlpcli.config.parse_spec import ParseSpec
from mlpcli.tables.spellings import Manner


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    A number among `blank_numbers` is a missing cell. Where cells are texts, so is one of `blanks`, and
    `parse` says how the others are decorated.
    """

    name: str
    blanks: tuple[str, ...]
    blank_numbers: tuple[float, ...]
    parse: ParseSpec | None = None


@dataclass(frozen=True)
class TextColumn:
    """A column of texts. One of `blanks` is a missing cell, and so is any spelling of `blank_numbers`."""

    name: str
    blanks: tuple[str, ...]
    blank_numbers: tuple[float, ...]


Column: TypeAlias = NumberColumn | TextColumn


@dataclass(frozen=True)
class Number:
    """v = (f(x) − center) / scale, f(x) = log(1 + x) where `log`, else x; v / √(1 + (v/3)²) where `clip`.

    `fill` stands for a missing cell; without one that is a fault.
    """

    column: str
    fill: float | None
    log: bool
    center: float
    scale: float
    clip: bool
    width: int = 1


@dataclass(frozen=True)
class Constant:
    """0 for every number, of a column that held one alone: a missing cell without `fill` is a fault still."""

    column: str
    fill: float | None
    width: int = 1


@dataclass(frozen=True)
class Rank:
    """The rank of a number among `quantiles`, ascending, evenly from 0 to 1 and linear between two.

    Where it is several of them, halfway between the first and the last. `normal`: the number that so large a
    share of a standard normal is below; what is within `END` of the ends is taken for them, and the ends for
    ranks of `END`.
    """

    column: str
    fill: float | None
    quantiles: tuple[float, ...]
    normal: bool
    width: int = 1


@dataclass(frozen=True)
class Pieces:
    """(x − start) / width of every bin, at most 1 in all but the last, at least 0 in all but the first."""

    column: str
    fill: float | None
    starts: tuple[float, ...]
    widths: tuple[float, ...]

    @property
    def width(self) -> int:
        """One a bin."""
        return len(self.starts)


@dataclass(frozen=True)
class Levels:
    """The level of a text: of that one of `texts`, else of the only one that means the same, else `unseen`.

    texts[i] has level indices[i] of `count`. `manner` says what means the same: numbers of the same value
    ("number"; "number or code": digits that begin with 0 are texts), "truth" in any case of letters, "text"
    in Unicode's composed form with plain spaces. A missing cell has the level `absent`: one of the column's
    blanks or, where the texts are numbers, any spelling of `blank_numbers`. −1 is no level; None is a fault.
    """

    texts: tuple[str, ...]
    indices: tuple[int, ...]
    count: int
    manner: Manner
    absent: int | None
    unseen: int | None
    blank_numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class OneHot:
    """An input a level: ones[i] where the level is i, else zeros[i]."""

    column: str
    levels: Levels
    zeros: tuple[float, ...]
    ones: tuple[float, ...]

    @property
    def width(self) -> int:
        """One a level."""
        return self.levels.count


@dataclass(frozen=True)
class Code:
    """The level itself: a position in an order, or for an embedding, where −1 has the zero vector."""

    column: str
    levels: Levels
    width: int = 1


@dataclass(frozen=True)
class DatePart:
    """One part of a date: (part − center) / scale, or the sine and the cosine of how far round it is."""

    name: str
    cyclic: bool
    center: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Date:
    """The parts of a date, by its own clock.

    `form` is a format of strptime, or `epoch` or `epoch_ms`; None is ISO 8601 (`config.date_format`). `fill`
    is the text that stands for a missing cell; without one that is a fault, as is what is no date.
    """

    column: str
    fill: str | None
    form: str | None
    parts: tuple[DatePart, ...]

    @property
    def width(self) -> int:
        """Two a cycle, one for any other part."""
        return sum(2 if part.cyclic else 1 for part in self.parts)


@dataclass(frozen=True)
class Absent:
    """1 where the cell is missing, else 0; among texts also where it is a spelling of `blank_numbers`."""

    column: str
    blank_numbers: tuple[float, ...] = ()
    width: int = 1


Feature: TypeAlias = Number | Constant | Rank | Pieces | OneHot | Code | Date | Absent
