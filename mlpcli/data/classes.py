"""Which texts can be the classes of a target: few enough to be learnt from the rows that there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mlpcli.data.columns import Kind, kind_of
from mlpcli.data.table import Table
from mlpcli.errors import DataError, Place, Problem

MAX_CLASSES = 1_000
SHOWN = 3  # classes in a note


def require_classes(column: str, texts: Collection[str], rows: int, source: str, decimal: str) -> None:
    """Raise DataError where a target has more different texts in its rows than classes can be."""
    count = len(texts)
    numbers = all(kind_of(text, decimal) is Kind.NUMBER for text in texts)
    if count > 2 and count > rows / 2:
        what = "numbers" if numbers else "texts"
        message = f"{count:,} different {what} in {rows:,} rows are no classes"
    elif count > MAX_CLASSES:
        message = f"{count:,} classes, and at most {MAX_CLASSES:,} are allowed"
    else:
        return
    hint = NUMBERS_HINT if numbers else TEXTS_HINT
    raise DataError(Problem(f"column '{column}': {message}", Place(source), hint))


# what to do instead about targets that are no classes, by what their texts are
NUMBERS_HINT = "if they are numbers to predict, write `task: regression`"
TEXTS_HINT = "a class needs several rows: name another target, or make coarser classes of this one"


def require_classes_of(table: Table, column: str) -> None:
    """Raise DataError unless a column of a table, all rows of it, can be classes."""
    texts = table.text(column)
    if not texts.ordered:  # classes that somebody knows to be such
        counts = known_counts(table, column)
        require_classes(column, counts, sum(counts.values()), table.source, table.notation.decimal)


def known_counts(table: Table, column: str) -> dict[str, int]:
    """How often each text of a column occurs, those that mean missing aside."""
    missing = table.notation.missing
    return {text: count for text, count in table.text(column).counts().items() if text not in missing}


def single_rows(counts: Mapping[str, int]) -> str:
    """What to say of classes that have one row, which has to train; nothing where there are none."""
    single = [text for text, count in counts.items() if count == 1]
    if not single:
        return ""
    shown = ", ".join(f"'{text}'" for text in single[:SHOWN])
    more = f" and {len(single) - SHOWN:,} more" if len(single) > SHOWN else ""
    rows = "1 row, which trains" if len(single) == 1 else "1 row each, which trains"
    return f"{shown}{more}: {rows}: none is left to say how well such rows are predicted"
