"""The figures of a study's page: how the best score came about, and which settings matter."""

from __future__ import annotations

from typing import Final

from mlpcli.artifacts.loss_axis import LossAxis
from mlpcli.report.figures.lettering import fitted, listed, name, percent, told
from mlpcli.report.figures.plot import Plot, axis, begin, below, legend
from mlpcli.report.figures.svg import WIDTH, Cell, Figure, canvas, dots, line, shape, write
from mlpcli.searching.tried import Found

LEFT: Final = 190.0  # where the bars begin; names are to the left of it
STEP: Final = 26.0  # from bar to bar
BAR: Final = 14.0
ROWS: Final = 40  # of the table of a history


def history_figure(found: Found) -> Figure | None:
    """The score of every trial and the best so far; None where none has a score."""
    points = [(one.number, one.value or 0.0) for one in found.complete]
    best = found.best
    if best is None or not points:
        return None
    last = max(1, points[-1][0])
    svg = canvas(300)
    across = LossAxis(0.0, float(last), None, "trial")
    plot = begin(svg, across, axis([value for _, value in points], found.metric), 256)
    below(plot)
    legend(svg, [("a trial", "blue"), ("best so far", "orange")])
    marks = shape(svg, "path", d=dots([plot.at(*point) for point in points]), stroke="blue", stroke_width=5)
    marks.set("stroke-linecap", "round")
    stairs = shape(svg, "path", d=line(_stairs(found, plot, last)), fill="none", stroke="orange")
    stairs.set("stroke-width", "2")
    sentence = (
        f"Of {len(points)} trials with a score the best is trial {best.number} with {found.metric} "
        f"{told(best.value)}; the first one had {told(points[0][1])}."
    )
    rows = _thinned(
        [
            [number, value, so_far]
            for (number, value), (_, so_far) in zip(points, found.best_so_far(), strict=True)
        ]
    )
    return Figure("Scores of the trials", sentence, svg, ("trial", found.metric, "best so far"), rows)


def _stairs(found: Found, plot: Plot, last: int) -> list[tuple[float, float]]:
    """The best so far as a line that goes on until a better one comes."""
    steps = found.best_so_far()
    corners: list[tuple[float, float]] = []
    for (number, value), (following, _) in zip(steps, [*steps[1:], (last, 0.0)], strict=True):
        corners += [plot.at(number, value), plot.at(following, value)]
    return corners


def _thinned(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Up to about ROWS of them, the last among them."""
    step = max(1, -(-len(rows) // ROWS))
    return [row for place, row in enumerate(rows) if place % step == 0 or place == len(rows) - 1]


def importance_figure(found: Found) -> Figure | None:
    """A bar for the share of each key; None where nothing is known."""
    if not found.importance:
        return None
    svg = canvas(STEP * len(found.importance) + 8)
    most = max(found.importance.values()) or 1.0
    for place, (key, share) in enumerate(found.importance.items()):
        y = STEP * (place + 0.5)
        write(svg, LEFT - 8, y + 4.5, fitted(key, LEFT - 12, 13), text_anchor="end")
        room = WIDTH - LEFT - 56
        shape(
            svg, "rect", x=LEFT, y=y - BAR / 2, width=max(1.0, room * share / most), height=BAR, fill="blue"
        )
        write(svg, WIDTH, y + 4.5, percent(round(share, 3)), text_anchor="end", fill="soft")
    first = [f"{name(key)} {percent(round(share, 3))}" for key, share in list(found.importance.items())[:3]]
    sentence = f"What tells good trials from the others, by PED-ANOVA: {listed(first)}."
    rows: list[list[Cell]] = [[name(key), share] for key, share in found.importance.items()]
    return Figure("Importance of the settings", sentence, svg, ("setting", "share"), rows)
