"""What an explanation says: as one document, or as tables with bars for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.errors import clean
from mlpcli.explaining.dependence import Dependence
from mlpcli.explaining.importance import Importances, shares
from mlpcli.terminal.console import bar, counted, number, render, screen_columns
from mlpcli.terminal.screen import fits, width_of
from mlpcli.training.decoder import OutputDecoder

MOST_COLUMNS = 20  # that a person is shown
MOST_OUTPUTS = 5  # columns of a table along a grid
BAR = 30
FEW_ROWS = "*"
FEWEST_ACROSS = 5  # cells of the second of two columns


@dataclass(frozen=True, eq=False)
class Explanation:
    """What predictions depend on, on rows of which so many trained the model, where it knows."""

    importances: Importances
    curves: Sequence[Dependence]
    training_rows: int | None


def document_of(explanation: Explanation) -> dict[str, Any]:
    """The JSON document."""
    found = explanation.importances
    document: dict[str, Any] = {
        "rows": found.rows,
        "of_rows": found.of_rows,
        "metric": found.metric,
        "value": found.value,
        "repeats": found.repeats,
        "columns": found.columns,
        "seed": found.seed,
        "importance": [
            {"columns": list(one.columns), "mean": one.mean, "std": one.std, "values": list(one.values)}
            for one in found.each
        ],
        "alike": [
            {"columns": [pair.one, pair.other], "correlation": pair.correlation} for pair in found.alike
        ],
    }
    if explanation.training_rows is not None:
        document["training_rows"] = explanation.training_rows
    if explanation.curves:
        document["dependence"] = [_curve_document(curve) for curve in explanation.curves]
    return document


def _curve_document(curve: Dependence) -> dict[str, Any]:
    return {
        "columns": [
            {"name": grid.column, "cells": list(grid.cells), "usual": list(grid.usual)}
            for grid in curve.grids
        ],
        "rows": curve.rows,
        "outputs": list(curve.outputs),
        "mean": curve.mean.tolist(),
    }


def report_lines(explanation: Explanation, decoder: OutputDecoder) -> Iterator[str]:
    """The same for a person: importance, columns that hide each other, and tables along columns."""
    found = explanation.importances
    rows = counted(found.rows, "row") + (f" of {found.of_rows:,}" if found.of_rows > found.rows else "")
    yield f"{found.metric} {number(found.value)} on {rows}; by how much it gets worse where the cells"
    yield f"of a column are shuffled, mean and deviation of {counted(found.repeats, 'shuffle')}"
    yield ""
    yield from _importance_table(found)
    yield from _hidden(found)
    for curve in explanation.curves:
        yield ""
        yield from _curve_lines(curve, decoder)


def _importance_table(found: Importances) -> list[str]:
    lengths = shares(found)
    shown = found.each[:MOST_COLUMNS]
    rows = [(one.name, number(one.mean, 3), number(one.std, 2)) for one in shown]
    table = render(("column", "worse by", "+-"), rows).splitlines()
    table = _with_bars(table, [lengths[one.name] for one in shown])
    if len(found.each) < found.columns:
        table.append(f"of {found.columns:,} columns those that matter most, found by halves")
    elif len(found.each) > MOST_COLUMNS:
        table.append(f"{MOST_COLUMNS} of {len(found.each):,} columns shown; --json has all")
    return table


def _with_bars(table: Sequence[str], lengths: Sequence[float]) -> list[str]:
    """The table with a bar after each row, as wide as the screen allows."""
    wide = max(map(width_of, table))
    room = min(BAR, (screen_columns() or 80) - wide - 3)
    if room < 5:
        return list(table)
    bars = ["", "", *(bar(round(room * length)) for length in lengths)]
    return [
        f"{line}{' ' * (wide - width_of(line) + 3)}{bar}".rstrip()
        for line, bar in zip(table, bars, strict=True)
    ]


def _hidden(found: Importances) -> Iterator[str]:
    """Pairs of columns that say the same, so that neither seems to matter."""
    for pair in found.alike[:5]:
        names = f"{clean(pair.one)} and {clean(pair.other)}"
        yield ""
        yield f"{names} say nearly the same (rank correlation {pair.correlation:.2f}) and hide each"
        yield f"other: --group '{clean(pair.one)},{clean(pair.other)}' shuffles them together"
    if len(found.alike) > 5:
        yield f"and {counted(len(found.alike) - 5, 'more pair')} like these: --json has all"


def _curve_lines(curve: Dependence, decoder: OutputDecoder) -> list[str]:
    what = "probability" if decoder.probabilistic else "prediction"
    names = " and ".join(clean(grid.column) for grid in curve.grids)
    head = f"mean {what} by {names}, over {counted(curve.rows, 'row')}"
    table = _pair_table(curve, decoder) if len(curve.grids) == 2 else _single_table(curve, decoder)
    rare = any(not usual for grid in curve.grids for usual in grid.usual)
    notes = [f"{FEW_ROWS} beyond the range of all but the lowest and highest 5 % of the training rows"]
    return [head, "", *table, *(notes if rare else [])]


def _shown(value: float, decoder: OutputDecoder) -> str:
    return f"{value:.3f}" if decoder.probabilistic else number(value)


def _marked(word: str, usual: bool) -> str:
    return word if usual else f"{word} {FEW_ROWS}"


def _single_table(curve: Dependence, decoder: OutputDecoder) -> list[str]:
    """A row for each cell, a column for each output; a bar where there is a single one."""
    (grid,) = curve.grids
    chosen = _chosen(curve, decoder)
    means = curve.mean[:, chosen]
    words = [_marked(word, usual) for word, usual in zip(grid.words, grid.usual, strict=True)]
    rows = [
        (word, *(_shown(value, decoder) for value in row))
        for word, row in zip(words, means.tolist(), strict=True)
    ]
    heads = [curve.outputs[index] for index in chosen]
    table = render((grid.column, *heads), rows).splitlines()
    if len(chosen) == 1:
        low = 0.0 if decoder.probabilistic else float(means.min())
        span = (1.0 if decoder.probabilistic else float(means.max())) - low
        table = _with_bars(table, ((means[:, 0] - low) / (span or 1.0)).tolist())
    left = len(curve.outputs) - len(chosen)
    if left and len(curve.outputs) > 2:
        table.append(f"{len(chosen)} of {len(curve.outputs)} outputs shown; --json has all")
    return table


def _chosen(curve: Dependence, decoder: OutputDecoder) -> list[int]:
    """The outputs that are shown: the positive one of two classes, the first few of many."""
    if decoder.target.task == "classification" and len(curve.outputs) == 2:
        return [decoder.target.positive]
    return list(range(min(len(curve.outputs), MOST_OUTPUTS)))


def _pair_table(curve: Dependence, decoder: OutputDecoder) -> list[str]:
    """A row for each cell of the first column, a column for some cells of the second; of the first output."""
    down, across = curve.grids
    output = _chosen(curve, decoder)[0]
    table: list[str] = []
    for count in range(len(across.cells), 0, -1):
        places = np.unique(np.linspace(0, len(across.cells) - 1, count).round().astype(int)).tolist()
        heads = [_marked(across.words[place], across.usual[place]) for place in places]
        rows = [
            (
                _marked(word, usual),
                *(_shown(float(curve.mean[index, place, output]), decoder) for place in places),
            )
            for index, (word, usual) in enumerate(zip(down.words, down.usual, strict=True))
        ]
        table = render((f"{down.column} \\ {across.column}", *heads), rows).splitlines()
        if fits(table, screen_columns() or 80):
            break
    return [f"of {clean(curve.outputs[output])}:", *table]
