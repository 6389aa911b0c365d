"""Which columns the model depends on: a bar for each, with how much it varies."""

from __future__ import annotations

from typing import Final

from mlpcli.artifacts.loss_axis import LossAxis, tick_labels
from mlpcli.report.blocks import Capped
from mlpcli.report.figures.lettering import fitted, listed, name, shown, told
from mlpcli.report.figures.svg import WIDTH, Cell, Element, Figure, canvas, shape, write
from mlpcli.report.row_parts import ColumnImportance, Importance

LEFT, RIGHT, TOP, STEP = 168.0, WIDTH - 64.0, 22.0, 25.0  # bars; names to the left, numbers to the right
BAR: Final = 14.0
FIRST: Final = 3  # columns that the sentence names


def importance(given: Importance) -> Figure | None:
    """The figure, or None where no column is shown."""
    columns = given.columns.shown
    if not columns:
        return None
    scale = _scale(columns)
    svg = canvas(TOP + STEP * len(columns) + 30)
    write(svg, 0, 13, f"what {given.metric} loses when a column is shuffled", fill="soft")
    _grid(svg, scale, TOP + STEP * len(columns) + 4)
    for index, column in enumerate(columns):
        _bar(svg, scale, TOP + STEP * (index + 0.5) + 2, column)
    rows: list[list[Cell]] = [[name(one.column), one.mean, one.std] for one in columns]
    heads = ("column", f"loss of {given.metric}", "standard deviation")
    return Figure("Importance of the columns", _sentence(given), svg, heads, rows)


def _scale(columns: tuple[ColumnImportance, ...]) -> LossAxis:
    low = min(0.0, *(one.mean - one.std for one in columns))
    high = max(0.0, *(one.mean + one.std for one in columns))
    return LossAxis(low, high if high > low else low + 1.0, None)


def _across(scale: LossAxis, value: float) -> float:
    return LEFT + scale.fraction(value) * (RIGHT - LEFT)


def _grid(svg: Element, scale: LossAxis, bottom: float) -> None:
    ticks = scale.ticks(5)
    lines = shape(svg, "g", stroke="faint", stroke_width=1)
    texts = shape(svg, "g", fill="soft", font_size=12, text_anchor="middle")
    for tick, label in zip(ticks, tick_labels(ticks), strict=True):
        x = _across(scale, tick)
        shape(lines, "path", d=f"M{x:.1f} {TOP:.1f}V{bottom:.1f}")
        shape(texts, "text", x=x, y=bottom + 17).text = label
    zero = _across(scale, 0.0)
    shape(svg, "path", d=f"M{zero:.1f} {TOP:.1f}V{bottom:.1f}", stroke="grey")


def _bar(svg: Element, scale: LossAxis, y: float, column: ColumnImportance) -> None:
    write(svg, LEFT - 8, y + 4.5, fitted(column.column, LEFT - 12, 13), text_anchor="end")
    zero, end = _across(scale, 0.0), _across(scale, column.mean)
    shape(
        svg, "rect", x=min(zero, end), y=y - BAR / 2, width=max(1.0, abs(end - zero)), height=BAR, fill="blue"
    )
    low, high = (_across(scale, column.mean + way * column.std) for way in (-1, 1))
    whisker = f"M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8"
    shape(svg, "path", d=whisker, stroke="ink", stroke_width=1.2)
    write(svg, WIDTH, y + 4.5, shown(column.mean), text_anchor="end", fill="soft")


def _sentence(given: Importance) -> str:
    columns: Capped[ColumnImportance] = given.columns
    parts = [f"{name(one.column)} {told(one.mean)} ± {told(one.std)}" for one in columns.shown[:FIRST]]
    sample = f" (a sample of {given.of_rows:,})" if given.rows < given.of_rows else ""
    return (
        f"Of {given.metric} {told(given.whole)} on {given.rows:,} {given.words} rows{sample} this much is "
        f"lost when a column is shuffled between the rows, {given.repeats} times: {listed(parts)}. "
        f"{capped(len(columns.shown), columns.total, 'feature')}"
    )


def capped(few: int, total: int, thing: str) -> str:
    """`20 of 312 features shown.`, or nothing where all are."""
    return f"{few} of {total:,} {thing}s shown." if few < total else ""
