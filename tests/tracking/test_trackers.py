"""The trackers themselves: what they have of a run is what it has, and MLflow loads a model that predicts."""

from __future__ import annotations

import os
import struct
import warnings
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlpcli.pyfunc import _load_pyfunc
from mlpcli.tracking import to_mlflow
from mlpcli.tracking.record import read_record
from mlpcli.tracking.to_tensorboard import part_and_tag
from mlpcli.tracking.to_wandb import WandbTracker
from mlpcli.tracking.tracker import log_run, open_tracker
from tests.support.running import history, ok, write_config, write_table

CONFIGS: dict[str, dict[str, Any]] = {
    "classes": {"data": {"validation": 0.3, "test": 0.2}},
    "numbers": {"data": {"target": "size"}},
    "labels": {"data": {"target": ["two_a", "two_b"], "task": "multilabel", "train": "labels.csv"}},
    "folds": {"ensemble": {"folds": 2}},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind."""
    directory = tmp_path_factory.mktemp("trained")
    table = pd.read_csv(write_table(directory))
    for name, column in (("two_a", table["length"]), ("two_b", table["width"])):
        table[name] = (column > column.median()).astype(int)
    table.to_csv(directory / "labels.csv", index=False)
    for name, config in CONFIGS.items():
        path = write_config(directory / f"{name}.yaml", **config)
        ok("train", path, "-o", directory / name, "--no-plots", "-q")
    return directory


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory and a home of their own: trackers write where they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def events_in(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values of the scalars in a directory of event files, by tag."""
    event = pytest.importorskip("tensorboardX.proto.event_pb2").Event
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for path in directory.glob("events.*"):
        content = path.read_bytes()
        while content:  # TFRecord: a length, its checksum, so many bytes, their checksum
            (size,) = struct.unpack("<Q", content[:8])
            one = event.FromString(content[12 : 12 + size])
            content = content[16 + size :]
            for value in one.summary.value:
                if value.HasField("simple_value"):
                    found[value.tag].append((one.step, value.simple_value))
    return found


def test_tensorboard_has_a_directory_for_each_part_with_the_same_tags(trained: Path) -> None:
    pytest.importorskip("tensorboardX")
    record = read_record(trained / "classes")
    where, known = log_run(open_tracker("tensorboard", None), record)
    assert (where, known) == (str(Path("tensorboard", "classes")), False)
    rows = history(trained / "classes")
    for part, prefix in (("train", ""), ("val", "val_")):
        scalars = events_in(Path(where, part))
        for name in ("loss", "accuracy"):
            expected = [(int(row["epoch"]), np.float32(row[prefix + name])) for row in rows]
            assert [(step, np.float32(value)) for step, value in scalars[name]] == expected
        assert np.float32(scalars["final/loss"][0][1]) == np.float32(record.results[f"{part}.loss"])
    assert set(events_in(Path(where, "test"))) >= {"final/accuracy", "final/baseline.accuracy"}
    assert log_run(open_tracker("tensorboard", None), record) == (where, True)


def test_tensorboard_keeps_runs_of_one_name_and_experiments_apart(trained: Path) -> None:
    pytest.importorskip("tensorboardX")
    first = open_tracker("tensorboard", "one")
    first.begin("classes")
    first.abandon()
    where, _ = log_run(open_tracker("tensorboard", "one"), read_record(trained / "classes"))
    assert where == str(Path("tensorboard", "one", "classes-2"))
    assert not log_run(open_tracker("tensorboard", "two"), read_record(trained / "classes"))[1]


@pytest.mark.parametrize(
    ("column", "part", "tag"),
    [
        ("loss", "train", "loss"),
        ("val_loss", "val", "loss"),
        ("member_2/val_f1", "val", "member_2/f1"),
        ("member_2/loss", "train", "member_2/loss"),
        ("learning_rate", "train", "learning_rate"),
    ],
)
def test_parts_and_tags(column: str, part: str, tag: str) -> None:
    assert part_and_tag(column) == (part, tag)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("test.accuracy", True),
        ("member_2/val_loss", True),
        ("data.features.naïve Länge", True),
        ("data.features.width (mm)", False),
        ("data.features.a//b", False),
        ("data.features.a/../b", False),
        ("data.features.a/", False),
        ("/a", False),
        ("../a", False),
        ("n" * 251, False),
    ],
)
def test_names_that_mlflow_takes(name: str, taken: bool) -> None:
    assert to_mlflow.is_taken(name) is taken


@pytest.mark.parametrize("name", CONFIGS)
def test_what_mlflow_loads_predicts_what_the_command_predicts(trained: Path, name: str) -> None:
    """Under the frame's own index, whatever else is in the frame."""
    table = "labels.csv" if name == "labels" else "t.csv"
    ok("predict", trained / name / "model.npz", trained / table, "-o", "p.csv")
    frame = pd.read_csv(trained / table).set_index(np.arange(100, 140))
    found = _load_pyfunc(str(trained / name / "model.npz")).predict(frame)
    assert found.index.equals(frame.index)
    written = pd.read_csv("p.csv", dtype=found.dtypes.to_dict())
    pd.testing.assert_frame_equal(found.reset_index(drop=True), written, check_exact=True)


@pytest.mark.slow
def test_mlflow_has_the_run_and_loads_its_model(trained: Path) -> None:
    """Its own database in the working directory; importing it takes seconds."""
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("alembic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("mlflow")
        check_mlflow(trained)


def check_mlflow(trained: Path) -> None:
    """Logged once, with all that there is, and a model without pickle."""
    import mlflow

    for name in CONFIGS:
        record = read_record(trained / name)
        tracker = open_tracker("mlflow", "kinds")
        assert not log_run(tracker, record)[1]
        assert log_run(open_tracker("mlflow", "kinds"), record)[1]
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name("kinds")
        (run,) = client.search_runs([experiment.experiment_id], f"tags.`mlp.sha256` = '{record.sha256}'")
        assert (run.info.status, run.info.run_name) == ("FINISHED", name)
        assert run.data.params == record.settings
        assert {key: run.data.metrics[key] for key in record.results} == record.results
        curve = client.get_metric_history(run.info.run_id, "loss")
        assert [(one.step, one.value) for one in curve] == [
            (point.epoch, point.values["loss"]) for point in record.points
        ]
        model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
        frame = pd.read_csv(trained / ("labels.csv" if name == "labels" else "t.csv"))
        expected = _load_pyfunc(str(trained / name / "model.npz")).predict(frame)
        pd.testing.assert_frame_equal(model.predict(frame), expected)
        pd.testing.assert_frame_equal(model.predict(frame.astype(str)), expected)
        files = [Path(path).suffix for path, _, names in os.walk("mlruns") for path in names]
        assert ".npz" in files
        assert not {".pkl", ".pickle"} & set(files)


@pytest.mark.slow
def test_wandb_has_the_run_without_a_server(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline it keeps a log of its own, which its server reads later."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    pytest.importorskip("wandb")
    record = read_record(trained / "folds")
    where, known = log_run(open_tracker("wandb", "flowers"), record)
    assert not known
    assert {path.name for path in Path(where, "files").iterdir()} >= {
        "config.yaml",
        "model.npz",
        "history.csv",
    }
    assert Path(where, "files", "model.npz").read_bytes() == (trained / "folds" / "model.npz").read_bytes()
    assert log_run(open_tracker("wandb", "flowers"), record) == (where, True)


def test_wandb_that_is_switched_off_says_so() -> None:
    """It pretends that there is a run, of which nothing stays."""
    pretended = SimpleNamespace(disabled=True, finish=lambda **_: None)
    wandb = SimpleNamespace(Settings=lambda **_: None, init=lambda **_: pretended)
    tracker = WandbTracker(wandb, None)
    with pytest.raises(RuntimeError, match="it is switched off, by WANDB_MODE"):
        tracker.begin("run")
    tracker.abandon()
