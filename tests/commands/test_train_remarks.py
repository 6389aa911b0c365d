"""What `train`, at its end, and `evaluate` say besides a table: classes never predicted, rows not learnt."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.training.predictions import Predictions
from mlpcli.training.unused_classes import ClassUse, unused_remark
from tests.support.running import mlp, ok, write_config, write_table


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def train(*flags: str, **sections: Any) -> list[str]:
    """The lines on stderr of a training."""
    write_config(Path("c.yaml"), **sections)
    return ok("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite", *flags).err.splitlines()


def write_rows(path: str, rows: list[tuple[object, ...]]) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def rare_table(shares: dict[str, int]) -> None:
    """Rows whose inputs tell nothing: the most frequent class is the best guess."""
    draw = random.Random(0)
    rows = [(draw.random(), draw.random(), name) for name, count in shares.items() for _ in range(count)]
    draw.shuffle(rows)
    write_rows("t.csv", [("length", "width", "kind"), *rows])


SMALL = {"features": ["length", "width"]}


def test_a_class_that_is_never_predicted_is_named_with_its_share() -> None:
    rare_table({"common": 90, "seldom": 8, "rare": 2})
    said = "never predicted: 'rare' (2 % of the rows), 'seldom' (8 % of the rows)"
    assert said in train(data={**SMALL, "test": 0.3}, training={"epochs": 5})
    assert said in ok("evaluate", "run/model.npz", "t.csv").err.splitlines()
    assert said in ok("evaluate", "run/model.npz", "t.csv", "--json").err.splitlines()
    assert said not in mlp("evaluate", "run/model.npz", "t.csv", "-q").err


def test_held_out_rows_that_train_are_counted() -> None:
    """In a part with a file of its own; rows of the same file are never in two parts."""
    lines = Path("t.csv").read_text().splitlines(keepends=True)
    Path("seen.csv").write_text("".join(lines[:6]))
    Path("new").mkdir()
    write_table(Path("new"), seed=1)
    said = "5 of 5 test rows were training rows, or equal to one: what they score says little about new rows"
    assert said in train(data={**SMALL, "target": "size", "test": "seen.csv"})
    both = train(data={**SMALL, "target": "size", "validation": "seen.csv", "test": "t.csv"})
    assert said.replace("test", "validation") in both
    for test in (0.4, "new/t.csv"):
        lines = train(data={**SMALL, "target": "size", "test": test})
        assert not [line for line in lines if "training row" in line]


def test_of_two_classes_too() -> None:
    rare_table({"no": 95, "yes": 5})
    assert "never predicted: 'yes' (5 % of the rows)" in train(data=SMALL, training={"epochs": 5})


def test_a_label_that_is_never_predicted_is_named() -> None:
    draw = random.Random(0)
    rows = [(draw.random(), draw.random(), int(i % 2 == 0), int(i % 50 == 0)) for i in range(100)]
    write_rows("t.csv", [("length", "width", "often", "seldom"), *rows])
    said = train(data={**SMALL, "target": ["often", "seldom"]}, training={"epochs": 30})
    assert "never predicted: 'seldom' (2 % of the rows)" in said


def test_classes_that_are_predicted_are_not_named() -> None:
    said = train(data={"features": ["length", "width"]}, training={"epochs": 200})
    assert not [line for line in said if "never predicted" in line]
    assert "never predicted" not in ok("evaluate", "run/model.npz", "t.csv").err
    assert "never predicted" not in "".join(train(data={"target": "size"}))


def test_a_class_without_rows_is_not_missed_and_many_are_counted() -> None:
    truth = np.array([0, 1, 2, 3, 4, 5, 6, 6])
    predicted = np.full(8, 6)
    unused = ClassUse.of(Predictions("classification", truth, predicted), 9).unused(list("abcdefghi"))
    assert unused == dict.fromkeys("abcdef", 0.125)
    assert unused_remark(unused).endswith("'e' (12.5 % of the rows) and 1 more")


def lost_on(*parts: str) -> str:
    return f"the loss on the {' and '.join(parts)} rows is above that of a constant prediction"


def test_held_out_rows_that_a_constant_prediction_fits_better_are_noted() -> None:
    """A network that learns forty rows of noise by heart."""
    draw = random.Random(0)
    noise = [(draw.gauss(0, 1), draw.gauss(0, 1), draw.gauss(0, 1)) for _ in range(80)]
    write_rows("t.csv", [("length", "width", "size"), *noise])
    data = {"target": "size", "features": ["length", "width"], "validation": 0.25, "test": 0.25}
    large = {"data": data, "optimizer": {"name": "adam", "learning_rate": 0.01}, "training": {"epochs": 300}}
    said = train(**large)
    assert lost_on("validation", "test") in said
    assert not [line for line in said if line.startswith("mlp: warning")]


def test_held_out_rows_that_are_fitted_are_not_noted() -> None:
    data = {"target": "two", "features": ["length"], "validation": 0.25, "test": 0.25}
    said = train(data=data, training={"epochs": 100})
    assert not [line for line in said if "constant prediction" in line]


@pytest.mark.parametrize("weights", ["balanced", {"elm": 3}])
def test_class_weights_change_what_probabilities_are(weights: object) -> None:
    said = "with class_weight the probabilities are not the shares of the rows that have a class"
    assert said in train(class_weight=weights)
    assert said not in train()
    assert said not in train(class_weight=weights, loss="hinge")


def test_overwriting_leaves_what_is_not_of_a_run_where_it_is(place: Path) -> None:
    """DVC has a .gitignore of its own in a directory that it tracks."""
    train()
    (place / "run" / ".gitignore").write_text("/model.npz\n")
    said = train()
    assert not any(line.startswith("moved") for line in said)
    assert (place / "run" / ".gitignore").read_text() == "/model.npz\n"
    assert not (place / "run.1").exists()
