"""`mlp log` and `mlp train --track`: a tracker has what the run has, and the run nothing of the tracker."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from unittest.mock import patch

import pytest

from mlpcli import extras
from mlpcli.commands import log as log_command
from mlpcli.commands import tracked
from mlpcli.tracking.live import LiveTracking
from tests.support.running import history, mlp, ok, results, tree, write_config, write_table
from tests.support.trackers import Remembering

PYTHON = [sys.executable, "-c"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a config that trains, where every tracker seems to be installed."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    monkeypatch.setattr(extras, "find_spec", lambda _package: True)
    return tmp_path


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Callable[[Remembering], None]:
    """Let this be the tracker that is told after the fact."""

    def tell(tracker: Remembering) -> None:
        monkeypatch.setattr(log_command, "open_tracker", lambda _name, _experiment: tracker)

    return tell


def train(*arguments: object) -> Path:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite", *arguments)
    return Path("run")


# --- after the fact -----------------------------------------------------------------------------------------


def test_a_run_is_told_once(telling: Callable[[Remembering], None]) -> None:
    run, tracker = train(), Remembering()
    before = tree(run)
    telling(tracker)
    done = ok("log", run, "--to", "mlflow")
    assert (done.out, done.err) == ("", "mlflow has it: here\n")
    assert tracker.calls == ["logged", "begin run", "points", "complete"]
    assert tracker.completed is not None
    telling(Remembering(known=tracker.completed.sha256))
    assert ok("log", run, "--to", "wandb").err == "wandb has it already: there\n"
    assert tree(run) == before


@pytest.mark.parametrize("fails", ["logged", "begin", "points", "complete"])
def test_a_tracker_that_raises_is_exit_6_and_the_run_as_it_was(
    telling: Callable[[Remembering], None], fails: str
) -> None:
    run, tracker = train(), Remembering(fails=fails)
    before = tree(run)
    telling(tracker)
    done = mlp("log", run, "--to", "mlflow")
    assert (done.code, done.out) == (6, "")
    assert done.err == (
        f"mlp: error: mlflow has not taken it: ConnectionError: no {fails} today and more of it\n"
        "hint: the run is as it was, and the same command tells it again\n"
    )
    assert (tracker.calls[-1] == "abandon") == (fails in {"points", "complete"})
    assert tree(run) == before


def test_the_experiment_is_the_tracker_s_own_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def opened(name: str, experiment: str | None) -> Remembering:
        asked.append((name, experiment))
        return Remembering()

    monkeypatch.setattr(log_command, "open_tracker", opened)
    run = train()
    ok("log", run, "--to", "tensorboard")
    ok("log", run, "--to", "tensorboard", "--experiment", "flowers")
    assert asked == [("tensorboard", None), ("tensorboard", "flowers")]


def test_what_is_not_installed_is_named() -> None:
    with patch.object(extras, "find_spec", lambda _package: None):
        for arguments in (("log", "run", "--to", "mlflow"), ("train", "c.yaml", "--track", "mlflow")):
            done = mlp(*arguments)
            assert (done.code, done.out) == (2, "")
            assert done.err.endswith(
                "mlp: error: logging to mlflow takes mlflow, which is not installed\n"
                "hint: pip install 'mlpcli[mlflow]'\n"
            )
    assert not Path("runs").exists()


def test_wrong_usage() -> None:
    assert "there is no run: no model.npz" in mlp("log", "nowhere", "--to", "mlflow").err
    assert mlp("log", "nowhere", "--to", "aim").code == 2
    assert mlp("train", "c.yaml", "--track", "none").code == 2
    assert "missing option '--to'. Choose from: mlflow, wandb, tensorboard\n" in mlp("log", "nowhere").err


# --- as it goes ---------------------------------------------------------------------------------------------


@contextmanager
def tracked_by(command: list[str], grace: float = 30.0) -> Iterator[None]:
    """Let this process be the one that is told."""

    def live(command: list[str], said: IO[bytes]) -> LiveTracking:
        return LiveTracking(command, said, grace)

    told = {"follower_command": lambda _tracker, _name: command, "LiveTracking": live}
    with patch.multiple(tracked, **told):
        yield


LISTENS = "import sys; open('told', 'w').writelines(sys.stdin.readlines()); print('here')"


def test_a_tracker_is_told_every_epoch_and_the_end() -> None:
    expected = results(train())
    with tracked_by([*PYTHON, LISTENS]):
        done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite", "--track", "mlflow")
    assert done.err.endswith("mlflow has it: here\n")
    lines = Path("told").read_text("utf-8").splitlines()
    assert len(lines) == 4
    assert lines[-1] == f'{{"run": "{Path("run").resolve()}"}}'
    assert results(Path("run")) == expected


@pytest.mark.parametrize(
    ("command", "grace", "why"),
    [
        ([*PYTHON, "print('no network'); raise SystemExit(1)"], 30.0, "no network"),
        (["sh", "-c", "exec sleep 600"], 0.01, "it took longer than 0.01 seconds"),
        (["/nowhere/at/all"], 30.0, "its process could not be started: No such file or directory"),
    ],
    ids=["raises", "hangs", "is not there"],
)
def test_whatever_a_tracker_does_is_one_warning(command: list[str], grace: float, why: str) -> None:
    expected = results(train())
    with tracked_by(command, grace):
        done = ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite", "--track", "mlflow")
    assert done.err == (
        f"mlp: warning: mlflow has not taken the run: {why}; nothing is lost: "
        "`mlp log run --to mlflow` tells it once more\n"
    )
    assert results(Path("run")) == expected


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        ({"ensemble": {"members": 2}}, 2 * 3 + 1),
        ({"ensemble": {"folds": 2}, "training": {"refit": True}}, 2 * 3 + 1),
        ({"training": {"refit": True}, "data": {"validation": 0.3}}, 3 + 1),
        ({"optimizer": "lbfgs", "training": {"epochs": None, "batch_size": None}}, None),
    ],
    ids=["several networks", "folds and a refit", "a refit", "iterations"],
)
def test_trainings_of_other_kinds(place: Path, settings: dict[str, object], messages: int | None) -> None:
    """Several networks tell as they go too, whoever trains them; what the history has not is not told."""
    write_config(place / "c.yaml", **settings)
    with tracked_by([*PYTHON, LISTENS]):
        train("--track", "mlflow")
    rows = len(history(Path("run")))
    found = [json.loads(line) for line in Path("told").read_text("utf-8").splitlines()]
    assert len(found) == rows + 1 == (messages or rows + 1)
    numbers = {message["member"] for message in found[:-1]}
    assert numbers == ({1, 2} if "ensemble" in settings else {None})


def test_a_training_that_fails_tells_no_end(place: Path) -> None:
    write_config(place / "c.yaml", optimizer={"name": "sgd", "learning_rate": 1e30}, data={"target": "size"})
    with tracked_by([*PYTHON, LISTENS]):
        done = mlp("train", "c.yaml", "--no-plots", "-q", "--track", "mlflow")
    assert done.code == 7
    assert "mlflow" not in done.err


def test_a_dry_run_and_a_wrong_config_tell_nothing(place: Path) -> None:
    with tracked_by(["/nowhere/at/all"]):
        assert mlp("train", "c.yaml", "--dry-run", "--track", "mlflow").code == 0
        assert mlp("train", "none.yaml", "--track", "mlflow").code == 3
    assert not (place / "told").exists()


def test_a_run_that_is_finished_is_told_too() -> None:
    train()
    with tracked_by([*PYTHON, LISTENS]):
        done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--resume", "--track", "mlflow")
    assert "nothing left to do" in done.err
    assert done.err.endswith("mlflow has it: here\n")
