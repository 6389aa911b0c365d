"""Columns of decorated numbers, such as `$1,200.00`, `23.4 kmpl` and `12 %`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.cells import NumberColumn

SIGN = "[+\u2212-]"
THOUSANDS = {",": ",", ".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
PARTING = " \u00a0\u2009\u202f'\u2019,."


class DecoratedColumn(NumberColumn):
    """A column of numbers with a prefix and a suffix, and something between thousands.

    A sign may stand before or after the prefix, a negative amount in parentheses.
    """

    def __init__(
        self,
        name: str,
        decimal: str,
        blanks: Sequence[str],
        blank_numbers: Sequence[float],
        decoration: tuple[str, str, str],
    ) -> None:
        super().__init__(name, decimal, blanks, blank_numbers)
        prefix, suffix, thousands = decoration
        point = {".": ",", ",": "."}[decimal] if thousands == decimal else decimal
        self.marks = {ord(mark): "." if mark == point else None for mark in PARTING}
        self.whole = re.compile(
            rf"\s*(?P<before>{SIGN}?)\s*(?:{_words(prefix)})?\s*(?P<after>{SIGN}?)\s*"
            rf"(?P<number>{_digits(thousands, re.escape(point))})\s*(?:{_words(suffix)})?\s*"
        ).fullmatch

    def parse(self, text: str) -> float:
        """The number that a text is; NaN where it is none."""
        found, negative = self.whole(text), False
        if found is None:
            inner = text.strip()
            if inner.startswith("(") and inner.endswith(")"):
                found, negative = self.whole(inner[1:-1]), True
            if found is None or found["before"] or found["after"]:
                return math.nan
        if found["before"] and found["after"]:
            return math.nan
        negative = negative or (found["before"] or found["after"]) not in {"", "+"}
        number = float(found["number"].translate(self.marks))
        return -number if negative else number


def _digits(thousands: str, point: str) -> str:
    """A pattern for digits: thousands in groups of three, or of two before the last."""
    groups = ["[0-9]+"]
    if thousands:
        apart = THOUSANDS[thousands]
        groups = [f"[1-9][0-9]{{0,2}}(?:{apart}[0-9]{{3}})+", *groups]
    if thousands == ",":
        groups = [f"[1-9][0-9]?(?:{apart}[0-9]{{2}})*{apart}[0-9]{{3}}", *groups]
    return f"(?:(?:{'|'.join(groups)})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"


def _words(text: str) -> str:
    """A pattern for a decoration, whatever blanks part its words."""
    return r"\s+".join(map(re.escape, text.split()))
