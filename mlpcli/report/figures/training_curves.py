"""How a quantity went during the training: a curve for each part of the rows, the best epoch marked."""

from __future__ import annotations

from typing import Final

from mlpcli.artifacts.history import Series
from mlpcli.artifacts.loss_axis import LossAxis, epoch_ticks, loss_axis
from mlpcli.report.figures.lettering import told
from mlpcli.report.figures.plot import Plot, begin, below, legend
from mlpcli.report.figures.svg import Figure, canvas, dots, line, shape, write
from mlpcli.report.score_parts import HistoryCurve
from mlpcli.report.score_parts import Series as Curve

COLOURS: Final = {"train": "blue", "val": "orange"}
THICKNESS: Final = {"train": 1.3, "val": 2.2}
FEW_EPOCHS: Final = 30  # up to so many each of them is a point
ROWS: Final = 40  # of the table


def training_curves(curve: HistoryCurve, best_epoch: int | None) -> Figure | None:
    """The figure, or None where no value is finite."""
    found: dict[str, Curve] = {one.part: one for one in curve.series if one.curve.x}
    if not found:
        return None
    series = [
        Series(part, tuple((round(x), y) for x, y in zip(one.curve.x, one.curve.y, strict=True)))
        for part, one in found.items()
    ]
    axis = loss_axis(series, curve.metric)
    last = max(one.last[0] for one in series)
    svg = canvas(300)
    epochs = LossAxis(0.0, 2.0, None, "epoch") if last == 1 else LossAxis(1.0, float(last), None, "epoch")
    plot = begin(svg, epochs, axis, 256)
    below(plot, epoch_ticks(last, 7))
    legend(svg, [(one.words, COLOURS[part]) for part, one in found.items()])
    for one in series:
        _draw(plot, one)
    _mark_best(plot, series[-1], best_epoch)
    words = {part: one.words for part, one in found.items()}
    columns = ["epoch", *(f"{words[one.name]} {curve.metric}" for one in series)]
    sentence = _sentence(curve, series, words, best_epoch)
    return Figure(f"{curve.metric} by epoch", sentence, svg, columns, _table(series))


def _draw(plot: Plot, series: Series) -> None:
    points = [plot.at(epoch, value) for epoch, value in series.points]
    path = shape(plot.svg, "path", d=line(points), fill="none", stroke=COLOURS[series.name])
    path.set("stroke-width", str(THICKNESS[series.name]))
    path.set("stroke-linejoin", "round")
    if len(points) <= FEW_EPOCHS:
        marks = shape(plot.svg, "path", d=dots(points), stroke=COLOURS[series.name], stroke_width=6)
        marks.set("stroke-linecap", "round")


def _mark_best(plot: Plot, series: Series, best_epoch: int | None) -> None:
    """A line down at the epoch whose weights are kept, with its number above the plot."""
    if best_epoch is None or not plot.x.low <= best_epoch <= plot.x.high:
        return
    across, _ = plot.at(best_epoch, plot.y.low)
    down = f"M{across:.1f} {plot.top:.1f}V{plot.bottom:.1f}"
    shape(plot.svg, "path", d=down, stroke="grey", stroke_dasharray="2 3")
    share = (across - plot.left) / (plot.right - plot.left)
    anchor = "start" if share < 0.15 else "end" if share > 0.85 else "middle"
    write(plot.svg, across, plot.top - 5, f"best epoch {best_epoch}", font_size=12, text_anchor=anchor)
    value = series.at(best_epoch)
    if value is not None:
        x, y = plot.at(best_epoch, value)
        shape(
            plot.svg, "circle", cx=x, cy=y, r=4.5, fill="paper", stroke=COLOURS[series.name], stroke_width=2
        )


def _sentence(
    curve: HistoryCurve, series: list[Series], words: dict[str, str], best_epoch: int | None
) -> str:
    ways = [
        f"on {words[one.name]} rows from {told(one.points[0][1])} to {told(one.last[1])}" for one in series
    ]
    kept = f" The weights are those of epoch {best_epoch}." if best_epoch is not None else ""
    last = max(one.last[0] for one in series)
    return f"In {last} epochs the {curve.metric} went {', '.join(ways)}.{kept}"


def _table(series: list[Series]) -> list[list[float | None]]:
    """A row for each of up to ROWS epochs, the first and the last among them."""
    epochs = sorted({epoch for one in series for epoch, _ in one.points})
    step = max(1, -(-len(epochs) // ROWS))
    kept = sorted({*epochs[::step], epochs[-1]})
    values = [dict(one.points) for one in series]
    return [[epoch, *(one.get(epoch) for one in values)] for epoch in kept]
