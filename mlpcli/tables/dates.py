"""Texts that are dates, and the parts of dates: whole arrays at a time, NaT where a text is no date."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.config.date_format import read_date

# what NumPy reads as Python does, many times as fast
PLAIN = re.compile(
    r"(?!0000)\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?",
    re.ASCII,
)
EPOCH = datetime.fromisoformat("1970-01-01")
MICROSECOND = timedelta(microseconds=1)
NO_DATE = int(np.datetime64("NaT", "us").astype(np.int64))


def dates_of(texts: Sequence[str], form: str | None) -> Array:
    """The dates that some texts are: in a format, or without one as ISO 8601 has them."""
    if form is None and all(map(PLAIN.fullmatch, texts)):
        with suppress(ValueError):  # a day that its month does not have, or an hour that no day has
            return np.array(texts, "datetime64[us]")
    # NumPy takes several times as long for Python's dates as for numbers
    return np.array([_microseconds(text, form) for text in texts], np.int64).view("datetime64[us]")


@lru_cache(maxsize=1 << 14)  # the same dates come again in block after block
def _microseconds(text: str, form: str | None) -> int:
    """How many have gone by since 1970; the number that NaT is where the text is no date."""
    date = read_date(text, form)
    return NO_DATE if date is None else (date - EPOCH) // MICROSECOND


def _whole(dates: Array, unit: str) -> Array:
    """How many whole units have gone by since 1970."""
    return dates.astype(f"datetime64[{unit}]").astype(np.int64)


def _first_days(dates: Array, unit: str) -> Array:
    """The day that the month or the year of each date begins with, counted from 1970."""
    return _whole(dates.astype(f"datetime64[{unit}]"), "D")


def _length_of_year(dates: Array) -> Array:
    next_year = (dates.astype("datetime64[Y]") + 1).astype("datetime64[D]").astype(np.int64)
    return next_year - _first_days(dates, "Y")


PARTS: dict[str, Callable[[Array], Array]] = {
    "year": lambda dates: _whole(dates, "Y") + 1970,
    "month": lambda dates: _whole(dates, "M") % 12 + 1,
    "day": lambda dates: _whole(dates, "D") - _first_days(dates, "M") + 1,
    # Monday is 0; 1970 began with a Thursday
    "day_of_week": lambda dates: (_whole(dates, "D") + 3) % 7,
    "day_of_year": lambda dates: _whole(dates, "D") - _first_days(dates, "Y") + 1,
    "hour": lambda dates: _whole(dates, "h") % 24,
    "minute": lambda dates: _whole(dates, "m") % 60,
    "second": lambda dates: _whole(dates, "s") % 60,
    # days since 1970, the time of day as their fraction
    "timestamp": lambda dates: _whole(dates, "us") / 86_400e6,
}
# the value that a cycle begins with, and how many there are
CYCLES: dict[str, tuple[int, Callable[[Array], Array | int]]] = {
    "month": (1, lambda _: 12),
    "day_of_week": (0, lambda _: 7),
    "day_of_year": (1, _length_of_year),
    "hour": (0, lambda _: 24),
    "minute": (0, lambda _: 60),
    "second": (0, lambda _: 60),
}


def part_of(dates: Array, part: str) -> Vector:
    """One part of each date, as a number. There must be no NaT."""
    return PARTS[part](dates).astype(np.float64)


def turn_of(dates: Array, part: str) -> Vector:
    """How far around its cycle a part is, as the angle 2π (part − first) / length. There must be no NaT."""
    first, length = CYCLES[part]
    return 2 * np.pi * (part_of(dates, part) - first) / length(dates)
