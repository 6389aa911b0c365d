"""The quality benchmark: what it calls error, log loss and mean, and what it runs again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from tests.benchmarks.quality import features, report, runner, scores
from tests.benchmarks.quality.tables import Table, split


def table(name: str, rows: int, classes: int) -> Table:
    """A table without a file."""
    return Table(name, "y", "classification" if classes else "regression", rows, 2, classes, "report")


def test_scores_of_classes_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.ones(3), 50)
    classes, target = np.array(["a", "b", "c"]), rng.choice(["a", "b", "c"], 50)
    found = scores.of_classes(classes, probability, target)
    assert found["log_loss"] == pytest.approx(log_loss(target, probability, labels=classes))
    assert found["error"] == np.mean(classes[probability.argmax(1)] != target)


def test_a_class_that_training_had_not_costs_a_bounded_loss() -> None:
    found = scores.of_classes(np.array(["a"]), np.ones((2, 1)), np.array(["a", "z"]))
    assert found == {"error": 0.5, "log_loss": pytest.approx(-np.log(1e-7) / 2)}


def test_error_of_the_mean_is_one() -> None:
    target = np.array([1.0, 2.0, 6.0])
    assert scores.of_numbers(np.full(3, 3.0), target) == {"error": pytest.approx(1.0)}


def test_means_are_over_tables_of_means_over_seeds() -> None:
    first, second = table("first", 100, 2), table("second", 100, 0)
    results: report.Results = {
        ("base", "first"): {0: {"error": 0.2, "cpu": 1.0}, 1: {"error": 0.4, "cpu": 1.0}},
        ("base", "second"): {0: {"error": 0.5, "cpu": 2.0}},
        ("other", "first"): {0: {"error": 0.1, "cpu": 2.0}, 1: {"error": 0.0, "cpu": 2.0}},
        ("other", "second"): {0: {"error": 0.6, "cpu": 2.0}},
        ("third", "second"): {0: {"error": 0.4, "cpu": 1.0}},
    }
    assert report.shared(results, [first, second]) == [second]
    found = report.means(results, [first, second], "base")
    other = found["other"]
    assert other.error == pytest.approx(np.sqrt(0.06 * 0.61))
    halves = np.log(0.1 / 0.2) / 2 + np.log(0.02 / 0.4) / 2  # no wrong row of 25 counts as half a row
    assert other.error_ratio == pytest.approx(np.exp((halves + np.log(0.6 / 0.5)) / 2))
    assert (other.wins, other.rank, found["base"].rank, found["third"].tables) == (1, 1.5, 1.5, 1)
    assert other.cpu_ratio == pytest.approx(np.sqrt(2))
    assert found["third"].error_ratio == pytest.approx(0.8)
    assert np.isnan(found["third"].rank)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables, as `tables` writes them."""
    rng = np.random.default_rng(0)
    for name, rows in (("small", 40), ("large", 80)):
        frame = pd.DataFrame({"x": rng.random(rows), "y": ["01", "1"] * (rows // 2)})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


TABLES = [table("large", 80, 2), table("small", 40, 2)]


def test_parts_are_stratified_and_classes_stay_text(folder: Path) -> None:
    train, test = split(folder, TABLES[1], 3)
    assert (train["y"].value_counts().to_dict(), len(test)) == ({"01": 15, "1": 15}, 10)
    again, _ = split(folder, TABLES[1], 3)
    pd.testing.assert_frame_equal(train, again)


def test_a_second_run_adds_nothing_and_failures_are_told(folder: Path) -> None:
    seen: list[tuple[str, int]] = []

    def contender(job: runner.Job) -> dict[str, float]:
        told = json.loads((job.folder / "job.json").read_text())
        assert told == {"target": "y", "classes": 2}
        assert len((job.folder / "train.csv").read_text().splitlines()) == job.table.rows * 0.75 + 1
        seen.append((job.table.name, job.seed))
        if job.seed:
            raise runner.FailedError("no memory")
        return {"error": 0.5}

    out = folder / "results.jsonl"
    for _ in range(2):
        list(runner.measured(folder, TABLES, [0, 1], {"one": contender}, out))
    assert seen == [("small", 0), ("large", 0), ("small", 1), ("large", 1)]
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line.get("failed") for line in lines] == [None, None, "no memory", "no memory"]
    assert report.read([out])["one", "small"] == {0: {"error": 0.5}}


def test_what_takes_minutes_runs_on_small_tables_alone(folder: Path) -> None:
    large = Table(**asdict(TABLES[0]) | {"rows": 2000})
    out = folder / "results.jsonl"
    ran = list(runner.measured(folder, [large, TABLES[1]], [0], {"tabm-d": lambda _: {"error": 0.0}}, out))
    assert [line["table"] for line in ran] == ["small"]


def test_rows_for_peers_know_the_training_rows_alone() -> None:
    day = ["2020-01-01", None, "2020-02-01"]
    train = pd.DataFrame(
        {"a": [1.0, None, 4.0], "t": ["u", "v", None], "day": day, "e": [None] * 3, "y": 1.0}
    )
    test = pd.DataFrame({"a": [None, 9.0], "t": ["new", "u"], "day": ["2020-03-01"] * 2, "e": 1.0, "y": 1.0})
    data = features.rows(train, test, "y", classes=False)
    assert (data.texts, list(data.test)) == (["t"], ["a", "t", "day", "day_month", "day_weekday"])
    full = data.without_holes()
    assert (full.test["a"].tolist(), full.train["t"].tolist()) == ([2.5, 9.0], ["u", "v", "(missing)"])
    assert full.test["day_month"].tolist() == [3.0, 3.0]
    assert data.categorical().test["t"].isna().tolist() == [True, False]
