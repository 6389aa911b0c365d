"""`mlp evaluate`: the metrics of the run on the same rows, by scikit-learn too; assertions that can fail."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as by_sklearn

from mlpcli.commands.assertions import parse_assertions
from mlpcli.errors import UsageError
from tests.support.running import Done, mlp, ok, raw_characters, write_config, write_table

# name: the config's sections; every kind of task, weights of rows and of classes, losses of every family
RUNS: dict[str, dict[str, Any]] = {
    "classes": {"data": {"task": "classification"}},
    "two": {"data": {"target": "two"}, "training": {"metrics": ["accuracy", "f1", "log_loss", "mcc"]}},
    "hinge": {"data": {"target": "two"}, "loss": "hinge"},
    "numbers": {"data": {"target": "size"}, "training": {"metrics": ["r2", "mae", "rmse"]}},
    "several": {"data": {"target": ["size", "width"], "features": ["length", "colour"]}},
    "labels": {
        "data": {"target": ["big", "wide"], "task": "multilabel", "features": ["length", "width", "size"]}
    },
    "counts": {"data": {"target": "count"}, "loss": "poisson"},
    "sums": {"data": {"target": "size"}, "loss": {"name": "mse", "reduction": "sum"}},
    "weighted": {"data": {"weight": "w"}},
    "balanced": {"class_weight": "balanced"},
}


# what an evaluation says besides the metrics of the run, by what the outputs allow
FURTHER = {
    "classes": ["pr_auc", "brier", "ece"],
    "two": ["pr_auc", "brier", "ece"],
    "hinge": ["pr_auc"],
    "labels": ["pr_auc"],
}


def parted(directory: Path) -> None:
    """Gives the table a column that says which rows test, and writes those to `test.csv`."""
    with (directory / "t.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [
        [*row, "test" if index % 3 == 0 else "train", *(int(float(row[column]) > 0) for column in (6, 2))]
        for index, row in enumerate(rows)
    ]
    for name, kept in (("t.csv", rows), ("test.csv", [row for row in rows if row[-3] == "test"])):
        with (directory / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[*header, "part", "big", "wide"], *kept])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the table, its test rows, and a run for each of RUNS."""
    directory = tmp_path_factory.mktemp("evaluated")
    write_table(directory, rows=90)
    parted(directory)
    for name, sections in RUNS.items():
        data = {"test": {"column": "part", "value": "test"}, **sections.get("data", {})}
        config = write_config(directory / f"{name}.yaml", **{**sections, "data": data})
        ok("train", config, "-o", directory / name, "-q", "--no-plots")
    return directory


def evaluated(trained: Path, name: str, *arguments: object) -> Done:
    return mlp("evaluate", trained / name / "model.npz", trained / "test.csv", *arguments)


@pytest.mark.parametrize("name", RUNS)
def test_the_values_are_those_of_the_run_on_the_same_rows(trained: Path, name: str) -> None:
    expected = json.loads((trained / name / "metrics.json").read_text("utf-8"))["test"]
    del expected["baseline"]
    by_target = expected.pop("targets", None)
    if name == "balanced":  # what a class weighs is known from the training rows alone
        del expected["loss"]
    found = evaluated(trained, name, "--json").document()
    assert found["rows"] == 30
    assert list(found["metrics"])[: len(expected)] == list(expected)
    assert {key: found["metrics"][key] for key in expected} == pytest.approx(expected, rel=1e-6)
    further = [key for key in found["metrics"] if key not in expected]
    assert further == FURTHER.get(name, [] if "target" in RUNS[name].get("data", {}) else FURTHER["classes"])
    assert ("targets" in found) == (by_target is not None) == (name in {"several", "labels"})
    for target, values in (by_target or {}).items():
        assert {key: found["targets"][target][key] for key in values} == pytest.approx(values, rel=1e-6)


def test_several_targets_have_values_of_their_own_which_the_headline_averages(trained: Path) -> None:
    document = evaluated(trained, "several", "--json").document()
    rows = ok("predict", trained / "several" / "model.npz", trained / "test.csv", "--include-inputs").rows()
    for target in ("size", "width"):
        truth, predicted = ([float(row[name]) for row in rows] for name in (target, f"{target}_prediction"))
        own = document["targets"][target]
        assert own["r2"] == pytest.approx(by_sklearn.r2_score(truth, predicted), rel=1e-5)
        assert own["mae"] == pytest.approx(by_sklearn.mean_absolute_error(truth, predicted), rel=1e-5)
    for name in ("r2", "rmse", "mae"):
        both = [document["targets"][target][name] for target in ("size", "width")]
        assert document["metrics"][name] == pytest.approx(sum(both) / 2, rel=1e-12)


def test_labels_have_values_of_their_own(trained: Path) -> None:
    document = evaluated(trained, "labels", "--json").document()
    assert list(document["targets"]) == ["big", "wide"]
    for row in document["classes"]:
        assert document["targets"][row["name"]]["f1_macro"] == row["f1"]


def test_a_person_sees_a_table_by_target_unless_it_is_too_long(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run, names in (("several", ["size", "width"]), ("labels", ["big", "wide"])):
        shown = evaluated(trained, run).out.splitlines()
        assert [line.split()[0] for line in shown[-2:]] == names
        summary = ok(
            "train", trained / f"{run}.yaml", "-o", trained / "again", "--no-plots", "--overwrite"
        ).out
        assert [line.split()[:2] for line in summary.splitlines() if line.startswith(tuple(names))] == [
            [name, part] for part in ("training", "test") for name in names
        ]
    monkeypatch.setattr("mlpcli.commands.parts_table.MOST_ROWS", 1)
    assert "the values of every target are in --json" in evaluated(trained, "several").out


def test_the_tables_by_class_are_those_of_scikit_learn(trained: Path) -> None:
    printed = ok(
        "predict", trained / "weighted" / "model.npz", trained / "test.csv", "--id", "kind", "--id", "w"
    )
    rows = printed.rows()
    truth, predicted = ([row[name] for row in rows] for name in ("kind", "prediction"))
    weights = [float(row["w"]) for row in rows]
    found = evaluated(trained, "weighted", "--json").document()
    labels = ["ash", "elm", "oak"]
    matrix = by_sklearn.confusion_matrix(truth, predicted, labels=labels, sample_weight=weights)
    np.testing.assert_allclose(found["confusion_matrix"], matrix)
    columns = by_sklearn.precision_recall_fscore_support(
        truth, predicted, labels=labels, sample_weight=weights, zero_division=0
    )
    assert [row["name"] for row in found["classes"]] == labels
    by_class = [[row[key] for key in ("precision", "recall", "f1", "support")] for row in found["classes"]]
    np.testing.assert_allclose(by_class, np.array(columns).T)


def test_a_person_reads_the_metrics_and_where_they_come_from(trained: Path) -> None:
    lines = evaluated(trained, "classes").out.splitlines()
    assert lines[0] == "30 rows"
    first = [line.split()[0] for line in lines if line and not line.startswith("─")]
    assert first == ["30", "metric", "loss", "accuracy", "f1_macro", "pr_auc", "brier", "ece",
                     "class", "ash", "elm", "oak", "true", "ash", "elm", "oak"]  # fmt: skip


def test_quiet_prints_nothing_but_json_may(trained: Path) -> None:
    assert evaluated(trained, "classes", "-q").out == ""
    assert evaluated(trained, "classes", "-q", "--json").document()["rows"] == 30


def test_standard_input_is_an_input(trained: Path) -> None:
    content = (trained / "test.csv").read_bytes()
    found = mlp("evaluate", trained / "numbers" / "model.npz", "-", "--json", stdin=content)
    assert found.out == evaluated(trained, "numbers", "--json").out


def test_the_order_of_columns_does_not_matter(trained: Path, tmp_path: Path) -> None:
    with (trained / "test.csv").open(encoding="utf-8", newline="") as file:
        turned = [row[::-1] for row in csv.reader(file)]
    with (tmp_path / "turned.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(turned)
    found = mlp("evaluate", trained / "several" / "model.npz", tmp_path / "turned.csv", "--json")
    assert found.out == evaluated(trained, "several", "--json").out


def test_without_its_column_of_weights_every_row_counts_one(trained: Path, tmp_path: Path) -> None:
    lines = [line.rsplit(",", 4)[0] for line in (trained / "test.csv").read_text("utf-8").splitlines()]
    (tmp_path / "plain.csv").write_text("\n".join(lines) + "\n", "utf-8")
    done = mlp("evaluate", trained / "weighted" / "model.npz", tmp_path / "plain.csv", "--json")
    assert done.err == "mlp: warning: there is no column 'w' of sample weights: every row counts 1\n"
    assert [row["support"] for row in done.document()["classes"]] == [
        sum(line.split(",")[4] == name for line in lines) for name in ("ash", "elm", "oak")
    ]


def test_assertions_that_hold_are_silent(trained: Path) -> None:
    claims = ["--assert", "accuracy>=0", "--assert", " mcc <= 1 ", "--assert", "loss<1e3"]
    done = evaluated(trained, "classes", *claims, "--json")
    assert (done.code, done.err) == (0, "")
    assert list(done.document()["metrics"]) == ["loss", "accuracy", "f1_macro", "mcc", *FURTHER["classes"]]


def test_assertions_that_are_missed_end_in_exit_10_after_the_results(trained: Path) -> None:
    done = evaluated(trained, "classes", "--assert", "accuracy>1", "--assert", "loss==0", "--json")
    assert done.code == 10
    values = done.document()["metrics"]
    shown = [line.split("found ")[1] for line in done.err.splitlines()]
    assert done.err.splitlines() == [
        f"mlp: error: --assert 'accuracy>1': expected accuracy > 1.0, found {shown[0]}",
        f"mlp: error: --assert 'loss==0': expected loss == 0.0, found {shown[1]}",
    ]
    assert float(shown[0]) == pytest.approx(values["accuracy"], rel=1e-3)
    assert float(shown[1]) == pytest.approx(values["loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("run", "claim", "message"),
    [
        ("classes", "accuracy=0.9", "expected a metric, one of >= <= > < == and a number"),
        ("classes", "accuracy>=high", "expected a metric, one of >= <= > < == and a number"),
        ("classes", "accuracy>=true", "expected a metric, one of >= <= > < == and a number"),
        ("classes", "accuracy>=nan", "expected a metric, one of >= <= > < == and a number"),
        ("classes", "AUC>=0.9", "there is no metric 'AUC'\nhint: it is called 'roc_auc' here"),
        (
            "classes",
            "auprc>=0.9",
            "there is no metric 'auprc'\nhint: it is called 'pr_auc' here",
        ),
        ("classes", "acuracy>=0.9", "there is no metric 'acuracy'\nhint: did you mean 'accuracy'?"),
        (
            "classes",
            "f1>0",
            "metric 'f1' is for two classes, the target has 3\nhint: use f1_macro or f1_weighted",
        ),
        ("classes", "r2>0", "metric 'r2' is not for classification"),
        ("hinge", "log_loss<1", "metric 'log_loss' needs a sigmoid or softmax output, found identity"),
        (
            "balanced",
            "loss<1",
            "the loss of a model that was trained with class weights depends on its training rows",
        ),
    ],
)
def test_wrong_assertions_are_wrong_usage(trained: Path, run: str, claim: str, message: str) -> None:
    done = evaluated(trained, run, "--assert", claim, "--json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"mlp: error: --assert '{claim}': {message}")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_an_assertion_is_missed_exactly_where_it_does_not_hold(value: float, bound: float) -> None:
    holds = {
        ">=": value >= bound,
        "<=": value <= bound,
        "==": value == bound,
        ">": value > bound,
        "<": value < bound,
    }
    for sign, expected in holds.items():
        (claim,) = parse_assertions([f"accuracy {sign} {bound!r}"])
        assert (claim.miss({"accuracy": value}) is None) is expected
        (claim,) = parse_assertions([f"accuracy{sign}{value!r}"])
        assert (claim.miss({"accuracy": value}) is None) is ("=" in sign)


def test_a_metric_without_a_value_keeps_no_claim() -> None:
    (claim,) = parse_assertions(["roc_auc>=0"])
    problem = claim.miss({"roc_auc": None})
    assert problem is not None
    assert problem.message == "expected roc_auc >= 0.0, found no value: it is not defined for these rows"


def test_all_wrong_assertions_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_assertions(["a", "accuracy>0", "b>>1"])
    assert len(caught.value.problems) == 2


def test_a_class_that_training_did_not_have_has_a_place(trained: Path, tmp_path: Path) -> None:
    lines = (trained / "test.csv").read_text("utf-8").splitlines()
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:4], "fir", *cells[5:]])
    path = tmp_path / "fir.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    done = mlp("evaluate", trained / "classes" / "model.npz", path, "--json")
    assert (done.code, done.out) == (4, "")
    assert done.err == (
        f"mlp: error: {path}:4: column 'kind': the class 'fir' is none of those in the training rows\n"
        "hint: they are: ash, elm, oak\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("length,width,colour,kind\n", "there are no rows after the header"),
        ("length,width,colour\n1,2,red\n", "1: there is no column 'kind'"),
        ("length,width,colour,kind\n1,2,red,\n", "2: column 'kind': a missing value"),
        ("length,width,colour,kind\n1,x,red,ash\n", "2: column 'width': expected a number, found 'x'"),
    ],
)
def test_data_that_cannot_be_judged_is_wrong_data(
    trained: Path, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, "utf-8")
    done = mlp("evaluate", trained / "classes" / "model.npz", path)
    assert (done.code, done.out) == (4, "")
    assert message in done.err


def test_unseen_categories_are_counted(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("length,width,colour,kind\n1,2,\x1b[31mpink,ash\n1,2,red,oak\n", "utf-8")
    done = mlp("evaluate", trained / "classes" / "model.npz", path)
    assert done.code == 0
    assert "1 value of 'colour' not seen in training" in done.err
    assert not raw_characters(done.err)


def test_another_model_file_is_refused(trained: Path) -> None:
    done = evaluated(trained, "classes", "--expect-sha256", "0" * 64)
    assert (done.code, done.out) == (5, "")
