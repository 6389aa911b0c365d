"""How good the model is for each class: precision, recall and F1 on one line."""

from __future__ import annotations

from typing import Final

from mlpcli.artifacts.loss_axis import LossAxis, tick_labels
from mlpcli.report.blocks import Capped
from mlpcli.report.class_parts import ClassScores
from mlpcli.report.figures.lettering import fitted, name, percent, shown, told
from mlpcli.report.figures.svg import WIDTH, Element, Figure, canvas, shape, write

LEFT, RIGHT, TOP, STEP = 148.0, WIDTH - 62.0, 26.0, 26.0  # names to the left, F1 to the right
SHARES: Final = LossAxis(0.0, 1.0, None)
COLUMNS: Final = ("class", "rows", "predicted", "precision", "recall", "F1", "ROC AUC", "average precision")


def class_scores(each: Capped[ClassScores]) -> Figure | None:
    """The figure, or None where no class is shown."""
    if not each.shown:
        return None
    bottom = TOP + STEP * len(each.shown)
    svg = canvas(bottom + 28)
    _legend(svg)
    _grid(svg, bottom)
    for index, one in enumerate(each.shown):
        _row(svg, TOP + STEP * (index + 0.5), one)
    rows = [
        [name(c.name), c.rows, c.predicted, c.precision, c.recall, c.f1, c.roc_auc, c.average_precision]
        for c in each.shown
    ]
    return Figure("Class by class", _sentence(each), svg, COLUMNS, rows)


def _legend(svg: Element) -> None:
    shape(svg, "rect", x=LEFT, y=5, width=7, height=7, fill="orange")
    write(svg, LEFT + 13, 13, "precision", font_size=12)
    shape(svg, "circle", cx=LEFT + 94, cy=8.5, r=6, fill="blue")
    write(svg, LEFT + 106, 13, "recall", font_size=12)
    write(svg, WIDTH, 13, "F1", font_size=12, text_anchor="end")


def _across(share: float) -> float:
    return LEFT + SHARES.fraction(share) * (RIGHT - LEFT)


def _grid(svg: Element, bottom: float) -> None:
    ticks = SHARES.ticks(6)
    lines = shape(svg, "g", stroke="faint", stroke_width=1)
    texts = shape(svg, "g", fill="soft", font_size=12, text_anchor="middle")
    for tick, label in zip(ticks, tick_labels(ticks), strict=True):
        shape(lines, "path", d=f"M{_across(tick):.1f} {TOP:.1f}V{bottom:.1f}")
        shape(texts, "text", x=_across(tick), y=bottom + 17).text = label


def _row(svg: Element, y: float, scores: ClassScores) -> None:
    """A square for precision, a dot for recall, and the line between them."""
    write(svg, LEFT - 8, y + 4.5, fitted(scores.name, LEFT - 12, 13), text_anchor="end")
    known = [_across(share) for share in (scores.precision, scores.recall) if share is not None]
    if len(known) == 2:
        shape(svg, "path", d=f"M{known[0]:.1f} {y:.1f}H{known[1]:.1f}", stroke="grey", stroke_width=2)
    if scores.recall is not None:
        shape(svg, "circle", cx=_across(scores.recall), cy=y, r=6, fill="blue")
    if scores.precision is not None:
        shape(svg, "rect", x=_across(scores.precision) - 3.5, y=y - 3.5, width=7, height=7, fill="orange")
    write(svg, WIDTH, y + 4.5, shown(scores.f1), fill="soft", text_anchor="end")


def _sentence(each: Capped[ClassScores]) -> str:
    found = [one for one in each.shown if one.recall is not None]
    worst_one = ""
    if found:
        worst = min(found, key=lambda one: one.recall or 0.0)
        precision = "none was predicted" if worst.precision is None else f"precision {told(worst.precision)}"
        worst_one = (
            f" The fewest are found of {name(worst.name)}: {percent(worst.recall or 0.0)} of {worst.rows:,} "
            f"({precision})."
        )
    some = f" {len(each.shown)} of {each.total:,} classes shown." if len(each.shown) < each.total else ""
    return f"Recall: how many of a class are found. Precision: how many called so are of it.{worst_one}{some}"
