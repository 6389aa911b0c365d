"""What a table holds in words, for the comments of a config."""

from __future__ import annotations

from collections.abc import Mapping

from mlpcli.config.date_format import is_time_alone
from mlpcli.survey.dates import Dates
from mlpcli.terminal.console import counted


def words_of_number(number: float) -> str:
    """A number, for a comment; years and others of four digits in one piece."""
    if number % 1 == 0 and abs(number) < 10_000:
        return f"{number:.0f}"
    return f"{number:,.0f}" if number % 1 == 0 and abs(number) < 1e15 else f"{number:.4g}"


def words_of_dates(dates: Dates) -> str:
    """From when to when, and how else the texts may be read."""
    timed = is_time_alone(dates.form or None)
    first, last = (text.split("T")[timed] for text in (dates.first, dates.last))
    words = f"{'times' if timed else 'dates'} {first} to {last}"
    if dates.other is None:
        return words
    month_first = dates.form.index("%m") < dates.form.index("%d")
    readings = ("January 2", "February 1") if month_first else ("February 1", "January 2")
    sign = dates.form[dates.form.index("%m" if month_first else "%d") + 2]
    return f"{words}; 01{sign}02 read as {readings[0]}; if it is {readings[1]}: {dates.other}"


def words_of_marks(marks: Mapping[str, int]) -> str:
    """Texts that stand for a missing cell, and how often each does."""
    return ", ".join(f"'{text}' ({counted(cells, 'cell')})" for text, cells in marks.items())
