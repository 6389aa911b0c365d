"""What a run keeps of single rows: where each was, and what was predicted for those held out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score

import mlpcli
from mlpcli.run import kept_rows, pace
from tests.support.running import mlp, ok, tree, write_config, write_table
from tests.support.stopping import TERM, stopped_after

TRAIN = ("train", "c.yaml", "-o", "run", "--no-plots", "-q")
HELD_OUT = {"validation": 0.2, "test": 0.3}
Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def rows_of(path: str) -> Rows:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kept() -> tuple[Rows, Rows]:
    """The rows of splits.csv and of predictions.csv."""
    return rows_of("run/splits.csv"), rows_of("run/predictions.csv")


def write_rows(path: str, rows: Rows) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    "target",
    [
        {"target": "kind"},
        {"target": "two"},
        {"target": "size"},
        {"target": ["size", "count"], "task": "regression"},
        {"target": "two", "task": "classification"},
    ],
    ids=str,
)
def test_every_row_has_a_part_and_those_held_out_what_predict_says(target: dict[str, Any]) -> None:
    """`mlp predict` of the rows that splits.csv names has the same cells, to the last digit."""
    write_config(Path("c.yaml"), data={**HELD_OUT, **target, "id": ["id", "w"]})
    ok(*TRAIN)
    table, (splits, predictions) = rows_of("t.csv"), kept()
    assert [int(row["row"]) for row in splits] == list(range(1, 41))
    assert [(row["id"], row["w"]) for row in splits] == [(row["id"], row["w"]) for row in table]
    metrics = json.loads(Path("run/metrics.json").read_text("utf-8"))
    assert [row["part"] for row in splits].count("validation") == 8
    assert [row["part"] for row in splits].count("test") == 12
    held_out = [row for part in ("validation", "test") for row in splits if row["part"] == part]
    assert [{name: row[name] for name in splits[0]} for row in predictions] == held_out
    write_rows("held_out.csv", [table[int(row["row"]) - 1] for row in held_out])
    again = ok("predict", "run/model.npz", "held_out.csv").rows()
    answers = list(again[0])
    assert [{name: row[name] for name in answers} for row in predictions] == again
    targets = [target["target"]] if isinstance(target["target"], str) else target["target"]
    assert list(predictions[0]) == ["row", "part", "id", "w", *targets, *answers[2:]]
    for row in predictions:
        for name in targets:
            told, truth = row[name], table[int(row["row"]) - 1][name]
            assert told == truth or float(told) == float(truth)
    for part, name in (("validation", "val"), ("test", "test")):
        some = [row for row in predictions if row["part"] == part]
        if "accuracy" in metrics[name]:
            score = accuracy_score([row[targets[0]] for row in some], [row["prediction"] for row in some])
            assert score == pytest.approx(metrics[name]["accuracy"], abs=1e-12)
        elif len(targets) == 1:
            truth, said = ([float(row[key]) for row in some] for key in (targets[0], "prediction"))
            assert r2_score(truth, said) == pytest.approx(metrics[name]["r2"], abs=1e-6)


def test_labels_stand_beside_their_targets() -> None:
    rows = [{**row, "three": "no"} for row in rows_of("t.csv")]
    for row in rows[::2]:
        row["three"] = "yes"
    write_rows("t.csv", rows)
    write_config(Path("c.yaml"), data={"target": ["two", "three"], "test": 0.3})
    ok(*TRAIN)
    _, predictions = kept()
    columns = [f"{name}_{kind}" for name in ("two", "three") for kind in ("prediction", "probability")]
    assert list(predictions[0]) == ["row", "part", "two", "three", *columns]
    for row in predictions:
        assert all(rows[int(row["row"]) - 1][name] == row[name] for name in ("two", "three"))
        assert (float(row["two_probability"]) >= 0.5) == (row["two_prediction"] == "yes")


def test_nothing_held_out_is_nothing_predicted() -> None:
    write_config(Path("c.yaml"))
    ok(*TRAIN)
    assert {row["part"] for row in rows_of("run/splits.csv")} == {"train"}
    assert not Path("run/predictions.csv").exists()


def test_folds_alone_hold_no_rows_out_for_good() -> None:
    write_config(Path("c.yaml"))
    ok(*TRAIN, "--folds", 3)
    assert Path("run/out_of_fold.csv").exists()
    assert not Path("run/predictions.csv").exists()


def test_rows_that_were_dropped_are_there_and_said_to_be() -> None:
    rows = rows_of("t.csv")
    rows[3]["kind"] = rows[5]["length"] = ""
    write_rows("t.csv", rows)
    write_config(Path("c.yaml"), data={"missing": "drop", "test": 0.25, "id": "id"})
    ok(*TRAIN)
    splits, _ = kept()
    assert [row["id"] for row in splits if row["part"] == "dropped"] == ["r3", "r5"]


@pytest.mark.parametrize(("same", "shown"), [("later", ""), ("new", "sub/")])
def test_parts_of_several_files_have_the_name_of_their_file(place: Path, same: str, shown: str) -> None:
    """A path from the root of this machine would be nobody else's."""
    table = rows_of("t.csv")
    (place / "sub").mkdir()
    write_rows("sub/new.csv", [{k: v for k, v in row.items() if k != "id"} for row in table[:7]])
    write_rows(f"{same}.csv", table[7:12])
    data = {"validation": "sub/new.csv", "test": str(place / f"{same}.csv"), "id": "id"}
    write_config(Path("c.yaml"), data=data)
    ok(*TRAIN)
    splits, predictions = kept()
    assert list(splits[0]) == ["row", "part", "file", "id"]
    expected = [
        *((str(i + 1), "train", "t.csv", f"r{i}") for i in range(40)),
        *((str(i + 1), "validation", f"{shown}new.csv", "") for i in range(7)),
        *((str(i + 1), "test", f"{same}.csv", f"r{i + 7}") for i in range(5)),
    ]
    assert [tuple(row.values()) for row in splits] == expected
    assert [(row["file"], row["row"]) for row in predictions] == [(row[2], row[0]) for row in expected[40:]]
    assert [row["kind"] for row in predictions] == [row["kind"] for row in table[:12]]


def test_texts_stay_as_they_are_and_rows_are_counted_without_the_header() -> None:
    """Quotes, line ends in a cell, zeros at the front, NA: an id is a text."""
    texts = ["01", "1.50", "NA", "a,b", 'say "x"', "two\nlines", " blank ", "é", "", "=1+1"] * 4
    rows = [{**row, "id": text} for row, text in zip(rows_of("t.csv"), texts, strict=True)]
    write_rows("t.csv", rows)
    write_config(Path("c.yaml"), data={**HELD_OUT, "id": "id"})
    ok(*TRAIN)
    splits, predictions = kept()
    assert [row["id"] for row in splits] == texts
    assert [row["id"] for row in predictions] == [texts[int(row["row"]) - 1] for row in predictions]


def test_columns_that_are_called_as_ours_have_another_name() -> None:
    rows = [
        {"row": row["id"], "part": row["w"], "file": row["colour"], "id": row["kind"], **row}
        for row in rows_of("t.csv")
    ]
    for row in rows:
        row["prediction"] = row.pop("two")
    write_rows("t.csv", rows)
    write_config(Path("c.yaml"), data={"target": "prediction", "id": ["row", "part", "file"], "test": 0.3})
    ok(*TRAIN)
    splits, predictions = kept()
    assert list(splits[0]) == ["row", "part", "id.row", "id.part", "file"]
    names = ["target.prediction", "prediction", "probability_no", "probability_yes"]
    assert list(predictions[0]) == ["row", "part", "id.row", "id.part", "file", *names]
    assert [row["target.prediction"] for row in predictions] == [
        rows[int(row["row"]) - 1]["prediction"] for row in predictions
    ]


def test_a_row_that_cannot_be_predicted_is_left_empty() -> None:
    """Its inputs are so far away that the outputs are not finite; `predict` would refuse it."""
    rows = rows_of("t.csv")
    write_rows("far.csv", [{**rows[0], "length": "1e38"}, *rows[1:4]])
    model = {"layers": ["auto", 4, "auto"], "activation": "identity"}
    data = {"target": "size", "test": "far.csv", "features": {"length": {"encode": "none"}}}
    write_config(Path("c.yaml"), data=data, model=model, optimizer={"name": "adam", "learning_rate": 100.0})
    assert mlp(*TRAIN).code == 0
    _, predictions = kept()
    found = [row["prediction"] for row in predictions]
    assert found[0] == ""
    assert all(found[1:])


def test_blocks_make_no_difference(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the size in which the table is encoded."""
    write_config(Path("c.yaml"), data={**HELD_OUT, "id": ["id"]})
    ok(*TRAIN)
    whole = tree(place / "run")
    monkeypatch.setattr(kept_rows, "BLOCK", 3)
    ok(*TRAIN, "--overwrite")
    assert tree(place / "run") == whole


def test_the_bytes_are_those_of_a_run_that_was_never_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_config(Path("c.yaml"), data={**HELD_OUT, "id": ["id"]})
    ok(*TRAIN)
    whole = [Path("run", name).read_bytes() for name in ("splits.csv", "predictions.csv")]
    with stopped_after(4):
        assert mlp(*TRAIN, "--overwrite").code == TERM
    ok(*TRAIN, "--resume")
    assert [Path("run", name).read_bytes() for name in ("splits.csv", "predictions.csv")] == whole


def test_python_writes_them_too() -> None:
    write_config(Path("c.yaml"), data={**HELD_OUT, "id": ["id"]})
    run = mlpcli.train("c.yaml", output="run")
    found = pd.read_csv(run.directory / "predictions.csv", dtype={"id": str})
    table = pd.read_csv("t.csv", dtype={"id": str})
    held_out = table.iloc[found["row"] - 1]
    assert found["id"].tolist() == held_out["id"].tolist()
    probability = run.model.predict_proba(held_out).to_numpy()
    assert np.array_equal(found.filter(like="probability_").to_numpy(), probability)
