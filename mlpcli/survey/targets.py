"""What a target holds: its values, in order, and how often each occurs."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.data.columns import sorted_texts
from mlpcli.data.decorations import Decoration, decoration_of
from mlpcli.data.table import Table
from mlpcli.data.target import classes_in
from mlpcli.survey.columns import is_number


@dataclass(frozen=True)
class TargetFacts:
    """One target column: its values, as numbers or as texts in order, and how often each occurs.

    `distinct` counts the values; `amounts` says how texts are numbers, where all of them agree.
    """

    name: str
    numeric: bool
    missing: int
    distinct: int
    counts: dict[str, int]
    amounts: Decoration | None = None


def target_facts(table: Table, name: str) -> TargetFacts:
    """What a target column of a table holds; a missing cell is counted, and no value of it."""
    counts = classes_in(table, (name,)).counts
    numeric = bool(counts) and all(is_number(text, table) for text in counts)
    ordered = {text: counts[text] for text in sorted_texts(counts, table.notation.decimal)}
    found = None if numeric else decoration_of(counts, table.notation.decimal)
    amounts = found if found is not None and found.parse is not None else None
    return TargetFacts(name, numeric, table.rows - sum(counts.values()), len(counts), ordered, amounts)
