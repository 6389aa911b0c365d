"""Metrics and answers have the digits that the scores have, and their meaning whatever units are used."""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from sklearn.model_selection import cross_val_score

import mlpcli
from mlpcli.sklearn import MLPClassifier, MLPRegressor
from tests.support.running import mlp, ok

SIGMOID = """\
data: {train: data.csv, target: y, features: {x: none}, validation: validation.csv}
model: {layers: [auto, auto]}
optimizer: {name: sgd, learning_rate: 1.0}
training: {epochs: 100, batch_size: full, metrics: [log_loss, roc_auc, average_precision]}
"""
WEIGHTED = """\
data: {train: data.csv, target: y, weight: w, validation: validation.csv, target_scale: none}
model: {layers: [auto, auto]}
training: {epochs: 1, metrics: [mse]}
"""
UNSCALED = """\
data: {train: data.csv, target: y, task: regression, target_scale: none}
training: {epochs: 2}
"""
SCALED = """\
data: {train: data.csv, target: y, task: regression, test: 0.25}
training: {epochs: 2, metrics: [r2, rmse, mae]}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, header: str, *columns: Any) -> None:
    rows = (",".join(map(str, row)) for row in zip(*columns, strict=True))
    Path(name).write_text("\n".join([header, *rows, ""]), "utf-8")


def trained(config: str, *arguments: str) -> dict[str, Any]:
    """The metrics of a run in `run`."""
    Path("c.yaml").write_text(config, "utf-8")
    ok("train", "c.yaml", "-o", "run", "--overwrite", "--no-plots", "-q", *arguments)
    document: dict[str, Any] = json.loads(Path("run/metrics.json").read_text("utf-8"))
    return document


# --- scores -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [(0, 1), (1, 0)])
def test_rankings_and_losses_of_saturated_probabilities(names: tuple[int, int]) -> None:
    """Whichever class sorts last."""
    x = np.round(np.linspace(-10, 10, 200), 1)
    write("data.csv", "x,y", x, [names[int(value > 0)] for value in x])
    write("validation.csv", "x,y", [-10, 10, 9.5], [names[0], names[1], names[0]])
    val = trained(SIGMOID)["val"]
    assert val["loss"] > 9
    assert val["log_loss"] == pytest.approx(val["loss"], rel=1e-6)
    assert val["roc_auc"] == val["average_precision"] == 1.0
    rows = ok("predict", "run/model.npz", "validation.csv").rows()
    for row in rows:
        unlikely = min(float(row["probability_0"]), float(row["probability_1"]))
        assert 0 < unlikely < 1e-11
        assert float(row["probability_0"]) + float(row["probability_1"]) == 1.0
    evaluated = ok("evaluate", "run/model.npz", "validation.csv", "--json").document()["metrics"]
    both = [name for name in evaluated if name in val]
    assert set(val) - {"baseline"} == set(both)
    assert [evaluated[name] for name in both] == pytest.approx([val[name] for name in both], rel=1e-12)


@pytest.mark.parametrize("loss", ["mse", "mae", "cross_entropy", "huber"])
def test_outputs_of_other_losses_are_not_rounded_before_they_are_ranked(loss: str) -> None:
    """A sigmoid that the loss does not own, two softmax columns."""
    x = np.round(np.linspace(-10, 10, 200), 1)
    write("data.csv", "x,y", x, (x > 0).astype(int))
    write("validation.csv", "x,y", [-400, 400, 380], [0, 1, 0])
    output = "softmax" if loss == "cross_entropy" else "sigmoid"
    config = SIGMOID.replace("auto]}", f"auto], activation: [{output}]}}") + f"loss: {loss}\n"
    val = trained(config, "--set", "data.task=classification")["val"]
    assert val["roc_auc"] == val["average_precision"] == 1.0
    assert val["log_loss"] > 30  # which scikit-learn would clip at 36


def test_three_classes_rank_by_scores() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 3
    x = np.eye(3)[truth] * 30 + rng.normal(size=(300, 3)).round(3)
    write("data.csv", "a,b,c,y", *x.T, truth)
    val = x[:60].copy()
    write("validation.csv", "a,b,c,y", *(val * 3).T, truth[:60])
    config = SIGMOID.replace(
        "features: {x: none}", "task: classification, features: {a: none, b: none, c: none}"
    )
    found = trained(config)["val"]
    assert found["roc_auc"] == found["average_precision"] == 1.0
    assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-9)


# --- probabilities ------------------------------------------------------------------------------------------


def table(classes: int) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(150, 3)).round(3), columns=["x0", "x1", "x2"])
    return x, np.arange(150) % classes


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_probabilities_of_a_float32_network_sum_to_one_in_float64(classes: int) -> None:
    """So that scikit-learn warns of nothing: a warning is an error here."""
    x, y = table(classes)
    model = MLPClassifier(optimizer="adam", epochs=20, random_state=0)
    assert model.fit(x, y).networks_.dtype == "float32"
    probability = model.predict_proba(x)
    assert np.abs(probability.sum(axis=1) - 1).max() <= 4 * np.finfo(float).eps
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sklearn.metrics.log_loss(y, probability)
        quick = MLPClassifier(optimizer="adam", epochs=2, random_state=0)
        cross_val_score(quick, x, y, scoring="neg_log_loss", cv=2)
    for row in probability:
        np.random.default_rng(0).choice(classes, p=row)


def test_the_same_probabilities_are_in_the_file_and_in_python() -> None:
    x, y = table(3)
    x.assign(y=y).to_csv("data.csv", index=False)
    trained("data: {train: data.csv, target: y, task: classification}\ntraining: {epochs: 3}\n")
    model = mlpcli.load("run/model.npz")
    ok("predict", "run/model.npz", "data.csv", "-o", "p.csv")
    written = pd.read_csv("p.csv").filter(like="probability")
    np.testing.assert_array_equal(written.to_numpy(), model.predict_proba(x).to_numpy())
    assert np.abs(written.sum(axis=1) - 1).max() <= 4 * np.finfo(float).eps
    sklearn.metrics.log_loss(y, written)


def test_numbers_are_written_with_the_digits_that_float32_tells_apart() -> None:
    """And read back to what Python gives."""
    x, _ = table(2)
    x.assign(y=3 * x["x0"] + 20).to_csv("data.csv", index=False)
    lengths = {}
    for dtype in ("float32", "float64"):
        trained(
            "data: {train: data.csv, target: y}\ntraining: {epochs: 3}\n", "--set", f"training.dtype={dtype}"
        )
        found = mlpcli.load("run/model.npz").predict(x)
        texts = [row["prediction"] for row in ok("predict", "run/model.npz", "data.csv").rows()]
        assert [float(text) for text in texts] == found.tolist()
        lengths[dtype] = max(map(len, texts))
        if dtype == "float32":
            assert texts == [str(np.float32(text)) for text in texts]
    assert lengths == {"float32": 9, "float64": 18}


# --- units --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["e-170", "e160", "e-300", "e300"])
def test_metrics_of_tiny_and_huge_targets_are_those_of_ordinary_ones(unit: str) -> None:
    y = np.random.default_rng(0).normal(5, 1, 40).round(4)
    found = {}
    for power in ("", unit):
        write("data.csv", "x,y", range(40), [f"{value}{power}" for value in y])
        found[power] = trained(SCALED)
    for part in ("train", "test"):
        for values, ordinary in (
            (found[unit][part], found[""][part]),
            (found[unit][part]["baseline"], found[""][part]["baseline"]),
        ):
            assert values["r2"] == pytest.approx(ordinary["r2"], abs=1e-6)
            for name in ("rmse", "mae"):
                assert values[name] == pytest.approx(ordinary[name] * float(f"1{unit}"), rel=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e-20, 1e80])
def test_the_loss_of_a_part_is_its_weighted_mean(unit: float) -> None:
    """So that it agrees with the metric of the same name, whatever the weights of the training rows are."""
    rng = np.random.default_rng(0)
    write("data.csv", "x,y,w", rng.normal(size=60).round(3), rng.normal(size=60).round(3), [2, 0.5] * 30)
    weights = [4 * unit, 3 * unit, 3 * unit, 3 * unit]
    write("validation.csv", "x,y,w", [-1.1, 1.2, 0.3, 1], [-0.7, 0.3, 0, -0.8], weights)
    document = trained(WEIGHTED)
    for part in ("train", "val"):
        for values in (document[part], document[part]["baseline"]):
            assert values["loss"] == pytest.approx(values["mse"], rel=1e-6)
    with Path("run/history.csv").open(encoding="utf-8") as file:
        (epoch,) = csv.DictReader(file)
    assert float(epoch["val_loss"]) == pytest.approx(float(epoch["val_mse"]), rel=1e-6)
    evaluated = ok("evaluate", "run/model.npz", "validation.csv", "--json").document()["metrics"]
    assert evaluated["loss"] == pytest.approx(document["val"]["loss"], rel=1e-6)
    summed = trained(WEIGHTED + "loss: {name: mse, reduction: sum}\n")["val"]
    assert summed["loss"] == pytest.approx(4 * summed["mse"], rel=1e-6)
    again = ok("evaluate", "run/model.npz", "validation.csv", "--json").document()["metrics"]
    assert again["loss"] == pytest.approx(summed["loss"], rel=1e-6)


def test_rows_without_any_weight_have_neither_loss_nor_metrics() -> None:
    write("data.csv", "x,y,w", [0, 1, 2, 3], [1, 3, 2, 5], [1, 2, 1, 1])
    write("validation.csv", "x,y,w", [0, 1], [1, 2], [0, 0])
    document = trained(WEIGHTED)
    assert (document["val"]["loss"], document["val"]["mse"]) == (None, None)
    assert document["val"]["baseline"] == {"loss": None, "mse": None}
    evaluated = ok("evaluate", "run/model.npz", "validation.csv", "--json").document()["metrics"]
    assert evaluated == {"loss": None, "mse": None}


def test_large_counts_are_judged_without_a_word() -> None:
    """Of which e^y would be more than any number."""
    write("data.csv", "x,y", [0.1, 0.2, 0.3, 0.4] * 5, [900, 1000, 1100, 1200] * 5)
    values = trained("data: {train: data.csv, target: y}\nloss: poisson\ntraining: {epochs: 2}\n")["train"]
    assert values["baseline"]["r2"] == pytest.approx(0.0, abs=1e-12)


# --- targets that a precision does not hold -----------------------------------------------------------------

WIDER = "hint: write `training.dtype: float64`, or leave `target_scale` to its default\n"


@pytest.mark.parametrize(
    ("unit", "config", "message"),
    [
        (
            "e38",
            UNSCALED,
            "6: column 'y': a target beyond what float32 holds, found 4e+38 (and 35 more: lines 7, 8, …)",
        ),
        (
            "e19",
            UNSCALED,
            "4: column 'y': a target whose square is beyond what float32 holds, found 2e+19"
            " (and 37 more: lines 5, 6, …)",
        ),
        (
            "e-42",
            UNSCALED,
            "3: column 'y': a target below what float32 holds, found 1e-42 (and 38 more: lines 4, 5, …)",
        ),
        (
            "",
            UNSCALED.replace("none", "{divide: 1e-39}"),
            "3: column 'y': a target beyond what float32 holds, found 1 (and 38 more: lines 4, 5, …)",
        ),
        (
            "",
            UNSCALED.replace("none", "{divide: 1e-100}"),
            "3: column 'y': a target beyond what float32 holds, found 1 (and 38 more: lines 4, 5, …)",
        ),
        (
            "",
            UNSCALED.replace("none", "{divide: 1e60}"),
            "3: column 'y': a target below what float32 holds, found 1 (and 38 more: lines 4, 5, …)",
        ),
    ],
)
def test_a_target_that_float32_does_not_hold_is_wrong_data(unit: str, config: str, message: str) -> None:
    write("data.csv", "x,y", range(40), [f"{row}{unit}" for row in range(40)])
    Path("c.yaml").write_text(config, "utf-8")
    done = mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    assert (done.code, done.out, done.err) == (4, "", f"mlp: error: data.csv:{message}\n{WIDER}")
    assert not Path("run").exists()
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", "training.dtype=float64")
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", "data.target_scale=standardize")


def test_what_float64_does_not_hold_has_another_hint() -> None:
    write("data.csv", "x,y", range(40), [f"{row}e300" for row in range(40)])
    Path("c.yaml").write_text(UNSCALED.replace("none", "{divide: 1e-10}"), "utf-8")
    done = mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", "training.dtype=float64")
    assert (done.code, done.err) == (
        4,
        "mlp: error: data.csv:3: column 'y': a target beyond what float64 holds, found 1e+300"
        " (and 38 more: lines 4, 5, …)\nhint: leave `target_scale` to its default\n",
    )


@pytest.mark.parametrize("part", ["validation", "test"])
def test_nor_may_other_files_hold_such_a_target(part: str) -> None:
    write("data.csv", "x,y", range(40), range(40))
    write("other.csv", "x,y", [1, 2], [1, "4e38"])
    write("tiny.csv", "x,y", [1, 2], [0, "1e-60"])
    Path("c.yaml").write_text(UNSCALED, "utf-8")
    done = mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", f"data.{part}=other.csv")
    assert (done.code, done.err) == (
        4,
        f"mlp: error: other.csv:3: column 'y': a target beyond what float32 holds, found 4e+38\n{WIDER}",
    )
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", f"data.{part}=tiny.csv")
    evaluated = mlp("evaluate", "run/model.npz", "other.csv")
    assert (evaluated.code, evaluated.out, evaluated.err) == (4, "", done.err)
    ok("evaluate", "run/model.npz", "tiny.csv")


def test_estimators_name_such_a_target() -> None:
    x = np.arange(10.0)[:, np.newaxis]
    model = MLPRegressor(optimizer="adam", epochs=2, target_scale="none")
    with pytest.raises(ValueError, match=r"column 'y0': a target beyond what float32 holds, found 4e\+38"):
        model.fit(x, x[:, 0] * 1e38)
    MLPRegressor(optimizer="adam", epochs=2).fit(x, x[:, 0] * 1e38)
    MLPRegressor(optimizer="adam", epochs=2, target_scale="none", dtype="float64").fit(x, x[:, 0] * 1e38)


def test_weights_beyond_float32_are_like_any_others() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=60).round(3), rng.normal(size=60).round(3)
    results = []
    for unit in (1.0, 1e60, 1e-60):
        write("data.csv", "x,y,w", x, y, np.array([2, 0.5] * 30) * unit)
        results.append(trained(WEIGHTED, "--set", "data.validation=0.3"))
    for part in ("train", "val"):
        for other in results[1:]:
            assert other[part]["loss"] == pytest.approx(results[0][part]["loss"], rel=1e-5)
