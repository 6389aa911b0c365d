"""A digest of rows as they were read: of each column by its name, whatever file they came from, and how.

Every column has a SHA-256 of its own, so that tables with some columns in common can be compared by these.
Numbers go in as 64-bit floats, all that are missing as the one NaN that readers have for them, and zero in
one form; times as they are meant, since every program writes them in its own way. Of texts those that are
new go in as they are, and each row as the number of its text in the order of first appearance: what
is hashed does not depend on the blocks in which rows come. To bound the memory the first MOST_KNOWN texts of
a column get numbers, and every cell with another one goes in as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from operator import contains
from typing import Any, Literal, TypeAlias

import numpy as np

from mlpcli.tables.columns import TextColumn
from mlpcli.tables.table import Table

MOST_KNOWN = 1 << 13  # so that their numbers fit in 16 bits
END, ESCAPE = "\0", "\1"
FULL = len("2024-01-31 10:00:00")
TIME = re.compile(
    r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2})[ T])?([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.]([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
Column: TypeAlias = tuple[Literal["number", "text"], str]  # what it was read as, and its name


@dataclass(frozen=True)
class TableDigest:
    """How many rows were read, and the SHA-256 of each column of theirs."""

    rows: int = 0
    columns: Mapping[Column, bytes] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """The digest of the whole table, in hex: of its columns in the order of their names."""
        whole = hashlib.sha256(f"{self.rows}{END}".encode())
        for (kind, name), digest in sorted(self.columns.items()):
            whole.update(f"{kind}{END}{_escaped([name])}{END}".encode() + digest)
        return whole.hexdigest()


def with_numbers(digest: TableDigest, table: Table, names: Iterable[str]) -> TableDigest:
    """The digest as it were if these columns of texts had been read as the numbers that they are."""
    texts = [name for name in names if ("text", name) in digest.columns]
    found = RowDigest()
    found.add(Table(table.source, table.rows, None, table.notation, {n: [table.number(n)] for n in texts}))
    others = {key: own for key, own in digest.columns.items() if key not in {("text", n) for n in texts}}
    return TableDigest(digest.rows, {**others, **found.digest().columns})


class RowDigest:
    """Takes rows block by block, top to bottom, and makes their digest."""

    def __init__(self) -> None:
        self._rows = 0
        self._numbers = defaultdict[str, Any](hashlib.sha256)
        self._texts = defaultdict[str, _Texts](_Texts)

    def add(self, table: Table) -> None:
        """The next block."""
        self._rows += table.rows
        for name, pieces in table.numbers.items():
            numbers = self._numbers[name]
            for piece in pieces:
                numbers.update(np.ascontiguousarray(piece.values + 0.0).data)
        self.add_texts(table)

    def add_texts(self, table: Table) -> None:
        """The next block of some columns of texts whose rows have been counted already."""
        for name, column in table.texts.items():
            self._texts[name].add(column)

    def without_numbers(self, names: Iterable[str]) -> None:
        """Forget the columns that turned out to be texts."""
        for name in names:
            self._numbers.pop(name, None)

    def digest(self) -> TableDigest:
        """That of all rows so far."""
        found: dict[Column, bytes] = {}
        found |= {("number", name): column.digest() for name, column in self._numbers.items()}
        found |= {("text", name): column.digest() for name, column in self._texts.items()}
        return TableDigest(self._rows, found)


class _Texts:
    """The digest of a column of texts."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._numbers, self._words = hashlib.sha256(), hashlib.sha256()

    def add(self, column: TextColumn) -> None:
        """The texts of the next rows; levels in the order of first appearance, as every reader has them."""
        known, levels = self._known, as_meant(column.levels)
        if len(known) < MOST_KNOWN:
            new = [level for level in dict.fromkeys(levels) if level not in known][: MOST_KNOWN - len(known)]
            known.update(zip(new, range(len(known), MOST_KNOWN), strict=False))
            self._add_words(new)
        numbers = np.fromiter(map(known.get, levels, repeat(-1)), np.int16, len(levels))
        rows = numbers[column.codes]
        self._numbers.update(rows.data)
        if len(known) == MOST_KNOWN:
            others = column.codes[rows < 0].tolist()
            self._add_words(list(map(levels.__getitem__, others)))

    def _add_words(self, texts: list[str]) -> None:
        if texts:
            self._words.update(f"{_escaped(texts)}{END}".encode())

    def digest(self) -> bytes:
        """That of all rows so far."""
        return hashlib.sha256(self._numbers.digest() + self._words.digest()).digest()


def as_meant(texts: Sequence[str]) -> Sequence[str]:
    """The texts, times among them without what says nothing: a T, zeros at the end, midnight after a day."""
    if not any(map(contains, texts, repeat(":"))):
        return texts
    # most are written in full, which takes no pattern to see
    return [t if len(t) == FULL and t[10] == " " and t[11:] != "00:00:00" else _meant(t) for t in texts]


def _meant(text: str) -> str:
    time = TIME.fullmatch(text) if ":" in text else None
    return text if time is None else _written(*time.groups(""))


def _written(day: str, minute: str, second: str, fraction: str, zone: str) -> str:
    clock = f"{minute}:{second or '00'}.{fraction}".rstrip("0" if fraction else "").rstrip(".")
    zone = "+00:00" if zone == "Z" else zone
    return day if day and clock == "00:00:00" and not zone else f"{day} {clock}{zone}"


def _escaped(texts: list[str]) -> str:
    """The texts with an end between each, which none of them holds."""
    joined = END.join(texts)
    if ESCAPE in joined or joined.count(END) >= len(texts):
        joined = END.join(text.replace(ESCAPE, ESCAPE + "e").replace(END, ESCAPE + "0") for text in texts)
    return joined
