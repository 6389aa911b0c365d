"""`--resume --finish`: a run that was stopped becomes a model at once, and may still go on afterwards."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import ModelError
from mlpcli.run import pace, training
from mlpcli.signals import StoppedBySignal
from tests.support.running import (
    NO_EPOCHS,
    Done,
    arrays,
    history,
    mlp,
    ok,
    results,
    tree,
    write_config,
    write_table,
)
from tests.support.stopping import TERM, stopped_after

TRAIN = ("train", "c.yaml", "-o", "run", "--no-plots", "-q")
FINISH = (*TRAIN, "--resume", "--finish")
STOPPING = {"monitor": "val_loss", "patience": 2}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table; every epoch is saved, however short it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_table(tmp_path)
    return tmp_path


def stop(*updates: int) -> None:
    """Train and be stopped, once or several times."""
    for number, update in enumerate(updates):
        with stopped_after(update):
            assert mlp(*TRAIN, *(("--resume",) if number else ())).code == TERM


def metrics(run: str = "run") -> Any:
    return json.loads(Path(run, "metrics.json").read_text("utf-8"))


def weights(run: str) -> dict[str, Any]:
    return {name: array for name, array in arrays(Path(run)).items() if name.startswith("layers.")}


def test_a_stopped_run_becomes_a_model_that_everything_works_with() -> None:
    write_config(Path("c.yaml"), data={"validation": 0.25}, training={"epochs": 9})
    stop(8)
    done = mlp("train", "c.yaml", "-o", "run", "--resume", "--finish")
    assert done.code == 0
    after = "epoch 3 of 9 and 2 of 2 batches of the next"
    assert done.err.splitlines()[0] == f"the model of what there is after {after}; --resume goes on"
    assert "stopped by hand after 3 epochs" in done.out
    found = metrics()
    assert (found["status"], found["epochs"], found["best_epoch"]) == ("stopped", 3, 3)
    assert len(history(Path("run"))) == 3
    assert Path("run/loss.svg").exists()
    assert len(ok("predict", "run/model.npz", "t.csv").rows()) == 40
    assert ok("evaluate", "run/model.npz", "t.csv", "--json").document()["rows"] == 40
    assert ok("inspect", "run/model.npz", "--json").document()["training"]["status"] == "stopped"
    assert mlpcli.load("run/model.npz").metrics["val"]["loss"] == found["val"]["loss"]


@pytest.mark.parametrize("average", [None, {"ema": 0.9}])
def test_the_weights_are_those_of_the_last_update(average: dict[str, float] | None) -> None:
    """Of a run as long as that: four epochs of three batches. Or they are the mean at that time."""
    write_config(Path("c.yaml"), training={"epochs": 9, "average": average})
    stop(12)
    ok(*FINISH)
    ok("train", "c.yaml", "-o", "short", "--no-plots", "-q", "--set", "training.epochs=4")
    expected, found = weights("short"), weights("run")
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


def test_with_early_stopping_they_are_those_of_the_best_epoch() -> None:
    """Of a run that early stopping would have ended there."""
    write_config(
        Path("c.yaml"),
        data={"validation": 0.25, "target": "colour", "features": ["length", "width"]},
        optimizer={"name": "adam", "learning_rate": 0.05},
        training={"epochs": 60, "early_stopping": {**STOPPING, "patience": 20}},
    )
    stop(2 * 14 + 1)
    ok(*FINISH)
    less = ("--set", "training.early_stopping.patience=5")
    ok("train", "c.yaml", "-o", "short", "--no-plots", "-q", *less)
    assert metrics()["best_epoch"] == metrics("short")["best_epoch"] < metrics()["epochs"] == 14
    expected, found = weights("short"), weights("run")
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name
    assert metrics()["val"] == metrics("short")["val"]


def test_a_run_that_was_finished_by_hand_still_goes_on_to_the_same_bytes() -> None:
    training = {"epochs": 9, "early_stopping": STOPPING}
    write_config(Path("c.yaml"), data={"validation": 0.25}, training=training)
    stop(5)
    ok(*FINISH)
    checkpoint = Path("run/checkpoint.npz").read_bytes()
    ok(*FINISH)
    assert Path("run/checkpoint.npz").read_bytes() == checkpoint
    stop_again = ("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--resume")
    with stopped_after(5):
        assert mlp(*stop_again).code == TERM
    assert metrics()["epochs"] == 2
    ok(*FINISH)
    assert metrics()["epochs"] == 4
    assert mlp(*stop_again) == Done(0, "", "")
    ok("train", "c.yaml", "-o", "whole", "--no-plots", "-q")
    assert results(Path("run")) == results(Path("whole"))


def test_a_death_before_the_results_of_a_run_that_went_on_leaves_none_that_are_too_old() -> None:
    write_config(Path("c.yaml"), training={"epochs": 5})
    stop(8)
    ok(*FINISH)
    with patch.object(training, "save", side_effect=StoppedBySignal(signal.SIGTERM)):
        assert mlp(*TRAIN, "--resume").code == TERM
    assert metrics()["status"] == "stopped"
    ok(*TRAIN, "--resume")
    assert (metrics()["status"], metrics()["epochs"]) == ("finished", 5)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{"])
def test_results_that_cannot_be_read_are_written_again(damage: bytes) -> None:
    write_config(Path("c.yaml"))
    ok(*TRAIN)
    Path("run/metrics.json").write_bytes(damage)
    ok(*TRAIN, "--resume")
    assert metrics()["status"] == "finished"


def test_a_run_that_is_over_ends_as_it_would_have() -> None:
    """Whether everything was written, or not yet."""
    write_config(Path("c.yaml"))
    ok(*TRAIN)
    before = tree(Path("run"))
    done = ok("train", "c.yaml", "-o", "run", "--resume", "--finish")
    assert done.err.endswith("the run in run is finished: nothing left to do\n")
    assert tree(Path("run")) == before
    Path("run/model.npz").unlink()
    ok(*FINISH)
    assert tree(Path("run")) == before


def test_an_overwriting_run_that_is_finished_takes_the_place() -> None:
    write_config(Path("c.yaml"), training={"epochs": 6})
    ok(*TRAIN)
    with stopped_after(8):
        assert mlp(*TRAIN, "--overwrite").code == TERM
    assert metrics()["status"] == "finished"
    ok(*FINISH)
    assert metrics()["status"] == "stopped"
    assert [path.name for path in Path().iterdir() if path.name.startswith(".run.mlp")] == []


def test_a_stop_in_the_first_epoch_leaves_nothing_to_finish(place: Path) -> None:
    write_config(Path("c.yaml"))
    stop(2)
    before = tree(place)
    done = mlp(*FINISH)
    assert done == Done(
        2,
        "",
        "mlp: error: --finish: the run in run was stopped before its first epoch ended\n"
        "hint: there is nothing to make a model of: --resume alone goes on\n",
    )
    assert tree(place) == before


def test_no_run_is_nothing_to_finish(place: Path) -> None:
    write_config(Path("c.yaml"))
    before = tree(place)
    done = mlp(*FINISH, "-o", "deep/run")
    assert done.code == 2
    assert done.err.startswith("mlp: error: --finish: there is no run in deep/run\n")
    assert tree(place) == before


def test_finish_alone_is_refused(place: Path) -> None:
    write_config(Path("c.yaml"))
    before = tree(place)
    done = mlp(*TRAIN, "--finish")
    assert (done.code, tree(place)) == (2, before)
    assert "--finish goes with --resume" in done.err


@pytest.mark.parametrize("name", ["lbfgs", "bfgs"])
def test_without_checkpoints_there_is_nothing_to_finish(name: str) -> None:
    small = {"layers": ["auto", 4, "auto"]}  # bfgs has a matrix of all parameters
    write_config(Path("c.yaml"), model=small, optimizer={"name": name, "iterations": 4}, training=NO_EPOCHS)
    ok(*TRAIN)
    assert "nothing left to do" in ok("train", "c.yaml", "-o", "run", "--resume", "--finish").err
    Path("run/config.yaml").unlink()
    done = mlp(*FINISH)
    assert done.code == 2
    assert done.err.startswith(f"mlp: error: --finish: {name} keeps no checkpoint that a model could be made")


# --- who names a run in place of its model ------------------------------------------------------------------

COMMANDS = [("predict", "t.csv"), ("evaluate", "t.csv"), ("inspect",)]


def refused(command: tuple[str, ...], path: str) -> str:
    """The message of a command for a path that is no model; Python's `load` says the same."""
    done = mlp(command[0], path, *command[1:])
    assert (done.code, done.out) == (5, "")
    with pytest.raises(ModelError) as caught:
        mlpcli.load(path)
    assert f"{caught.value}\n" == done.err
    return done.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_directory_or_the_checkpoint_of_a_run_leads_to_its_model(command: tuple[str, ...]) -> None:
    write_config(Path("c.yaml"))
    ok(*TRAIN)
    assert refused(command, "run") == (
        "mlp: error: run: expected a file, found a directory\nhint: did you mean run/model.npz?\n"
    )
    assert refused(command, "run/checkpoint.npz").endswith("hint: did you mean run/model.npz?\n")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("path", ["run", "run/checkpoint.npz", "run/model.npz"])
def test_a_run_without_a_model_leads_to_finish(command: tuple[str, ...], path: str) -> None:
    write_config(Path("c.yaml"))
    stop(8)
    assert "`mlp train CONFIG --resume --finish` makes one" in refused(command, path)


def test_another_directory_or_path_leads_to_nothing_that_is_not_there(place: Path) -> None:
    (place / "empty").mkdir()
    assert refused(("inspect",), "empty").endswith("hint: name the file in it: model.npz\n")
    assert "hint: train a model with `mlp train CONFIG`" in refused(("inspect",), "empty/model.npz")
