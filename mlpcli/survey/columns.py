"""What a column holds: its kind, missing cells, how many different values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.data.columns import Kind, NumberColumn, TextColumn, kind_of
from mlpcli.data.dates import dates_of, likely_format
from mlpcli.data.decorations import Decoration, decoration_of
from mlpcli.data.spellings import merge
from mlpcli.data.table import Table

ID_NAME = re.compile(r"(?i:(^|[\s_.-])(id|uuid|guid|index|idx)$)|[a-z0-9](Id|ID)$|(?i:^unnamed: 0$)")


@dataclass(frozen=True)
class ColumnFacts:
    """One column. `distinct` counts different values, missing ones aside; `odd` is a text among numbers.

    `dates` is the format of its texts where all of them are dates, "" for that of ISO 8601.
    """

    name: str
    numeric: bool
    rows: int
    missing: int
    distinct: int
    numbering: bool = False  # whole numbers that go up by one from row to row
    dates: str | None = None
    odd: str | None = None
    decoration: Decoration | None = None  # of texts that are numbers, or are meant as such

    @property
    def amounts(self) -> Decoration | None:
        """How its texts are numbers, where all of them agree."""
        return self.decoration if self.decoration is not None and self.decoration.parse is not None else None

    @property
    def present(self) -> int:
        """How many cells have a value."""
        return self.rows - self.missing

    @property
    def identifies(self) -> bool:
        """Whether it seems to name rows: texts, or numbers of that name, which are all different."""
        known_otherwise = self.dates is not None or self.odd is not None or self.decoration is not None
        if known_otherwise or self.present < 2 or self.distinct < self.present:
            return False
        return not self.numeric or bool(ID_NAME.search(self.name))


def column_facts(table: Table, name: str) -> ColumnFacts:
    """What a column of a table holds."""
    if name in table.numbers:
        return _number_facts(name, table.number(name))
    return _text_facts(name, table.text(name), table)


def _number_facts(name: str, column: NumberColumn) -> ColumnFacts:
    known = column.values[~column.missing]
    numbering = (
        len(known) == len(column.values) > 2 and known[0] in (0, 1) and bool(np.all(np.diff(known) == 1))
    )
    missing = len(column.values) - len(known)
    return ColumnFacts(name, True, len(column.values), missing, len(np.unique(known)), numbering)


def _text_facts(name: str, column: TextColumn, table: Table) -> ColumnFacts:
    counts = {text: n for text, n in column.counts().items() if text not in table.notation.missing}
    texts = [text for text in counts if not is_number(text, table)]
    odd = texts[0] if 0 < len(texts) <= len(counts) // 2 else None
    missing = table.rows - sum(counts.values())
    counts = merge(counts, table.notation.decimal).counts
    dates = _dates(list(counts))
    found = decoration_of(counts, table.notation.decimal) if dates is None else None
    return ColumnFacts(name, False, table.rows, missing, len(counts), dates=dates, odd=odd, decoration=found)


def _dates(texts: Sequence[str]) -> str | None:
    """How all of some texts are written that are dates; None where they are not."""
    form = likely_format(texts)
    if form is None or np.isnat(dates_of(texts, form or None)).any():
        return None
    return form


def is_number(text: str, table: Table) -> bool:
    """Whether a text says a number in the notation of its table."""
    return kind_of(text, table.notation.decimal) is Kind.NUMBER
