"""The loss curves of a run in text: training as a line, validation as dots, each named where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, TypeAlias

from mlpcli.artifacts.history import Row, Series, curves_of, thinned
from mlpcli.artifacts.loss_axis import LossAxis, epoch_ticks, loss_axis, tick_labels

Pixel: TypeAlias = tuple[int, int]  # from the left, from the top
Cell: TypeAlias = tuple[str, str | None]  # what stands there, and the name of the curve that it belongs to
BLANK_CELL: Final[Cell] = (" ", None)
NOTHING: Final[Cell] = ("", None)


@dataclass(frozen=True)
class Drawing:
    """A way to draw with characters: the pixels that each one has, from dot to dot of a curve, the frame."""

    across: int
    down: int
    spacing: int
    wall: str
    wall_tick: str
    corner: str
    floor: str
    floor_tick: str
    mark: str


BRAILLE: Final = Drawing(2, 4, 3, wall="│", wall_tick="┤", corner="└", floor="─", floor_tick="┬", mark="●")
ASCII: Final = Drawing(1, 1, 1, wall="|", wall_tick="+", corner="+", floor="-", floor_tick="+", mark="@")
# the bit that each dot adds to the blank braille character, from top left to bottom right
BLANK, DOTS = 0x2800, ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
NAMES: Final = {"train": "train", "validation": "val"}
EPOCH: Final = "  epoch"
SIGNS: Final = {"train": "*", "validation": "o"}
# two that can be told apart on a dark and on a light ground: cyan and magenta
COLOURS: Final = {"train": "\x1b[36m", "validation": "\x1b[35m"}
NO_COLOUR: Final = "\x1b[0m"


@dataclass(frozen=True)
class Extras:
    """What a drawing may have besides: a mark at the best epoch, colours where a terminal shows them."""

    best_epoch: int | None = None
    colours: bool = False

    def painted(self, text: str, name: str | None) -> str:
        """A text in the colour of a curve."""
        return f"{COLOURS[name]}{text}{NO_COLOUR}" if self.colours and name and text.strip() else text


@dataclass(frozen=True)
class Plot:
    """The area inside the frame: its size in characters, and what it shows."""

    columns: int
    rows: int
    axis: LossAxis
    last_epoch: int
    drawing: Drawing

    def row(self, loss: float) -> int:
        """The row of characters that a loss is in."""
        return self.pixel(1, loss)[1] // self.drawing.down

    def column(self, epoch: int) -> int:
        """The column of characters that an epoch is in."""
        return self.pixel(epoch, self.axis.high)[0] // self.drawing.across

    def pixel(self, epoch: int, loss: float) -> Pixel:
        """Where a point of a curve is."""
        width, height = self.columns * self.drawing.across, self.rows * self.drawing.down
        x = (epoch - 1) / max(1, self.last_epoch - 1)
        return round(x * (width - 1)), round((1 - self.axis.fraction(loss)) * (height - 1))


def terminal_curve(
    rows: Sequence[Row], width: int, height: int, *, unicode: bool, extras: Extras = Extras()
) -> list[str]:
    """The curves of a history in `height` lines of at most `width` characters; none where there is no loss.

    Drawn in braille characters, of eight dots each, or in ASCII.
    """
    series = curves_of(rows)
    if not series:
        return []
    axis = loss_axis(series)
    ticks = axis.ticks(max(2, height // 3))
    labels = tick_labels(ticks)
    names = {one.name: f" {NAMES[one.name]} {one.last[1]:.3g}" for one in series}
    last_epoch = max(one.last[0] for one in series)
    left = max(map(len, labels), default=0) + 2
    # to the right the names, and below them the last epoch's number and what the numbers are
    right = max(*map(len, names.values()), len(str(last_epoch)) // 2 + len(EPOCH))
    plot = Plot(
        columns=max(8, width - left - right),
        rows=max(2, height - 3),  # below the caption, above the epochs
        axis=axis,
        last_epoch=last_epoch,
        drawing=BRAILLE if unicode else ASCII,
    )
    wall = _wall(plot, dict(zip(labels, ticks, strict=True)), left)
    cells = (_braille if unicode else _signs)(plot, series)
    caption = axis.caption + _mark_best(plot, series[-1], cells, extras)
    drawn = (_joined(row, extras) for row in cells)
    ends = (extras.painted(*end) for end in _ends(plot, series, names))
    lines = [*map("".join, zip(wall, drawn, ends, strict=True)), *_epochs(plot, left)]
    return [line.rstrip() for line in (caption, *lines)]


def _mark_best(plot: Plot, series: Series, cells: list[list[Cell]], extras: Extras) -> str:
    """Put the mark where the best epoch is, if there is one; what the caption says of it."""
    epoch = extras.best_epoch
    loss = None if epoch is None else series.at(epoch)
    if epoch is None or loss is None:
        return ""
    sign = plot.drawing.mark
    cells[plot.row(loss)][plot.column(epoch)] = sign, series.name
    return f"   {extras.painted(sign, series.name)} best epoch {epoch}"


def _joined(row: Sequence[Cell], extras: Extras) -> str:
    """The cells of a row, neighbours of one curve together."""
    runs = ((name, "".join(sign for sign, _ in run)) for name, run in groupby(row, itemgetter(1)))
    return "".join(extras.painted(text, name) for name, text in runs)


def _wall(plot: Plot, ticks: dict[str, float], width: int) -> list[str]:
    """The axis to the left of every row, with the numbers where they belong."""
    numbers = {plot.row(value): label for label, value in ticks.items()}
    drawing = plot.drawing
    return [
        f"{numbers[row]:>{width - 2}} {drawing.wall_tick}" if row in numbers else f"{drawing.wall:>{width}}"
        for row in range(plot.rows)
    ]


def _ends(plot: Plot, series: Sequence[Series], names: dict[str, str]) -> list[Cell]:
    """What stands to the right of every row: the names, in rows of their own."""
    rows = {plot.row(one.last[1]): one.name for one in series}
    if len(rows) < len(series):  # both end in one row: the name of the higher curve goes above the other's
        first = max(0, plot.row(series[0].last[1]) - 1)
        falling = sorted(series, key=lambda one: -one.last[1])
        rows = {first + index: one.name for index, one in enumerate(falling)}
    named = (rows.get(row) for row in range(plot.rows))
    return [(names[name], name) if name else NOTHING for name in named]


def _epochs(plot: Plot, left: int) -> list[str]:
    """The axis below, and its numbers."""
    drawing = plot.drawing
    floor = [drawing.floor] * plot.columns
    numbers = [" "] * (left + plot.columns + len(str(plot.last_epoch)))
    for epoch in epoch_ticks(plot.last_epoch, max(2, plot.columns // 10)):
        column, label = plot.column(epoch), str(epoch)
        start = left + column - (len(label) - 1) // 2
        floor[column] = drawing.floor_tick
        numbers[start : start + len(label)] = label
    below = "".join(numbers).rstrip()
    return [f"{drawing.corner:>{left}}{''.join(floor)}", f"{below}{EPOCH}"]


def _braille(plot: Plot, series: Sequence[Series]) -> list[list[Cell]]:
    """The cells of every row; one where both curves are belongs to the one drawn later, of fewer dots."""
    dots = [[BLANK] * plot.columns for _ in range(plot.rows)]
    names: list[list[str | None]] = [[None] * plot.columns for _ in range(plot.rows)]
    for one in series:
        for x, y in _drawn(plot, one):
            dots[y // 4][x // 2] |= DOTS[y % 4][x % 2]
            names[y // 4][x // 2] = one.name
    signs = ["".join(map(chr, row)).replace(chr(BLANK), " ") for row in dots]
    return [list(zip(row, owners, strict=True)) for row, owners in zip(signs, names, strict=True)]


def _signs(plot: Plot, series: Sequence[Series]) -> list[list[Cell]]:
    cells: list[list[Cell]] = [[BLANK_CELL] * plot.columns for _ in range(plot.rows)]
    for one in reversed(series):
        for x, y in _drawn(plot, one):
            cells[y][x] = SIGNS[one.name], one.name
    return cells


def _drawn(plot: Plot, series: Series) -> Iterator[Pixel]:
    """The pixels of a curve: all of them for training, some for validation, so that it looks dotted."""
    points = thinned(series.points, plot.columns * plot.drawing.across)
    path = [plot.pixel(epoch, loss) for epoch, loss in points]
    every = 1 if series.name == "train" else plot.drawing.spacing
    line = [path[0], *(pixel for start, end in pairwise(path) for pixel in _segment(start, end))]
    yield from line[::every]


def _segment(start: Pixel, end: Pixel) -> Iterator[Pixel]:
    """The pixels between two, the first one left out."""
    (x, y), (to_x, to_y) = start, end
    steps = max(abs(to_x - x), abs(to_y - y))
    for step in range(1, steps + 1):
        yield x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)
