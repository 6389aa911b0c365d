"""Texts that mean the same, without Python's help: one spelling for each, which C can make of a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from mlpcli.exporting.columns import Levels
from mlpcli.tables.spellings import amount_of, plain_word

SPACES: Final = dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), " ")


def one_spelling(text: str, decimal: str) -> str:
    """A number's sign, its digits without zeros at either end, e and the power of ten; "0" for any zero.

    Such is what is too small for another float64.
    """
    exact = Decimal(text.strip().replace(decimal, "."))
    sign, digits, power = exact.as_tuple()
    assert isinstance(power, int), "neither infinite nor nan"
    known = "".join(map(str, digits)).lstrip("0")
    short = known.rstrip("0")
    return f"{'-' * sign}{short}e{power + len(known) - len(short)}" if float(exact) else "0"


def spellings_of(numbers: Iterable[float]) -> list[str]:
    """The same of numbers, sorted as C sorts them."""
    return sorted({one_spelling(repr(number), ".") for number in numbers})


@dataclass(frozen=True)
class Folding:
    """What characters are taken for, and the order of combining ones: enough to know some texts by."""

    to: dict[str, str]
    orders: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.to) or len(set(self.orders.values())) > 1


def folding_of(texts: Iterable[str]) -> Folding:
    """That of some texts. A character that none of them can have stays: no text with it is meant."""
    alphabet = {character for text in texts for character in taken_apart(text)}
    to = {one: parts for one, parts in _composed().items() if alphabet.issuperset(parts)}
    if " " in alphabet:
        to |= {chr(space): " " for space in SPACES}
    return Folding(to, {one: order for one in sorted(alphabet) if (order := unicodedata.combining(one))})


def taken_apart(text: str) -> str:
    """The text in Unicode's decomposed form, with plain spaces: the same for texts whose composed form is."""
    return unicodedata.normalize("NFD", text.translate(SPACES))


@cache
def _composed() -> dict[str, str]:
    """Every character that is another one, or several."""
    every = map(chr, (*range(0xD800), *range(0xE000, 0x110000)))
    return {one: parts for one in every if (parts := unicodedata.normalize("NFD", one)) != one}


def meanings_of(levels: Levels, decimal: str) -> list[tuple[str, int]]:
    """The one spelling of what each text means with its level, sorted; without those that two texts mean."""
    found: dict[str, int | None] = {}
    for text, index in zip(levels.texts, levels.indices, strict=True):
        meaning = _meaning(text, levels, decimal)
        if meaning is not None:
            found[meaning] = None if meaning in found else index
    known = [(meaning, index) for meaning, index in found.items() if index is not None]
    return sorted(known, key=lambda pair: pair[0].encode())


def _meaning(text: str, levels: Levels, decimal: str) -> str | None:
    if levels.manner == "truth":
        return text.casefold()
    if levels.manner == "text":
        plain = plain_word(text, decimal)
        return taken_apart(text) if plain is None else plain
    return None if amount_of(text, decimal) is None else one_spelling(text, decimal)


def sorted_texts(texts: Sequence[str], indices: Sequence[int]) -> list[tuple[str, int]]:
    """Texts with their levels, sorted as `strcmp` does."""
    return sorted(zip(texts, indices, strict=True), key=lambda pair: pair[0].encode("utf-8", "surrogatepass"))
