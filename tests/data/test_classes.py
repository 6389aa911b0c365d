"""What classes can be: fewer than rows to learn them from; one rare class does not stop a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.data.classes import require_classes, single_rows
from mlpcli.errors import DataError
from tests.support.running import mlp, ok
from tests.support.tables import config_for, prepare

REGRESSION = "if they are numbers to predict, write `task: regression`"


def written(directory: Path, y: Sequence[object], name: str = "t.csv", **more: Sequence[object]) -> Path:
    """A table of one number, a target, and more columns."""
    x = np.random.default_rng(0).normal(size=len(y)).round(3).tolist()
    columns: dict[str, Sequence[Any]] = {"x": x, "z": x[::-1], **more, "y": y}
    rows = [
        ",".join("" if cell is None else str(cell) for cell in row)
        for row in zip(*columns.values(), strict=True)
    ]
    (directory / name).write_text("\n".join([",".join(columns), *rows]) + "\n", "utf-8")
    return directory / name


@pytest.mark.parametrize(
    ("texts", "rows", "message", "hint"),
    [
        (
            [f"n{i}" for i in range(300)],
            300,
            "300 different texts in 300 rows are no classes",
            "a class needs",
        ),
        (
            [f"n{i}" for i in range(151)],
            300,
            "151 different texts in 300 rows are no classes",
            "a class needs",
        ),
        (
            [f"{i}{'kM'[i % 3 == 0]}" for i in range(60)],
            60,
            "60 different texts in 60 rows are no classes",
            "they are numbers with different units: 'k' (40), 'M' (20); to predict numbers, write all",
        ),
        (
            [*(f"${i}" for i in range(1, 59)), "Call", "ask us"],
            60,
            "60 different texts in 60 rows are no classes",
            "they are numbers with '$', but not 'Call' (1): if that means missing, name it in na_values; to",
        ),
        ([f"n{i}" for i in range(150)], 300, None, ""),
        ([str(i) for i in range(3)], 5, "3 different numbers in 5 rows are no classes", REGRESSION),
        (["a", "b"], 3, None, ""),
        (
            [f"n{i}" for i in range(1001)],
            9000,
            "1,001 classes, and at most 1,000 are allowed",
            "a class needs",
        ),
        ([str(i) for i in range(1001)], 9000, "1,001 classes, and at most 1,000 are allowed", REGRESSION),
        ([str(i) for i in range(1000)], 2000, None, ""),
    ],
)
def test_how_many_classes_there_can_be(texts: list[str], rows: int, message: str | None, hint: str) -> None:
    counts = dict.fromkeys(texts, 1) | {texts[0]: 1 + rows - len(texts)}
    if message is None:
        require_classes("y", counts, "t.csv", ".")
        return
    with pytest.raises(DataError) as caught:
        require_classes("y", counts, "t.csv", ".")
    (problem,) = caught.value.problems
    assert (problem.message, str(problem.place)) == (f"column 'y': {message}", "t.csv")
    assert problem.hint is not None and problem.hint.startswith(hint)


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        ([*(f"{i / 7:.3f}" for i in range(60)), "NA", "n/a"], "most are numbers, but not 'NA', 'n/a': if"),
        ([*(f"${i / 7:.2f}" for i in range(60)), "free"], "they are numbers with '$', but not 'free' (1)"),
        ([f"{i / 7:.2f}".replace(".", ",") for i in range(60)], "they are numbers written as '0,14': `dec"),
        ([f"{i}:{i % 60:02}" for i in range(60)], "they are times: to predict one, write it as a number"),
        ([f"{i}:{i % 60:02}:05" for i in range(60)], "they are times: to predict one, write it as a number"),
        ([f"{1 + i % 28}/{1 + i // 28}/2024" for i in range(60)], "they are dates: to predict one, write it"),
        ([f"{i}x{i}" for i in range(60)], "a class needs"),
    ],
)  # fmt: skip
def test_the_hint_says_what_texts_are_that_are_no_classes(texts: list[str], hint: str) -> None:
    with pytest.raises(DataError) as caught:
        require_classes("y", dict.fromkeys(texts, 1), "t.csv", ".")
    assert (caught.value.problems[0].hint or "").startswith(hint)


@pytest.mark.parametrize(
    "y",
    [
        [f"name {i}" for i in range(80)],
        [f"2024-01-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}" for i in range(80)],
        [f"www.example.org/{i // 2}" if i < 78 else f"x{i}" for i in range(80)],
    ],
)
def test_names_times_and_urls_are_no_classes(tmp_path: Path, y: list[str]) -> None:
    """Neither for `init`, which writes nothing, nor for `train`, and both say the same."""
    path = written(tmp_path, y)
    done = mlp("init", "--recipe", "quick", path, "--target", "y", "-o", tmp_path / "c.yaml")
    trained = mlp("train", config_for(tmp_path, path.read_text("utf-8"), ["target: y"]).path)
    for one in (done, trained):
        assert one.code == 4 and "different texts in 80 rows are no classes" in one.err
    assert done.err.splitlines()[0].split("column ")[1] == trained.err.splitlines()[0].split("column ")[1]


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [
        ("classification", [i + 0.5 for i in range(60)], "60 different numbers in 60 rows are no classes"),
        ("regression", ["a", "b"] * 30, "column 'y': expected numbers for a regression, found 'a'"),
        (
            "multilabel",
            ["a", "b", "c"] * 20,
            "columns y: expected the same two values in each, found 'a', 'b', 'c'",
        ),
    ],
)
def test_a_task_that_the_target_does_not_fit_writes_no_config(
    tmp_path: Path, task: str, y: list[object], message: str
) -> None:
    done = mlp(
        "init",
        "--recipe",
        "quick",
        written(tmp_path, y),
        "--target",
        "y",
        "--task",
        task,
        "-o",
        tmp_path / "c.yaml",
    )
    assert done.code == 4 and message in done.err
    assert not (tmp_path / "c.yaml").exists()


def test_several_targets_of_text_are_labels_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ["a", "b", "c"] * 20, k=["u", "v"] * 30)
    done = mlp("init", "--recipe", "quick", path, "--target", "y", "--target", "k", "-o", tmp_path / "c.yaml")
    assert done.code == 4 and "expected the same two values in each" in done.err


@pytest.mark.parametrize("constant", ["0", "1"])
def test_a_label_that_is_the_same_in_every_row_is_a_label(tmp_path: Path, constant: str) -> None:
    """Not the end of the other ones: all columns hold nothing but the same two words."""
    rows = "".join(f"{i},{i % 2},{i % 3 // 2},{constant}\n" for i in range(30))
    prepared = prepare(config_for(tmp_path, f"x,a,b,c\n{rows}", ["target: [a, b, c]"]))
    assert (prepared.task, prepared.target.classes) == ("multilabel", ("0", "1"))
    assert prepared.loss.name == "binary_cross_entropy"


def test_two_columns_that_are_the_same_throughout_are_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{i},0,1\n" for i in range(30))
    assert prepare(config_for(tmp_path, f"x,a,b\n{rows}", ["target: [a, b]"])).task == "regression"


@pytest.mark.parametrize("command", ["--dry-run", "--no-plots"])
def test_the_task_that_was_chosen_is_told(tmp_path: Path, command: str) -> None:
    rows = "".join(f"{i},{i % 2},{i % 3 // 2},0\n" for i in range(30))
    config = config_for(tmp_path, f"x,a,b,c\n{rows}", ["target: [a, b, c]"], "training: {epochs: 1}")
    done = ok("train", config.path, "-o", tmp_path / "run", command)
    assert "multilabel of a, b, c: 0, 1" in done.out.splitlines()
    config = config_for(tmp_path, f"x,a,b,c\n{rows}", ["target: x"], "training: {epochs: 1}")
    assert "regression of x" in ok("train", config.path, "-o", tmp_path / "run", command).out.splitlines()
    document = ok("train", config.path, "--dry-run", "--json").document()
    assert document["task"] == "regression"


def test_a_class_with_one_row_trains_whatever_the_seed(tmp_path: Path) -> None:
    path = written(tmp_path, ["a", "b"] * 30 + ["c"])
    text = ok("init", "--recipe", "quick", path, "--target", "y", "-o", "-").out
    assert "one row" in text or "'c': 1 row, which trains" in text
    data = ["target: y", "validation: 0.2", "test: 0.2"]
    for seed in range(25):
        prepared = prepare(config_for(tmp_path, path.read_text("utf-8"), data, f"seed: {seed}"))
        assert prepared.target.classes == ("a", "b", "c")
    (note,) = [note for note in prepared.notes if "1 row" in note]
    assert note.startswith("column 'y': 'c': 1 row, which trains: none is left")


def test_rare_classes_are_named_the_first_of_them() -> None:
    assert single_rows({"a": 1, "b": 2}).startswith("'a': 1 row, which trains")
    found = single_rows(dict.fromkeys("abcde", 1))
    assert found.startswith("'a', 'b', 'c' and 2 more: 1 row each, which trains")
    assert single_rows({"a": 2}) == ""


def test_a_label_of_few_rows_trains_whatever_the_seed(tmp_path: Path) -> None:
    """Were all rows that have it held out, there would be one word and nothing to learn."""
    rows = "".join(f"{i},{int(i == 7)},0\n" for i in range(60))
    for seed in range(25):
        lines = ["target: [a, b]", "task: multilabel", "validation: 0.2", "test: 0.1"]
        prepared = prepare(config_for(tmp_path, f"x,a,b\n{rows}", lines, f"seed: {seed}"))
        assert prepared.train.y.sum() == 1


def test_a_held_out_row_whose_class_training_spells_in_another_way_is_judged(tmp_path: Path) -> None:
    """1.0 is the class 1, wherever the only row that says so falls."""
    rows = "".join(f"{i},{i % 7},{'1.0' if i == 3 else i % 2}\n" for i in range(20))
    for seed in range(8):
        lines = ["target: y", "test: 0.3", "stratify: false", "task: classification"]
        prepared = prepare(config_for(tmp_path, "x,z,y\n" + rows, lines, f"seed: {seed}"))
        assert prepared.test is not None
        assert (len(prepared.test.x), prepared.warnings) == (6, ())
