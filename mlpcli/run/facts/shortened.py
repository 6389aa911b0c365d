"""Lists and texts of a report: as long as a person reads, with how much was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, log10
from typing import TypeVar

import numpy as np

from mlpcli.arrays import Array
from mlpcli.report.blocks import LONGEST_CELL, LONGEST_NAME, LONGEST_SENTENCE, Capped, Curve
from mlpcli.terminal.console import number

Item = TypeVar("Item")

DIGITS, MOST_DIGITS = 6, 17  # of what is only drawn, and that a number has
OTHER_WORDS = {"val": "out-of-fold"}  # of the rows of folds
WORDS = {"train": "training", "val": "validation", "cal": "calibration", "test": "test"}


def capped(items: Sequence[Item], most: int, total: int | None = None) -> Capped[Item]:
    """The first of some items, of which there are `total`."""
    return Capped(total=len(items) if total is None else total, shown=tuple(items[:most]))


def name(text: object) -> str:
    """A name, cut where it is long."""
    return _cut(str(text), LONGEST_NAME)


def cell(text: object) -> str:
    """What stands in a cell, cut where it is long."""
    return _cut(str(text), LONGEST_CELL)


def sentence(text: str) -> str:
    """A sentence, cut where it is long."""
    return _cut(text, LONGEST_SENTENCE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def names(texts: Iterable[object]) -> list[str]:
    """Names, each cut where it is long."""
    return [name(text) for text in texts]


def figure(value: object) -> str:
    """A number of the data for a person; a text as it is."""
    return cell(number(float(value), DIGITS) if isinstance(value, float | np.floating) else value)


def drawn(values: Array) -> tuple[float, ...]:
    """Numbers that are drawn: to so many digits that no eye sees the rest, more where all begin alike."""
    numbers = np.asarray(values, np.float64)
    digits = DIGITS + shared_digits(numbers)
    return tuple(float(f"{value:.{digits}g}") for value in numbers.tolist())


def shared_digits(numbers: Array) -> int:
    """How many of the first digits numbers may have in common."""
    if not numbers.size:
        return 0
    span, largest = float(np.ptp(numbers)), float(np.abs(numbers).max())
    if not (0 < span < largest < np.inf):
        return 0
    return min(MOST_DIGITS - DIGITS, ceil(log10(largest) - log10(span)))


def curve(x: Array, y: Array) -> Curve:
    """Points that are drawn."""
    return Curve(x=drawn(x), y=drawn(y))
