"""The table of a run's results: every part beside the constant prediction, as wide as the screen allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlpcli.terminal.console import NARROW_GAP, number, render
from mlpcli.terminal.screen import fits
from mlpcli.training.callbacks import Values

PART_NAMES = {"train": "training", "val": "validation", "cal": "calibration", "test": "test"}
CONSTANT = "constant prediction"
MOST_ROWS = 30  # of a table by target
SHORT, IN_FULL = "constant", f"constant: a {CONSTANT}"


@dataclass(frozen=True)
class PartResults:
    """What the weights and the constant prediction come to on a part; its rows where they are shown."""

    part: str
    values: Values
    constant: Mapping[str, float | None]
    rows: int | None = None

    @property
    def name(self) -> str:
        """What a person calls the part."""
        return PART_NAMES[self.part]


def parts_table(parts: Sequence[PartResults], names: Sequence[str], columns: int | None) -> list[str]:
    """The lines of the table: metrics as columns if that fits, else as rows, else a table for each part."""
    table = by_part(parts, names)
    if fits(table, columns):
        return table
    table = by_metric(parts, names)
    if not fits(table, columns):
        table = [line for part in parts for line in (*by_metric([part], names), "")][:-1]
    return [*table, IN_FULL]


def by_part(parts: Sequence[PartResults], names: Sequence[str]) -> list[str]:
    """A row for each part, and one for its constant prediction."""
    counted = parts[0].rows is not None
    rows = []
    for part in parts:
        rows.append([part.name, *_count(part), *(number(part.values.get(name)) for name in names)])
        nothing = [""] if counted else []
        rows.append([f"  {CONSTANT}", *nothing, *(number(part.constant.get(name)) for name in names)])
    return render(("", *(["rows"] if counted else []), *names), rows).splitlines()


def by_metric(parts: Sequence[PartResults], names: Sequence[str]) -> list[str]:
    """A row for each metric, two columns for each part."""
    rows = []
    if parts[0].rows is not None:
        rows.append(["rows", *(cell for part in parts for cell in (*_count(part), ""))])
    for name in names:
        pairs = ((part.values.get(name), part.constant.get(name)) for part in parts)
        rows.append([name, *(number(value) for pair in pairs for value in pair)])
    heads = [head for part in parts for head in (part.name, SHORT)]
    return render(("", *heads), rows, NARROW_GAP).splitlines()


def _count(part: PartResults) -> list[str]:
    return [] if part.rows is None else [f"{part.rows:,}"]


def target_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], elsewhere: str, columns: int | None
) -> list[str]:
    """The values of every target, or where those are when they are too many to be read.

    Texts come first. Numbers that do not fit beside them go into another table below.
    """
    if len(rows) > MOST_ROWS:
        return [f"the values of every target are in {elsewhere}"]
    texts = 2 if "" in heads else 1
    last = len(heads)
    while last > texts + 1 and not fits(_some(heads, rows, last), columns):
        last -= 1
    lines = _some(heads, rows, last)
    if last == len(heads):
        return lines
    rest = [[*row[:texts], *row[last:]] for row in rows]
    return [*lines, "", *target_table([*heads[:texts], *heads[last:]], rest, elsewhere, columns)]


def _some(heads: Sequence[str], rows: Sequence[Sequence[str]], last: int) -> list[str]:
    return render(heads[:last], [row[:last] for row in rows]).splitlines()
