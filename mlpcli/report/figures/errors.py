"""Numbers that were predicted: beside the true ones, and how far off they are."""

from __future__ import annotations

from typing import Final

from mlpcli.artifacts.loss_axis import LossAxis
from mlpcli.report.blocks import Curve
from mlpcli.report.figures.lettering import counted, name, percent, told
from mlpcli.report.figures.plot import Plot, axis, begin, below, diagonal
from mlpcli.report.figures.svg import Cell, Figure, canvas, dots, line, shape, write
from mlpcli.report.number_parts import Hexagons, Histogram, TargetErrors

DIAMETER: Final = 5.0  # of a dot
ROWS: Final = 25  # of the table
LEVELS: Final = 6  # shades of hexagons


def predicted_against_true(errors: TargetErrors) -> Figure | None:
    """The figure: a dot for each row, or hexagons with their counts of many; None where there is no row."""
    what, given = name(errors.target), errors.points or errors.hexagons
    if given is None or not given.x:
        return None
    both = axis(_ends(errors), f"true {what}")
    svg = canvas(360)
    plot = begin(svg, both, LossAxis(both.low, both.high, None, f"predicted {what}"), 316)
    below(plot)
    if errors.hexagons is not None:
        _hexagons(plot, errors.hexagons)
    else:
        _dots(plot, given)
    diagonal(plot)
    lean = "too high" if errors.mean_error > 0 else "too low"
    sentence = (
        f"{counted(errors.rows, 'row')}: on the dashed line predictions are right, above it too high. In the "
        f"mean they are {told(abs(errors.mean_error))} {lean}."
    )
    title = f"Predicted and true {what}"
    if errors.hexagons is not None:
        return Figure(title, sentence, svg, ("true", "predicted", "rows"), _counted(errors.hexagons))
    return Figure(title, sentence, svg, ("true", "predicted"), _some(given))


def _ends(errors: TargetErrors) -> list[float]:
    """Every value that the axes have to show."""
    if errors.hexagons is None:
        return [*errors.points.x, *errors.points.y] if errors.points else []
    cells = errors.hexagons
    sides = [x + way * cells.width / 2 for x in cells.x for way in (-1, 1)]
    return [*sides, *(y + way * cells.height for y in cells.y for way in (-1, 1))]


def _dots(plot: Plot, points: Curve | Hexagons) -> None:
    path = dots(plot.all(points.x, points.y))
    marks = shape(plot.svg, "path", d=path, stroke="blue", stroke_width=DIAMETER, stroke_linecap="round")
    marks.set("stroke-opacity", "0.6")


def _hexagons(plot: Plot, cells: Hexagons) -> None:
    """Hexagons of one shade in one path, darker the more rows they have; the legend says how many."""
    most = max(cells.rows)
    shades: dict[int, list[str]] = {}
    for x, y, rows in zip(cells.x, cells.y, cells.rows, strict=True):
        level = min(LEVELS - 1, int(LEVELS * (rows / most) ** 0.5))
        corners = plot.all(
            [x + across * cells.width / 2 for across in (0, 1, 1, 0, -1, -1)],
            [y + up * cells.height / 2 for up in (2, 1, -1, -2, -1, 1)],
        )
        shades.setdefault(level, []).append(line(corners) + "Z")
    for level, paths in sorted(shades.items()):
        part = shape(plot.svg, "path", d="".join(paths), fill="blue")
        part.set("fill-opacity", f"{(level + 1) / LEVELS:.2f}")
    text = f"darker: more rows, {most:,} at the most"
    write(plot.svg, plot.right, 13, text, fill="soft", font_size=12, text_anchor="end")


def _some(points: Curve | Hexagons) -> list[list[Cell]]:
    """Rows from the least to the greatest true value, evenly spaced, ROWS of them at the most."""
    pairs = sorted(zip(points.x, points.y, strict=True))
    steps = min(ROWS - 1, len(pairs) - 1) or 1
    kept = sorted({round(index * (len(pairs) - 1) / steps) for index in range(steps + 1)})
    return [list(pairs[place]) for place in kept]


def _counted(cells: Hexagons) -> list[list[Cell]]:
    """The fullest hexagons, ROWS of them at the most."""
    full = sorted(zip(cells.rows, cells.x, cells.y, strict=True), reverse=True)[:ROWS]
    return [[x, y, rows] for rows, x, y in full]


def error_histogram(errors: TargetErrors) -> Figure | None:
    """The figure: how many rows are off by how much; None where there is no row."""
    given = errors.errors
    if not given.rows or not sum(given.rows):
        return None
    svg = canvas(300)
    what = f"error of {name(errors.target)}: predicted less true"
    across = LossAxis(given.edges[0], given.edges[-1], None, what)
    plot = begin(svg, across, LossAxis(0.0, 1.08 * max(given.rows), None, "rows"), 256)
    _bars(plot, given)
    below(plot)
    if across.low < 0 < across.high:
        zero, _ = plot.at(0, 0)
        down = f"M{zero:.1f} {plot.top:.1f}V{plot.bottom:.1f}"
        shape(svg, "path", d=down, stroke="ink", stroke_dasharray="3 4")
    rows: list[list[Cell]] = [
        [low, high, count] for low, high, count in zip(given.edges, given.edges[1:], given.rows, strict=False)
    ]
    return Figure(f"Errors of {name(errors.target)}", _spread(errors), svg, ("from", "to", "rows"), rows)


def _bars(plot: Plot, given: Histogram) -> None:
    bars = shape(plot.svg, "g", fill="blue", fill_opacity="0.75")
    for low, high, rows in zip(given.edges, given.edges[1:], given.rows, strict=False):
        if rows:
            (x1, y), (x2, _) = plot.at(low, rows), plot.at(high, rows)
            shape(bars, "rect", x=x1 + 0.5, y=y, width=max(0.5, x2 - x1 - 1), height=plot.bottom - y)


def _spread(errors: TargetErrors) -> str:
    """Between which errors the middle shares of the rows lie."""
    values = {round(one.share, 9): one.value for one in errors.quantiles}
    middle = [
        f"{percent(1 - 2 * low)} of the errors are from {told(value)} to {told(values[round(1 - low, 9)])}"
        for low, value in sorted(values.items(), reverse=True)
        if low < 0.5 and round(1 - low, 9) in values
    ]
    half = f"half are below {told(values[0.5])}" if 0.5 in values else ""
    parts = [*middle, *([half] if half else [])]
    return f"{', '.join(parts)}. Left of the dashed line predictions are too low."
