"""What stands before the header: blank lines and `sep=;` are skipped, descriptions are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import filterfalse
from math import isnan
from typing import NamedTuple

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import number_of
from mlpcli.tables.first_row import GAPS, are_labels, are_numbers
from mlpcli.tables.shell_commands import Mending, joined, letters, printed

# of a line that holds nothing: what may separate, and spaces
NOTHING = b" \t,;|\r\n"
SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?\s*', re.IGNORECASE)
COMMENT_SIGNS = ("#", "%", "//", "--", "/*", "!", "@")
# a header stands in one of so many lines, and so many rows tell
LAST_HEADER, FEWEST_ROWS = 60, 2


@dataclass(frozen=True)
class Skipped:
    """The first `size` bytes of a file: `lines` lines without a table, and the separator that one names."""

    size: int
    lines: int
    blank: int
    separator: str | None

    def notes(self, source: str, separator: str) -> list[str]:
        """What is said about them, where the rows are separated by `separator`."""
        notes = []
        if self.blank:
            lines = "1 blank line" if self.blank == 1 else f"{self.blank:,} blank lines"
            notes.append(f"{source}: {lines} before the header {'is' if self.blank == 1 else 'are'} left out")
        if self.separator is not None:
            but = "" if self.separator == separator else f": it is not what is stated, '{separator}'"
            notes.append(f"{source}: a line that names the separator, '{self.separator}'{but}")
        return notes


def skipped_lines(content: bytes) -> Skipped:
    """The lines at the front that hold nothing, and one that names the separator."""
    size = lines = blank = 0
    separator: str | None = None
    while (end := content.find(b"\n", size) + 1) > 0:
        line = content[size:end]
        named = SEPARATOR_LINE.fullmatch(line)
        if named and separator is None and named[1].isascii():
            separator = named[1].decode()
        elif line.strip(NOTHING):
            break
        else:
            blank += 1
        size, lines = end, lines + 1
    return Skipped(size, lines, blank, separator)


class Placed(NamedTuple):
    """A row that holds something, the line that it begins in, and whether a blank line is above it."""

    line: int
    fields: list[str]
    apart: bool = False


@dataclass(frozen=True)
class FirstLines:
    """The first rows of a file that hold something."""

    rows: Sequence[Placed]
    separator: str
    mending: Mending

    def refuse_descriptions(self) -> None:
        """DataError where lines before the header, or before rows without one, describe the table."""
        start = self._header()
        hint = "line {line} looks like the header: remove the lines before it ({command})"
        if start is None:
            start, hint = self._rows_without_header(), "put a line with names before line {line}: {command}"
        if start is None:
            return
        first, line, fields = self.rows[0].line, self.rows[start].line, self.rows[start].fields
        command = self.mending.from_line(line)
        if "names" in hint:
            command = self.mending.below(printed(joined(letters(len(fields)), self.separator)), line)
        which = f"line {first} is" if first == line - 1 else f"lines {first} to {line - 1} are"
        raise DataError(
            Problem(
                f"{which} not part of the table",
                Place(self.mending.name, first),
                hint.format(line=line, command=command),
            )
        )

    def _header(self) -> int | None:
        """The first row that looks like the header, if it is not the first of all."""
        if not self.rows or self._is_plain():
            return None
        candidates = range(1, min(LAST_HEADER, len(self.rows) - FEWEST_ROWS + 1))
        return next((i for i in candidates if self._can_hold_names(i) and self._differs(i)), None)

    def _is_plain(self) -> bool:
        """Whether all is as it should be: rows as wide as the first, line after line, with names."""
        first = self.rows[0].fields
        alike = all(len(row.fields) == len(first) and not row.apart for row in self.rows)
        named = sum(bool(name.strip()) for name in first) >= len(first) - 1
        comment = first[0].lstrip().startswith(COMMENT_SIGNS)
        return alike and named and not comment

    def _rows_without_header(self) -> int | None:
        """The first of rows that are all as wide, if the first line is none of them, and none is a header."""
        widths = [len(row.fields) for row in self.rows]
        candidates = range(min(LAST_HEADER, len(self.rows) - FEWEST_ROWS), 0, -1)
        changes = (i for i in candidates if widths[i] != widths[i - 1])
        start = next((i for i in changes if self._begins_table(i)), None)
        if start is None or widths[0] == 1:
            return start
        # a line of few fields above many columns of numbers is no header either
        numbers = self._numbers_below(start)
        return start if start == 1 and 2 * widths[0] <= widths[1] <= 2 * len(numbers) else None

    def _begins_table(self, index: int) -> bool:
        """Whether the rows from here on are as wide as this one, but for a few."""
        width, below = self._width(index), [len(row.fields) for row in self.rows[index + 1 :]]
        return width > 1 and sum(one == width for one in below) * 10 >= 9 * len(below)

    def _width(self, index: int) -> int:
        """How many fields a row has, without empty ones at its end that the next row has not."""
        fields, below = self.rows[index].fields, self.rows[index + 1 :]
        width = len(below[0].fields) if below else len(fields)
        return width if width < len(fields) and not any(fields[width:]) else len(fields)

    def _can_hold_names(self, index: int) -> bool:
        """Whether names can be in this row, and the rows below it are a table."""
        if not self._begins_table(index):
            return False
        names = [name.strip() for name in self.rows[index].fields[: self._width(index)]]
        filled = [name for name in names if name]
        if len(set(filled)) < len(filled) or 2 * len(filled) <= len(names):
            return False
        return not are_numbers(filled[:1]) and not filled[0].startswith(COMMENT_SIGNS)

    def _differs(self, index: int) -> bool:
        """Whether the first row is no header for the rows below this one, which is."""
        first, names = self.rows[0].fields, self.rows[index].fields[: self._width(index)]
        numbers = self._numbers_below(index)
        if numbers and not _are_names([names[i].strip() for i in numbers]):
            return False
        filled = sum(bool(cell.strip()) for cell in first)
        shorter, lacking = len(first) < len(names), len(names) - filled
        if first[0].lstrip().startswith(COMMENT_SIGNS):
            return shorter or bool(numbers)
        if filled == 1 and first[0].strip():
            return lacking > (0 if numbers else 1) or self._is_apart(index)
        return bool(numbers) and (len(first) != len(names) or self._is_apart(index) or lacking > 1)

    def _is_apart(self, index: int) -> bool:
        """Whether a blank line, which no table has between its rows, is right above most of the rows."""
        return self.rows[index].apart and 2 * index < len(self.rows)

    def _numbers_below(self, index: int) -> list[int]:
        """The columns that hold numbers alone below a row."""
        width = self._width(index)
        rows = [row.fields for row in self.rows[index + 1 :] if len(row.fields) == width]
        return [i for i in range(width) if are_numbers([row[i].strip() for row in rows])]


def _are_names(cells: Sequence[str]) -> bool:
    """Whether cells above numbers are names: texts, or numbers, in either notation, that are labels."""
    found = ([number_of(cell, mark) for mark in ".,"] for cell in cells)
    numbers = [next(filterfalse(isnan, both)) for both in found if not all(map(isnan, both))]
    return not GAPS.intersection(cells) and (not numbers or are_labels(numbers))
