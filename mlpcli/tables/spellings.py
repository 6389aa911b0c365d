"""Texts that mean the same though they differ: 1 and 1.0, True and true, é in one character or two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from math import isfinite
from typing import Literal, TypeAlias

Reading: TypeAlias = Callable[[str], Hashable | None]
Manner: TypeAlias = Literal["number", "number or code", "truth", "text"]

# a number that is no code: 08001 keeps its zero, and is another text than 8001
_AMOUNT = re.compile(r"\s*[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_CODE = re.compile(r"\s*0\d+\s*", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_WHOLE_WITH_MARK = re.compile(r"(0|-?[1-9]\d*)(?:([.,])0*)?", re.ASCII)
_ALL_WHOLE = 2.0**53  # up to here a float is every whole number
_TRUTHS = frozenset({"true", "false"})
PLURALS = {"category": "categories", "class": "classes", "value": "values"}
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))  # those that break no line


@dataclass(frozen=True)
class Spelling:
    """How a column is spelt in files: the texts that it may hold, as far as they are known, and its dates."""

    words: tuple[str, ...] = ()
    date_format: str | None = None


def amount_of(text: str, decimal: str = ".") -> float | Decimal | None:
    """The number that a text is, exactly where it is whole; None for texts, and codes that begin with 0."""
    if decimal != ".":
        text = text.replace(".", "?").replace(decimal, ".")
    if not _AMOUNT.fullmatch(text):
        return None
    value = float(text)
    if abs(value) < _ALL_WHOLE:
        return value
    return Decimal(text.strip()) if isfinite(value) else None


def is_code(text: str) -> bool:
    """Whether a text is digits that begin with 0, and is more than that 0."""
    return _CODE.fullmatch(text) is not None


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), with plain spaces."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_SPACES)


def are_amounts(texts: Iterable[str], decimal: str = ".") -> bool:
    """Whether all of some texts are numbers, at least one, the empty one aside."""
    some = [text for text in texts if text]
    return bool(some) and all(amount_of(text, decimal) is not None for text in some)


def manner_of(texts: Sequence[str], decimal: str = ".") -> Manner:
    """How texts like these are compared: as numbers, or as true and false, if all are, else as texts.

    Codes among numbers are themselves: 01 is not 1, and 1.0 is.
    """
    if are_amounts(texts, decimal):
        return "number"
    if are_amounts((text for text in texts if not is_code(text)), decimal):
        return "number or code"
    return "truth" if all(text.casefold() in _TRUTHS for text in texts if text) else "text"


def reading_of(texts: Sequence[str], decimal: str = ".") -> Reading:
    """What texts like these are compared by."""
    readings: dict[Manner, Reading] = {
        "number": partial(amount_of, decimal=decimal),
        "number or code": partial(_amount_or_code, decimal=decimal),
        "truth": str.casefold,
        "text": composed,
    }
    return readings[manner_of(texts, decimal)]


def _amount_or_code(text: str, decimal: str) -> Hashable:
    amount = amount_of(text, decimal)
    return composed(text) if amount is None else amount


def plain_word(text: str, decimal: str) -> str | None:
    """What programs write in several ways, in one: `2007` for 2007.0, `true` for True; None for other texts.

    A whole number has a point where some program made its column one of floats; 1.10 and 1.1 are two texts,
    as they are of versions.
    """
    lower = text.casefold()
    if lower in _TRUTHS:
        return lower
    whole = _WHOLE_WITH_MARK.fullmatch(text)
    return whole[1] if whole and whole[2] in {None, decimal} else None


def _as_any_writer(text: str, decimal: str) -> str:
    """A text in the one way in which all programs might have written it."""
    plain = plain_word(text, decimal)
    return composed(text) if plain is None else plain


@lru_cache(maxsize=16)
def _meanings(order: tuple[str, ...], decimal: str) -> tuple[Reading, dict[Hashable, int]]:
    """How these texts are compared, and the position of what each means where no other means it too.

    Texts that stand beside each other in one file are two if they differ; another file had another writer.
    """
    reading = reading_of(order, decimal)
    if reading is composed:
        reading = partial(_as_any_writer, decimal=decimal)
    positions: dict[Hashable, int] = {}
    for position, text in enumerate(order):
        meaning = reading(text)
        positions[meaning] = -1 if meaning in positions else position
    return reading, positions


def places_by_meaning(texts: Iterable[str], order: tuple[str, ...], decimal: str = ".") -> list[int]:
    """For each text the position of the only one in `order` that means the same; -1 without one."""
    reading, positions = _meanings(order, decimal)
    meanings = map(reading, texts)
    return [-1 if meaning is None else positions.get(meaning, -1) for meaning in meanings]


@dataclass(frozen=True)
class Merged:
    """How often each text occurs; of those that mean the same one is kept, to which `others` lead."""

    counts: dict[str, int]
    others: dict[str, str] = field(default_factory=dict)

    def notes(self, column: str, what: str) -> tuple[str, ...]:
        """What to know about texts that were taken for one, or were not; `what` is a category or a class."""
        pair = spelt_alike(self.counts)
        doubt = () if pair is None else (f"column '{column}': {pair}: they are different {PLURALS[what]}",)
        return (*self._taken_for_one(column, what), *self._apart(column, what), *doubt)

    def _apart(self, column: str, what: str) -> tuple[str, ...]:
        """Of a code and the number that it would be without its zeros."""
        for code in filter(is_code, self.counts):
            number = code.strip().lstrip("0") or "0"
            if number in self.counts:
                return (f"column '{column}': '{code}' begins with 0: it is another {what} than '{number}'",)
        return ()

    def _taken_for_one(self, column: str, what: str) -> tuple[str, ...]:
        if not self.others:
            return ()
        other, kept = next(iter(self.others.items()))
        alike = composed(other) == composed(kept)
        shown = ascii(other) if alike else f"'{other}'"
        more = f" (and {len(self.others) - 1:,} more such)" if len(self.others) > 1 else ""
        return (f"column '{column}': {shown} means the same as '{kept}': one {what}, '{kept}'{more}",)


def spelt_alike(texts: Iterable[str]) -> str | None:
    """What to say of the first two texts that differ in capitals or spaces alone, if there are any."""
    seen: dict[str, str] = {}
    for text in texts:
        plain = " ".join(text.casefold().split())
        first = seen.setdefault(plain, text)
        # one letter may well mean something else than its capital
        if first != text and (len(plain) > 1 or first.strip() == text.strip()):
            return f"'{first}' and '{text}' differ in capitals or spaces alone"
    return None


def merge(counts: Mapping[str, int], decimal: str = ".") -> Merged:
    """The texts of a column with their counts, one of those that mean the same kept.

    Of numbers that is the plain integer, else the shortest; of other texts the first.
    """
    reading = reading_of(tuple(counts), decimal)
    if reading is composed and all(map(str.isascii, counts)):
        return Merged(dict(counts))
    groups: dict[Hashable, list[str]] = {}
    for text in counts:
        groups.setdefault(reading(text), []).append(text)
    if len(groups) == len(counts):
        return Merged(dict(counts))
    kept = {meaning: _kept(texts, reading) for meaning, texts in groups.items()}
    others = {text: kept[meaning] for meaning, texts in groups.items() for text in texts}
    summed = {kept[meaning]: sum(counts[text] for text in texts) for meaning, texts in groups.items()}
    return Merged(summed, {text: one for text, one in others.items() if text != one})


def _kept(texts: Sequence[str], reading: Reading) -> str:
    if reading is composed or reading is str.casefold:
        return texts[0]
    return min(texts, key=lambda text: (not _WHOLE.fullmatch(text), len(text), text))
