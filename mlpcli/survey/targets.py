"""What a target holds: its values, in order, and how often each occurs."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.data.classes import classes_in
from mlpcli.data.target_texts import amounts_in
from mlpcli.survey.columns import is_number
from mlpcli.tables.columns import sorted_texts
from mlpcli.tables.decorations import Decoration
from mlpcli.tables.table import Table


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
    amounts = None if numeric else amounts_in(counts, table.notation.decimal)
    return TargetFacts(name, numeric, table.rows - sum(counts.values()), len(counts), ordered, amounts)
