"""The config in a run directory leaves nothing to the data, and trains the same network again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.config.spec import Spec
from mlpcli.run import resolved_config
from tests.support.running import NO_EPOCHS, arrays, ok, write_config, write_table


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def meta(run: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(arrays(Path(run))["meta"].tobytes())
    del document["config"]  # as written: it differs, of course
    return document


def trained(**sections: Any) -> Spec:
    """Train, train again from the config that this wrote, compare all of it; that config."""
    write_config(Path("c.yaml"), **sections)
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    ok("train", "run/config.yaml", "-o", "again", "--no-plots", "-q")
    assert meta("run") == meta("again")
    first, second = arrays(Path("run")), arrays(Path("again"))
    for name in first.keys() - {"meta"}:
        assert np.array_equal(first[name], second[name]), name
    for name in ("history.csv", "metrics.json", "splits.csv", "config.yaml"):
        assert Path("run", name).read_bytes() == Path("again", name).read_bytes(), name
    return load_config(Path("run/config.yaml")).spec


CLASSES = {"task": "classification"}
NUMBERS = {"task": "regression", "loss": "mse", "output": "identity", "scale": "standardize"}
DECIDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "classes": (
        {"data": {"test": 0.2}},
        {**CLASSES, "loss": "cross_entropy", "output": "softmax", "stratify": True},
    ),
    "two": (
        {"data": {"target": "two"}},
        {**CLASSES, "loss": "binary_cross_entropy", "output": "sigmoid"},
    ),
    "hinge": (
        {"data": {"target": "two", "test": 0.2, "stratify": False}, "loss": "hinge"},
        {**CLASSES, "loss": "hinge", "output": "identity", "stratify": False},
    ),
    "numbers": ({"data": {"target": "size", "test": 0.2}}, NUMBERS),
    "several": ({"data": {"target": ["size", "w"]}}, NUMBERS),
    "counts": (
        {"data": {"target": "count"}, "loss": "poisson"},
        {"task": "regression", "loss": "poisson", "output": "exponential", "scale": "none"},
    ),
}


@pytest.mark.parametrize(("sections", "expected"), DECIDED.values(), ids=DECIDED)
def test_what_the_data_decides_is_written_out(sections: dict[str, Any], expected: dict[str, Any]) -> None:
    spec = trained(**sections)
    assert spec.loss is not None
    assert isinstance(spec.model.activation, tuple)
    assert [one.name for one in spec.model.activation[:-1]] == ["relu", "relu"]
    found = {
        "task": spec.data.task,
        "loss": spec.loss.name,
        "output": spec.model.activation[-1].name,
        "scale": spec.data.target_scale and spec.data.target_scale.name,
        "stratify": spec.data.stratify,
    }
    assert found == {"scale": None, "stratify": None, **expected}
    assert spec.training.metrics
    assert spec.training.dtype == "float32"
    encodings = {name: one.encode.name for name, one in (spec.data.features or {}).items() if one.encode}
    assert encodings == {"length": "standardize", "width": "standardize", "colour": "one_hot"}


def test_every_column_that_is_a_feature_is_named() -> None:
    """A column that comes into the file later is then no input of the same network."""
    spec = trained(data={"features": None, "id": "id", "weight": "w", "exclude": "count"})
    assert list(spec.data.features or {}) == ["length", "width", "colour", "two", "size"]


def test_what_was_asked_of_a_feature_stays(place: Path) -> None:
    table = (place / "t.csv").read_text("utf-8").splitlines()
    dates = [f"2024-03-{1 + row % 28:02d} 0{row % 9}:30" for row in range(40)]
    rows = [f"{row},{day}" for row, day in zip(table, ["day", *dates], strict=True)]
    (place / "t.csv").write_text("\n".join(rows), "utf-8")
    features = {
        "length": {"missing": "median", "indicator": True},
        "width": "robust",
        "colour": {"encode": "embed", "width": 2},
        "day": "datetime",
    }
    spec = trained(data={"features": features})
    found = spec.data.features or {}
    assert list(found) == list(features)
    assert found["length"].indicator
    assert found["length"].missing is not None
    assert found["length"].encode is not None
    assert found["length"].encode.name == "standardize"
    assert found["colour"].encode is not None
    assert found["colour"].encode.width == 2
    assert found["day"].encode is not None
    assert found["day"].encode.parts == ("day", "day_of_week", "hour")  # all in one month


def test_the_precision_of_a_quasi_newton_method_is_written_out() -> None:
    spec = trained(optimizer={"name": "lbfgs", "iterations": 3}, training=NO_EPOCHS)
    assert spec.training.dtype == "float64"
    assert spec.training.batch_size == "full"


def test_a_metric_that_is_watched_is_written_out() -> None:
    stopping = {"monitor": "val_balanced_accuracy", "patience": 2}
    spec = trained(data={"validation": 0.2}, training={"early_stopping": stopping})
    assert "balanced_accuracy" in (spec.training.metrics or ())


def test_dry_run_shows_it() -> None:
    write_config(Path("c.yaml"), data={"target": "size", "test": 0.2})
    out = ok("train", "c.yaml", "--dry-run").out
    for line in ("task: regression", "target_scale: standardize", "colour: one_hot", "loss: {name: mse, "):
        assert line in out
    document = ok("train", "c.yaml", "--dry-run", "--json").document()
    assert document["config"]["data"]["task"] == "regression"
    assert document["config"]["data"]["features"]["colour"]["encode"]["name"] == "one_hot"


@pytest.mark.parametrize("limit", ["MOST_FEATURES", "MAX_BYTES"])
def test_features_that_a_config_could_not_hold_stay_as_written(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolved_config, limit, 2)
    spec = trained()
    assert [one.encode for one in (spec.data.features or {}).values()] == [None] * 3
    assert spec.data.task == "classification"
