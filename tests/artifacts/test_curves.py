"""The pictures of the loss: what they show, and that their bytes depend on nothing else."""

from __future__ import annotations

import hashlib
import os
import random
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from mlpcli.artifacts.curves import loss_pictures
from mlpcli.artifacts.history import Row, curves_of
from mlpcli.artifacts.loss_axis import loss_axis
from mlpcli.artifacts.loss_figure import COLOURS, IN_THE_DARK, INK, PAPER, loss_figure

ROWS: list[Row] = [
    {"epoch": 1, "loss": 1.0, "val_loss": 1.25},
    {"epoch": 2, "loss": 0.5, "val_loss": 0.75},
    {"epoch": 3, "loss": 0.25, "val_loss": 0.875},
]


def drawn(rows: list[Row], best_epoch: int | None = None) -> Figure:
    return loss_figure({"loss": curves_of(rows)}, "run", best_epoch)


def texts_of(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_curves_go_through_the_losses() -> None:
    train, validation = drawn(ROWS).axes[0].lines
    assert train.get_xydata().tolist() == [[1, 1.0], [2, 0.5], [3, 0.25]]
    assert validation.get_xydata().tolist() == [[1, 1.25], [2, 0.75], [3, 0.875]]
    assert train.get_color() != validation.get_color()


def test_the_best_epoch_is_marked_on_the_validation_curve() -> None:
    *_, upright, ring = drawn(ROWS, 2).axes[0].lines
    assert list(upright.get_xdata()) == [2, 2]
    assert ring.get_xydata().tolist() == [[2, 0.75]]


def test_a_best_epoch_without_a_point_is_not_marked() -> None:
    assert len(drawn(ROWS, 9).axes[0].lines) == 2


def test_the_labels_stand_where_the_curves_end_and_do_not_touch() -> None:
    axes = drawn(ROWS).axes[0]
    low, high = axes.get_ylim()
    assert [label.get_position()[1] for label in axes.texts] == pytest.approx(
        [(0.25 - low) / (high - low), (0.875 - low) / (high - low)]
    )
    close: list[Row] = [*ROWS, {"epoch": 4, "loss": 0.5, "val_loss": 0.501}]
    train, validation = (label.get_position()[1] for label in drawn(close).axes[0].texts)
    assert validation - train == pytest.approx(0.055)


@pytest.mark.parametrize(("smallest", "scale"), [(1e-6, "log"), (0.5, "linear"), (-1e-6, "linear")])
def test_the_scale_follows_the_range(smallest: float, scale: str) -> None:
    axes = drawn([*ROWS, {"epoch": 4, "loss": smallest, "val_loss": None}]).axes[0]
    assert axes.get_yscale() == scale
    assert axes.get_ylabel() == ("loss (log scale)" if scale == "log" else "loss")


def test_the_svg_says_in_text_what_it_shows() -> None:
    texts = texts_of(loss_pictures(ROWS, "my $x_1$", 2)["loss.svg"])
    assert {"my $x_1$", "epoch", "loss", "best epoch 2", "train 0.25", "validation 0.875"} < set(texts)


def test_the_svg_does_without_the_font_of_the_png() -> None:
    svg = loss_pictures(ROWS, "run")["loss.svg"].decode()
    assert svg.count("font-family: 'DejaVu Sans', sans-serif") == svg.count("<text")


def test_the_png_is_a_picture_of_its_size() -> None:
    png = loss_pictures(ROWS, "run")["loss.png"]
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (912, 504)


CASES: dict[str, list[Row]] = {
    "one epoch": ROWS[:1],
    "no validation": [{"epoch": 1, "loss": 1.0}, {"epoch": 2, "loss": 0.5}],
    "six decades": [{"epoch": epoch, "loss": 10.0 ** (3 - epoch), "val_loss": 1.0} for epoch in range(1, 8)],
    "zeros": [{"epoch": epoch, "loss": 0.0, "val_loss": 0.0} for epoch in range(1, 4)],
    "down to zero": [*ROWS, {"epoch": 4, "loss": 0.001, "val_loss": 0.0}],
    "negative": [*ROWS, {"epoch": 4, "loss": -3.0, "val_loss": -2.0}],
    "diverged": [*ROWS, {"epoch": 4, "loss": 1e280, "val_loss": float("nan")}],
    "nothing to draw": [{"epoch": 1, "loss": float("inf"), "val_loss": None}],
}


@pytest.mark.parametrize("case", CASES)
def test_every_history_gives_two_pictures_and_no_warning(case: str) -> None:
    pictures = loss_pictures(CASES[case], case, 1)
    assert list(pictures) == ["loss.svg", "loss.png"]
    assert case in texts_of(pictures["loss.svg"])


@pytest.mark.parametrize(
    "name", ["$x_1$ and $", "名前", "<a> & 'b'", "\x1b[31m\u202e", "\ud800", "", "r" * 500]
)
def test_any_run_name_can_be_the_title(name: str) -> None:
    pictures = loss_pictures(ROWS, name)
    ET.fromstring(pictures["loss.svg"])
    assert not set(pictures["loss.svg"].decode()) & {"\x1b", "\u202e"}


def test_a_history_without_a_loss_says_so() -> None:
    assert texts_of(loss_pictures([], "run")["loss.svg"]) == ["run", "no finite loss"]


def test_a_long_and_noisy_history_makes_no_large_picture() -> None:
    noise = random.Random(0)
    rows: list[Row] = [
        {"epoch": epoch, "loss": noise.random(), "val_loss": noise.random()} for epoch in range(1, 20_001)
    ]
    assert len(loss_pictures(rows, "run")["loss.svg"]) < 80_000


ELSEWHERE = """
import hashlib, sys
from mlpcli.artifacts.curves import loss_pictures
pictures = loss_pictures({rows!r}, "\u540d run", 2)
assert "matplotlib.pyplot" not in sys.modules
print(*(hashlib.sha256(picture).hexdigest() for picture in pictures.values()))
"""


def test_the_bytes_depend_on_the_history_alone_and_nothing_else_is_left_or_said(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red\ntext.usetex: True\nno.such.key: 1\n")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "MPLCONFIGDIR": str(tmp_path / "cache"),
        "MPLBACKEND": "no such thing",
        "SOURCE_DATE_EPOCH": "12345",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-c", ELSEWHERE.format(rows=ROWS)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    here = [hashlib.sha256(picture).hexdigest() for picture in loss_pictures(ROWS, "名 run", 2).values()]
    assert (done.stdout.split(), done.stderr) == (here, "")
    assert {path.name for path in tmp_path.iterdir()} == {"matplotlibrc", "cache"}


def test_the_settings_of_the_process_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    monkeypatch.setenv("MPLBACKEND", "svg")
    before = dict(matplotlib.rcParams)
    loss_pictures(ROWS, "run")
    assert dict(matplotlib.rcParams) == before
    assert os.environ["MPLBACKEND"] == "svg"
    monkeypatch.delenv("MPLBACKEND")
    loss_pictures(ROWS, "run")
    assert "MPLBACKEND" not in os.environ


# --- the metric beside the loss -----------------------------------------------------------------------------

WITH_METRIC: list[Row] = [
    {**row, "learning_rate": 0.1, "accuracy": 1 - 0.5**index, "val_accuracy": 1 - 0.6**index, "mcc": 0.0}
    for index, row in enumerate(ROWS, start=1)
]


def test_the_first_metric_has_a_plot_beside_the_loss() -> None:
    pictures = loss_pictures(WITH_METRIC, "run", 2)
    texts = texts_of(pictures["loss.svg"])
    assert {"loss", "train 0.25", "validation 0.875"} < set(texts)
    assert {"accuracy", "train 0.875", "validation 0.784"} < set(texts)
    assert texts.count("best epoch 2") == 2
    assert "mcc" not in texts
    width, height = struct.unpack(">II", pictures["loss.png"][16:24])
    assert (height, width > 912) == (504, True)


def test_a_metric_without_a_value_has_no_plot() -> None:
    rows: list[Row] = [{**row, "r2": None, "val_r2": None} for row in ROWS]
    assert loss_pictures(rows, "run") == loss_pictures(ROWS, "run")


@pytest.mark.parametrize(
    ("values", "caption"),
    [((11.0, 1.0), "rmse (log scale)"), ((11.0, 1.2), "rmse"), ((0.05, 0.99), "rmse"), ((1.0, -1.0), "rmse")],
)
def test_a_metric_that_falls_far_has_a_logarithmic_axis_and_one_that_rises_never(
    values: tuple[float, ...], caption: str
) -> None:
    rows: list[Row] = [{"epoch": epoch, "rmse": value} for epoch, value in enumerate(values, start=1)]
    assert loss_axis(curves_of(rows, "rmse"), "rmse").caption == caption


# --- light and dark -----------------------------------------------------------------------------------------

RULE = re.compile(r'\[style\*="(fill|stroke): (#[0-9a-f]{6})"\]\{\1: (#[0-9a-f]{6}) !important\}')


def test_every_colour_of_the_svg_has_a_counterpart_for_a_dark_scheme() -> None:
    """Rules of a style sheet that are important win over the style of an element."""
    svg = loss_pictures(WITH_METRIC, "run", 2)["loss.svg"].decode()
    sheet = "".join(ET.fromstring(svg).itertext()).partition("@media (prefers-color-scheme: dark){")[2]
    rules = {(part, light): dark for part, light, dark in RULE.findall(sheet)}
    elements = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    drawn_with = set(re.findall(r"(fill|stroke): (#[0-9a-f]{6})", elements))
    assert drawn_with
    assert drawn_with <= rules.keys()
    assert len({dark for (part, _), dark in rules.items() if part == "fill"}) == len(IN_THE_DARK)
    assert "<script" not in svg
    assert "url(http" not in svg


def contrast(colour: str, other: str) -> float:
    """The ratio of WCAG 2.1."""

    def luminance(text: str) -> float:
        parts = [int(text[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, (colour, other)))
    return (high + 0.05) / (low + 0.05)


def test_texts_and_curves_can_be_read_in_both_schemes() -> None:
    for colour, least in ((INK, 7.0), (COLOURS["train"], 4.5), (COLOURS["validation"], 3.5)):
        assert contrast(colour, PAPER) >= least
        assert contrast(IN_THE_DARK[colour], IN_THE_DARK[PAPER]) >= least
