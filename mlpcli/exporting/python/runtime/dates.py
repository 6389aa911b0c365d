"""Columns of dates: their parts, as sine and cosine of how far round they are, or scaled."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mlpcli.exporting.python.runtime.cells import UnusableError, missing

ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:Z|[+-](\d{2})(?::?(\d{2}))?)?)?",
    re.ASCII,
)
EPOCH = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
START = datetime(1970, 1, 1)
PER_SECOND = {"epoch": 1, "epoch_ms": 1000}

PARTS: dict[str, Callable[[datetime], float]] = {
    "year": lambda date: date.year,
    "month": lambda date: date.month,
    "day": lambda date: date.day,
    "day_of_week": lambda date: date.weekday(),
    "day_of_year": lambda date: date.timetuple().tm_yday,
    "hour": lambda date: date.hour,
    "minute": lambda date: date.minute,
    "second": lambda date: date.second,
    "timestamp": lambda date: (date - START) // timedelta(microseconds=1) / 86400e6,
}
# the value that a cycle begins with, and how many there are; None where that depends on the year
CYCLES: dict[str, tuple[int, int | None]] = {
    "month": (1, 12),
    "day_of_week": (0, 7),
    "day_of_year": (1, None),
    "hour": (0, 24),
    "minute": (0, 60),
    "second": (0, 60),
}


def days_in(year: int) -> int:
    """How many days a year has."""
    return 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365


def read_date(text: str, form: str | None) -> datetime | None:
    """The date that a text is, by its own clock; None where it is none."""
    text = text.strip()
    try:
        if form in PER_SECOND:
            seconds = float(text) / PER_SECOND[form] if EPOCH.fullmatch(text) else math.nan
            return START + timedelta(seconds=seconds)
        if form is None:
            return _iso_date(text)
        return datetime.strptime(text, form.strip()).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _iso_date(text: str) -> datetime | None:
    found = ISO.fullmatch(text)
    if found is None:
        return None
    *numbers, fraction, hours, minutes = found.groups()
    if int(hours or 0) * 60 + int(minutes or 0) >= 24 * 60:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    return datetime(year, month, day, hour, minute, second, int((fraction or "")[:6].ljust(6, "0")))


class Date:
    """`parts` are their names, centers and scales; one without these is a cycle."""

    def __init__(
        self,
        column: str,
        fill: str | None,
        form: str | None,
        parts: Sequence[tuple[str, float | None, float | None]],
    ) -> None:
        self.column, self.fill, self.form, self.parts = column, fill, form, parts

    def inputs(self, text: str | None) -> list[float]:
        """Two for each cycle, one for any other part."""
        known = self.fill if text is None else text
        if known is None:
            raise missing(self.column)
        date = read_date(known, self.form)
        if date is None:
            written = "such as 2024-01-31" if self.form is None else f"written as {self.form}"
            raise UnusableError(f"column '{self.column}': expected a date {written}, found '{text}'")
        found: list[float] = []
        for name, center, scale in self.parts:
            part = PARTS[name](date)
            if center is None or scale is None:
                first, length = CYCLES[name]
                turn = 2 * math.pi * (part - first) / (length or days_in(date.year))
                found += (math.sin(turn), math.cos(turn))
            else:
                found.append((part - center) / scale)
        return found
