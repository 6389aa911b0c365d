"""Texts as the levels of a column: those of the training rows, in whatever spelling means the same."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Sequence
from decimal import Decimal

from mlpcli.exporting.python.runtime.cells import UnusableError, missing

AMOUNT = re.compile(r"\s*[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
WHOLE_WITH_MARK = re.compile(r"(0|-?[1-9]\d*)(?:([.,])0*)?", re.ASCII)
ALL_WHOLE = 2.0**53  # up to here a float is every whole number
SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))


def amount_of(text: str, decimal: str) -> Hashable | None:
    """The number that a text is, exactly where it is whole; None for texts, and codes that begin with 0."""
    if decimal != ".":
        text = text.replace(".", "?").replace(decimal, ".")
    if not AMOUNT.fullmatch(text):
        return None
    value = float(text)
    if abs(value) < ALL_WHOLE:
        return value
    return Decimal(text.strip()) if math.isfinite(value) else None


def composed(text: str) -> str:
    """The text in Unicode's composed form, with plain spaces."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(SPACES)


def as_any_writer(text: str, decimal: str) -> str:
    """A text but for what programs write in several ways: 2007 and 2007.0, True and true."""
    lower = text.casefold()
    if lower in {"true", "false"}:
        return lower
    whole = WHOLE_WITH_MARK.fullmatch(text)
    return whole[1] if whole and whole[2] in {None, decimal} else composed(text)


class Levels:
    """texts[i] has the level indices[i]; `absent` is that of a missing cell, `unseen` that of other texts.

    -1 is no level, None a mistake. `manner` says which texts mean the same.
    """

    def __init__(
        self,
        texts: Sequence[str],
        indices: Sequence[int],
        manner: str,
        decimal: str,
        absent: int | None,
        unseen: int | None,
        blank_numbers: Sequence[float] = (),
    ) -> None:
        self.manner, self.decimal, self.absent, self.unseen = manner, decimal, absent, unseen
        self.blank_numbers = frozenset(blank_numbers)
        self.exact = dict(zip(texts, indices))
        self.meant: dict[Hashable | None, int | None] = {}
        for text, index in zip(texts, indices):
            meaning = self.meaning(text)
            self.meant[meaning] = unseen if meaning in self.meant else index
        self.meant[None] = unseen

    def meaning(self, text: str) -> Hashable | None:
        """What texts have in common that mean the same."""
        if self.manner == "truth":
            return text.casefold()
        if self.manner == "text":
            return as_any_writer(text, self.decimal)
        amount = amount_of(text, self.decimal)
        return composed(text) if amount is None and self.manner == "number or code" else amount

    def is_blank(self, text: str | None) -> bool:
        """Whether a cell is missing."""
        return text is None or (
            bool(self.blank_numbers) and amount_of(text, self.decimal) in self.blank_numbers
        )

    def of(self, text: str | None, column: str) -> int:
        """The level of a cell."""
        if text is None or self.is_blank(text):
            if self.absent is None:
                raise missing(column)
            return self.absent
        level = self.exact.get(text)
        if level is None:
            level = self.meant.get(self.meaning(text), self.unseen)
        if level is None:
            raise UnusableError(f"column '{column}': '{text}' is none of its categories")
        return level
