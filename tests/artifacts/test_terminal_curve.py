"""The loss curve in text: whole drawings, and the room that they take whatever the history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts.history import Row
from mlpcli.artifacts.terminal_curve import terminal_curve

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
