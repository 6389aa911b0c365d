"""Numbers with decoration, such as `$1,200.00`, `23.4 kmpl` and `12 %`, read as the numbers that they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import nan

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.parse_spec import ParseSpec

SIGN = "[+\u2212-]"  # the one in the middle is the minus sign of typesetters
EXPONENT = "(?:[eE][+-]?[0-9]+)?"
# what is written for each of the separators, for the blank also those that break no line
THOUSANDS = {",": ",", ".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}


def decorated_numbers(texts: Sequence[str], parse: ParseSpec, decimal: str) -> Vector:
    """The number that each text is; NaN where it is none.

    A sign may stand before or after the prefix, a negative amount in parentheses; blanks around and between
    the parts do not count. Each part may be absent, but nothing else may be there: thousands are in groups of
    three, or of two before the last, and the first has no leading zero.
    """
    values = np.fromiter(map(_reader(parse, decimal), texts), np.float64, len(texts))
    values[np.isinf(values)] = nan
    return values


def decimal_of(parse: ParseSpec, decimal: str) -> str:
    """The decimal mark of numbers in a file that has `decimal`: the other one where that parts thousands."""
    return {".": ",", ",": "."}[decimal] if parse.thousands == decimal else decimal


def example_of(parse: ParseSpec, decimal: str) -> str:
    """How a number is written: `$1,234.5`."""
    number = f"1{parse.thousands or ''}234{decimal_of(parse, decimal)}5"
    return f"{(parse.prefix or '').lstrip()}{number}{(parse.suffix or '').rstrip()}"


@lru_cache(maxsize=256)
def _reader(parse: ParseSpec, decimal: str) -> Callable[[str], float]:
    """What reads one text."""
    point = decimal_of(parse, decimal)
    whole = _pattern(parse, point).fullmatch
    marks = {ord(mark): "." if mark == point else None for mark in " \u00a0\u2009\u202f'\u2019,."}

    def read(text: str) -> float:
        found, sign = whole(text), 1.0
        if found is None:
            inner = text.strip()
            if not inner.startswith("(") or not inner.endswith(")"):
                return nan
            found, sign = whole(inner[1:-1]), -1.0
            if found is None or found["before"] or found["after"]:
                return nan
        if found["before"] and found["after"]:
            return nan
        negative = (found["before"] or found["after"]) not in {"", "+"}
        return (-sign if negative else sign) * float(found["number"].translate(marks))

    return read


def _pattern(parse: ParseSpec, decimal: str) -> re.Pattern[str]:
    mark = re.escape(decimal)
    apart = THOUSANDS.get(parse.thousands or "")
    groups = ["[0-9]+"]
    if apart is not None:
        groups = [f"[1-9][0-9]{{0,2}}(?:{apart}[0-9]{{3}})+", *groups]
    if parse.thousands == ",":
        groups = [f"[1-9][0-9]?(?:{apart}[0-9]{{2}})*{apart}[0-9]{{3}}", *groups]
    number = f"(?P<number>(?:(?:{'|'.join(groups)})(?:{mark}[0-9]*)?|{mark}[0-9]+){EXPONENT})"
    prefix, suffix = (_words(text) for text in (parse.prefix, parse.suffix))
    sign = rf"(?P<{{}}>{SIGN}?)\s*"
    return re.compile(
        rf"\s*{sign.format('before')}(?:{prefix})?\s*{sign.format('after')}{number}\s*(?:{suffix})?\s*"
    )


def _words(text: str | None) -> str:
    """A pattern for a decoration, whatever blanks part its words."""
    return r"\s+".join(map(re.escape, (text or "").split()))
