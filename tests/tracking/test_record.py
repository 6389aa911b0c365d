"""What a tracker is told of a run: all that its directory says, of one network or of several, or of old."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlpcli.errors import DataError, UsageError
from mlpcli.tracking.record import LONGEST, point_of, points_of, read_record, settings_of
from tests.support.running import history, ok, write_config, write_table

GOLDEN = Path(__file__).parents[1] / "reference" / "golden_model.npz"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of one network and of three."""
    directory = tmp_path_factory.mktemp("runs")
    write_table(directory)
    config = write_config(directory / "one.yaml", data={"validation": 0.3, "test": 0.2}, loss="cross_entropy")
    ok("train", config, "-o", directory / "one", "--no-plots", "-q")
    ok(
        "train",
        write_config(directory / "c.yaml"),
        "-o",
        directory / "three",
        "--no-plots",
        "-q",
        "--folds",
        3,
    )
    return directory


def test_a_run_of_one_network(runs: Path) -> None:
    record = read_record(runs / "one")
    rows = history(runs / "one")
    assert record.name == "one"
    assert [point.epoch for point in record.points] == [1, 2, 3]
    assert [repr(point.values["val_loss"]) for point in record.points] == [row["val_loss"] for row in rows]
    assert set(record.points[0].values) == set(rows[0]) - {"epoch"}
    metrics = json.loads((runs / "one" / "metrics.json").read_text("utf-8"))
    assert record.results["test.accuracy"] == metrics["test"]["accuracy"]
    assert record.results["val.baseline.loss"] == metrics["val"]["baseline"]["loss"]
    assert record.results["epochs"] == 3
    assert "status" not in record.results
    assert [path.name for path in record.files] == ["config.yaml", "history.csv", "metrics.json"]


def test_settings_are_dotted_keys_and_read_as_the_config_does(runs: Path) -> None:
    settings = read_record(runs / "one").settings
    assert settings["optimizer.learning_rate"] == "1e-3" or float(settings["optimizer.learning_rate"]) == 1e-3
    assert settings["data.features.colour"] == "one_hot"
    assert settings["model.layers"] == "[auto, 64, 32, auto]"
    assert settings["training.shuffle"] == "true"
    assert not any(key.startswith("output") for key in settings)


def test_a_setting_that_is_too_long_is_left_to_the_config() -> None:
    found = settings_of({"a": {"b": list(range(LONGEST)), "c": None}, "output": "x", "d": "y" * LONGEST})
    assert found == {"a.c": "null", "d": "y" * LONGEST}


def test_of_several_networks_there_is_the_mean_and_each(runs: Path) -> None:
    record = read_record(runs / "three")
    rows = history(runs / "three")
    of_second = [float(row["loss"]) for row in rows if row["epoch"] == "2"]
    second = record.points[1]
    assert second.epoch == 2
    assert second.values["loss"] == pytest.approx(np.mean(of_second))
    assert [second.values[f"member_{number}/loss"] for number in (1, 2, 3)] == of_second
    assert "member" not in second.values
    assert "cross_validation.accuracy.mean" in record.results


def test_networks_that_ended_early_leave_gaps() -> None:
    rows = [{"member": 1, "epoch": 1, "loss": 2.0}, {"member": 2, "epoch": 1, "loss": 4.0}]
    rows.append({"member": 2, "epoch": 2, "loss": 3.0})
    first, second = points_of(rows)
    assert first.values == {"loss": 3.0, "member_1/loss": 2.0, "member_2/loss": 4.0}
    assert second.values == {"loss": 3.0, "member_2/loss": 3.0}


def test_values_that_are_not_there_or_not_finite_are_no_points() -> None:
    point = point_of(
        {"epoch": 3, "loss": float("inf"), "val_loss": float("nan"), "f1": None, "accuracy": 1.0}
    )
    assert point == (3, {"accuracy": 1.0})


def test_a_model_of_the_first_version_alone_has_a_record(tmp_path: Path) -> None:
    """What its directory lacks the model says, as far as it does."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model.npz").write_bytes(GOLDEN.read_bytes())
    record = read_record(tmp_path / "old")
    assert record.points == []
    assert record.files == []
    assert "data.target" in record.settings
    assert any(name.startswith("train.") for name in record.results)


def test_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no run: no model\.npz"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("history.csv", "epoch,loss\n1,low\n", "expected a number, found 'low'"),
        ("history.csv", "loss\n1\n", "there is no column 'epoch'"),
        ("metrics.json", "{", "metrics.json"),
    ],
)
def test_files_that_are_no_run_s_any_more(
    runs: Path, tmp_path: Path, name: str, content: str, says: str
) -> None:
    for path in (runs / "one").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(DataError, match=says):
        read_record(tmp_path)
