"""How well rows of a class rank before the others: ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlpcli.report.blocks import Curve
from mlpcli.report.class_parts import Ranking
from mlpcli.report.figures.lettering import listed, name, told
from mlpcli.report.figures.palette import hue
from mlpcli.report.figures.plot import DASHES, Plot, begin, below, diagonal, share_axis, side_legend
from mlpcli.report.figures.svg import Cell, Figure, canvas, line, shape

MOST: Final = 6  # curves in one figure: more are a tangle, and have no colour of their own
SIDE: Final = 345.0  # where the plot ends and the legend begins
ROWS: Final = 12  # of the table, for each curve


def roc(rankings: Sequence[Ranking]) -> Figure:
    """The figure with the ROC curve of each class, MOST of them at the most."""
    kept = rankings[:MOST]
    plot = _begin("false positive rate", "true positive rate")
    diagonal(plot)
    for index, one in enumerate(kept):
        _draw(plot, one.roc, index)
    side_legend(plot, [(one.name, hue(i), f"area {told(one.roc_auc)}") for i, one in enumerate(kept)])
    areas = [f"{told(one.roc_auc)} for {name(one.name)}" for one in kept]
    sentence = f"The area below the ROC curve is {listed(areas)}; guessing comes to 0.5, the dashed line."
    columns = ("class", "false positive rate", "true positive rate")
    rows = [row for one in kept for row in _rows(one.name, one.roc)]
    return Figure("ROC curve", sentence, plot.svg, columns, rows)


def precision_recall(rankings: Sequence[Ranking]) -> Figure:
    """The figure with the precision-recall curve of each class, MOST of them at the most."""
    kept = rankings[:MOST]
    plot = _begin("recall", "precision")
    for index, one in enumerate(kept):
        (x1, y), (x2, _) = plot.at(0, one.share), plot.at(1, one.share)
        shape(plot.svg, "path", d=f"M{x1:.1f} {y:.1f}H{x2:.1f}", stroke=hue(index), stroke_dasharray="2 5")
        _draw(plot, one.precision_recall, index)
    entries = [(one.name, hue(i), f"area {told(one.average_precision)}") for i, one in enumerate(kept)]
    side_legend(plot, entries)
    areas = [
        f"{told(one.average_precision)} for {name(one.name)} (guessing: {told(one.share)})" for one in kept
    ]
    sentence = f"The area below the precision-recall curve is {listed(areas)}."
    rows = [row for one in kept for row in _rows(one.name, one.precision_recall)]
    return Figure("Precision and recall", sentence, plot.svg, ("class", "recall", "precision"), rows)


def _begin(x: str, y: str) -> Plot:
    plot = begin(canvas(360), share_axis(x), share_axis(y), 316, SIDE)
    below(plot)
    return plot


def _draw(plot: Plot, curve: Curve, index: int) -> None:
    path = shape(plot.svg, "path", d=line(plot.all(curve.x, curve.y)), fill="none", stroke=hue(index))
    path.set("stroke-width", "2")
    path.set("stroke-linejoin", "round")
    path.set("stroke-dasharray", DASHES[index % len(DASHES)])


def _rows(of: str, curve: Curve) -> list[list[Cell]]:
    """About ROWS points of a curve, its ends among them."""
    last = len(curve.x) - 1
    steps = min(ROWS - 1, last) or 1
    kept = sorted({round(index * last / steps) for index in range(steps + 1)})
    return [[name(of), curve.x[place], curve.y[place]] for place in kept]
