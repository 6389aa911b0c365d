"""Cases that other tools are known to fall over: a verdict, one meaning of a number, nothing in silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.run.pace import REST, Pace
from tests.commands.test_init import numbers, write
from tests.support.running import Done, mlp, ok


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def train(columns: dict[str, Sequence[Any]], config: str, *flags: object) -> Done:
    """How the training of a config on these columns ends; its run is in `run`."""
    write(Path("data.csv"), columns)
    Path("c.yaml").write_text(config, "utf-8")
    return mlp("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite", *flags)


def predicted(columns: dict[str, Sequence[Any]]) -> list[float]:
    """What the model in `run` says of these rows."""
    write(Path("new.csv"), columns)
    return [float(row["prediction"]) for row in ok("predict", "run/model.npz", "new.csv").rows()]


# --- the gradient check -------------------------------------------------------------------------------------

FEATURES = "data: {train: data.csv, target: y, features: {a: minmax, b: minmax, c: minmax}}\n"


def counts(most: int) -> dict[str, Sequence[Any]]:
    """Three columns of counts, of which the first row is 0 throughout."""
    cells = np.random.default_rng(1).integers(0, most + 1, (60, 3))
    cells[0] = 0
    return {**dict(zip("abc", cells.T.tolist(), strict=True)), "y": numbers(60)}


@pytest.mark.parametrize(
    ("hidden", "rest", "methods"),
    [
        ("32, 32, 32, 32", "activation: tanh", ["central"]),
        ("16, 16, 16", "activation: tanh", ["central", "complex-step"]),
        ("16, 16, 16", "activation: elu", ["central", "complex-step"]),
        ("3, 3", "dropout: 0.5", ["central", "complex-step"]),
    ],
)
def test_a_row_of_zeros_under_layer_norm_is_no_alarm(hidden: str, rest: str, methods: list[str]) -> None:
    """By either method; and an error is one."""
    write(Path("data.csv"), counts(5))
    model = f"model: {{layers: [auto, {hidden}, auto], {rest}, normalization: layer_norm}}\n"
    Path("c.yaml").write_text(FEATURES + model, "utf-8")
    for method in methods:
        done = mlp("gradcheck", "c.yaml", "--method", method)
        assert (done.code, done.err) == (0, ""), done.out
    assert mlp("gradcheck", "c.yaml", "--inject-error", 1, "-q").code == 10


@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("model", ["", "model: {layers: [auto, 8, 8, auto], dropout: 0.2}\n"])
def test_kinks_of_a_row_of_zeros_have_a_verdict(most: int, model: str) -> None:
    """Of flags and of counts, whatever dropout leaves."""
    write(Path("data.csv"), counts(most))
    Path("c.yaml").write_text(FEATURES + model, "utf-8")
    for seed in range(3 if model else 1):
        done = mlp("gradcheck", "c.yaml", "--seed", seed)
        assert (done.code, done.err) == (0, ""), done.out
        assert "checked with all biases moved by" in done.out
    assert mlp("gradcheck", "c.yaml", "--inject-error", 1, "-q").code == 10


# --- long runs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [50, 200, 400])
def test_checkpoints_take_a_small_share_however_long_a_run_is(
    epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which a look takes 10 ms and a save 0.1 ms for every byte; every epoch adds some."""
    now, saving = 0.0, 0.0
    save = RunDirectory.write

    def tick() -> float:
        nonlocal now
        now += 0.01
        return now

    def slow(directory: RunDirectory, name: Any, content: Any) -> None:
        nonlocal now, saving
        save(directory, name, content)
        if name == "checkpoint.npz":
            took = Path("run", name).stat().st_size / 1e4
            now, saving = now + took, saving + took

    monkeypatch.setattr(Pace.__init__, "__defaults__", (tick,))
    monkeypatch.setattr(RunDirectory, "write", slow)
    config = "data: {train: data.csv, target: y, task: regression}\nmodel: {layers: [auto, 2, auto]}\n"
    rows = {"x": range(20), "y": [i * 2 % 5 for i in range(20)]}
    ended = train(rows, f"{config}training: {{epochs: {epochs}, batch_size: full}}\n", "-q")
    assert ended.code == 0, ended.err
    first = 2 * Path("run/checkpoint.npz").stat().st_size / 1e4  # the first save and the last are not paced
    assert saving > 0
    assert saving - first <= now / REST


# --- columns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "others"),
    [(0.0, [5_000, 20_000, 99_999]), (7.0, [-3e6, 4e6, 8e6]), (1.0, [0.0, 40.0, 900.0])],
)
def test_robust_where_most_rows_are_equal_learns(usual: float, others: list[float]) -> None:
    """Else the few others would reach the network as they are; the note names the column."""
    x = np.random.default_rng(0).normal(size=400).round(4)
    odd = np.arange(400) % 7 == 3
    g = np.where(odd, np.resize(others, 400), usual)
    y = (x / 2 + np.where(odd, 1.0, 0.0)).round(4)
    config = (
        "data: {train: data.csv, target: y, task: regression, test: 0.25,\n"
        "       features: {g: robust, x: standardize}}\n"
        "training: {epochs: 30}\n"
    )
    done = train({"g": g.tolist(), "x": x.tolist(), "y": y.tolist()}, config, "--json")
    assert f"column 'g': most rows hold {usual:g}, so that its quartiles are the same: scaled by" in done.err
    document = done.document()
    assert min(document["train"]["r2"], document["test"]["r2"]) > 0.65


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("%m/%d/%Y %H:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%d.%m.%Y %I:%M", "%d.%m.%Y %I:%M %p"),
        ("%H:%M:%S %p", "%I:%M:%S %p"),
    ],
)
def test_morning_and_evening_are_told_apart_or_refused(wrong: str, right: str) -> None:
    """A directive without an effect is a wrong config, before anything is written."""
    hours = pd.date_range("2024-01-01 01:00", periods=40, freq="13h")
    columns = {"t": hours.strftime(right).tolist(), "y": (hours.hour >= 12).astype(float).tolist()}
    config = (
        "data: {train: data.csv, target: y, task: regression,\n"
        "       features: {t: {encode: datetime, format: 'FORM', parts: [hour]}}}\n"
        "optimizer: {name: lbfgs, iterations: 20}\n"
    )
    done = train(columns, config.replace("FORM", wrong))
    assert (done.code, done.out) == (3, "")
    assert "mlp: error: c.yaml:2:49: data.features.t.format: `%" in done.err
    assert not Path("run").exists()
    assert train(columns, config.replace("FORM", right), "-q").code == 0
    late = pd.DatetimeIndex(["2024-01-02 11:00", "2024-01-02 23:00"])
    morning, evening = predicted({"t": late.strftime(right).tolist()})
    assert abs(morning - evening) > 0.3


# --- numbers by their meaning -------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["", ", task: classification"])
@pytest.mark.parametrize(
    ("first", "second"),
    [(("0", "1"), ("0.0", "1.0")), (("1", "2"), ("1.0", "2.00")), (("no", "1"), ("no", "1"))],
)
def test_two_values_in_two_spellings_are_two_classes(
    first: tuple[str, str], second: tuple[str, str], task: str
) -> None:
    """Without a task too; a note says which are one. Beside a word a number is a word."""
    y = [first[i % 2] for i in range(20)] + [second[i % 2] for i in range(20)]
    columns = {"x": [*range(20), *range(20)], "y": y}
    done = train(columns, f"data: {{train: data.csv, target: y{task}}}\ntraining: {{epochs: 2}}\n")
    low, high = sorted(first)
    assert done.code == 0
    assert f"classification of y: {low}, {high} (positive)" in done.out.splitlines()
    assert (f"means the same as '{low}'" in done.err) == (first != second)
    header = ok("predict", "run/model.npz", "data.csv").out.splitlines()[0]
    assert header == f"prediction,probability_{low},probability_{high}"


@pytest.mark.parametrize(
    ("one", "other"), [("caf\u00e9", "cafe\u0301"), ("3", "3.0"), ("True", "true"), ("10 kg", "10\xa0kg")]
)
def test_a_category_in_two_spellings_is_one(one: str, other: str) -> None:
    """They would print alike, or mean the same; rows with either get the same prediction."""
    rest = {"3": "4", "True": "False"}.get(one, "tea")
    cells = [(one, rest, other, rest)[i % 4] for i in range(40)]
    config = "data: {train: data.csv, target: y, task: regression, features: {k: one_hot}}\n"
    done = train({"k": cells, "y": numbers(40)}, config + "training: {epochs: 2}\n")
    assert (done.code, "means the same as" in done.err) == (0, True), done.err
    (feature,) = ok("inspect", "run/model.npz", "--json").document()["features"]
    assert len(feature["categories"]) == 2
    first, second = predicted({"k": [one, other]})
    assert first == second


@pytest.mark.parametrize("cells", [[0.1, 0.25, 1.5], [2.3, 2.7, 3.0], [1e-7, 0.3, 1e7]])
def test_a_float32_cell_is_the_category_that_it_prints_as(cells: list[float]) -> None:
    """From a frame of either width, and from the file."""
    p = [cells[i % 3] for i in range(60)]
    config = (
        "data: {train: data.csv, target: y, task: regression, features: {p: one_hot, x: standardize}}\n"
        "optimizer: {name: adam, learning_rate: 0.02}\ntraining: {epochs: 40}\n"
    )
    y = [(3.0, 7.5, 45.0)[i % 3] for i in range(60)]
    assert train({"p": p, "x": numbers(60), "y": y}, config, "-q").code == 0
    model = mlpcli.load("run/model.npz")
    wide, narrow = (
        model.predict(pd.DataFrame({"p": np.array(cells, dtype), "x": [0.0] * 3})).tolist()
        for dtype in ("float64", "float32")
    )
    assert wide == narrow == predicted({"p": cells, "x": [0, 0, 0]})
    assert wide == sorted(wide)
    assert wide[2] - wide[0] > 20


# --- what is decided for somebody ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("no", "yes", "constant"), [("0", "1", "0"), ("0", "1", "1"), ("no", "yes", "no"), ("0", "1", "0.0")]
)
def test_a_label_that_never_changes_leaves_labels(no: str, yes: str, constant: str) -> None:
    """And the task is told."""
    labels = {"a": [(no, yes)[i % 2] for i in range(40)], "b": [(no, yes)[i // 20] for i in range(40)]}
    config = "data: {train: data.csv, target: [a, b, c]}\ntraining: {epochs: 2}\n"
    done = train({"x": numbers(40), **labels, "c": [constant] * 40}, config)
    assert done.code == 0, done.err
    assert f"multilabel of a, b, c: {no}, {yes}" in done.out.splitlines()
    rows = ok("predict", "run/model.npz", "data.csv").rows()
    assert {row["c_prediction"] for row in rows} <= {no, yes}
    assert 0 < float(rows[0]["c_probability"]) < 1


SPLITS: dict[str, tuple[str, str, list[str], list[str]]] = {
    "the case and a space": (
        "validation",
        "val",
        ["train", "train", "val", "test", "Val", "val "],
        ["'test', which no part claims", "'Val', which is not 'val'", "'val ', which is not 'val'"],
    ),
    "a test part": (
        "test", "test", ["train", "TEST", "test", "valid"],
        ["'TEST', which is not 'test'", "'valid', which no part claims"],
    ),
    "a part held out": (
        "validation", "dev", ["train", "dev", "holdout"], ["'holdout', which no part claims"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPLITS)
def test_rows_that_no_part_claims_are_told_where_they_train(name: str) -> None:
    """With their number, and a warning where they seem to be meant for another part."""
    part, value, cells, warned = SPLITS[name]
    rows = 10 * len(cells)
    split = {"x": numbers(rows), "split": cells * 10, "y": [i % 7 for i in range(rows)]}
    config = "data: {train: data.csv, target: y, task: regression, PART: {column: split, value: VALUE}}\n"
    done = train(split, config.replace("PART", part).replace("VALUE", value) + "training: {epochs: 1}\n")
    assert done.code == 0
    counted = {cell: 10 * cells.count(cell) for cell in dict.fromkeys(cells) if cell != value}
    told = ", ".join(f"{repr(cell) if ' ' in cell else cell} {count}" for cell, count in counted.items())
    assert f"column 'split': training: {told}\n" in done.err
    assert [
        line.split("hold ")[1] for line in done.err.splitlines() if line.startswith("mlp: warning: column")
    ] == [f"{words}: they train" for words in warned]
