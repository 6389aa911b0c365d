"""Rows that may belong together: ids that come again, and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlpcli.survey.codes import called_id
from mlpcli.survey.columns import ColumnFacts

# what has several rows in many a table, with or without the word for its number
GROUP_NAME = re.compile(
    r"(?i:(^|[\s_.-])(patient|subject|person|participant|user|customer|client|member|account|session|"
    r"household|family|store|shop|device|machine|sensor|station|student|pupil|speaker|author)"
    r"([\s_.-]?(no|nr|num|number|key|code|name))?$)"
)
FEWEST = 10  # different values: fewer are kinds of a thing, not things
ROWS_EACH = 1.5  # on average, at the least


def repeating_ids(columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """The columns that are named like ids whose values come again."""
    return [
        column
        for column in columns
        if (called_id(column.name) or GROUP_NAME.search(column.name))
        and column.dates is None
        and FEWEST <= column.distinct <= column.present / ROWS_EACH
    ]


def dated(columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """The columns of dates, on enough different days to be cut along."""
    return [column for column in columns if column.dates is not None and column.distinct >= FEWEST]
