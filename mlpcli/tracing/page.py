"""A trace as one page: the network drawn, every formula with its numbers; no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from mlpcli.terminal.console import counted, number
from mlpcli.tracing.drawing import RADIUS, can_be_drawn, drawings_of
from mlpcli.tracing.numbers import texts_of
from mlpcli.tracing.summary import Summary, is_readable
from mlpcli.tracing.values import Line, Stage, Trace


@dataclass(frozen=True)
class Table:
    """An array as the page shows it: its formula, and its numbers with their labels."""

    symbol: str
    formula: str
    name: str
    down: Sequence[str]
    across: Sequence[str]
    cells: Sequence[Sequence[str]]


def page_of(trace: Trace, config: str, task: str) -> str:
    """The page; the same trace gives the same text."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((files("mlpcli.tracing") / "page.html").read_text("utf-8"))
    readable = is_readable(trace)
    tables = _tables if readable else _summaries
    rows = f"row {trace.rows[0]}" if len(trace.rows) == 1 else f"{counted(len(trace.rows), 'row')}"
    return template.render(
        config=config,
        task=task,
        trace=trace,
        widths="–".join(map(str, trace.widths)),
        rows=rows,
        number=number,
        radius=RADIUS,
        readable=readable,
        drawings=drawings_of(trace) if readable and can_be_drawn(trace) else (),
        forward=[(stage.title, tables(stage)) for stage in trace.forward],
        backward=[(stage.title, tables(stage)) for stage in trace.backward],
        after=tables(Stage("", trace.update.lines)),
    )


def _tables(stage: Stage) -> list[Table]:
    return [
        Table(
            line.symbol,
            line.formula,
            line.name,
            line.down,
            line.across,
            texts_of(line.values, len(line.down)),
        )
        for line in stage.lines
    ]


def _summaries(stage: Stage) -> list[Table]:
    """What stands for the numbers of arrays that are too large."""
    return [_summary(line) for line in stage.lines]


def _summary(line: Line) -> Table:
    found = Summary.of(line.values)
    shape = "×".join(map(str, line.values.shape))
    cells = [shape, *map(number, (found.norm, found.least, found.largest)), f"{found.zeros:.0%}"]
    return Table(
        line.symbol, line.formula, line.name, ("",), ("shape", "norm", "min", "max", "zeros"), [cells]
    )
