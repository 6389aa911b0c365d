"""The loss curve in text: whole drawings, and the room that they take whatever the history."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts.history import Row
from mlpcli.artifacts.terminal_curve import COLOURS, Extras, terminal_curve

ROWS: list[Row] = [
    {"epoch": epoch, "loss": 1 / epoch, "val_loss": 1 / epoch + 0.05 * epoch} for epoch in range(1, 6)
]

IN_ASCII = """\
loss
    |oo
  1 +**o
    |  *ooo
    |   ***oooo
0.5 +      ****ooooooooooooooo val 0.45
    |          ************
    |                      *** train 0.2
    ++-----------------------+
     1                       5  epoch
"""

IN_BRAILLE = """\
loss
  1 ┤⡂
    │⠈⢪ ⡀
    │  ⠑⢄⠄
    │    ⠱⡐ ⡀
0.5 ┤     ⠈⠒⠤⣈⡀⠂⠠ ⠄⠠ ⡀⢀ ⡀⢀ ⡀⢀  val 0.45
    │         ⠈⠑⠢⠤⠤⣀⣀⣀
    │                 ⠉⠉⠉⠑⠒⠒⠤⠤ train 0.2
    └┬───────────────────────┬
     1                       5  epoch
"""


@pytest.mark.parametrize(("unicode", "expected"), [(False, IN_ASCII), (True, IN_BRAILLE)])
def test_a_whole_drawing(unicode: bool, expected: str) -> None:
    assert terminal_curve(ROWS, 40, 10, unicode=unicode) == expected.splitlines()


LOSSES = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 10) | st.none() | st.just(0.0)


@given(
    st.lists(st.tuples(LOSSES, LOSSES), max_size=30),
    st.integers(1, 10**6),
    st.integers(40, 120),
    st.integers(8, 30),
    st.booleans(),
)
def test_it_keeps_to_its_room(
    losses: list[tuple[float | None, float | None]], every: int, width: int, height: int, unicode: bool
) -> None:
    rows: list[Row] = [
        {"epoch": 1 + index * every, "loss": loss, "val_loss": val_loss}
        for index, (loss, val_loss) in enumerate(losses)
    ]
    lines = terminal_curve(rows, width, height, unicode=unicode)
    assert len(lines) in {0, height}
    assert max(map(len, lines), default=0) <= width
    assert all(line == line.rstrip() and line.isprintable() for line in lines)
    assert unicode or all(line.isascii() for line in lines)


def test_without_a_loss_there_is_nothing_to_draw() -> None:
    assert terminal_curve([], 80, 12, unicode=True) == []
    assert terminal_curve([{"epoch": 1, "loss": None}], 80, 12, unicode=True) == []


@pytest.mark.parametrize("last", [1.0, 0.0])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("gap", [-1e-9, 1e-9])
def test_the_name_of_the_higher_curve_is_above_where_both_end_together(
    last: float, unicode: bool, gap: float
) -> None:
    rows: list[Row] = [
        {"epoch": 1, "loss": 0.5, "val_loss": 0.5},
        {"epoch": 2, "loss": last, "val_loss": last + gap},
        {"epoch": 3, "loss": last, "val_loss": last + gap},
    ]
    lines = terminal_curve(rows, 60, 10, unicode=unicode)
    (train,) = [index for index, line in enumerate(lines) if " train " in line]
    (validation,) = [index for index, line in enumerate(lines) if " val " in line]
    assert train - validation == (1 if gap > 0 else -1)


def test_the_curves_can_be_told_apart_without_colour() -> None:
    flat: list[Row] = [{"epoch": epoch, "loss": 1.0, "val_loss": 2.0} for epoch in range(1, 9)]
    train, validation = (
        next(line for line in terminal_curve(flat, 60, 10, unicode=True) if f" {name} " in line)
        for name in ("train", "val")
    )
    strokes = [set(line.split("│")[-1].split("┤")[-1][:20]) for line in (train, validation)]
    assert len(strokes[0]) == 1
    assert len(strokes[1]) > 1


def test_a_loss_over_several_decades_has_a_logarithmic_axis() -> None:
    rows: list[Row] = [{"epoch": epoch, "loss": 10.0**-epoch} for epoch in range(1, 7)]
    lines = terminal_curve(rows, 60, 12, unicode=False)
    assert lines[0] == "loss (log scale)"
    assert [line.split()[0] for line in lines[1:-2] if "+" in line] == ["0.01", "0.0001", "1e-6"]


CODES = re.compile(r"\x1b\[[0-9]+m")


@pytest.mark.parametrize("unicode", [True, False])
def test_colours_add_nothing_but_colours(unicode: bool) -> None:
    plain = terminal_curve(ROWS, 40, 10, unicode=unicode, extras=Extras(best_epoch=3))
    painted = terminal_curve(ROWS, 40, 10, unicode=unicode, extras=Extras(best_epoch=3, colours=True))
    assert [CODES.sub("", line) for line in painted] == plain
    for name, colour in (("train 0.2", COLOURS["train"]), ("val 0.45", COLOURS["validation"])):
        (line,) = [line for line in painted if name in line]
        assert f"{colour} {name}\x1b[0m" in line
        assert line.endswith("\x1b[0m")
    assert COLOURS["train"] != COLOURS["validation"]


@pytest.mark.parametrize(("unicode", "mark"), [(True, "●"), (False, "@")])
@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_the_best_epoch_is_marked_on_the_curve_that_decides(unicode: bool, mark: str, epoch: int) -> None:
    lines = terminal_curve(ROWS, 40, 10, unicode=unicode, extras=Extras(best_epoch=epoch))
    assert lines[0] == f"loss   {mark} best epoch {epoch}"
    (marked,) = [line for line in lines[1:] if mark in line]
    left = lines[-2].index("└" if unicode else "+") + 1
    width = len(lines[-2]) - left
    assert marked.index(mark) - left == round((epoch - 1) / 4 * (width - 1))
    unmarked = terminal_curve(ROWS, 40, 10, unicode=unicode)
    assert sum(a != b for a, b in zip(lines, unmarked, strict=True)) == 2


@pytest.mark.parametrize("epoch", [None, 7])
def test_an_epoch_that_is_not_there_has_no_mark(epoch: int | None) -> None:
    assert terminal_curve(ROWS, 40, 10, unicode=True, extras=Extras(epoch)) == IN_BRAILLE.splitlines()
