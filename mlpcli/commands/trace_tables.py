"""A trace as a person reads it in a terminal: the formula of each line, and its numbers below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlpcli.terminal.console import NARROW_GAP, counted, number, render, result_stream, screen_columns
from mlpcli.terminal.screen import USUAL_WIDTH, width_of, wrapped
from mlpcli.tracing.numbers import texts_of
from mlpcli.tracing.summary import Summary, is_readable
from mlpcli.tracing.values import Line, Stage, Trace

INDENT = "  "


def trace_lines(trace: Trace, task: str) -> list[str]:
    """The whole trace: every number of a network that can be read, else a line an array."""
    written = _every_number if is_readable(trace) else _summaries
    rows = f"row {trace.rows[0]}" if len(trace.rows) == 1 else counted(len(trace.rows), "row")
    widths = "-".join(map(str, trace.widths))
    lines = [task, f"{widths}, {counted(trace.parameters, 'parameter')}, {trace.dtype}; {rows} of the file"]
    lines += ["", "FORWARD", *written(trace.forward)]
    lines += ["", *_objective(trace), "", "BACKWARD", *written(trace.backward)]
    lines += ["", "UPDATE", *_update(trace), *written((Stage("", trace.update.lines),))]
    return [*lines, *(["", *trace.remarks] if trace.remarks else [])]


def _objective(trace: Trace) -> list[str]:
    """J and what it is made of."""
    found = trace.objective
    parts = f" = {number(found.loss, 6)} + {number(found.penalty, 6)}" if found.penalty else ""
    return [f"J = {found.formula}", f"{INDENT}{number(found.value, 6)}{parts}"]


def _update(trace: Trace) -> list[str]:
    """What one step of the optimizer does."""
    update = trace.update
    rate = "" if update.rate is None else f", η = {update.rate:g}"
    return [wrapped(f"{update.optimizer}: {update.formula}{rate}", result_stream())]


def _every_number(stages: Sequence[Stage]) -> Iterator[str]:
    """Each line with its formula, and its numbers below it."""
    for stage in stages:
        if stage.title:
            yield from ("", stage.title)
        for line in stage.lines:
            name = f"   ({line.name})" if line.name else ""
            yield ""
            yield wrapped(f"{INDENT}{line.written}{name}", result_stream())
            yield from _table(line)


def _table(line: Line) -> Iterator[str]:
    """The numbers of a line, in as many tables beside as the screen has room for."""
    cells = texts_of(line.values, len(line.down))
    first = max(map(width_of, line.down))
    room = (screen_columns() or USUAL_WIDTH) - 2 * len(INDENT) - first
    widths = [
        max(width_of(name), *(len(row[place]) for row in cells)) + NARROW_GAP
        for place, name in enumerate(line.across)
    ]
    for places in _fitting(widths, room):
        head = ["", *(line.across[place] for place in places)]
        rows = [
            [label, *(row[place] for place in places)] for label, row in zip(line.down, cells, strict=True)
        ]
        text = render(head, rows, NARROW_GAP).splitlines()
        yield from (f"{INDENT * 2}{one}" for one in (text[0], *text[2:]))


def _fitting(widths: Sequence[int], room: int) -> Iterator[range]:
    """Columns one after the other, as many each time as there is room for."""
    start = 0
    while start < len(widths):
        stop, taken = start + 1, widths[start]
        while stop < len(widths) and taken + widths[stop] <= room:
            taken += widths[stop]
            stop += 1
        yield range(start, stop)
        start = stop


def _summaries(stages: Sequence[Stage]) -> list[str]:
    """A row for each array, in the order of the trace."""
    rows = []
    for stage in stages:
        for line in stage.lines:
            found = Summary.of(line.values)
            numbers = (found.norm, found.least, found.largest)
            shape = "×".join(map(str, line.values.shape))
            rows.append([line.symbol, shape, *map(number, numbers), f"{found.zeros:.0%}"])
    return render(("", "shape", "norm", "min", "max", "zeros"), rows).splitlines()
