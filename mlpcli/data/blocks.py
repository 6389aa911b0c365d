"""Rows that no cut may come between: those of one group, or of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import DataSpec
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.bad_cells import Fault, lacking_fault, require_none
from mlpcli.tables.columns import number_of, sorted_texts
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.dates import dates_of
from mlpcli.tables.table import Table

GROUP_NEEDED = "every row that is split needs a group: fill the cell in, or take the row away"
ORDER_NEEDED = "every row that is split needs its place in the order: fill the cell in, or take the row away"


@dataclass(frozen=True)
class Blocks:
    """Rows in blocks: `of_rows` has the number of each row's block, which count from 0 in the blocks' order.

    `forward` where that order is one of time, and parts are stretches of it, the first of which trains.
    """

    column: str
    of_rows: Indices
    forward: bool

    @property
    def sizes(self) -> Indices:
        """How many rows each block has."""
        return np.bincount(self.of_rows)


def blocks_of(data: DataSpec, table: Table, pool: Indices) -> Blocks | None:
    """The blocks that the settings make of some rows of a table; None where each row may go its own way.

    Raises DataError for rows that have no value in the column, or none that can be put in order.
    """
    if data.group is not None:
        return Blocks(data.group, _groups(data.group, table, pool), forward=False)
    if data.order is not None:
        return Blocks(data.order, _moments(data, data.order, table, pool), forward=True)
    return None


def _groups(name: str, table: Table, pool: Indices) -> Indices:
    """The number of each row's group, in the order of their names; equal numbers are one group."""
    _require_cells(name, table, pool, GROUP_NEEDED)
    if name not in table.texts:
        return _ranks(table.number(name, pool).values)
    column, decimal = table.text(name, pool), table.notation.decimal
    names = sorted_texts(column.counts(), decimal)
    numbers = np.array([number_of(text, decimal) for text in names])
    if np.isfinite(numbers).all():
        return _ranks(numbers)[column.recoded(names)]
    return column.recoded(names)


def _moments(data: DataSpec, name: str, table: Table, pool: Indices) -> Indices:
    """The number of each row's moment, the earliest first: numbers by their size, or dates."""
    _require_cells(name, table, pool, ORDER_NEEDED)
    if name not in table.texts:
        return _ranks(table.number(name, pool).values)
    column, decimal = table.text(name, pool), table.notation.decimal
    levels = list(column.counts())
    values: Array = np.array([number_of(text, decimal) for text in levels])
    if not np.isfinite(values).all():
        values = dates_of(levels, _format(data, name, levels))
    codes = column.recoded(levels)
    unknown = np.flatnonzero((np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))[codes])
    if len(unknown):
        found = f", found '{levels[codes[unknown[0]]]}'"
        hint = "rows are put in order by numbers, or by dates such as 2024-05-31, all written in one way"
        require_none([Fault(name, "expected a number or a date", pool[unknown], hint, found)], table)
    return _ranks(values)[codes]


def _format(data: DataSpec, name: str, levels: Sequence[str]) -> str | None:
    """The format that the feature of the same column has, else one that its texts fit."""
    feature = (data.features or {}).get(name)
    if feature is not None and feature.encode is not None and feature.encode.name == "datetime":
        return feature.encode.format
    return likely_format(levels) or None


def _ranks(values: Array) -> Indices:
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.intp)


def _require_cells(name: str, table: Table, pool: Indices, hint: str) -> None:
    absent = table.missing(name)[pool]
    if absent.any():
        require_none([lacking_fault(name, absent, hint).among(pool)], table)


def require_blocks(blocks: Blocks, parts: int, source: str) -> None:
    """Raise DataError where there are fewer blocks than parts."""
    found = len(blocks.sizes)
    if found < parts:
        what = "moments" if blocks.forward else "groups"
        message = (
            f"column '{blocks.column}': expected at least {parts} {what}, one for each part, found {found}"
        )
        raise DataError(Problem(message, Place(source), "hold out fewer parts, or cut by another column"))


def deal(blocks: Blocks, wanted: Sequence[int], order: Indices) -> list[Indices]:
    """The blocks of each part, which is to have so many rows, and after them those that are left.

    Each part in turn goes through the blocks that are left, in `order`, and takes one where it comes nearer
    to its number of rows that way. Where blocks are moments a part ends with the first that it does not take.
    A part takes one block at the least (the smallest, or the next moment) and leaves one for each after it.
    """
    sizes, queue = blocks.sizes.tolist(), order.tolist()
    dealt: list[Indices] = []
    for index, rows in enumerate(wanted):
        most = len(queue) - (len(wanted) - index)
        taken = _taken(queue, sizes, rows, most, blocks.forward)
        chosen = set(taken)
        queue = [block for block in queue if block not in chosen]
        dealt.append(np.array(taken, dtype=np.intp))
    return [*dealt, np.array(queue, dtype=np.intp)]


def _taken(queue: Sequence[int], sizes: Sequence[int], rows: int, most: int, forward: bool) -> list[int]:
    """The blocks that one part takes: `most` at the most."""
    taken: list[int] = []
    total = 0
    for block in queue:
        if len(taken) < most and abs(total + sizes[block] - rows) < abs(total - rows):
            taken.append(block)
            total += sizes[block]
        elif forward:
            break
    return taken or [queue[0] if forward else min(queue, key=lambda block: sizes[block])]
