"""Targets learnt as logarithms, predictions that stay in the training rows' range: from end to end."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from mlpcli.artifacts.model_file import parse_model
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.errors import ConfigError
from mlpcli.run import pace
from mlpcli.sklearn import MLPRegressor
from mlpcli.terminal.console import number
from tests.support.hostile_models import npy, zipped
from tests.support.running import arrays, history, mlp, ok, results, write_config
from tests.support.stopping import TERM, stopped_after
from tests.support.tables import config_for, prepare

LOG, CLIP = {"target_transform": "log1p"}, {"target_clip": True}
FEATURES = ["a", "b"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table whose target spreads over four orders, and its logarithm beside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 80)).round(3)
    y = np.expm1(2 + 1.5 * a - b + rng.normal(scale=0.2, size=80)).round(4)
    part = np.where(np.arange(80) % 4 == 0, "val", "train")
    write("t.csv", {"a": a, "b": b, "y": y, "u": np.log1p(y), "z": 3 * a, "part": part})
    return tmp_path


def write(name: str, columns: dict[str, Any]) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *zip(*columns.values(), strict=True)])


def train(run: str, *flags: object, target: str | list[str] = "y", **data: object) -> dict[str, Any]:
    """Train on some rows, and what the metrics of the run are."""
    held = {"validation": {"column": "part", "value": "val"}}
    config = {"target": target, "features": FEATURES, **held, **data}
    training = {"epochs": 12, "metrics": ["rmse", "mae", "r2"]}
    write_config(Path(f"{run}.yaml"), data=config, loss="mse", training=training, optimizer=ADAM)
    ok("train", f"{run}.yaml", "-o", run, "--no-plots", "-q", *flags)
    return metrics_of(run)


ADAM = {"name": "adam", "learning_rate": 0.01}


def metrics_of(run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(run, "metrics.json").read_text("utf-8"))
    return found


def column(name: str, part: str | None = None) -> np.ndarray:
    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file) if part in (None, row["part"])])


def predictions(run: str, rows: str = "t.csv") -> np.ndarray:
    return np.array([float(row["prediction"]) for row in ok("predict", f"{run}/model.npz", rows).rows()])


def weights(run: str) -> dict[str, Any]:
    return {name: array for name, array in arrays(Path(run)).items() if name.startswith("layers.")}


@pytest.mark.parametrize("scale", [None, "minmax", "none", {"divide": 3}])
def test_a_logarithm_is_learnt_as_a_column_of_logarithms_would_be(scale: Any) -> None:
    """The same losses and weights; predictions are those of the amounts."""
    given = {} if scale is None else {"target_scale": scale}
    train("log", **LOG, **given)
    train("by_hand", target="u", **given)
    for name, array in weights("by_hand").items():
        np.testing.assert_array_equal(weights("log")[name], array)
    for one, other in zip(history(Path("log")), history(Path("by_hand")), strict=True):
        assert (one["loss"], one["val_loss"]) == (other["loss"], other["val_loss"])
        assert one["rmse"] != other["rmse"]
    np.testing.assert_allclose(predictions("log"), np.expm1(predictions("by_hand")), rtol=3e-6)


def test_metrics_and_baseline_are_in_the_target_s_own_units() -> None:
    """As scikit-learn computes them from the predictions, and from the mean of the training rows."""
    metrics = train("run", "--set", "training.dtype=float64", **LOG)
    found, part = predictions("run"), np.arange(80) % 4 == 0
    dummy = DummyRegressor().fit(column("a", "train")[:, None], column("y", "train"))
    for name, rows in (("val", part), ("train", ~part)):
        y, guess = column("y")[rows], dummy.predict(column("a")[rows, None])
        oracles = {"rmse": root_mean_squared_error, "mae": mean_absolute_error, "r2": r2_score}
        for metric, oracle in oracles.items():
            assert metrics[name][metric] == pytest.approx(oracle(y, found[rows]), rel=1e-9)
            assert metrics[name]["baseline"][metric] == pytest.approx(oracle(y, guess), rel=1e-9, abs=1e-12)
    judged = ok("evaluate", "run/model.npz", "t.csv", "--json").document()["metrics"]
    assert judged["rmse"] == pytest.approx(root_mean_squared_error(column("y"), found), rel=1e-9)
    with Path("run/predictions.csv").open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [float(row["y"]) for row in kept] == column("y", "val").tolist()
    np.testing.assert_allclose([float(row["prediction"]) for row in kept], found[part], rtol=1e-12)


def test_predictions_of_float32_have_no_more_digits_than_it_tells_apart() -> None:
    train("run", **LOG)
    printed = [row["prediction"] for row in ok("predict", "run/model.npz", "t.csv").rows()]
    digits = [len(text.split("e")[0].replace(".", "").lstrip("-0")) for text in printed]
    assert max(digits) <= 9
    train("twice", "--set", "training.dtype=float64", **LOG)
    assert (
        np.median([len(row["prediction"]) for row in ok("predict", "twice/model.npz", "t.csv").rows()]) > 12
    )


def test_predictions_stay_in_the_range_of_the_training_rows() -> None:
    """Everywhere: predict, metrics of training and of evaluate; what is learnt is the same."""
    free, kept = train("free"), train("kept", **CLIP)
    for name, array in weights("free").items():
        np.testing.assert_array_equal(weights("kept")[name], array)
    low, high = column("y", "train").min(), column("y", "train").max()
    np.testing.assert_array_equal(arrays(Path("kept"))["target.bounds"], [[low], [high]])
    outside, inside = predictions("free"), predictions("kept")
    assert outside.min() < low
    assert (inside.min(), inside.max()) == (low, min(high, outside.max()))
    np.testing.assert_array_equal(np.clip(outside, low, high), inside)
    rows = np.arange(80) % 4 == 0
    assert kept["val"]["mae"] == pytest.approx(mean_absolute_error(column("y")[rows], inside[rows]), rel=1e-5)
    assert free["val"]["mae"] != kept["val"]["mae"]
    assert float(history(Path("kept"))[-1]["val_mae"]) == kept["val"]["mae"]
    judged = ok("evaluate", "kept/model.npz", "t.csv", "--json").document()["metrics"]
    assert judged["mae"] == pytest.approx(mean_absolute_error(column("y"), inside), rel=1e-5)
    write("far.csv", {"a": [900.0, -900.0, 0.0], "b": [-900.0, 900.0, 0.0]})
    far = predictions("kept", "far.csv")
    assert far[:2].tolist() == [high, low] and low < far[2] < high


def test_what_a_logarithm_makes_too_large_is_told_or_clipped() -> None:
    train("log", **LOG)
    train("both", **LOG, **CLIP)
    write("far.csv", {"a": [1e5], "b": [-1e5]})
    done = mlp("predict", "log/model.npz", "far.csv")
    assert (done.code, done.out) == (4, "")
    assert "far.csv:2: the network's output for this row is not a finite number" in done.err
    assert predictions("both", "far.csv").tolist() == [column("y", "train").max()]


def test_metrics_on_the_way_survive_predictions_beyond_all_numbers() -> None:
    """Validation rows so far out that the exponential is no float64: a warning would be an error here."""
    write("far.csv", {"a": [1e5, 0.0], "b": [-1e5, 0.0], "y": [5.0, 6.0]})
    metrics = train("run", **LOG, validation="far.csv")
    assert metrics["val"]["mae"] > 1e300


@pytest.mark.parametrize("target", ["y", ["y", "z"]])
def test_a_run_that_was_stopped_ends_with_the_same_bytes(target: str | list[str]) -> None:
    """Also of several targets, each with its own range; z is never below -1 here."""
    write("t.csv", {name: abs(column(name)) for name in "abyz"} | {"part": ["train", "val"] * 40})
    train("whole", target=target, **LOG, **CLIP)
    with stopped_after(9):
        assert mlp("train", "whole.yaml", "-o", "run", "--no-plots", "-q").code == TERM
    ok("train", "whole.yaml", "-o", "run", "--no-plots", "-q", "--resume")
    assert results(Path("run")) == results(Path("whole"))
    done = mlp("train", "whole.yaml", "-o", "run", "--resume", "-q", "--set", "data.target_clip=false")
    assert done.code == 3 and "data.target_clip: the run has True, found False" in done.err
    again = "run/config.yaml"
    ok("train", again, "-o", "again", "--no-plots", "-q")
    assert results(Path("again"))["metrics.json"] == results(Path("run"))["metrics.json"]


def with_cells(cells: dict[int, str]) -> None:
    """The table with other targets in some lines."""
    lines = Path("t.csv").read_text("utf-8").splitlines()
    for line, cell in cells.items():
        fields = lines[line - 1].split(",")
        lines[line - 1] = ",".join([*fields[:2], cell, *fields[3:]])
    Path("t.csv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({3: "-1"}, "t.csv:3: column 'y': expected a number above -1 for log1p, found -1.0"),
        ({7: "-3.5", 4: "-1"}, "t.csv:4: column 'y': expected a number above -1 for log1p, found -1.0 "
         "(and 1 more: line 7)"),
        ({6: "-2"}, "t.csv:6: column 'y': expected a number above -1 for log1p, found -2.0"),  # validates
    ],
)  # fmt: skip
def test_cells_without_a_logarithm_are_told_with_their_places(cells: dict[int, str], message: str) -> None:
    train("before", **LOG)
    with_cells(cells)
    done = mlp("train", "before.yaml", "-o", "run", "-q")
    assert (done.code, done.out) == (4, "") and f"mlp: error: {message}" in done.err.replace("./", "")
    done = mlp("evaluate", "before/model.npz", "t.csv")
    assert done.code == 4 and message.split(", found")[0].partition(": ")[2] in done.err


@pytest.mark.parametrize(
    ("line", "key"), [("target_clip: true", "target_clip"), ("target_transform: log1p", "")]
)
def test_classes_that_only_the_data_show_are_refused_too(tmp_path: Path, line: str, key: str) -> None:
    config = config_for(tmp_path, "x,y\n1,0\n2,1\n3,0\n4,1\n", ["target: y", line])
    key = key or "target_transform"
    with pytest.raises(ConfigError, match=f"c.yaml:4:.*{key} is for regression, the task is classification"):
        prepare(config)


def test_inspect_says_what_is_done() -> None:
    train("both", **LOG, **CLIP)
    document = ok("inspect", "both/model.npz", "--json").document()["target"]
    low, high = column("y", "train").min(), column("y", "train").max()
    assert (document["transform"], document["clip"], document["bounds"]) == ("log1p", True, [[low], [high]])
    text = ok("inspect", "both/model.npz").out
    assert (
        "regression of  log1p(y) = output · " in text and f"; y from {number(low)} to {number(high)}" in text
    )
    train("plain")
    assert ok("inspect", "plain/model.npz", "--json").document()["target"].keys() == {
        "columns", "task", "classes", "outputs", "center", "scale",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"target.bounds.npy": npy(np.array([[3.0], [2.0]]))}, "target.bounds: holds a range whose end"),
        ({"target.bounds.npy": npy(np.array([[3.0], [np.inf]]))}, "target.bounds: holds a number"),
        ({"target.bounds.npy": npy(np.array([3.0, 4.0]))}, "target.bounds: expected float64 [2, 1], found"),
        ({"target.bounds.npy": None}, "the arrays are not those that its metadata describes: it lacks"),
        ({"clip": False}, "the arrays are not those that its metadata describes"),
        ({"transform": "sqrt"}, "metadata.target.transform: Input should be 'log1p'"),
        ({"clip": 1}, "metadata.target.clip"),
        ({"task": "multilabel"}, "metadata: numbers that are transformed or clipped"),
    ],
)  # fmt: skip
def test_what_no_file_may_say_is_refused(changed: dict[str, Any], message: str) -> None:
    train("both", **LOG, **CLIP)
    with zipfile.ZipFile("both/model.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    meta = json.loads(np.load(io.BytesIO(members["meta.npy"])).tobytes())
    for key, value in changed.items():
        if key.endswith(".npy"):
            members[key] = value
        else:
            meta["target"][key] = value
    members["meta.npy"] = npy(np.frombuffer(json.dumps(meta).encode(), np.uint8))
    with pytest.raises(FileFormatError, match="^" + re.escape(message)):
        parse_model(zipped((name, content) for name, content in members.items() if content is not None))


def test_the_estimator_is_scikit_learn_s_with_a_transformed_target() -> None:
    x, y = np.column_stack([column("a"), column("b")]), column("y")
    few = {"optimizer": {"name": "lbfgs", "iterations": 15}, "random_state": 0}
    ours = MLPRegressor(target_transform="log1p", target_clip=True, **few).fit(x, y)
    theirs = TransformedTargetRegressor(MLPRegressor(**few), func=np.log1p, inverse_func=np.expm1).fit(x, y)
    far = np.vstack([x, [[30.0, -30.0]]])
    expected = np.clip(theirs.predict(far), y.min(), y.max())
    np.testing.assert_allclose(ours.predict(far), expected, rtol=1e-9)
    assert ours.predict(far)[-1] == y.max()
