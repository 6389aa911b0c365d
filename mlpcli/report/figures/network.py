"""The network drawn, from the inputs down to the outputs: widths, activations, how many numbers it learns.

It goes down and not to the right: so any number of layers has room, and the words beside them stay as large
as the rest on a telephone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlpcli.report.figures.lettering import counted, fitted, phrase
from mlpcli.report.figures.svg import WIDTH, Cell, Element, Figure, canvas, line, shape, write
from mlpcli.report.network_parts import Network

STEP, TOP = 78.0, 24.0
MIDDLE, TEXT = 112.0, 238.0  # where the units are centred, and where words begin
UNITS: Final = 9  # units of a layer that are drawn
APART, RADIUS = 24.0, 7.0
ROOM: Final = WIDTH - TEXT


@dataclass(frozen=True)
class Row:
    """A row of units, and two lines of words beside it."""

    width: int
    title: str
    words: str
    colour: str


def network_figure(given: Network) -> Figure:
    """The figure: at most as many layers as the document shows, the last of them the outputs."""
    rows = _rows(given)
    svg = canvas(TOP + STEP * (len(rows) - 1) + 34)
    places = [_units(row.width) for row in rows]
    for index in range(len(rows) - 1):
        _connect(svg, places[index], places[index + 1], TOP + STEP * index)
    for index, row in enumerate(rows):
        _draw(svg, row, places[index], TOP + STEP * index)
    heads = ("layer", "inputs", "outputs", "then", "parameters")
    rows_of_layers: list[list[Cell]] = [
        [one.name, one.inputs, one.outputs, ", ".join(one.then), one.parameters] for one in given.layers.shown
    ]
    before: list[list[Cell]] = [
        [one.name, None, None, one.what, one.parameters] for one in given.before.shown
    ]
    return Figure("The network", _sentence(given), svg, heads, [*before, *rows_of_layers])


def _rows(given: Network) -> list[Row]:
    layers = given.layers.shown
    learnt = sum(one.parameters for one in given.before.shown)
    before = f"made by {counted(learnt, 'parameter')}" if learnt else ""
    rows = [Row(layers[0].inputs, counted(layers[0].inputs, "input"), before, "green")] if layers else []
    for index, layer in enumerate(layers):
        last = index == len(layers) - 1 and len(layers) == given.layers.total
        what, colour = ("output", "orange") if last else ("unit", "blue")
        title = " · ".join([counted(layer.outputs, what), *layer.then])
        rows.append(Row(layer.outputs, title, counted(layer.parameters, "parameter"), colour))
    return rows


def _units(width: int) -> list[float]:
    """Where the units of a row are, from left to right; NaN stands for those that are left out."""
    few = min(width, UNITS)
    return [MIDDLE + (index - (few - 1) / 2) * APART for index in range(few)]


def _connect(svg: Element, above: list[float], under: list[float], y: float) -> None:
    """A line from every unit to every unit of the next row, in one path."""
    lines = "".join(line([(x1, y), (x2, y + STEP)]) for x1 in above for x2 in under)
    shape(svg, "path", d=lines, stroke="grey", stroke_width=0.6, stroke_opacity="0.55")


def _draw(svg: Element, row: Row, places: list[float], y: float) -> None:
    hidden = len(places) // 2 if row.width > UNITS else None
    for index, x in enumerate(places):
        if index == hidden:
            shape(svg, "rect", x=x - 11, y=y - 9, width=22, height=18, fill="paper")
            write(svg, x, y + 4, "···", text_anchor="middle", font_weight="bold")
        else:
            shape(svg, "circle", cx=x, cy=y, r=RADIUS, fill=row.colour, stroke="paper", stroke_width=1.5)
    middle = y + (-3 if row.words else 4)
    write(svg, TEXT, middle, fitted(row.title, ROOM, 13), font_weight="600")
    if row.words:
        write(svg, TEXT, y + 14, row.words, fill="soft", font_size=12)


def _sentence(given: Network) -> str:
    widths = (
        [given.layers.shown[0].inputs, *(one.outputs for one in given.layers.shown)]
        if given.layers.shown
        else []
    )
    hidden = given.layers.total - len(given.layers.shown)
    more = f" and {hidden} layers more" if hidden else ""
    each = f" in each of {given.members} networks: {phrase(given.together)}" if given.together else ""
    return (
        f"Layers of {'-'.join(map(str, widths))} units{more}, {counted(given.parameters, 'parameter')}{each}."
    )
