"""How the loss curves of a run are drawn: one plot, each curve labelled where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpcli.artifacts.history import Series, thinned
from mlpcli.artifacts.loss_axis import LossAxis, epoch_ticks, loss_axis, tick_labels

# two colours that nearly everyone can tell apart (Okabe & Ito 2008)
COLOURS: Final = {"train": "#0072b2", "validation": "#d55e00"}
INK, GREY, FAINT = "#333333", "#999999", "#e4e4e4"
INCHES: Final = (7.6, 4.2)
# left, bottom, width, height of the plot; the labels of the curves stand to its right
FRAME: Final = (0.125, 0.13, 0.66, 0.72)
LABEL_DISTANCE: Final = 0.055
# up to so many epochs each of them is marked by a point
FEW_EPOCHS: Final = 30
# far more points than the eye can tell apart make a large SVG and no better picture
COLUMNS: Final = 250


def loss_figure(series: Sequence[Series], title: str, best_epoch: int | None) -> Figure:
    """The figure for these curves; without any point, one that says so."""
    figure = Figure(figsize=INCHES, dpi=120, facecolor="white")
    figure.text(0.025, 0.935, title, fontsize=12, fontweight="bold", color=INK, parse_math=False)
    if not series:
        figure.text(0.5, 0.5, "no finite loss", ha="center", color=INK)
        return figure
    axes = figure.add_axes(FRAME)
    axis = loss_axis(series)
    _draw_frame(axes)
    _draw_epoch_axis(axes, max(one.last[0] for one in series))
    _draw_loss_axis(axes, axis)
    for one in series:
        _draw_curve(axes, one, axis)
    _label_curves(axes, series, axis)
    if best_epoch is not None:
        _mark_best(axes, series[-1], axis, best_epoch)
    return figure


def _draw_frame(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
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
    axes.yaxis.set_label_coords(0.025, FRAME[1] + FRAME[3] / 2, transform=axes.figure.transFigure)


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
    ring.set(marker="o", markersize=7, markerfacecolor="white", color=COLOURS[series.name], clip_on=False)
    label = axes.text(best_epoch, 1.02, f"best epoch {best_epoch}", transform=axes.get_xaxis_transform())
    label.set(color=INK, fontsize=9, ha="left" if place < 0.1 else "right" if place > 0.9 else "center")
