"""What a network computes of one or two numbers: the fitted curve, or the surface that decides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from mlpcli.artifacts.loss_axis import LossAxis
from mlpcli.report.figures.lettering import counted, fitted, listed, name, shown, told
from mlpcli.report.figures.palette import hue
from mlpcli.report.figures.plot import DASHES, RIGHT, Plot, axis, begin, below, side_legend
from mlpcli.report.figures.svg import TEXT_SIZE, WIDTH, Cell, Figure, canvas, dots, line, shape, write
from mlpcli.report.network_parts import Axis, ClassSurface, FittedCurve, NumberSurface, Rows

LEVELS: Final = 8  # shades of a surface of numbers
SIDE: Final = 345.0
TABLE: Final = 7  # places along each axis in the table
MARKS: Final = (  # of classes, so that they are told apart without colours too: around 0, 0
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "m-3.5-3.5h7v7h-7z",
    "m0-5 4.5 8h-9z",
    "m0-5 5 5-5 5-5-5z",
    "m-4-1.5h2.5v-2.5h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5z",
    "m0 5-4.5-8h9z",
)


def surface(given: FittedCurve | ClassSurface | NumberSurface) -> Figure:
    """The figure of whichever it is."""
    if isinstance(given, FittedCurve):
        return _curve(given)
    return _classes(given) if isinstance(given, ClassSurface) else _numbers(given)


def _curve(given: FittedCurve) -> Figure:
    values = [*given.rows.y, *(y for one in given.lines.shown for y in one.y)]
    across = LossAxis(given.axis.places[0], given.axis.places[-1], None, name(given.axis.column))
    only = name(given.lines.shown[0].name) if len(given.lines.shown) == 1 else "output"
    several = len(given.lines.shown) > 1
    plot = begin(canvas(330), across, axis(values, only), 286, SIDE if several else WIDTH - RIGHT)
    marks = shape(plot.svg, "path", d=dots(_inside(plot, given.rows)), stroke="soft", stroke_width=5)
    marks.set("stroke-linecap", "round")
    marks.set("stroke-opacity", "0.5")
    for index, one in enumerate(given.lines.shown):
        path = shape(
            plot.svg, "path", d=line(plot.all(given.axis.places, one.y)), fill="none", stroke=hue(index)
        )
        path.set("stroke-width", "2.5")
        path.set("stroke-dasharray", DASHES[index % len(DASHES)])
    below(plot)
    if several:
        side_legend(plot, [(one.name, hue(index), "fitted") for index, one in enumerate(given.lines.shown)])
    rows: list[list[Cell]] = [
        [given.axis.places[place], *(one.y[place] for one in given.lines.shown)]
        for place in _some(len(given.axis.places), 2 * TABLE)
    ]
    heads = (name(given.axis.column), *(name(one.name) for one in given.lines.shown))
    sentence = f"What the network says along {name(given.axis.column)}, beside {_of(given.rows)} (dots)."
    return Figure("What the network computes", sentence, plot.svg, heads, rows)


def _classes(given: ClassSurface) -> Figure:
    plot = _frame(given.x, given.y)
    for place, _ in enumerate(given.classes.shown):
        area = _area(plot, [[cell == place for cell in row] for row in given.cells])
        shape(plot.svg, "path", d=area, fill=hue(place)).set("fill-opacity", "0.3")
    _class_marks(plot, given.rows)
    below(plot)
    _mark_legend(plot, given.classes.shown)
    cells = [[name(given.classes.shown[cell]) for cell in row] for row in given.cells]
    sentence = (
        f"Which of {listed([name(one) for one in given.classes.shown])} the network says for each pair of "
        f"{name(given.x.column)} and {name(given.y.column)}; marks are {_of(given.rows)} of each true class."
    )
    heads, rows = _table(given.x, given.y, cells)
    return Figure("What the network decides", sentence, plot.svg, heads, rows)


def _mark_legend(plot: Plot, classes: Sequence[str]) -> None:
    """The mark of each class, beside the plot."""
    left = plot.right + 24
    for place, one in enumerate(classes):
        y = plot.top + 10 + 24 * place
        mark = f"M{left:.1f} {y:.1f}{MARKS[place % len(MARKS)]}"
        shape(plot.svg, "path", d=mark, fill=hue(place))
        write(plot.svg, left + 12, y + 4.5, fitted(one, WIDTH - left - 12, TEXT_SIZE))


def _numbers(given: NumberSurface) -> Figure:
    plot = _frame(given.x, given.y)
    every = [cell for row in given.cells for cell in row]
    low, high = min(every), max(every)
    step = (high - low) / LEVELS or 1.0

    levels = [[min(LEVELS - 1, int((cell - low) / step)) for cell in row] for row in given.cells]
    for shade in range(LEVELS):
        area = _area(plot, [[level == shade for level in row] for row in levels])
        if area:
            shape(plot.svg, "path", d=area, fill="blue").set("fill-opacity", f"{(shade + 0.3) / LEVELS:.2f}")
    marks = shape(plot.svg, "path", d=dots(_inside(plot, given.rows)), stroke="ink", stroke_width=3)
    marks.set("stroke-linecap", "round")
    below(plot)
    _shades(plot, low, step)
    sentence = (
        f"{name(given.target)} by {name(given.x.column)} and {name(given.y.column)}, from {told(low)} to "
        f"{told(high)}: the darker the more; dots are {_of(given.rows)}."
    )
    heads, rows = _table(given.x, given.y, given.cells)
    return Figure("What the network computes", sentence, plot.svg, heads, rows)


def _shades(plot: Plot, low: float, step: float) -> None:
    """What each shade stands for, beside the plot, the most at the top."""
    left = plot.right + 18
    for shade in range(LEVELS):
        y = plot.top + 24 * (LEVELS - 1 - shade)
        swatch = shape(plot.svg, "rect", x=left, y=y, width=18, height=18, fill="blue")
        swatch.set("fill-opacity", f"{(shade + 0.3) / LEVELS:.2f}")
        text = shape(plot.svg, "text", x=left + 26, y=y + 13, fill="soft", font_size=12)
        text.text = f"≥ {told(low + shade * step)}"


def _frame(x: Axis, y: Axis) -> Plot:
    across = LossAxis(*_edges(x.places), None, fitted(x.column, 280, 13))
    return begin(canvas(350), across, LossAxis(*_edges(y.places), None, fitted(y.column, 280, 13)), 306, SIDE)


def _edges(places: Sequence[float]) -> tuple[float, float]:
    """Where cells around these places begin and end."""
    return (3 * places[0] - places[1]) / 2, (3 * places[-1] - places[-2]) / 2


def _area(plot: Plot, inside: Sequence[Sequence[bool]]) -> str:
    """The cells in which something is true as one path: neighbours in a row are one rectangle."""
    width = (plot.right - plot.left) / len(inside[0])
    height = (plot.bottom - plot.top) / len(inside)
    return "".join(
        f"M{plot.left + start * width:.1f} {plot.bottom - (row + 1) * height:.1f}h{length * width:.1f}"
        f"v{height:.1f}h{-length * width:.1f}z"
        for row, flags in enumerate(inside)
        for start, length in _runs(flags)
    )


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where stretches of True begin, and how long they are."""
    place = 0
    for value, group in itertools.groupby(flags):
        length = len(list(group))
        if value:
            yield place, length
        place += length


def _class_marks(plot: Plot, rows: Rows) -> None:
    for place in sorted(set(rows.classes)):
        kind = MARKS[place % len(MARKS)]
        points = [
            plot.at(x, y)
            for x, y, of in zip(rows.x, rows.y, rows.classes, strict=True)
            if of == place and _shows(plot, x, y)
        ]
        marks = "".join(f"M{x:.1f} {y:.1f}{kind}" for x, y in points)
        shape(plot.svg, "path", d=marks, fill=hue(place), stroke="paper", stroke_width=1)


def _inside(plot: Plot, rows: Rows) -> list[tuple[float, float]]:
    return [plot.at(x, y) for x, y in zip(rows.x, rows.y, strict=True) if _shows(plot, x, y)]


def _shows(plot: Plot, x: float, y: float) -> bool:
    return plot.x.low <= x <= plot.x.high and plot.y.low <= y <= plot.y.high


def _of(rows: Rows) -> str:
    some = f" of {rows.total:,}" if rows.total > len(rows.x) else ""
    return f"{len(rows.x):,}{some} rows" if some or len(rows.x) != 1 else counted(1, "row")


def _some(count: int, most: int) -> list[int]:
    """At most `most` places of `count`, evenly spaced, the first and the last among them."""
    steps = min(most, count) - 1 or 1
    return sorted({round(index * (count - 1) / steps) for index in range(steps + 1)})


def _table(x: Axis, y: Axis, cells: Sequence[Sequence[Cell]]) -> tuple[list[str], list[list[Cell]]]:
    """Some of the cells: a row for each place of y, a column for each of x."""
    across, up = _some(len(x.places), TABLE), _some(len(y.places), TABLE)
    heads = [f"{name(y.column)} \\ {name(x.column)}", *(shown(x.places[place]) for place in across)]
    return heads, [[y.places[row], *(cells[row][place] for place in across)] for row in reversed(up)]
