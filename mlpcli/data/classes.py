"""Which texts can be the classes of a target: few enough to be learnt from the rows that there are."""

from __future__ import annotations

from collections.abc import Mapping

from mlpcli.arrays import Indices
from mlpcli.data.target_texts import instead_of_classes
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.columns import Kind, kind_of, sorted_texts
from mlpcli.tables.spellings import Merged, is_code, merge
from mlpcli.tables.table import Table

MAX_CLASSES = 1_000
SHOWN = 3  # classes in a note


def require_classes(column: str, counts: Mapping[str, int], source: str, decimal: str) -> None:
    """Raise DataError where a target has more different texts in its rows than classes can be."""
    count, rows = len(counts), sum(counts.values())
    numbers = all(kind_of(text, decimal) is Kind.NUMBER for text in counts)
    if count > 2 and count > rows / 2:
        what = "numbers" if numbers else "texts"
        message = f"{count:,} different {what} in {rows:,} rows are no classes"
    elif count > MAX_CLASSES:
        message = f"{count:,} classes, and at most {MAX_CLASSES:,} are allowed"
    else:
        return
    hint = instead_of_classes(counts, decimal)
    raise DataError(Problem(f"column '{column}': {message}", Place(source), hint))


def hold_codes(counts: Mapping[str, int]) -> bool:
    """Whether some texts begin with a 0 that numbers lose, and few enough are different for classes."""
    return any(map(is_code, counts)) and len(counts) <= min(MAX_CLASSES, sum(counts.values()) / 2)


def require_classes_of(table: Table, column: str) -> None:
    """Raise DataError unless a column of a table, all rows of it, can be classes."""
    if not table.text(column).ordered:  # classes that somebody knows to be such
        counts = classes_in(table, (column,)).counts
        require_classes(column, counts, table.source, table.notation.decimal)


def classes_in(table: Table, columns: tuple[str, ...], rows: Indices | None = None) -> Merged:
    """The texts in some rows of columns, or in all, missing cells aside; those that mean the same are one."""
    counts: dict[str, int] = {}
    for name in columns:
        column = table.text(name, rows)
        there = column.counts()
        missing = column.missing_texts(table.notation, there)
        for text, n in there.items():
            if text not in missing:
                counts[text] = counts.get(text, 0) + n
    return merge(counts, table.notation.decimal)


def find_classes(table: Table, columns: tuple[str, ...], rows: Indices) -> tuple[str, ...]:
    """The classes that occur in some rows, in order: as numbers if all are, else as text.

    Classes that were known before are those of the column, all of them in their own order.
    """
    if table.texts[columns[0]].ordered:
        return table.texts[columns[0]].levels
    found = classes_in(table, columns, rows).counts
    if len(found) < 2:
        only = f"only the class '{next(iter(found))}'" if found else "no class"
        raise DataError(
            Problem(
                f"column '{columns[0]}': {only} in the training rows, and two are needed", Place(table.source)
            )
        )
    return sorted_texts(found, table.notation.decimal)


def single_rows(counts: Mapping[str, int]) -> str:
    """What to say of classes that have one row, which has to train; nothing where there are none."""
    single = [text for text, count in counts.items() if count == 1]
    if not single:
        return ""
    shown = ", ".join(f"'{text}'" for text in single[:SHOWN])
    more = f" and {len(single) - SHOWN:,} more" if len(single) > SHOWN else ""
    rows = "1 row, which trains" if len(single) == 1 else "1 row each, which trains"
    return f"{shown}{more}: {rows}: none is left to say how well such rows are predicted"
