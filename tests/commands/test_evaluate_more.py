"""`mlp evaluate` beyond the metrics: intervals, scores by column, another threshold, curves, calibration."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as by_sklearn
from sklearn.calibration import calibration_curve

from tests.support.running import Done, mlp, ok, write_config, write_table

RUNS: dict[str, dict[str, Any]] = {
    "two": {"data": {"target": "two", "weight": None}},
    "kinds": {"data": {"target": "kind"}},
    "numbers": {"data": {"target": "size"}},
    "grouped": {"data": {"target": "two", "group": "who", "stratify": False}},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a table, in which `who` has ten rows of each of nine, and a run for each of RUNS."""
    directory = tmp_path_factory.mktemp("judged")
    path = write_table(directory, rows=90)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [
        [*row, f"p{index % 9}", f"0{index % 3}", "" if index < 5 else index] for index, row in enumerate(rows)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*header, "who", "code", "far"], *rows])
    for name, sections in RUNS.items():
        data = {"features": ["length", "width", "colour"], "test": 0.3, **sections["data"]}
        config = write_config(directory / f"{name}.yaml", data=data, training={"epochs": 4})
        ok("train", config, "-o", directory / name, "-q", "--no-plots")
    return directory


def evaluated(trained: Path, name: str, *arguments: object) -> Done:
    return mlp("evaluate", trained / name / "model.npz", trained / "t.csv", *arguments)


def predicted(trained: Path, name: str) -> list[dict[str, str]]:
    return ok("predict", trained / name / "model.npz", trained / "t.csv", "--include-inputs").rows()


def test_every_metric_has_its_interval_and_the_loss_has_none(trained: Path) -> None:
    for name in ("two", "kinds", "numbers"):
        document = evaluated(trained, name, "--ci", "--json").document()
        ci = document["ci"]
        assert (ci["level"], ci["draws"]) == (0.95, 1000)
        assert list(ci["metrics"]) == [metric for metric in document["metrics"] if metric != "loss"]
        for metric, (lower, upper) in ci["metrics"].items():
            assert lower < upper
            if metric != "ece":  # which is larger in every draw
                assert lower < document["metrics"][metric] < upper
    assert "ci" not in evaluated(trained, "two", "--json").document()


def test_a_share_has_about_the_interval_of_a_binomial(trained: Path) -> None:
    document = evaluated(trained, "kinds", "--ci", "--json").document()
    share = document["metrics"]["accuracy"]
    half = 1.96 * (share * (1 - share) / 90) ** 0.5
    assert document["ci"]["metrics"]["accuracy"] == pytest.approx([share - half, share + half], abs=0.03)


def test_a_person_reads_them_beside_the_values(trained: Path) -> None:
    lines = evaluated(trained, "numbers", "--ci").out.splitlines()
    assert lines[2].split() == ["metric", "value", "95", "%", "interval"]
    assert lines[4].split()[2:] == ["-"]
    assert lines[5].split()[0] == "r2"
    assert lines[5].split()[3] == "to"
    assert lines[8] == "intervals by 1,000 bootstrap draws of rows"


def test_rows_that_belong_together_are_drawn_together(trained: Path, tmp_path: Path) -> None:
    document = evaluated(trained, "grouped", "--ci", "--json").document()
    assert document["ci"]["group"] == "who"
    assert "draws of the groups of 'who'" in evaluated(trained, "grouped", "--ci").out
    lines = [line.rsplit(",", 3)[0] for line in (trained / "t.csv").read_text("utf-8").splitlines()]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", "utf-8")
    alone = ok("evaluate", trained / "grouped" / "model.npz", tmp_path / "t.csv", "--ci", "--json").document()
    assert "group" not in alone["ci"]
    assert alone["metrics"] == document["metrics"]
    assert alone["ci"]["metrics"] != document["ci"]["metrics"]


def test_scores_by_a_column_are_those_of_its_rows(trained: Path) -> None:
    rows = predicted(trained, "kinds")
    document = evaluated(trained, "kinds", "--by", "colour", "--by", "code", "--json").document()
    assert list(document["by"]) == ["colour", "code"]
    assert [group["value"] for group in document["by"]["code"]["shown"]] == ["00", "01", "02"]
    assert document["by"]["colour"]["values"] == 3
    for group in document["by"]["colour"]["shown"]:
        own = [row for row in rows if row["colour"] == group["value"]]
        right = [row["prediction"] == row["kind"] for row in own]
        assert group["rows"] == len(own)
        assert group["metrics"]["accuracy"] == pytest.approx(np.mean(right))
        assert list(group["metrics"]) == ["accuracy", "f1_macro", "pr_auc", "brier", "ece"]


def test_numbers_are_in_quarters_and_empty_cells_in_a_group_of_their_own(trained: Path) -> None:
    document = evaluated(trained, "numbers", "--by", "far", "--json").document()
    groups = document["by"]["far"]["shown"]
    assert [group["value"] for group in groups] == [
        "up to 26", "26 to 47", "47 to 68", "above 68", "(empty)",
    ]  # fmt: skip
    assert [group["rows"] for group in groups] == [22, 21, 21, 21, 5]


def test_many_values_are_capped_in_words(trained: Path) -> None:
    shown = evaluated(trained, "kinds", "--by", "id").out
    assert shown.endswith("20 of 90 values shown, those with the most rows\n")
    document = evaluated(trained, "two", "--by", "who", "--json").document()
    assert document["by"]["who"]["values"] == 9


def test_groups_that_do_not_fit_beside_each_other_stand_below(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpcli.commands.evaluation_report.screen_columns", lambda: 40)
    lines = evaluated(trained, "kinds", "--by", "colour").out.splitlines()
    heads = [line.split() for line in lines if line.startswith("colour")]
    assert [head[:2] for head in heads] == [["colour", "rows"]] * len(heads)
    assert [name for head in heads for name in head[2:]] == ["accuracy", "f1_macro", "pr_auc", "brier", "ece"]
    assert max(map(len, lines[lines.index(next(x for x in lines if x.startswith("colour"))) :])) <= 40


def test_a_column_that_is_not_there_is_wrong_data(trained: Path) -> None:
    done = evaluated(trained, "two", "--by", "colr", "--json")
    assert (done.code, done.out) == (4, "")
    assert "there is no column 'colr'" in done.err


def test_another_threshold_changes_the_classes_and_not_the_probabilities(trained: Path) -> None:
    rows = predicted(trained, "two")
    positive = json.loads(evaluated(trained, "two", "--json").out)["positive"]
    p = np.array([float(row[f"probability_{positive}"]) for row in rows])
    truth = np.array([row["two"] == positive for row in rows])
    usual = evaluated(trained, "two", "--json").document()
    document = evaluated(trained, "two", "--threshold", 0.3, "--json").document()
    assert document["threshold"] == 0.3
    assert document["metrics"]["accuracy"] == pytest.approx(np.mean((p >= 0.3) == truth))
    assert document["metrics"]["roc_auc"] == usual["metrics"]["roc_auc"]
    assert "from a probability of 0.3 on" in evaluated(trained, "two", "--threshold", 0.3).out
    everything = evaluated(trained, "two", "--threshold", 0, "--json").document()
    assert everything["metrics"]["accuracy"] == pytest.approx(truth.mean())


@pytest.mark.parametrize("run", ["kinds", "numbers"])
def test_a_threshold_is_for_two_classes(trained: Path, run: str) -> None:
    done = evaluated(trained, run, "--threshold", 0.5)
    assert (done.code, done.out) == (2, "")
    assert "--threshold is for models that give probabilities of two classes" in done.err


def test_a_threshold_is_a_probability(trained: Path) -> None:
    assert evaluated(trained, "two", "--threshold", 1.5).code == 2


def test_curves_and_calibration_are_those_of_scikit_learn(trained: Path) -> None:
    rows = predicted(trained, "two")
    document = evaluated(trained, "two", "--curves", "--json").document()
    positive = document["positive"]
    p = np.array([float(row[f"probability_{positive}"]) for row in rows])
    truth = np.array([row["two"] == positive for row in rows])
    (roc,), (pr,) = document["curves"]["roc"], document["curves"]["pr"]
    assert roc["class"] == pr["class"] == positive
    fpr, tpr, _ = by_sklearn.roc_curve(truth, p)
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(np.trapezoid(tpr, fpr))
    points = {(round(x, 9), round(y, 9)) for x, y in zip(fpr, tpr, strict=True)}
    assert {(round(x, 9), round(y, 9)) for x, y in zip(roc["fpr"], roc["tpr"], strict=True)} <= points
    assert roc["thresholds"][0] is None
    assert roc["area"] == pytest.approx(by_sklearn.roc_auc_score(truth, p))
    assert pr["area"] == document["metrics"]["pr_auc"]
    assert pr["area"] == pytest.approx(by_sklearn.average_precision_score(truth, p))
    share, mean = calibration_curve(truth, p, n_bins=10, strategy="quantile")
    reliable = document["curves"]["reliability"]
    assert (reliable["share"], reliable["probability"]) == (pytest.approx(share), pytest.approx(mean))
    bins = document["calibration"]["bins"]
    assert document["calibration"]["of"] == positive
    assert sum(one["rows"] for one in bins) == 90
    weighed = sum(one["rows"] * abs(one["probability"] - one["share"]) for one in bins) / 90
    assert document["metrics"]["ece"] == pytest.approx(weighed)
    assert document["metrics"]["brier"] == pytest.approx(by_sklearn.brier_score_loss(truth, p))


def test_of_several_classes_each_has_its_curves(trained: Path) -> None:
    document = evaluated(trained, "kinds", "--curves", "--json").document()
    assert [curve["class"] for curve in document["curves"]["roc"]] == ["ash", "elm", "oak"]
    areas = [curve["area"] for curve in document["curves"]["pr"]]
    assert document["metrics"]["pr_auc"] == pytest.approx(np.mean(areas))
    assert document["calibration"]["of"] == "the predicted class"


def test_a_class_without_rows_has_no_points(trained: Path, tmp_path: Path) -> None:
    lines = (trained / "t.csv").read_text("utf-8").splitlines()
    place = lines[0].split(",").index("kind")
    kept = [line for line in lines if line.split(",")[place] != "oak"]
    (tmp_path / "t.csv").write_text("\n".join(kept) + "\n", "utf-8")
    done = ok("evaluate", trained / "kinds" / "model.npz", tmp_path / "t.csv", "--curves", "--json", "--ci")
    document = done.document()
    assert document["curves"]["roc"][2] == {
        "class": "oak",
        "fpr": [],
        "tpr": [],
        "thresholds": [],
        "area": None,
    }
    assert document["metrics"]["pr_auc"] is None
    assert "pr_auc" not in document["ci"]["metrics"]


def test_a_person_sees_the_bins_with_curves(trained: Path) -> None:
    lines = evaluated(trained, "two", "--curves").out.splitlines()
    (start,) = (index for index, line in enumerate(lines) if line.startswith("probability of "))
    assert lines[start].split()[3:] == ["rows", "mean", "came", "true", "95", "%", "interval"]
    assert len(lines) - start == 2 + 10
    assert "probability of" not in evaluated(trained, "two").out


def test_numbers_have_no_curves(trained: Path) -> None:
    document = evaluated(trained, "numbers", "--curves", "--json").document()
    assert "curves" not in document
    assert "calibration" not in document
