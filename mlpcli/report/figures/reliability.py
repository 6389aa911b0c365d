"""Whether probabilities are right: how often came true what was said with which probability."""

from __future__ import annotations

from typing import Final

from mlpcli.report.class_parts import Reliability
from mlpcli.report.figures.lettering import phrase, told
from mlpcli.report.figures.plot import Plot, begin, below, diagonal, share_axis
from mlpcli.report.figures.svg import Figure, canvas, line, shape, write

STRIP: Final = 46.0  # the height of the counts below the plot


def reliability(given: Reliability) -> Figure:
    """The figure: a point for each bin with its interval, and below how many rows are in it."""
    svg = canvas(430)
    plot = begin(svg, share_axis("probability that was said"), share_axis("share that came true"), 300)
    below(plot)
    diagonal(plot)
    bars = shape(svg, "g", stroke="blue", stroke_width=1.5)
    for said, low, high in zip(given.said, given.low, given.high, strict=True):
        (x, y1), (_, y2) = plot.at(said, low), plot.at(said, high)
        shape(bars, "path", d=f"M{x:.1f} {y1:.1f}V{y2:.1f}M{x - 3:.1f} {y1:.1f}h6M{x - 3:.1f} {y2:.1f}h6")
    points = plot.all(given.said, given.found)
    shape(svg, "path", d=line(points), fill="none", stroke="blue", stroke_width=1.5)
    for x, y in points:
        shape(svg, "circle", cx=x, cy=y, r=4, fill="blue")
    _counts(plot, given)
    rows = [list(row) for row in zip(given.said, given.found, given.low, given.high, given.rows, strict=True)]
    columns = ("mean probability", "share that came true", "from", "to", "rows")
    return Figure("Are the probabilities right?", _sentence(given), svg, columns, rows)


def _counts(plot: Plot, given: Reliability) -> None:
    """A bar for the rows of each bin, below the axis."""
    top = plot.bottom + 66
    write(
        plot.svg, 0, top - 4, f"rows in each bin, {max(given.rows):,} at the most", fill="soft", font_size=12
    )
    bars = shape(plot.svg, "g", fill="grey")
    for said, rows in zip(given.said, given.rows, strict=True):
        x, _ = plot.at(said, 0)
        height = max(1.0, STRIP * rows / max(given.rows))
        shape(bars, "rect", x=x - 4, y=top + 8 + STRIP - height, width=8, height=height)
    end = top + 8 + STRIP
    shape(plot.svg, "path", d=f"M{plot.left:.1f} {end:.1f}H{plot.right:.1f}", stroke="grey")


def _sentence(given: Reliability) -> str:
    far = max(range(len(given.said)), key=lambda index: abs(given.said[index] - given.found[index]))
    brier = f" The Brier score is {told(given.brier)}." if given.brier is not None else ""
    return (
        f"For {phrase(given.of)}, said and found are {told(given.ece)} apart in the mean (ECE of "
        f"{len(given.said)} bins); furthest where {told(given.said[far])} was said and "
        f"{told(given.found[far])} came true, of {given.rows[far]:,} rows.{brier} On the dashed line every "
        "probability is right."
    )
