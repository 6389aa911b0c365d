"""A figure of the page: an SVG of plain shapes, said in a sentence and in a table too.

The shapes are written by hand and not by matplotlib, whose SVG of two losses over 100 epochs has 15 kB and
not 5, and takes half a second with the import and not 3 ms: a third of a run on iris. Its `style` attributes
are dropped by policies that forbid styles, as that of Jenkins does: what is left is a black box. What it
knows better, where ticks belong, is in `artifacts/loss_axis.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from xml.etree import ElementTree

from mlpcli.report.figures.palette import painted

Element: TypeAlias = "ElementTree.Element"
Value: TypeAlias = "str | float"
Cell: TypeAlias = "str | int | float | None"

WIDTH: Final = 460.0  # of every figure, in its own units: two fit beside each other, one fits on a telephone
TEXT_SIZE: Final = 13.0


@dataclass(frozen=True)
class Figure:
    """An SVG with its title, a sentence with its numbers, and what it shows as a table.

    `columns` are the heads of the table, `rows` its cells; the first of each row is its head.
    """

    title: str
    sentence: str
    svg: Element
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def markup(self, name: str) -> str:
        """The SVG as text. `name` is this figure's alone on the page: every id begins with it."""
        svg = ElementTree.Element("svg", self.svg.attrib)
        svg.set("aria-labelledby", f"{name}-title")
        svg.set("aria-describedby", f"{name}-desc")
        for part, text in (("title", self.title), ("desc", self.sentence)):
            ElementTree.SubElement(svg, part, {"id": f"{name}-{part}"}).text = text
        svg.extend(self.svg)
        return ElementTree.tostring(svg, encoding="unicode")


def canvas(height: float) -> Element:
    """An empty SVG, WIDTH wide."""
    attributes = {
        "viewBox": f"0 0 {number(WIDTH)} {number(height)}",
        "width": number(WIDTH),
        "height": number(height),
        "role": "img",
        "font-family": "system-ui,sans-serif",
        "font-size": number(TEXT_SIZE),
    }
    return ElementTree.Element("svg", attributes)


def shape(parent: Element, tag: str, **attributes: Value) -> Element:
    """A new element in another; `fill` and `stroke` name colours, `stroke_width` is stroke-width."""
    texts = {
        name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else number(value)
        for name, value in attributes.items()
    }
    return ElementTree.SubElement(parent, tag, painted(texts))


def write(parent: Element, x: float, y: float, text: str, **attributes: Value) -> Element:
    """A text at a place, in ink unless `fill` says another colour."""
    element = shape(parent, "text", x=x, y=y, **{"fill": "ink", **attributes})
    element.text = text
    return element


def line(points: Sequence[tuple[float, float]]) -> str:
    """The data of a path through points, in pixels."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def dots(points: Sequence[tuple[float, float]]) -> str:
    """The data of a path that is a dot at each point, where its stroke has round ends: 12 bytes each."""
    return "".join(f"M{number(x)} {number(y)}h0" for x, y in points)


def number(value: float) -> str:
    """A length with one digit behind the point, finer than what a screen can show."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
