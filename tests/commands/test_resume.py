"""A run that is stopped, however often and by whatever, ends with the bytes of one that never was."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from collections.abc import Container
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from mlpcli.artifacts.atomic import Content, write_atomically
from mlpcli.artifacts.checkpoint import checkpoint_content, read_checkpoint
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.errors import OutputError, Place
from mlpcli.run import pace, training
from mlpcli.signals import StoppedBySignal
from tests.support.running import (
    MLP,
    NO_EPOCHS,
    Done,
    mlp,
    ok,
    process,
    results,
    tree,
    write_config,
    write_table,
)
from tests.support.stopping import TERM, stopped_after

DATA = {"validation": 0.25}
SMALL = {"layers": ["auto", 6, "auto"]}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table; every epoch is saved, however short it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_table(tmp_path)
    return tmp_path


def run(*flags: object) -> Done:
    """Train `c.yaml` into the directory `run`."""
    return mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", *flags)


def undisturbed(*flags: object) -> dict[str, bytes]:
    """What the run would have come to."""
    ok("train", "c.yaml", "-o", "whole", "--no-plots", "-q", "--overwrite", *flags)
    return results(Path("whole"))


def assert_same(*flags: object) -> None:
    """The run has the bytes of the one that was never stopped."""
    expected, found = undisturbed(*flags), results(Path("run"))
    for name, content in expected.items():
        assert found[name] == content, name


# every optimizer, every schedule
CHOICES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "sgd", "momentum": 0.9, "nesterov": True}, {"name": "constant", "warmup": 2}),
    ({"name": "rmsprop", "momentum": 0.5, "centered": True}, {"name": "step", "every": 2, "factor": 0.5}),
    ({"name": "adagrad"}, {"name": "exponential", "decay": 0.8}),
    ({"name": "adadelta"}, {"name": "cosine", "warmup": 1}),
    ({"name": "adam", "weight_decay": 0.01}, {"name": "linear"}),
    ({"name": "adamw"}, {"name": "inverse_scaling"}),
    ({"name": "radam"}, {"name": "one_cycle", "peak": 0.02}),
    ({"name": "nadam"}, {"name": "plateau", "monitor": "val_loss", "patience": 1, "factor": 0.5}),
    ({"name": "rprop"}, {"name": "plateau", "monitor": "val_accuracy", "patience": 1, "warmup": 1}),
    ({"name": "lion"}, {"name": "constant"}),
    ({"name": "adam", "rates": {"weight": "fan_in", "bias": 0.1}}, {"name": "coslog"}),
    ({"name": "adamw", "weight_decay": {"amount": 0.1, "schedule": "flat_cos"}}, {"name": "flat_cos"}),
    ({"name": "nadam", "rates": {"bias": 2}}, {"name": "cosine", "per": "update", "warmup": 1}),
]


@pytest.mark.kernels
@pytest.mark.parametrize(("optimizer", "schedule"), CHOICES, ids=lambda choice: choice["name"])
def test_stopped_at_random_updates_and_resumed(optimizer: dict[str, Any], schedule: dict[str, Any]) -> None:
    """With dropout, early stopping, and four updates of unequal size an epoch."""
    stopping = {"monitor": "val_loss", "patience": 5}
    full = {"batch_size": "full"} if optimizer["name"] == "rprop" else {"batch_size": 9}
    write_config(
        Path("c.yaml"),
        data=DATA,
        model={**SMALL, "dropout": 0.3},
        optimizer=optimizer,
        schedule=schedule,
        training={"epochs": 9, "early_stopping": stopping, **full},
    )
    rng = np.random.default_rng(len(optimizer["name"]))
    for flags in ((), ("--resume",), ("--resume",)):
        with stopped_after(int(rng.integers(1, 4 if "full" in full.values() else 12))):
            done = run(*flags)
        assert (done.code, done.out) == (TERM, "")
        assert not Path("run/model.npz").exists()
    assert run("--resume") == Done(0, "", "")
    assert_same()


@pytest.mark.kernels
@pytest.mark.parametrize(
    "more",
    [{}, {"early_stopping": {"monitor": "val_accuracy", "patience": "none", "keep": "last"}}],
    ids=["last", "best"],
)
def test_all_that_changes_from_update_to_update_goes_on_where_it_was(more: dict[str, Any]) -> None:
    """Stopped within an epoch, after its last update, and between two epochs."""
    write_config(
        Path("c.yaml"),
        data=DATA,
        model={**SMALL, "dropout": {"rate": 0.3, "schedule": "flat_cos"}, "normalization": "batch_norm"},
        optimizer={
            "name": "adamw",
            "beta2": 0.95,
            "weight_decay": {"amount": 0.1, "schedule": "cosine"},
            "rates": {"weight": "fan_in", "normalization": 6},
        },
        schedule="coslog",
        training={"epochs": 8, "batch_size": 9, "average": {"ema": 0.9}, **more},
    )
    for updates, *flags in ((2,), (3, "--resume"), (4, "--resume"), (9, "--resume")):
        with stopped_after(updates):
            assert run(*flags).code == TERM
    assert run("--resume").code == 0
    assert_same()


def test_a_finished_run_whose_weights_are_averaged_goes_on_with_the_weights() -> None:
    write_config(Path("c.yaml"), data=DATA, training={"epochs": 3, "average": {"ema": 0.9}})
    assert run().code == 0
    more = ("--set", "training.epochs=7")
    assert run("--resume", *more).code == 0
    assert_same(*more)


@pytest.mark.parametrize("updates", [1, 2, 3, 4, 12])
def test_a_stop_at_the_first_or_last_update_of_an_epoch_or_the_run(updates: int) -> None:
    write_config(Path("c.yaml"), training={"epochs": 4})
    with stopped_after(updates):
        done = mlp("train", "c.yaml", "-o", "run", "--no-plots")
    assert done.code == TERM
    epoch = (updates - 1) // 3 + 1
    last = done.err.splitlines()[-1]
    both = ", or make a model of what there is with --resume --finish" if epoch > 1 else ""
    assert last == f"mlp: warning: stopped in epoch {epoch} by SIGTERM: go on from there with --resume{both}"
    resumed = mlp("train", "c.yaml", "-o", "run", "--no-plots", "--resume")
    assert resumed.code == 0
    assert resumed.err.startswith(f"going on after epoch {epoch - 1}\n")
    assert_same()


def test_a_stop_in_an_overwriting_run_leaves_the_old_run_until_the_new_one_is_complete() -> None:
    write_config(Path("c.yaml"), seed=1)
    assert run().code == 0
    old = results(Path("run"))
    write_config(Path("c.yaml"), seed=2)
    with stopped_after(4):
        assert run("--overwrite").code == TERM
    assert results(Path("run")) == old
    assert run("--resume").code == 0
    assert_same()


@pytest.mark.kernels
@pytest.mark.parametrize("name", ["bfgs", "lbfgs"])
def test_quasi_newton_is_replayed_from_its_start(name: str) -> None:
    write_config(Path("c.yaml"), model=SMALL, optimizer={"name": name, "iterations": 8}, training=NO_EPOCHS)
    with stopped_after(3):
        done = run()
    assert done.code == TERM
    assert done.err == (
        "mlp: warning: stopped in iteration 3 by SIGTERM: with --resume it is trained again from its start\n"
    )
    assert not Path("run/model.npz").exists()
    assert run("--resume").code == 0
    assert_same()
    assert "finished: nothing left to do" in ok("train", "c.yaml", "-o", "run", "--resume").err
    changed = run("--resume", "--set", "optimizer.iterations=9")
    assert changed.code == 3
    assert "optimizer.iterations: the run has 8, found 9" in changed.err


# --- what may change, and what may not ----------------------------------------------------------------------


def test_a_finished_run_goes_on_to_more_epochs() -> None:
    write_config(Path("c.yaml"), data=DATA, training={"epochs": 3})
    assert run().code == 0
    more = ("--set", "training.epochs=7")
    assert run("--resume", *more).code == 0
    assert_same(*more)


def test_a_run_that_lost_patience_goes_on_with_more() -> None:
    stopping = {"epochs": 60, "early_stopping": {"monitor": "val_loss", "patience": 2}}
    data = {**DATA, "target": "colour", "features": ["length", "width"]}
    write_config(
        Path("c.yaml"), data=data, optimizer={"name": "adam", "learning_rate": 0.05}, training=stopping
    )
    assert run().code == 0
    first = results(Path("run"))
    more = ("--set", "training.early_stopping.patience=6")
    assert run("--resume", *more).code == 0
    assert_same(*more)
    assert results(Path("run"))["history.csv"] != first["history.csv"]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ("training.epochs=2", 3, "training.epochs: the run has 3, found 2"),
        ("training.batch_size=8", 3, "training.batch_size: the run has 16, found 8"),
        ("optimizer.learning_rate=1", 3, "optimizer.learning_rate: the run has 0.001, found 1"),
        ("model.layers=[auto, 5, auto]", 3, "model.layers"),
        ("seed=4", 3, "seed: the run has 0, found 4"),
        ("loss=hinge", 3, "loss"),
    ],
)
@pytest.mark.parametrize("updates", [4, 99], ids=["stopped", "finished"])
def test_a_changed_config_is_refused_naming_the_difference(
    place: Path, change: str, code: int, says: str, updates: int
) -> None:
    write_config(place / "c.yaml", model=SMALL, optimizer={"name": "adam"})
    with stopped_after(updates):
        run()
    before = tree(place)
    done = run("--resume", "--set", change)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "only training.epochs and patience may grow" in done.err
    assert tree(place) == before


@pytest.mark.parametrize("schedule", ["cosine", "linear", {"name": "one_cycle", "peak": 0.02}])
def test_epochs_cannot_grow_under_a_schedule_that_depends_on_them(schedule: object) -> None:
    """And the hint does not say that they may."""
    write_config(Path("c.yaml"), schedule=schedule)
    with stopped_after(4):
        run()
    name = schedule["name"] if isinstance(schedule, dict) else schedule
    for change in ("training.epochs=5", "seed=1"):
        done = run("--resume", "--set", change)
        assert done.code == 3
        assert "hint: only patience may grow; for anything else train again without --resume" in done.err
        depends = f"training.epochs: the run has 3, found 5; the rates of schedule {name} depend on it"
        assert (depends in done.err) == (change == "training.epochs=5")


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {**SMALL, "dropout": {"rate": 0.1, "schedule": "cosine"}}},
        {"optimizer": {"weight_decay": {"amount": 0.1, "schedule": "flat_cos"}}},
    ],
)
def test_epochs_cannot_grow_where_dropout_or_decay_depends_on_them(sections: dict[str, Any]) -> None:
    write_config(Path("c.yaml"), training={"epochs": 3}, **sections)
    assert run().code == 0
    done = run("--resume", "--set", "training.epochs=5")
    assert done.code == 3
    assert "found 5; the schedule of dropout or weight decay depends on it" in done.err


def test_patience_may_grow_without_end() -> None:
    stopping = {"epochs": 30, "early_stopping": {"monitor": "val_loss", "patience": 2, "min_delta": 9}}
    write_config(Path("c.yaml"), data=DATA, training=stopping)
    assert run().code == 0
    assert len(Path("run/history.csv").read_text("utf-8").splitlines()) < 30
    more = ("--set", "training.early_stopping.patience=none")
    assert run("--resume", *more).code == 0
    assert_same(*more)
    assert len(Path("run/history.csv").read_text("utf-8").splitlines()) == 31


def test_changed_data_is_refused(place: Path) -> None:
    write_config(place / "c.yaml")
    with stopped_after(4):
        run()
    write_table(place, seed=5)
    before = tree(place)
    done = run("--resume")
    assert (done.code, tree(place)) == (4, before)
    assert done.err.startswith("mlp: error: the data is not what the checkpoint was trained on\nhint: ")


@pytest.mark.parametrize(
    ("choice", "updates"),
    [
        ({}, 4),
        ({}, 99),
        ({"optimizer": {"name": "lbfgs", "iterations": 3}, "training": NO_EPOCHS}, 99),
    ],
    ids=["stopped", "finished", "lbfgs"],
)
def test_changed_starting_weights_are_refused(place: Path, choice: dict[str, Any], updates: int) -> None:
    """The run would not be the one that the config describes from the weights that are there now."""
    weights = Path("first/model.npz")
    write_config(place / "c.yaml", model=SMALL)
    ok("train", "c.yaml", "-o", "first", "--no-plots", "-q")
    ok("train", "c.yaml", "-o", "other", "--no-plots", "-q", "--seed", 1)
    write_config(place / "c.yaml", model={**SMALL, "init": {"from": str(weights)}}, **choice)
    with stopped_after(updates):
        run()
    began_with = weights.read_bytes()
    weights.write_bytes(Path("other/model.npz").read_bytes())
    before = tree(place)
    done = run("--resume")
    assert (done.code, tree(place)) == (4, before)
    assert done.err.startswith("mlp: error: c.yaml:1:")
    assert ": the file is not the one whose weights the run began with\n" in done.err
    assert "hint: train again without --resume" in done.err
    weights.write_bytes(began_with)
    assert run("--resume").code == 0
    facts = ok("inspect", "run/model.npz", "--json").document()
    assert facts["training"]["init_sha256"] == sha256(began_with).hexdigest()
    shown = ok("inspect", "run/model.npz").out
    assert f"weights of a file with sha256 {facts['training']['init_sha256']}\n" in shown


def test_a_finished_run_has_nothing_left_to_do(place: Path) -> None:
    write_config(place / "c.yaml")
    run()
    before = tree(place)
    done = ok("train", "c.yaml", "-o", "run", "--resume")
    assert done.out == ""
    assert done.err == "the run in run is finished: nothing left to do\n", "it does not go on either"
    document = ok("train", "c.yaml", "-o", "run", "--resume", "--json").document()
    assert (document["status"], document["epochs"], document["output"]) == ("finished", 3, "run")
    assert tree(place) == before


def test_a_finished_run_of_a_quasi_newton_method_is_compared_with_its_defaults() -> None:
    """What is said now and was the default then is no difference."""
    write_config(Path("c.yaml"), optimizer="lbfgs", training=NO_EPOCHS)
    assert run().code == 0
    again = ("train", "c.yaml", "-o", "run", "--resume", "--seed")
    assert ok(*again, 0).err.endswith("nothing left to do\n")
    assert "seed: the run has 0, found 1" in mlp(*again, 1).err


@pytest.mark.parametrize("lost", [["model.npz"], ["history.csv", "metrics.json"], ["config.yaml"]])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_was_lost_of_a_finished_run_is_written_again(optimizer: str, lost: list[str]) -> None:
    training = {"epochs": None, "batch_size": None} if optimizer == "lbfgs" else {}
    write_config(Path("c.yaml"), optimizer=optimizer, training=training)
    assert run().code == 0
    for name in lost:
        Path("run", name).unlink()
    assert run("--resume").code == 0
    assert_same()


def test_without_a_checkpoint_it_starts_from_the_beginning() -> None:
    write_config(Path("c.yaml"))
    assert run("--resume") == Done(0, "", "")
    assert_same()


def test_another_number_of_threads_is_a_warning() -> None:
    write_config(Path("c.yaml"))
    with stopped_after(4):
        run("--threads", 1)
    done = run("--resume", "--threads", 2)
    assert done == Done(0, "", "mlp: warning: the run had 1 threads and has 2 now: its bytes may differ\n")


# --- what goes wrong in between -----------------------------------------------------------------------------


def test_a_death_between_the_last_checkpoint_and_the_model_loses_nothing() -> None:
    """Also where the directory holds the finished run of fewer epochs, whose files look complete."""
    write_config(Path("c.yaml"), training={"epochs": 3})
    assert run().code == 0
    more = ("--set", "training.epochs=5")
    with patch.object(training, "save", side_effect=StoppedBySignal(signal.SIGTERM)):
        assert run("--resume", *more).code == TERM
    assert run("--resume", *more).code == 0
    assert_same(*more)


FULL = OutputError.of("could not write: No space left on device", Place("run/checkpoint.npz"))


def checkpoints_fail(error: OutputError, tries: Container[int]) -> AbstractContextManager[Any]:
    """Writing a checkpoint fails with the error at these tries, counted from 0."""
    write, tried = RunDirectory.write, itertools.count()

    def failing(directory: RunDirectory, name: str, content: Content) -> None:
        if name == "checkpoint.npz" and next(tried) in tries:
            raise error
        write(directory, name, content)

    return patch.object(RunDirectory, "write", failing)


def test_a_checkpoint_that_cannot_be_written_is_told_once_and_the_run_goes_on() -> None:
    write_config(Path("c.yaml"), training={"epochs": 5})
    with checkpoints_fail(FULL, {1, 2}):
        done = run()
    message = "no checkpoint: run/checkpoint.npz: could not write: No space left on device"
    assert done == Done(0, "", f"mlp: warning: {message}\n")
    assert_same()


def test_the_last_checkpoint_is_not_worth_the_model() -> None:
    """It is larger than the model, and may be what does not fit."""
    write_config(Path("c.yaml"))
    too_large = OutputError.of("could not write the checkpoint: more than the 9 bytes allowed")
    with checkpoints_fail(too_large, range(99)):
        done = run()
    message = "no checkpoint: could not write the checkpoint: more than the 9 bytes allowed"
    assert done == Done(0, "", f"mlp: warning: {message}\n")
    assert_same()


def test_a_disk_that_stays_full_is_an_error_in_the_end() -> None:
    write_config(Path("c.yaml"))
    with patch.object(RunDirectory, "write", side_effect=FULL):
        done = run()
    assert (done.code, done.out) == (6, "")


def test_a_damaged_checkpoint_is_refused(place: Path) -> None:
    write_config(place / "c.yaml")
    with stopped_after(4):
        run()
    whole = Path("run/checkpoint.npz").read_bytes()
    for damaged in (b"", whole[:-9], b"text"):
        Path("run/checkpoint.npz").write_bytes(damaged)
        before = tree(place)
        done = run("--resume")
        assert (done.code, done.out, tree(place)) == (5, "", before)
        assert "train again without --resume: the old run is moved aside" in done.err


@pytest.mark.parametrize("lost", ["theta", "optimizer.m"])
def test_a_checkpoint_that_lacks_an_array_is_refused(lost: str) -> None:
    write_config(Path("c.yaml"))
    with stopped_after(4):
        run()
    saved = read_checkpoint(Path("run/checkpoint.npz"))
    assert lost in saved.arrays
    arrays = {name: array for name, array in saved.arrays.items() if name != lost}
    write_atomically(Path("run/checkpoint.npz"), checkpoint_content(replace(saved, arrays=arrays)))
    done = run("--resume")
    assert (done.code, done.out) == (5, "")
    assert "checkpoint.npz: does not hold what this run needs" in done.err


# --- real signals to real processes -------------------------------------------------------------------------

# the command, which sends itself a signal when it is about to say how epoch 3 went
SELF = """
import os, sys
from mlpcli.terminal import progress
from mlpcli.cli import main
from mlpcli.run import pace

pace.rest_after = lambda took: 0.0
describe, number = progress.describe, int(sys.argv.pop())

def signalled(epoch):
    if epoch.epoch == 3:
        os.kill(os.getpid(), number)
    return describe(epoch)

progress.describe = signalled
main()
"""


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),  # which comes from outside below
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
        signal.SIGKILL,
    ],
)
def test_a_signal_ends_the_process_after_saving(number: signal.Signals) -> None:
    write_config(Path("c.yaml"), data=DATA, training={"epochs": 5})
    command = ["train", "c.yaml", "-o", "run", "--no-plots", str(int(number))]
    done = subprocess.run([sys.executable, "-c", SELF, *command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (-number, "")
    assert "Traceback" not in done.stderr
    if number != signal.SIGKILL:
        assert f"stopped in epoch 4 by {number.name}: go on from there with --resume" in done.stderr
    assert read_checkpoint(Path("run/checkpoint.npz")).epoch == (2 if number == signal.SIGKILL else 3)
    assert run("--resume").code == 0
    assert_same()


def test_a_signal_from_outside_in_the_middle_of_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "rest_after", lambda _took: 60.0)
    write_config(Path("c.yaml"), training={"epochs": 400, "batch_size": 2})
    command = [*MLP, "train", "c.yaml", "-o", "run", "--no-plots"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline().startswith("epoch   1/400")
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert running.returncode == -signal.SIGINT
    assert "by SIGINT: go on from there with --resume" in rest
    assert run("--resume").code == 0
    assert_same()


def test_a_signal_while_the_results_are_written_lets_them_be_written_and_then_ends_the_process() -> None:
    write_config(Path("c.yaml"))
    save = training.save

    def signalled(*arguments: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        save(*arguments)

    with patch.object(training, "save", signalled):
        done = run()
    assert done == Done(TERM, "", "mlp: warning: stopped by SIGTERM after the run was finished\n")
    assert_same()


def test_an_interrupt_that_was_ignored_at_the_start_stays_ignored() -> None:
    """As for a command that a script runs with `&`, or with nohup."""
    write_config(Path("c.yaml"), training={"epochs": 5})
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{SELF}"
    command = ["train", "c.yaml", "-o", "run", "--no-plots", str(int(signal.SIGINT))]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, timeout=60)
    assert done.returncode == 0
    assert_same()


@pytest.mark.kernels
def test_resuming_in_another_process_gives_the_same_bytes() -> None:
    write_config(Path("c.yaml"), training={"epochs": 5})
    with stopped_after(7):
        run()
    env = {"PYTHONHASHSEED": "7", "LC_ALL": "C"}
    assert process("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--resume", env=env) == Done(0, "", "")
    assert_same()
    assert set(tree(Path("run"))) == set(tree(Path("whole")))
