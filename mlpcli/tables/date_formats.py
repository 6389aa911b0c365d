"""The formats that people write dates in, and which of them some texts are in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np

from mlpcli.tables.dates import dates_of

# days, in the order in which they are tried: where two fit the first is taken
DAYS = (
    "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
    "%m/%d/%y", "%d/%m/%y", "%d-%m-%y", "%m-%d-%y", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y",
    "%d/%b/%Y", "%d %b %y", "%d%b%Y", "%d%b%y",
    "%b %d, %Y", "%b %d %Y", "%d %b, %Y", "%d %B %Y", "%d-%B-%Y", "%B %d, %Y", "%B %d %Y", "%d %B, %Y",
    "%d. %B %Y", "%Y-%b-%d",
    "%a, %d %b %Y", "%a %d %b %Y", "%A, %B %d, %Y", "%A, %d %B %Y", "%a, %b %d, %Y", "%a %b %d %Y",
)  # fmt: skip
MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%b %y", "%B, %Y", "%Y %b", "%Y-%b")
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%H:%M:%S.%f", "%I %p", "%I%p")
# written by programs
STAMPS = (
    "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d%H%M%S",
    "%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y",
    "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT", "%d%b%Y:%H:%M:%S",
)  # fmt: skip
BETWEEN = (" ", ", ", "T")  # a day and a time
DAYS_AND_TIMES = tuple(f"{day}{sign}{time}" for day, sign, time in product(DAYS, BETWEEN, TIMES))
OTHERS = (*MONTHS, *(f"%Y-%m-%d {time}" for time in TIMES[2:5]), *STAMPS, *TIMES)
COMMON_FORMATS = (*DAYS, *DAYS_AND_TIMES, *OTHERS)
LOOKED_AT = 100
# what a directive looks like; strptime decides
WORDS = {"b": r"[^\W\d_]{3}", "B": r"[^\W\d_]{3,9}", "a": r"[^\W\d_]{3}", "A": r"[^\W\d_]{6,9}"}
TWO, ONE_OR_TWO = r"\d{2}", r"\d{1,2}"
OTHER = {"p": "[AaPp][Mm]", "z": r"(?:Z|[+-]\d\d:?\d\d)"}
DIGITS = {"Y": r"\d{4}", "f": r"\d{1,6}", "y": TWO, "M": TWO, "S": TWO}
COMPACT = re.compile("%Y%m")  # nothing but digits keeps the parts apart


def likely_format(texts: Sequence[str]) -> str | None:
    """The first common format that all of some texts are in: "" for that of ISO 8601, None without one."""
    return next(formats_of(texts), None)


def formats_of(texts: Sequence[str]) -> Iterator[str]:
    """Every common format that all of some texts are in, "" for that of ISO 8601 first."""
    for form in _plausible(texts[:LOOKED_AT]) if texts else ():
        if not np.isnat(dates_of(texts[:LOOKED_AT], form or None)).any():
            rest = texts[LOOKED_AT:]
            if not rest or not np.isnat(dates_of(rest, form or None)).any():
                yield form


def swapped(form: str) -> str:
    """The format with the day where the month is, and the month where the day is."""
    return re.sub("%[md]", lambda found: "%d" if found[0] == "%m" else "%m", form)


def _plausible(texts: Sequence[str]) -> Iterator[str]:
    """The formats that texts look like."""
    stripped = [text.strip() for text in texts]
    for form in ("", *_beginning_like(stripped[0])):
        look = _look(form)
        if all(map(look.fullmatch, stripped)):
            yield form


def _beginning_like(text: str) -> Iterator[str]:
    """The common formats, without those whose day the text does not begin with."""
    days = tuple(day for day in DAYS if _look(day).match(text))
    yield from days
    yield from (form for form in DAYS_AND_TIMES if form.startswith(days))
    yield from OTHERS


@cache
def _look(form: str) -> re.Pattern[str]:
    if not form:
        return re.compile(r"\d{4}-\d\d-\d\d.*", re.ASCII)
    one = TWO if COMPACT.search(form) else ONE_OR_TWO
    looks = {**WORDS, **DIGITS, **OTHER}
    pattern = re.escape(form).replace(r"\ ", r"\s+")
    return re.compile(re.sub("%(.)", lambda found: looks.get(found[1], one), pattern))
