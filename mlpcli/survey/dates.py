"""Dates in a column: the format of all its cells, what else they may mean, and the few cells that differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.data.date_feature import telling_parts
from mlpcli.tables.date_formats import LOOKED_AT, formats_of, likely_format, swapped
from mlpcli.tables.dates import dates_of

# numbers that count from 1970 on are dates only where their column is called so
TIME_NAME = re.compile(
    r"(?i:(^|[\W_])(time|timestamp|ts|epoch|unix|unixtime|date|datetime|created|updated|at)($|[\W_]))"
    r"|(?i:time|timestamp|epoch|date)$|(Time|At|Date|Ts|TS)(?![a-z])"
)
SANE_SECONDS = (315_532_800, 4_102_444_800)  # the years 1980 to 2099
SANE_DAYS = (1_900_01_01, 2_100_00_00)
SECONDS_IN_DIGITS = 10**6  # what a time of day after them takes, as HHMMSS
ENOUGH_DAYS = 5  # different numbers that are all days by chance once in ten million times
FEW_ODD = 3  # different texts, or one in a hundred
MOST_ODD = 0.1  # of the cells


@dataclass(frozen=True)
class Dates:
    """Dates in one format, "" for that of ISO 8601: the earliest and the latest, and which parts differ.

    `other` is a format that fits all of them too, None where there is none.
    """

    form: str
    first: str
    last: str
    parts: tuple[str, ...]
    other: str | None = None


@dataclass(frozen=True)
class AlmostDates:
    """Dates in one format, but for some cells: `odd` is the text of the first, `others` are further texts."""

    form: str
    odd: str
    others: int
    cells: int


def dates_in(counts: Mapping[str, int]) -> Dates | AlmostDates | None:
    """The dates that some texts are, each with the number of its cells; None where most are none."""
    texts = list(counts)
    forms = list(formats_of(texts))
    if forms:
        return described(texts, forms[0], swapped(forms[0]) if swapped(forms[0]) in forms[1:] else None)
    return _almost(counts)


def described(texts: Iterable[str], form: str, other: str | None = None) -> Dates:
    """The dates that all of some texts are in a format."""
    dates = dates_of(list(texts), form or None)
    first, last = (str(date.astype("datetime64[s]")) for date in (dates.min(), dates.max()))
    return Dates(form, first, last, telling_parts(dates, form or None), other)


def _almost(counts: Mapping[str, int]) -> AlmostDates | None:
    """The format of nearly all of some texts."""
    texts = list(counts)
    some = Counter(form for text in texts[:LOOKED_AT] if (form := likely_format([text])) is not None)
    for form, _ in some.most_common(2):
        for written in (form, swapped(form)):
            unread = np.isnat(dates_of(texts, written or None))
            odd = [text for text, wrong in zip(texts, unread, strict=True) if wrong]
            cells = sum(counts[text] for text in odd)
            few = len(odd) <= max(FEW_ODD, len(texts) // 100) and len(texts) > 2 * len(odd)
            if few and cells <= MOST_ODD * sum(counts.values()):
                return AlmostDates(written, odd[0], len(odd) - 1, cells)
    return None


def epoch_of(name: str, known: Vector) -> str | None:
    """`epoch` or `epoch_ms` where the numbers of a column called like a time are such; else None."""
    if not TIME_NAME.search(name) or not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    for form, unit in (("epoch", 1), ("epoch_ms", 1_000)):
        if SANE_SECONDS[0] * unit <= low and high <= SANE_SECONDS[1] * unit:
            return form
    return None


def may_be_days(name: str, known: Vector) -> bool:
    """Whether numbers are days as 20240131 is one, or moments as 20240131235900.

    All of them have to be, and be too many for chance or called so.
    """
    unit = SECONDS_IN_DIGITS if len(known) and known.min() >= SANE_DAYS[1] else 1
    if not len(known) or known.min() < SANE_DAYS[0] * unit or known.max() >= SANE_DAYS[1] * unit:
        return False
    days = np.unique(known)
    if (days % 1 != 0).any() or not (len(days) >= ENOUGH_DAYS or TIME_NAME.search(name)):
        return False
    return likely_format([str(int(day)) for day in days]) in {"%Y%m%d", "%Y%m%d%H%M%S"}
