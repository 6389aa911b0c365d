"""Columns of texts as inputs of a network: each text that means something is a key of a table.

A graph compares texts letter by letter. So the keys are the texts of the model, the marks of missing cells,
and other spellings of both (`spellings`); any other text is one that training did not have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import numpy as np

from mlpcli.exporting.columns import Absent, Code, Column, Levels, OneHot
from mlpcli.exporting.onnx.functions import equal, where
from mlpcli.exporting.onnx.graph import DOUBLE, WHOLE, Value
from mlpcli.tables.spellings import Manner, amount_of, places_by_meaning, plain_word

FAULT: Final = -2  # the level of what cannot be used; -1 is that of what has none
NO_BREAK_SPACE: Final = "\u00a0"


def spellings(text: str, manner: Manner, decimal: str) -> Iterator[str]:
    """A text, and others that mean the same, first among them those that other programs write.

    Of a number as an integer and with one place, of true and false those in any case of letters, of other
    texts both of Unicode's normal forms, with plain spaces and with others.
    """
    yield text
    plain = plain_word(text, decimal)
    if plain in {"true", "false"}:
        yield from map("".join, product(*({one.lower(), one.upper()} for one in plain)))
    elif manner == "text" and plain is not None:
        yield from (plain, f"{plain}{decimal}", f"{plain}{decimal}0")
    elif manner == "text":
        for form in (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
            spaced = form.replace(NO_BREAK_SPACE, " ")
            yield from (spaced, spaced.replace(" ", NO_BREAK_SPACE))
    elif (amount := amount_of(text, decimal)) is not None:
        yield from spellings_of_number(float(amount), decimal)


def spellings_of_number(number: float, decimal: str) -> Iterator[str]:
    """As Python writes it, and as an integer where it is one."""
    found = [repr(number)]
    if number.is_integer() and abs(number) < 2**53:
        found += [f"{number:.0f}", f"{number:.0f}."]
    if number == 0.0:
        found += ["-0.0", "-0"]
    yield from (text.replace(".", decimal) for text in found)


class Texts:
    """What texts of a column mean, to a file whose decimal mark is `decimal`."""

    def __init__(self, column: Column, decimal: str) -> None:
        self._column, self._decimal = column, decimal

    def levels(self, levels: Levels) -> dict[str, int]:
        """Every key with its level."""
        blanks = self._blanks(levels.blank_numbers)
        texts = [one for text in levels.texts for one in spellings(text, levels.manner, self._decimal)]
        known = dict(zip(levels.texts, levels.indices, strict=True))
        others = [text for text in dict.fromkeys(texts) if text not in known]
        meant = places_by_meaning(others, levels.texts, self._decimal)
        known |= {
            text: levels.indices[place] for text, place in zip(others, meant, strict=True) if place >= 0
        }
        return known | dict.fromkeys(blanks, FAULT if levels.absent is None else levels.absent)

    def absent(self, blank_numbers: Iterable[float]) -> dict[str, int]:
        """1 for every key that is a missing cell."""
        return dict.fromkeys(self._blanks(blank_numbers), 1)

    def _blanks(self, blank_numbers: Iterable[float]) -> list[str]:
        """The texts that mean a missing cell: the column's, and the spellings of its numbers and of these."""
        numbers = {*blank_numbers, *self._column.blank_numbers}
        spelt = (one for number in numbers for one in spellings_of_number(number, self._decimal))
        return list(dict.fromkeys((*self._column.blanks, *spelt)))


def level_of(given: Value, keys: dict[str, int], other: int) -> Value:
    """The level of each text (rows, 1); that of a text which is no key is `other`."""
    telling = {text: level for text, level in keys.items() if level != other}
    texts, levels = list(telling), list(telling.values())
    return given.graph.node(
        "LabelEncoder", [given], WHOLE, keys_strings=texts, values_int64s=levels, default_int64=other
    )


def encoded(feature: OneHot | Code | Absent, given: Value, texts: Texts) -> Value:
    """The inputs (rows, inputs) of a feature, NaN where it cannot use a text."""
    if isinstance(feature, Absent):
        return level_of(given, texts.absent(feature.blank_numbers), 0).cast(DOUBLE)
    levels, keys = feature.levels, texts.levels(feature.levels)
    level = level_of(given, keys, FAULT if levels.unseen is None else levels.unseen)
    if isinstance(feature, Code):
        found = level.cast(DOUBLE)
    else:
        here = equal(level, np.arange(levels.count)[np.newaxis])
        found = where(here, np.array([feature.ones]), given.graph.constant([feature.zeros], DOUBLE))
    return where(equal(level, FAULT), np.nan, found) if None in {levels.unseen, levels.absent} else found
