"""Codes such as 08001, which begin with a 0 that a number would lose: which columns of a block hold some."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.tables.columns import BadCells, NumberColumn, TextColumn
from mlpcli.tables.spellings import is_code

LINE_END, RETURN, QUOTE, SPACE = b'\n\r" '
ZERO, QUOTED = ord("0"), b'"'
LOOKED_AT = 200


def columns_of_codes(content: bytes, separator: str) -> Indices:
    """The positions of the columns in which some cell of whole lines is digits that begin with 0.

    The first lines tell whether to look at all: with 7 and 12, or 0.5, in a column it has numbers.
    """
    first = list(islice(io.BytesIO(content), LOOKED_AT))
    if not any(QUOTED in line for line in first):
        columns = zip(*(line.split(separator.encode()) for line in first), strict=False)
        if not any(map(_may_be_codes, columns)):
            return np.empty(0, np.intp)
    return _columns_of_codes(content, separator)


def _may_be_codes(cells: Iterable[bytes]) -> bool:
    """Whether cells of a column are digits alone, and of one length or with a 0 in front."""
    lengths = set()
    for cell in map(bytes.strip, cells):
        if not cell.isdigit():
            if cell:
                return False
            continue
        if cell[0] == ZERO and len(cell) > 1:
            return True
        lengths.add(len(cell))
    return not lengths or (len(lengths) == 1 and lengths != {1})


def _columns_of_codes(content: bytes, separator: str) -> Indices:
    """The same by a pass over all bytes: where such a cell may begin, which is mostly nowhere."""
    signs = np.frombuffer(b"\n" + content + b"\n", np.uint8)
    digits = signs - ZERO < 10  # wraps around below 0
    beginning = (signs[1:-1] == ZERO) & digits[2:] & ~digits[:-2]
    first = np.flatnonzero(beginning) + 1
    ends = np.array([ord(separator), LINE_END, RETURN, QUOTE, SPACE], np.uint8)
    first = first[np.isin(signs[first - 1], ends)]
    last = first + 1
    while len(open_ := np.flatnonzero(digits[last])):
        last[open_] += 1
    first = first[np.isin(signs[last], ends)]
    return _columns_at(signs, first, ord(separator)) if len(first) else first


def _columns_at(signs: Array, places: Indices, separator: int) -> Indices:
    """In which columns some places are: how many separators their line has before them, outside of quotes."""
    quotes = np.flatnonzero(signs == QUOTE)
    separators, lines = (
        found[np.searchsorted(quotes, found) % 2 == 0]
        for found in (np.flatnonzero(signs == sign) for sign in (separator, LINE_END))
    )
    begin = lines[np.searchsorted(lines, places) - 1]
    return np.unique(np.searchsorted(separators, places) - np.searchsorted(separators, begin))


def codes_as_texts(numbers: NumberColumn, texts: TextColumn) -> NumberColumn:
    """A column of numbers that has its codes, cells of the same texts, as bad cells of text."""
    codes = np.array([is_code(level) for level in texts.levels], bool)[texts.codes]
    if not codes.any():
        return numbers
    values = np.where(codes, np.nan, numbers.values)
    rows = np.union1d(np.flatnonzero(codes), numbers.bad.rows)
    return NumberColumn(values, BadCells(rows, texts.take(rows).texts(), True))
