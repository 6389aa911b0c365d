"""Dates as inputs of a network. A graph cannot read them: they are given as seconds since 1970.

Year, month and day are those of the Gregorian calendar, from the number of the day alone. Counted from March
on, a leap day is the last one of a year, and every five months have 153 days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import MAXYEAR, MINYEAR, datetime
from functools import cached_property
from math import nan
from typing import Final

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.date_format import EPOCHS, START
from mlpcli.exporting.columns import Date, DatePart
from mlpcli.exporting.onnx.functions import equal, floor, is_nan, where
from mlpcli.exporting.onnx.graph import DOUBLE, WHOLE, Value
from mlpcli.tables.dates import dates_of

DAY: Final = 86_400  # seconds
FIRST_MARCH: Final = 719_468  # days from the 1 March of the year 0 to the first of 1970
FOUR_CENTURIES: Final = 146_097  # days
# what a cycle begins with, and how many there are
CYCLES: Final = {
    "month": (1, 12),
    "day_of_week": (0, 7),
    "hour": (0, 24),
    "minute": (0, 60),
    "second": (0, 60),
}
DAYS: Final = (365, 366)


def seconds(date: datetime) -> float:
    """From the beginning of 1970 to a date."""
    return (date - START).total_seconds()


def encoded(feature: Date, given: Value) -> Value:
    """The inputs (rows, inputs) of a column, of which `given` (rows, 1) are seconds; NaN for what is no date.

    In a column of numbers that count from 1970 these are given as they are, and of times alone the seconds
    since midnight.
    """
    moments = given / float(EPOCHS[feature.form]) if feature.form in EPOCHS else given
    if feature.fill is not None:
        (fill,) = dates_of([feature.fill], feature.form).astype(np.int64).tolist()
        moments = where(is_nan(moments), fill / 1e6, moments)
    first, last = seconds(datetime(MINYEAR, 1, 1)), seconds(datetime(MAXYEAR, 12, 31)) + DAY
    there = (moments >= first) & (moments < last)
    calendar = Calendar(where(there, moments, 0.0))
    inputs = [one for part in feature.parts for one in calendar.inputs(part)]
    return where(there, given.graph.joined(inputs), nan)


class Calendar:
    """The parts of moments (rows, 1), in seconds since 1970; of times alone, seconds since midnight."""

    def __init__(self, moments: Value) -> None:
        self.graph, self._moments = moments.graph, moments
        since_march = floor(moments).cast(WHOLE) + FIRST_MARCH * DAY
        self._day, self._of_day = since_march // DAY, since_march % DAY

    def inputs(self, part: DatePart) -> Iterator[Value]:
        """The inputs that a part has (rows, 1): its sine and cosine, or itself, scaled."""
        if part.cyclic:
            yield from (self._turned(part.name, wave) for wave in (np.sin, np.cos))
        else:
            number = (
                self._moments / DAY if part.name == "timestamp" else getattr(self, part.name).cast(DOUBLE)
            )
            yield (number - part.center) / part.scale

    def _turned(self, name: str, wave: Callable[[Vector], Vector]) -> Value:
        """The wave of how far round its cycle a part is, from a table of all there are."""
        if name == "day_of_year":
            table = [wave(2 * np.pi * np.arange(max(DAYS)) / days) for days in DAYS]
            place = self.is_leap * max(DAYS) + self.day_of_year - 1
        else:
            first, length = CYCLES[name]
            table = [wave(2 * np.pi * np.arange(length) / length)]
            place = getattr(self, name) - first
        return self.graph.constant(np.concatenate(table), DOUBLE, name).at(place)

    @property
    def hour(self) -> Value:
        """0 to 23."""
        return self._of_day // 3_600

    @property
    def minute(self) -> Value:
        """0 to 59."""
        return self._of_day // 60 % 60

    @property
    def second(self) -> Value:
        """0 to 59."""
        return self._of_day % 60

    @property
    def day_of_week(self) -> Value:
        """0 for a Monday; 1970 began with a Thursday."""
        return (self._day + (3 - FIRST_MARCH) % 7) % 7

    @cached_property
    def _march_year(self) -> tuple[Value, Value]:
        """The year that began with March, and how many days of it have gone by."""
        era, day = self._day // FOUR_CENTURIES, self._day % FOUR_CENTURIES
        # without the leap days before this one each year has 365
        year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
        return era * 400 + year, day - (year * 365 + year // 4 - year // 100)

    @cached_property
    def _months_since_march(self) -> Value:
        return (self._march_year[1] * 5 + 2) // 153

    @property
    def month(self) -> Value:
        """1 to 12."""
        return (self._months_since_march + 2) % 12 + 1

    @property
    def day(self) -> Value:
        """1 to 31."""
        return self._march_year[1] - (self._months_since_march * 153 + 2) // 5 + 1

    @property
    def year(self) -> Value:
        """1 to 9999."""
        return self._march_year[0] + (self._months_since_march // 10)

    @property
    def is_leap(self) -> Value:
        """1 in a year of 366 days."""
        year = self.year
        leap: Value = equal(year % 4, 0) & ((year % 100 > 0) | equal(year % 400, 0))
        return leap.cast(WHOLE)

    @property
    def day_of_year(self) -> Value:
        """1 to 366."""
        since_march = self._march_year[1]
        before_march = self._months_since_march < 10
        return where(before_march, since_march + self.is_leap + 60, since_march - 305)
