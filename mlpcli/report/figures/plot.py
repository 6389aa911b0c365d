"""The frame of a plot: two axes with round ticks and faint lines, and where pairs of values lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mlpcli.artifacts.loss_axis import LossAxis, tick_labels
from mlpcli.report.figures.lettering import fitted, width
from mlpcli.report.figures.svg import TEXT_SIZE, WIDTH, Element, shape, write

Pixels: TypeAlias = tuple[float, float]

ABOVE, BELOW, RIGHT = 40.0, 44.0, 16.0  # room for caption and legend, for ticks and caption, for half a label
MARGIN: Final = 0.05
SMALL: Final = 12.0
SWATCH: Final = 22.0
# lines are told apart by their dashes too, where colours are not seen
DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")


def axis(values: Iterable[float], what: str) -> LossAxis:
    """A linear axis that shows all of these values, one at least, with a little room around them."""
    known = list(values)
    low, high = min(known), max(known)
    room = MARGIN * (high - low) if high > low else max(abs(high), 1.0) / 2
    return LossAxis(low - room, high + room, None, what)


def share_axis(what: str) -> LossAxis:
    """The axis of a share: from 0 to 1."""
    return LossAxis(0.0, 1.0, None, what)


@dataclass(frozen=True)
class Plot:
    """Two axes in an SVG, and the rectangle between them in its units."""

    svg: Element
    x: LossAxis
    y: LossAxis
    left: float
    right: float
    top: float
    bottom: float

    def at(self, x: float, y: float) -> Pixels:
        """Where a pair of values lies."""
        across = self.left + self.x.fraction(x) * (self.right - self.left)
        return across, self.bottom - self.y.fraction(y) * (self.bottom - self.top)

    def all(self, xs: Iterable[float], ys: Iterable[float]) -> list[Pixels]:
        """Where pairs of values lie."""
        return [self.at(x, y) for x, y in zip(xs, ys, strict=True)]


def begin(svg: Element, x: LossAxis, y: LossAxis, bottom: float, right: float = WIDTH - RIGHT) -> Plot:
    """Draw the vertical axis and its lines in an SVG, down to `bottom` and up to `right`."""
    ticks = y.ticks(6)
    labels = tick_labels(ticks)
    left = max((width(label, SMALL) for label in labels), default=0.0) + 10
    plot = Plot(svg, x, y, left, right, ABOVE, bottom)
    write(svg, 0, 13, y.caption, fill="soft")
    lines = shape(svg, "g", stroke="faint", stroke_width=1)
    texts = shape(svg, "g", fill="soft", font_size=SMALL, text_anchor="end")
    for tick, label in zip(ticks, labels, strict=True):
        _, at = plot.at(x.low, tick)
        shape(lines, "path", d=f"M{left:.1f} {at:.1f}H{right:.1f}")
        shape(texts, "text", x=left - 7, y=at + 4).text = label
    return plot


def below(plot: Plot, ticks: Sequence[float] | None = None) -> None:
    """Draw the horizontal axis: its line, its ticks with their numbers, and what they are."""
    places = plot.x.ticks(6) if ticks is None else ticks
    line = shape(plot.svg, "g", stroke="grey", stroke_width=1)
    shape(line, "path", d=f"M{plot.left:.1f} {plot.bottom:.1f}H{plot.right:.1f}")
    texts = shape(plot.svg, "g", fill="soft", font_size=SMALL, text_anchor="middle")
    for tick, label in zip(places, tick_labels(places), strict=True):
        across, _ = plot.at(tick, plot.y.low)
        shape(line, "path", d=f"M{across:.1f} {plot.bottom:.1f}v4")
        shape(texts, "text", x=across, y=plot.bottom + 17).text = label
    middle = (plot.left + plot.right) / 2
    write(plot.svg, middle, plot.bottom + 37, plot.x.caption, fill="soft", text_anchor="middle")


def diagonal(plot: Plot) -> None:
    """The line where both values are equal, as far as both axes have it."""
    low, high = max(plot.x.low, plot.y.low), min(plot.x.high, plot.y.high)
    if low < high:
        (x1, y1), (x2, y2) = plot.at(low, low), plot.at(high, high)
        shape(plot.svg, "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="grey", stroke_dasharray="3 4")


def legend(svg: Element, entries: Sequence[tuple[str, str]], y: float = 13) -> None:
    """Names with the colours of their lines, in a row that ends at the right edge."""
    at = WIDTH
    for text, colour in reversed(entries):
        at -= width(text, SMALL)
        write(svg, at, y, text, font_size=SMALL)
        shape(svg, "path", d=f"M{at - SWATCH:.1f} {y - 4:.1f}h16", stroke=colour, stroke_width=3)
        at -= SWATCH + 14


def side_legend(plot: Plot, entries: Sequence[tuple[str, str, str]]) -> None:
    """To the right of a plot: names, the colours of their lines, and a second line of text below each."""
    left = plot.right + 18
    for index, (text, colour, more) in enumerate(entries):
        y = plot.top + 8 + 40 * index
        dash = DASHES[index % len(DASHES)]
        shape(
            plot.svg,
            "path",
            d=f"M{left:.1f} {y - 4:.1f}h20",
            stroke=colour,
            stroke_width=3,
            stroke_dasharray=dash,
        )
        write(plot.svg, left + 26, y, fitted(text, WIDTH - left - 26, TEXT_SIZE))
        write(plot.svg, left + 26, y + 16, more, fill="soft", font_size=SMALL)
