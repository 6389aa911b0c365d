"""Texts that mean a missing cell in one column alone, and may be values in others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlpcli.tables.columns import BadCells, Kind, NumberColumn, TextColumn, kind_of, number_of
from mlpcli.tables.table import Table


def without_marks(table: Table, marks: Mapping[str, Sequence[str]]) -> Table:
    """The table with the cells empty that hold one of the texts which mean nothing in their column."""
    here = {name: own for name, own in marks.items() if name in table.numbers or name in table.texts}
    if not here:
        return table
    decimal = table.notation.decimal
    numbers = {
        name: [_numbers_without(piece, own, decimal) for piece in table.numbers[name]]
        for name, own in here.items()
        if name in table.numbers
    }
    texts = {
        name: _texts_without(table.texts[name], own, decimal)
        for name, own in here.items()
        if name in table.texts
    }
    return replace(table, numbers={**table.numbers, **numbers}, texts={**table.texts, **texts})


def _numbers_without(column: NumberColumn, marks: Sequence[str], decimal: str) -> NumberColumn:
    amounts = [number for mark in marks if not np.isnan(number := number_of(mark, decimal))]
    values = np.where(np.isin(column.values, amounts), np.nan, column.values)
    bad, kept = column.bad, ~np.isin(column.bad.texts, list(marks))
    if len(bad) and not kept.all():
        texts = bad.texts[kept]
        bad = BadCells(bad.rows[kept], texts, any(kind_of(text, decimal) is Kind.TEXT for text in texts))
    return NumberColumn(values, bad)


def _texts_without(column: TextColumn, marks: Sequence[str], decimal: str) -> TextColumn:
    """The column with levels empty that are marks, or the same number in another spelling."""
    amounts = {number for mark in marks if not np.isnan(number := number_of(mark, decimal))}
    meant = {level for level in column.levels if level in marks or number_of(level, decimal) in amounts}
    return replace(column, levels=tuple("" if level in meant else level for level in column.levels))
