"""`mlp compare`: what differs between runs, and which is better on the same rows, worked out by hand."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as by_sklearn

from mlpcli.run.comparing import comparison_of, counted_alike, obstacle, pair_of
from mlpcli.run.held_out import HeldOut
from mlpcli.run.settings_apart import Setting, different_settings
from mlpcli.training.predictions import Predictions
from tests.support.running import mlp, ok, write_config, write_table

RUNS: dict[str, dict[str, Any]] = {
    "a": {},
    "b": {"optimizer": {"name": "sgd", "learning_rate": 0.5}, "seed": 3},
    "folds": {"ensemble": {"folds": 3}},
    "alone": {"data": {"test": None}},
    "hinge": {"loss": "hinge"},
    "numbers": {"data": {"target": ["size", "width"], "features": ["length", "colour"]}},
    "two": {"data": {"target": "two", "positive": "no"}, "training": {"metrics": ["f1", "roc_auc", "brier"]}},
    "labels": {"data": {"target": ["yes", "big"], "task": "multilabel"}},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run for each of RUNS; `other` is `a` on another table."""
    directory = tmp_path_factory.mktemp("compared")
    path = write_table(directory, rows=90)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [[*row, int(row[5] == "yes"), int(float(row[6]) > 0)] for row in rows]
    for name, some in (("t.csv", rows), ("u.csv", rows[:-1])):
        with (directory / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[*header, "yes", "big"], *some])
    for name, sections in {**RUNS, "other": {"data": {"train": "u.csv"}}}.items():
        data = {"test": 0.3, **sections.get("data", {})}
        config = write_config(directory / f"{name}.yaml", **{**sections, "data": data})
        ok("train", config, "-o", directory / name, "-q", "--no-plots")
    return directory


def compared(runs: Path, *names: str) -> Any:
    return ok("compare", *(runs / name for name in names), "--json").document()


def copied(runs: Path, name: str, to: Path, change: Callable[[dict[str, str]], object] = dict) -> Path:
    """A copy of a run whose held-out rows are changed."""
    shutil.copytree(runs / name, to)
    path = to / "predictions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return to


def held_out(run: Path) -> dict[str, dict[str, str]]:
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return {row["row"]: row for row in csv.DictReader(file) if row["part"] == "test"}


def test_settings_that_differ_are_named_by_their_keys(runs: Path) -> None:
    document = compared(runs, "a", "b")
    assert document["config"]["seed"] == [0, 3]
    assert document["config"]["optimizer.name"] == ["adam", "sgd"]
    assert document["config"]["optimizer.learning_rate"] == [0.001, 0.5]
    assert document["config"]["optimizer.momentum"] == [None, 0.0]
    assert not {"data.train", "training.epochs", "output"} & set(document["config"])
    assert [run["name"] for run in document["runs"]] == ["a", "b"]
    assert "loss.name" in compared(runs, "a", "hinge")["config"]


def test_a_choice_by_name_alone_is_the_same_as_a_mapping() -> None:
    configs = [{"loss": "mse", "l2": 0.0, "output": "x"}, {"loss": {"name": "mse", "factor": 2}, "l2": 0}]
    assert different_settings(configs) == [Setting("loss.factor", (None, 2))]
    files = [{"data": {"train": "../a.csv", "test": 0.2}}, {"data": {"train": "/b/a.csv", "test": "c.csv"}}]
    assert different_settings(files) == [Setting("data.test", (0.2, "c.csv"))]


def test_the_same_rows_are_those_that_test_in_both(runs: Path) -> None:
    document = compared(runs, "a", "b")
    rows = [held_out(runs / name) for name in ("a", "b")]
    both = sorted(set(rows[0]) & set(rows[1]))
    (pair,) = document["pairs"]
    assert 0 < pair["rows"] == len(both) < 27
    assert pair["what"] == "rows that test in both"
    assert (document["data"]["same_data"], document["data"]["same_split"]) == (True, False)
    assert document["data"]["parts"] == [{"train": 63, "test": 27}] * 2
    truth = [rows[0][key]["kind"] for key in both]
    for side, own in zip(("first", "second"), rows, strict=True):
        said = [own[key]["prediction"] for key in both]
        p = [[float(own[key][f"probability_{kind}"]) for kind in ("ash", "elm", "oak")] for key in both]
        found = {name: values[side] for name, values in pair["metrics"].items()}
        assert found["accuracy"] == pytest.approx(by_sklearn.accuracy_score(truth, said))
        assert found["brier"] == pytest.approx(
            np.mean(np.sum((np.array(p) - (np.array(truth)[:, None] == ["ash", "elm", "oak"])) ** 2, axis=1))
        )


def test_what_a_run_says_of_itself_is_that_of_its_files(runs: Path) -> None:
    found = compared(runs, "a", "folds")["metrics"]
    own = [json.loads((runs / name / "metrics.json").read_text("utf-8")) for name in ("a", "folds")]
    assert found["test.accuracy"] == [one["test"]["accuracy"] for one in own]
    assert found["cv.accuracy"] == [None, own[1]["cross_validation"]["accuracy"]["mean"]]
    assert not any(key.startswith("train") for key in found)


def test_a_run_that_is_right_everywhere_is_better_by_what_the_other_lacks(runs: Path, tmp_path: Path) -> None:
    def right(row: dict[str, str]) -> None:
        row["prediction"] = row["kind"]
        row.update({f"probability_{kind}": str(float(kind == row["kind"])) for kind in ("ash", "elm", "oak")})

    perfect = copied(runs, "a", tmp_path / "perfect", right)
    done = ok("compare", runs / "a", perfect, "--json").document()
    (pair,) = done["pairs"]
    rows = held_out(runs / "a").values()
    wrong = np.array([row["prediction"] != row["kind"] for row in rows])
    accuracy = pair["metrics"]["accuracy"]
    assert (accuracy["second"], accuracy["better"]) == (1.0, "perfect")
    assert accuracy["difference"] == pytest.approx(wrong.mean())
    # of n rows k are wrong: a draw has Binomial(n, k/n) of them
    draws = np.random.default_rng(0).binomial(len(wrong), wrong.mean(), 20_000) / len(wrong)
    assert accuracy["interval"] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=1.5 / len(wrong))
    assert accuracy["verdict"].startswith(f"perfect is better: accuracy +{wrong.mean():.3g} [")
    turned = ok("compare", perfect, runs / "a", "--json").document()["pairs"][0]["metrics"]
    assert turned["accuracy"]["verdict"] == accuracy["verdict"]
    assert turned["brier"]["better"] == "perfect"
    assert " is better: brier -" in turned["brier"]["verdict"]


@pytest.mark.parametrize("name", ["a", "two", "numbers", "labels", "hinge", "folds"])
def test_a_run_beside_its_copy_shows_no_difference(runs: Path, tmp_path: Path, name: str) -> None:
    document = ok("compare", runs / name, copied(runs, name, tmp_path / "copy"), "--json").document()
    (pair,) = document["pairs"]
    assert document["config"] == {}
    assert pair["reason"] is None
    assert pair["rows"] == 27
    own = json.loads((runs / name / "metrics.json").read_text("utf-8"))["test"]
    assert set(own) - {"loss", "baseline", "targets", "intervals"} <= set(pair["metrics"])
    for metric, found in pair["metrics"].items():
        assert found["interval"] == [0.0, 0.0]
        assert found["better"] is None
        assert found["first"] == pytest.approx(own.get(metric, found["first"]), rel=1e-5)
    assert ("brier" in pair["metrics"]) == (name in {"a", "two", "folds"})
    shown = ok("compare", runs / name, tmp_path / "copy").out.splitlines()
    assert shown[0] == "the configs are the same"
    assert shown[-1] == f"no difference that 27 rows could show: {', '.join(pair['metrics'])}"


def test_rows_out_of_fold_are_used_where_none_tests_in_both(runs: Path, tmp_path: Path) -> None:
    def validates(row: dict[str, str]) -> None:
        row["part"] = "validation"

    moved = copied(runs, "a", tmp_path / "moved", validates)
    (pair,) = ok("compare", runs / "folds", moved, "--json").document()["pairs"]
    assert (pair["rows"], pair["what"]) == (27, "rows that both held out")
    both = ok("compare", runs / "folds", copied(runs, "folds", tmp_path / "same", validates), "--json")
    (pair,) = both.document()["pairs"]
    assert (pair["rows"], pair["what"]) == (90, "rows that both held out")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a", "numbers"), "they predict different columns: kind and size, width"),
        (("a", "other"), "they were trained on different data: sha256 "),
        (("a", "alone"), "alone held out no rows"),
        (("alone", "a"), "alone held out no rows"),
    ],
)
def test_runs_that_cannot_be_compared_row_by_row_say_why(
    runs: Path, names: tuple[str, str], reason: str
) -> None:
    (pair,) = compared(runs, *names)["pairs"]
    assert (pair["rows"], pair["metrics"]) == (0, {})
    assert pair["reason"].startswith(reason)
    shown = ok("compare", *(runs / name for name in names)).out.splitlines()
    assert shown[-1].startswith(f"{names[1]} against {names[0]}: cannot be compared row by row: {reason}")


def test_other_tasks_and_other_rows_are_obstacles_too(runs: Path) -> None:
    one, other = comparison_of([runs / "a", runs / "b"]).runs
    assert other.rows is not None
    changed = replace(one.model, target=replace(one.model.target, task="regression"))
    assert obstacle(other, replace(one, model=changed)) == "one is a classification, the other a regression"
    elsewhere = replace(other.rows, keys=np.array([f"v.csv:{key}" for key in other.rows.keys], object))
    assert pair_of(one, replace(other, rows=elsewhere)).reason == "no row was held out by both"


def test_classes_that_only_one_run_knows_are_counted() -> None:
    def rows(classes: tuple[str, ...], truth: list[int], predicted: list[int]) -> HeldOut:
        known = Predictions("classification", np.array(truth), np.array(predicted))
        return HeldOut(np.array(["1", "2"]), np.array(["test"] * 2), known, classes)

    one, other = counted_alike(rows(("x", "y"), [0, 1], [0, 0]), rows(("y", "z"), [0, 1], [0, 0]))
    assert (one.truth.tolist(), other.truth.tolist()) == ([0, 1], [1, 2])
    assert (one.predicted.tolist(), other.predicted.tolist()) == ([0, 0], [1, 1])


def test_a_person_sees_the_runs_side_by_side(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ok("compare", *(runs / name for name in ("a", "b", "alone"))).out.splitlines()
    assert lines[0].split() == ["config", "a", "b", "alone"]
    assert ["seed", "0", "3", "0"] in [line.split() for line in lines]
    assert ["training", "rows", "63", "63", "90"] in [line.split() for line in lines]
    assert "alone against a: cannot be compared row by row: alone held out no rows" in lines
    monkeypatch.setattr("mlpcli.commands.compare_report.screen_columns", lambda: 30)
    lines = ok("compare", runs / "a", runs / "b").out.splitlines()
    place = lines.index("optimizer.learning_rate")
    assert lines[place + 1 : place + 3] == ["  a: 0.001", "  b: 0.5"]


def test_quiet_prints_nothing_but_json_may(runs: Path) -> None:
    assert ok("compare", runs / "a", runs / "b", "-q").out == ""
    assert ok("compare", runs / "a", runs / "b", "-q", "--json").document()["pairs"]


def test_runs_of_one_name_are_told_apart_by_their_paths(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    again = copied(runs, "a", tmp_path / "x" / "a")
    names = [run["name"] for run in ok("compare", runs / "a", again, "--json").document()["runs"]]
    assert names == [str(runs / "a"), str(again)]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "expected two runs or more"),
        (["a", "a"], "a run is named twice"),
        (["a", "nowhere"], "nowhere: there is no run: no model.npz"),
        (["a", "t.csv"], "t.csv: there is no run: no model.npz"),
    ],
)
def test_wrong_directories_are_wrong_usage(runs: Path, names: list[str], message: str) -> None:
    done = mlp("compare", *(runs / name for name in names), "--json")
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_files_that_are_not_as_they_were_written(runs: Path, tmp_path: Path) -> None:
    def spoilt(row: dict[str, str]) -> None:
        row["probability_elm"] = "many"

    bad = copied(runs, "a", tmp_path / "bad", spoilt)
    done = mlp("compare", runs / "a", bad)
    assert done.code == 4
    assert "predictions.csv:2: column 'probability_elm': expected a number, found 'many'" in done.err
    (bad / "model.npz").write_bytes(b"no model")
    assert mlp("compare", runs / "a", bad).code == 5
    for name in ("predictions.csv", "splits.csv", "metrics.json", "config.yaml"):
        (bad / name).unlink()
    shutil.copy(runs / "a" / "model.npz", bad)
    document = ok("compare", runs / "a", bad, "--json").document()
    assert document["data"]["same_split"] is None
    assert document["pairs"][0]["reason"] == "bad held out no rows"
    assert document["metrics"]["test.accuracy"][0] == document["metrics"]["test.accuracy"][1]
