"""The metric that says most, its interval, and what a constant prediction comes to, along one line."""

from __future__ import annotations

from mlpcli.artifacts.loss_axis import LossAxis, tick_labels
from mlpcli.report.blocks import Score
from mlpcli.report.figures.lettering import told, width
from mlpcli.report.figures.plot import axis
from mlpcli.report.figures.svg import WIDTH, Cell, Element, Figure, canvas, shape, write

LEFT, RIGHT, LINE = 12.0, WIDTH - 12.0, 44.0


def score_strip(score: Score, words: str) -> Figure | None:
    """The figure, or None where the metric is not defined. `words` are what a person calls the rows."""
    if score.value is None:
        return None
    svg = canvas(80)
    scale = _scale(score, score.value)
    _line(svg, scale)
    _marks(svg, scale, score, score.value)
    rows: list[list[Cell]] = [["value", score.value], ["95 % from", score.low], ["to", score.high]]
    rows.append(["constant prediction", score.baseline])
    title = f"{score.metric} on {words} rows beside a constant prediction"
    return Figure(title, _sentence(score, score.value, words), svg, ("what", score.metric), rows)


def _marks(svg: Element, scale: LossAxis, score: Score, value: float) -> None:
    """A stroke for the constant prediction, a band for the interval, a dot for the value."""
    if score.baseline is not None:
        x = _across(scale, score.baseline)
        shape(svg, "path", d=f"M{x:.1f} {LINE - 11}v22", stroke="ink", stroke_width=2)
        _label(svg, x, "constant prediction")
    if score.low is not None and score.high is not None:
        low, high = _across(scale, score.low), _across(scale, score.high)
        band = shape(svg, "path", d=f"M{low:.1f} {LINE}H{high:.1f}", stroke="blue", stroke_width=9)
        band.set("stroke-opacity", "0.45")
    dot = shape(svg, "circle", cx=_across(scale, value), cy=LINE, r=6, fill="blue", stroke="paper")
    dot.set("stroke-width", "2")


def _scale(score: Score, value: float) -> LossAxis:
    """From 0 to 1 where that fits, else around the values."""
    given = (value, score.baseline, score.low, score.high)
    known = [one for one in given if one is not None]
    if score.greater_is_better and min(known) >= 0 and max(known) <= 1:
        return LossAxis(0.0, 1.0, None)
    return axis([*known, 0.0] if min(known) >= 0 else known, "")


def _across(scale: LossAxis, value: float) -> float:
    return LEFT + scale.fraction(value) * (RIGHT - LEFT)


def _line(svg: Element, scale: LossAxis) -> None:
    shape(svg, "path", d=f"M{LEFT} {LINE}H{RIGHT}", stroke="grey")
    ticks = scale.ticks(6)
    texts = shape(svg, "g", fill="soft", font_size=12, text_anchor="middle")
    for tick, label in zip(ticks, tick_labels(ticks), strict=True):
        x = _across(scale, tick)
        shape(svg, "path", d=f"M{x:.1f} {LINE}v5", stroke="grey")
        shape(texts, "text", x=x, y=LINE + 26).text = label


def _label(svg: Element, x: float, text: str) -> None:
    """A text above a place, moved so that it stays inside."""
    half = width(text, 12) / 2
    write(svg, min(max(x, half), WIDTH - half), LINE - 18, text, font_size=12, text_anchor="middle")


def _sentence(score: Score, value: float, words: str) -> str:
    sure = f", 95 % interval {told(score.low)} to {told(score.high)}" if score.low is not None else ""
    beside = f"; a constant prediction has {told(score.baseline)}" if score.baseline is not None else ""
    way = "more" if score.greater_is_better else "less"
    return f"{score.metric} on {words} rows: {told(value)}{sure}{beside}. The {way} the better."
