"""Networks that are trained once more, on the validation rows too: what they are, and what says what."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import accuracy_score, r2_score

from tests.support.running import arrays, mlp, ok, results, write_config, write_table
from tests.support.stopping import TERM, stopped_after

STOPPING = {"monitor": "val_loss", "patience": 2}


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_table(tmp_path, rows=60)


def config(name: str = "c.yaml", **sections: Any) -> None:
    """A refit of a network whose best epoch is not its last one: a rate of 0.3 is far too high."""
    training = {"epochs": 8, "early_stopping": STOPPING, "refit": True, **sections.pop("training", {})}
    base = {
        "model": {"layers": ["auto", 5, "auto"], "activation": "tanh", "dropout": 0.1},
        "optimizer": {"name": "adam", "learning_rate": 0.3},
        "schedule": "cosine",
        **sections,
    }
    write_config(Path(name), **base, training=training)


def train(run: str, *arguments: object, config: str = "c.yaml") -> dict[str, Any]:
    """Train, and the results."""
    ok("train", config, "-o", run, "--no-plots", "--threads", "1", *arguments)
    return metrics_of(run)


def metrics_of(run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(run, "metrics.json").read_text(encoding="utf-8"))
    return found


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: str, rows: list[dict[str, str]]) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_parts(run: str) -> None:
    """`rest.csv` with the rows that do not test, in the order of the file; `test.csv` with the others."""
    parts = [row["part"] for row in rows_of(f"{run}/splits.csv")]
    table = list(zip(rows_of("t.csv"), parts, strict=True))
    write_rows("rest.csv", [row for row, part in table if part != "test"])
    write_rows("test.csv", [row for row, part in table if part == "test"])


def epochs_only(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training ends after so many epochs; its schedule still goes to all of them."""
    from mlpcli.training import together

    whole = together.fit_together

    def cut(trainers: Any, observers: Any, _last: int, ended: Any) -> None:
        whole(trainers, observers, most, ended)

    monkeypatch.setattr("mlpcli.run.by_epochs.fit_together", cut)


def network(run: str, prefix: str = "") -> dict[str, npt.NDArray[Any]]:
    """The arrays of a network, or of the member with this prefix, without what is not its own.

    Which table the rows came from is not: those of one network are a part of the other's.
    """
    found = arrays(Path(run))
    del found["meta"], found["training.columns"]
    own = {name.removeprefix(prefix): array for name, array in found.items() if name.startswith(prefix)}
    return {name: array for name, array in own.items() if not name.startswith("members.")}


@pytest.mark.parametrize("target", ["kind", "size"])
@pytest.mark.parametrize("init", ["glorot_uniform", "data_driven"])
def test_the_network_is_that_of_all_rows_stopped_at_the_best_epoch(
    target: str, init: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {"layers": ["auto", 5, "auto"], "activation": "tanh", "dropout": 0.1, "init": init}
    config(data={"target": target, "validation": 0.25, "test": 0.2}, model=model)
    found = train("run")
    best = found["best_epoch"]
    assert found["refit"] == {"epochs": [best]}
    assert best < found["epochs"]
    write_parts("run")
    alone = {"refit": False, "early_stopping": None}
    config("union.yaml", data={"train": "rest.csv", "target": target}, model=model, training=alone)
    epochs_only(best, monkeypatch)
    train("union", config="union.yaml")
    expected, kept = network("union"), network("run")
    assert kept.keys() == expected.keys()
    for name, array in kept.items():
        np.testing.assert_array_equal(array, expected[name], name)
    assert ok("inspect", "run/model.npz", "--json").document()["format"]["version"] == 1


def test_rows_that_a_column_lets_validate_train_the_network_that_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And those that it lets test do not."""
    rows = rows_of("t.csv")
    splits = ["test" if number % 5 == 4 else "val" if number % 4 == 1 else "" for number in range(len(rows))]
    write_rows("t.csv", [{**row, "split": split} for row, split in zip(rows, splits, strict=True)])
    parts = {
        name: {"column": "split", "value": value} for name, value in (("validation", "val"), ("test", "test"))
    }
    config(data=parts)
    best = train("run")["best_epoch"]
    write_parts("run")
    assert len(rows_of("rest.csv")) == len(rows) - splits.count("test")
    config("union.yaml", data={"train": "rest.csv"}, training={"refit": False, "early_stopping": None})
    epochs_only(best, monkeypatch)
    train("union", config="union.yaml")
    expected = network("union")
    for name, array in network("run").items():
        np.testing.assert_array_equal(array, expected[name], name)


def test_each_member_is_trained_again_with_its_seed_and_to_its_own_best_epoch() -> None:
    config(data={"validation": 0.25}, ensemble={"members": 3})
    found = train("run")
    best = [member["best_epoch"] for member in found["members"]]
    assert found["refit"]["epochs"] == best
    assert len(set(best)) > 1
    config(data={"validation": 0.25})
    alone = train("alone")
    assert alone["best_epoch"] == best[0]
    own = network("alone")
    for name, array in network("run", "members.0.").items():
        np.testing.assert_array_equal(array, own[name], name)


def test_with_folds_all_train_to_the_mean_of_the_best_epochs_on_all_rows() -> None:
    config(data={"target": "size", "test": 0.2}, ensemble={"folds": 3})
    found = train("run")
    best = [member["best_epoch"] for member in found["members"]]
    assert found["refit"]["epochs"] == [round(sum(best) / 3)] * 3
    write_parts("run")
    length = np.array([float(row["length"]) for row in rows_of("rest.csv")])
    for number in range(3):
        center = network("run", f"members.{number}.")["inputs.center"][0]
        assert center == pytest.approx(length.mean(), abs=1e-12)


@pytest.mark.parametrize("ensemble", [None, {"members": 2}, {"folds": 3}])
@pytest.mark.parametrize("target", ["kind", "size"])
def test_validation_rows_are_judged_by_the_first_networks_and_others_by_those_that_are_kept(
    ensemble: dict[str, int] | None, target: str
) -> None:
    config(
        data={"target": target, "validation": 0.25, "test": 0.2},
        **({"ensemble": ensemble} if ensemble else {}),
    )
    found, plain = train("run"), train("plain", "--set", "training.refit=false")
    for key in ("val", "cross_validation", "members", "epochs", "best_epoch"):
        assert found.get(key) == plain.get(key), key
    assert Path("run/history.csv").read_bytes() == Path("plain/history.csv").read_bytes()
    assert Path("run/splits.csv").read_bytes() == Path("plain/splits.csv").read_bytes()
    if ensemble and "folds" in ensemble:
        assert Path("run/out_of_fold.csv").read_bytes() == Path("plain/out_of_fold.csv").read_bytes()
    said, before = rows_of("run/predictions.csv"), rows_of("plain/predictions.csv")
    assert [row for row in said if row["part"] == "validation"] == [
        row for row in before if row["part"] == "validation"
    ]
    write_parts("run")
    for part, file in (("train", "rest.csv"), ("test", "test.csv")):
        rows = ok("predict", "run/model.npz", file).rows()
        predicted, truth = [row["prediction"] for row in rows], [row[target] for row in rows_of(file)]
        if target == "kind":
            assert found[part]["accuracy"] == accuracy_score(truth, predicted)
        else:
            r2 = r2_score([float(value) for value in truth], [float(value) for value in predicted])
            assert found[part]["r2"] == pytest.approx(r2, rel=1e-4)
        if part == "test":
            assert [row["prediction"] for row in said if row["part"] == "test"] == predicted
    assert found["test"]["loss"] != plain["test"]["loss"]


@pytest.mark.parametrize("ensemble", [None, {"folds": 3}])
def test_a_run_that_is_stopped_in_either_training_goes_on_to_the_same_bytes(
    ensemble: dict[str, int] | None,
) -> None:
    config(
        data={"validation": 0.25},
        training={"epochs": 3, "early_stopping": None},
        **({"ensemble": ensemble} if ensemble else {}),
    )
    train("whole")
    # of 45 rows (40 in a fold, whose members take their steps together) 3 updates an epoch, of 60 rows 4
    first = 9
    for update in (4, first + 5, 2 * first):
        with stopped_after(update):
            stopped = mlp("train", "c.yaml", "-o", f"run{update}", "--no-plots", "--threads", "1")
        assert (stopped.code, "--resume" in stopped.err) == (TERM, True)
        assert ("of the refit" in stopped.err) == (update > first)
        assert not Path(f"run{update}/model.npz").exists()
        train(f"run{update}", "--resume")
        assert results(Path(f"run{update}")) == results(Path("whole"))
    again = ok("train", "c.yaml", "-o", f"run{update}", "--no-plots", "--threads", "1", "--resume")
    assert "nothing left to do" in again.err
    assert "training again" not in again.err


def test_the_bytes_do_not_depend_on_how_many_are_trained_at_a_time() -> None:
    config(ensemble={"folds": 3})
    for threads in (1, 2):
        ok("train", "c.yaml", "-o", f"run{threads}", "--no-plots", "--threads", threads)
    assert results(Path("run1")) == results(Path("run2"))


def test_more_epochs_are_more_of_both_trainings() -> None:
    config(data={"validation": 0.25}, training={"epochs": 3, "early_stopping": None}, schedule="constant")
    train("run")
    train("run", "--resume", "--set", "training.epochs=5")
    train("whole", "--set", "training.epochs=5")
    assert results(Path("run")) == results(Path("whole"))


def test_a_run_that_is_finished_by_hand_has_its_first_networks_until_it_goes_on() -> None:
    config(data={"validation": 0.25}, training={"epochs": 3, "early_stopping": None})
    train("whole")
    train("plain", "--set", "training.refit=false")
    with stopped_after(12):
        mlp("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "1")
    finished = ok("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "1", "--resume", "--finish")
    assert "no network is trained again" in finished.err
    for name, array in network("run").items():
        np.testing.assert_array_equal(array, network("plain")[name], name)
    assert "refit" not in metrics_of("run")
    train("run", "--resume")
    assert results(Path("run")) == results(Path("whole"))
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "1", "--resume", "--finish")
    assert "nothing left to do" in done.err
    assert results(Path("run")) == results(Path("whole"))


def test_calibration_is_fitted_by_the_first_networks_and_intervals_by_those_that_are_kept() -> None:
    config(data={"validation": 0.25}, calibration="temperature")
    found = train("run")
    assert found["calibration"] == train("plain", "--set", "training.refit=false")["calibration"]
    config(data={"target": "size", "validation": 0.2, "calibration": 0.3}, intervals=[0.8])
    train("wide")
    rows = [row for row in rows_of("wide/predictions.csv") if row["part"] == "calibration"]
    errors = sorted(abs(float(row["size"]) - float(row["prediction"])) for row in rows)
    limit = errors[int(np.ceil(0.8 * (len(errors) + 1))) - 1]
    asked = [row["row"] for row in rows]
    said = ok("predict", "wide/model.npz", "t.csv", "--interval", "0.8").rows()
    for number in asked:
        row = said[int(number) - 1]
        width = (float(row["prediction_upper"]) - float(row["prediction_lower"])) / 2
        assert width == pytest.approx(limit, rel=1e-4)


def test_what_would_be_trained_again_is_told() -> None:
    config(data={"validation": 0.25, "test": 0.2})
    assert "then trained again on 48 rows" in ok("train", "c.yaml", "--dry-run").out
    assert ok("train", "c.yaml", "--dry-run", "--json").document()["refit"] == {"rows": 48}
    done = ok("train", "c.yaml", "-o", "run", "--no-plots")
    assert "training again on 48 rows for" in done.err
    assert "then trained again on all rows but the test's for" in done.out
    config(data={"validation": 0.25}, ensemble={"members": 2})
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite")
    assert "refit 1 of 2" in done.err
    assert "2 networks" in done.out
