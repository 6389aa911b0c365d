"""Dates in texts: as ISO 8601 writes them, or in a format with the directives of Python's `strptime`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mlpcli.config.refusals import refusal

# a day, and after it perhaps a time of day, and after that perhaps how far it is from UTC
ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII
)
DIRECTIVES = "YymbBdjHIpMSfzaA%"
ALL_OF_THEM = "there are " + " ".join(f"%{letter}" for letter in DIRECTIVES) + ", as in Python's strptime"
SAMPLE = datetime(2001, 12, 31, 23, 59, 58, tzinfo=UTC)


def read_date(text: str, form: str | None) -> datetime | None:
    """The date that a text is, by its own clock, wherever that is; None where it is none.

    `form` is a format of `strptime`; without one dates are as ISO 8601 has them: 2024-01-31T18:05.
    """
    if form is None and not ISO.fullmatch(text):
        return None
    try:
        date = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)
    except ValueError:
        return None
    return date.replace(tzinfo=None)


def known_format(text: str) -> str:
    """The format, if it can say which year it is, and what it writes can be read again."""
    letters = [letter for letter in re.findall(r"%(.?)", text, re.DOTALL) if letter != "%"]
    for letter in letters:
        if letter not in DIRECTIVES or not letter:
            raise refusal(f"expected a format of dates, found '%{letter}' in '{text}'", ALL_OF_THEM)
        if letters.count(letter) > 1:
            raise refusal(f"expected a format of dates, found '%{letter}' twice in '{text}'")
    if not {"Y", "y"}.intersection(letters):
        hint = "2024-01-31 is `%Y-%m-%d`, 31.1.24 is `%d.%m.%y`"
        raise refusal(f"expected a format of dates with the year, found '{text}'", hint)
    try:
        datetime.strptime(SAMPLE.strftime(text), text)
    except ValueError:
        raise refusal(f"expected a format of dates, found '{text}'", ALL_OF_THEM) from None
    return text
