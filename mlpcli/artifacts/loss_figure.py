"""How the curves of a run are drawn: a plot of the loss, one of a metric, each curve named where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpcli.artifacts.history import Series, thinned
from mlpcli.artifacts.loss_axis import LossAxis, epoch_ticks, loss_axis, tick_labels

# two colours that nearly everyone can tell apart (Okabe & Ito 2008)
COLOURS: Final = {"train": "#0072b2", "validation": "#d55e00"}
INK, GREY, FAINT, PAPER = "#333333", "#999999", "#e4e4e4", "#ffffff"
# the same on a dark ground: the brighter blue and the orange of that palette
IN_THE_DARK: Final = {
    COLOURS["train"]: "#56b4e9",
    COLOURS["validation"]: "#e69f00",
    INK: "#e0e0e0",
    GREY: "#8a8f98",
    FAINT: "#30363d",
    PAPER: "#0d1117",
}
WIDTHS, HEIGHT = {1: 7.6, 2: 6.6}, 4.2  # inches: of a plot with its labels, by how many there are
# left, bottom, width, height of a plot in its part of the figure; the labels of the curves stand to its right
FRAME: Final = (0.125, 0.13, 0.62, 0.72)
LABEL_DISTANCE: Final = 0.055
# up to so many epochs each of them is marked by a point
FEW_EPOCHS: Final = 30
# far more points than the eye can tell apart make a large SVG and no better picture
COLUMNS: Final = 250


def loss_figure(curves: Mapping[str, Sequence[Series]], title: str, best_epoch: int | None) -> Figure:
    """The figure with a plot for each set of curves, by what they are of; without any, one that says so."""
    count = max(1, len(curves))
    size = count * WIDTHS[count], HEIGHT
    figure = Figure(figsize=size, dpi=120, facecolor=PAPER)
    figure.text(0.02 / count, 0.935, title, fontsize=12, fontweight="bold", color=INK, parse_math=False)
    if not curves:
        figure.text(0.5, 0.5, "no finite loss", ha="center", color=INK)
    for place, (what, series) in enumerate(curves.items()):
        left, bottom, width, height = FRAME
        axes = figure.add_axes(((place + left) / count, bottom, width / count, height))
        _draw_plot(axes, series, loss_axis(series, what), best_epoch)
        axes.yaxis.set_label_coords((place + 0.035) / count, bottom + height / 2, figure.transFigure)
    return figure


def _draw_plot(axes: Axes, series: Sequence[Series], axis: LossAxis, best_epoch: int | None) -> None:
    _draw_frame(axes)
    _draw_epoch_axis(axes, max(one.last[0] for one in series))
    _draw_loss_axis(axes, axis)
    for one in series:
        _draw_curve(axes, one, axis)
    _label_curves(axes, series, axis)
    if best_epoch is not None:
        _mark_best(axes, series[-1], axis, best_epoch)


def _draw_frame(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_facecolor(PAPER)
    axes.spines["bottom"].set_color(GREY)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK, pad=5)
    axes.tick_params(axis="x", length=3, color=GREY)


def _draw_epoch_axis(axes: Axes, last: int) -> None:
    ticks = epoch_ticks(last, 8)
    axes.set_xlim((0, 2) if last == 1 else (1 - 0.02 * (last - 1), last))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("epoch", fontsize=10, color=INK)


def _draw_loss_axis(axes: Axes, axis: LossAxis) -> None:
    if axis.floor is not None:
        axes.set_yscale("log")
    ticks = axis.ticks(8)
    axes.set_ylim(axis.low, axis.high)
    axes.set_yticks(ticks, tick_labels(ticks))
    axes.set_yticks([], minor=True)
    axes.set_ylabel(axis.caption, fontsize=10, color=INK)


def _draw_curve(axes: Axes, series: Series, axis: LossAxis) -> None:
    points = thinned(series.points, COLUMNS)
    (line,) = axes.plot([epoch for epoch, _ in points], [axis.shown(loss) for _, loss in points])
    line.set(color=COLOURS[series.name], linewidth=1.7 if len(points) <= COLUMNS else 1.2, clip_on=False)
    if len(points) <= FEW_EPOCHS:
        line.set(marker="o", markersize=3.5)


def _label_curves(axes: Axes, series: Sequence[Series], axis: LossAxis) -> None:
    """Name and last loss of each curve, to the right of it, moved apart where they would touch."""
    heights = [axis.fraction(one.last[1]) for one in series]
    if len(heights) == 2:
        middle = sum(heights) / 2
        apart = max(abs(heights[0] - heights[1]), LABEL_DISTANCE) / 2
        up = 1 if heights[0] > heights[1] else -1
        heights = [middle + up * apart, middle - up * apart]
    for one, height in zip(series, heights, strict=True):
        label = axes.text(1.02, height, f"{one.name} {one.last[1]:.4g}", transform=axes.transAxes)
        label.set(color=COLOURS[one.name], fontsize=10, va="center")


def _mark_best(axes: Axes, series: Series, axis: LossAxis, best_epoch: int) -> None:
    """A ring on the curve, and the epoch above the plot, where no curve is in its way."""
    loss = series.at(best_epoch)
    if loss is None:
        return
    low, high = axes.get_xlim()
    place = (best_epoch - low) / (high - low)
    axes.axvline(best_epoch, color=GREY, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
    (ring,) = axes.plot([best_epoch], [axis.shown(loss)])
    ring.set(marker="o", markersize=7, markerfacecolor=PAPER, color=COLOURS[series.name], clip_on=False)
    label = axes.text(best_epoch, 1.02, f"best epoch {best_epoch}", transform=axes.get_xaxis_transform())
    label.set(color=INK, fontsize=9, ha="left" if place < 0.1 else "right" if place > 0.9 else "center")
