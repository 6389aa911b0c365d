"""How dates are written: ISO 8601, formats of `strptime`, seconds since 1970; which formats say enough."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from datetime import date as day

from pydantic_core import PydanticCustomError

from mlpcli.config.refusals import refusal

# a day, and after it perhaps a time of day, and after that perhaps how far it is from UTC
ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII
)
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
DIRECTIVES = "YymbBdjHIpMSfzaA%"
ALL_OF_THEM = "there are " + " ".join(f"%{letter}" for letter in DIRECTIVES) + ", as in Python's strptime"
SAMPLE = datetime(2001, 12, 31, 23, 59, 58, tzinfo=UTC)
START = datetime(1970, 1, 1)
# numbers that count from 1970 on, and how many of them a second has
EPOCHS = {"epoch": 1, "epoch_ms": 1_000}
DAY_LETTERS = frozenset("YymbBdjaA")
# of each of these only one has an effect
RIVALS = ("Yy", "mbBj", "dj", "HI", "aA")
# what has no effect without one of the others
NEEDS = {"p": "I", "I": "p", "d": "mbB", "M": "HI", "S": "M", "f": "S"}


def read_date(text: str, form: str | None) -> datetime | None:
    """The date that a text is, by its own clock, wherever that is; None where it is none.

    `form` is a format of `strptime`, or one of EPOCHS; without one dates are as ISO 8601 has them:
    2024-01-31T18:05. Spaces around a date do not count. A time alone is one of the day 1900-01-01.
    """
    text = text.strip()
    if form in EPOCHS:
        return _since_1970(text, EPOCHS[form])
    if form is None and not ISO.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=None)


def _since_1970(text: str, per_second: int) -> datetime | None:
    if NUMBER.fullmatch(text):
        with suppress(OverflowError):
            return START + timedelta(seconds=float(text) / per_second)
    return None


def written_date(date: datetime | day | time, form: str | None) -> str:
    """A date or a time as a file has it; at midnight the day alone, where the format does not say."""
    if isinstance(date, time):
        return date.strftime(form) if form else date.isoformat()
    if form in EPOCHS:
        moment = datetime(*date.timetuple()[:6], getattr(date, "microsecond", 0))
        return repr((moment - START) / timedelta(seconds=1) * EPOCHS[form])
    return date.strftime(form) if form else date.isoformat().replace("T", " ").removesuffix(" 00:00:00")


def is_time_alone(form: str | None) -> bool:
    """Whether a format has a time of day and no day."""
    return form is not None and form not in EPOCHS and not DAY_LETTERS.intersection(_letters(form))


def is_month_alone(form: str | None) -> bool:
    """Whether a format has a year, perhaps with a month, and no day."""
    return form is not None and form not in EPOCHS and not {"d", "j", "H", "I"}.intersection(_letters(form))


def readable_format(text: str) -> str:
    """The format, if what it writes can be read again."""
    if text in EPOCHS:
        return text
    letters = _letters(text)
    for letter in letters:
        if letter not in DIRECTIVES or not letter:
            raise refusal(f"expected a format of dates, found '%{letter}' in '{text}'", ALL_OF_THEM)
        if letters.count(letter) > 1:
            raise refusal(f"expected a format of dates, found '%{letter}' twice in '{text}'")
    if not {"Y", "y", "H", "I"}.intersection(letters):
        raise _without_year(text)
    try:
        datetime.strptime(SAMPLE.strftime(text), text)
    except ValueError:
        raise refusal(f"expected a format of dates, found '{text}'", ALL_OF_THEM) from None
    return text


def known_format(text: str) -> str:
    """The format, if it says which day or which time of day it is, and all of it has an effect."""
    letters = set() if readable_format(text) in EPOCHS else set(_letters(text))
    if letters & DAY_LETTERS and not letters & {"Y", "y"}:
        raise _without_year(text)
    for rivals in RIVALS:
        if len(both := [letter for letter in rivals if letter in letters]) > 1:
            said = " and ".join(f"`%{letter}`" for letter in both)
            half = {"H", "p"} <= letters
            hint = "write `%I`, the hour of a clock of 12" if half else "leave one of them out"
            raise refusal(f"{said} say the same thing twice in '{text}'", hint)
    for letter, needed in NEEDS.items():
        if letter in letters and not letters & set(needed):
            raise _alone(text, letter, letters)
    return text


def _alone(text: str, letter: str, letters: set[str]) -> PydanticCustomError:
    if letter == "p" and "H" in letters:
        hint = "write `%I`: the hour from 1 to 12"
        return refusal(f"`%p` needs `%I`, and `%H` is there, in '{text}'", hint)
    if letter == "I":
        hint = "write `%I ... %p`, or `%H` where hours go up to 23"
        return refusal(f"`%I` needs `%p`: without it, it is half a day short, in '{text}'", hint)
    needed = " or ".join(f"`%{one}`" for one in NEEDS[letter])
    return refusal(f"`%{letter}` needs {needed}, in '{text}'", "a directive must not be without an effect")


def _letters(text: str) -> list[str]:
    return [letter for letter in re.findall(r"%(.?)", text, re.DOTALL) if letter != "%"]


def _without_year(text: str) -> PydanticCustomError:
    hint = "2024-01-31 is `%Y-%m-%d`, 31.1.24 is `%d.%m.%y`"
    return refusal(f"expected a format of dates with the year, found '{text}'", hint)
