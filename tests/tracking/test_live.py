"""A tracker that is told as a training goes: whatever it does, the training neither waits nor notices."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from mlpcli.terminal.members_progress import Began, Worth
from mlpcli.tracking import live
from mlpcli.tracking.live import LiveTracking, Outcome
from mlpcli.training.callbacks import Epoch

RUN = Path("/somewhere/run")
READS = "import sys; lines = sys.stdin.readlines(); "
HANGS = ["sh", "-c", "exec sleep 600"]


def told(command: list[str], epochs: int = 3, grace: float = 30.0, metrics: int = 0) -> Outcome:
    """What comes of a training of so many epochs that such a process is told of."""
    with TemporaryFile() as said:
        tracking = LiveTracking(command, said, grace)
        with tracking.observing(epochs, 0) as observer:
            values = {f"metric{number}": 0.5 for number in range(metrics)}
            for number in range(1, epochs + 1):
                assert observer(Epoch(number, 1.0 / number, 1e-3, values)) is None
        return tracking.finish(RUN)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_every_epoch_and_the_end_are_told(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    code = READS + f"open({str(path)!r}, 'w').writelines(lines); print('noise'); print('here')"
    assert told(python(code)) == Outcome("here")
    messages = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [one["point"]["epoch"] for one in messages[:-1]] == [1, 2, 3]
    assert messages[-1] == {"run": str(RUN)}


def test_of_several_networks_epochs_alone_are_told(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with TemporaryFile() as said:
        tracking = LiveTracking(python(READS + f"open({str(path)!r}, 'w').writelines(lines); print(1)"), said)
        for message in (Began(3, 0), Epoch(1, 0.5, 1e-3), None, Worth({})):
            tracking.hear(1, message)
        assert tracking.finish(RUN) == Outcome("1")
    first, last = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert first == {"point": {"epoch": 1, "loss": 0.5, "learning_rate": 1e-3}, "member": 2}
    assert last == {"run": str(RUN)}


def test_one_that_raises_says_why() -> None:
    assert told(python("print('no network'); raise SystemExit(1)")) == Outcome(None, "no network")
    assert told(python("import os; os.abort()")) == Outcome(None, "its process ended with -6")
    assert told(["false"]) == Outcome(None, "its process ended with 1")


def test_one_that_hangs_is_ended_after_the_grace() -> None:
    """Also where it has read nothing, and more is to be told than a pipe takes."""
    expected = Outcome(None, "it took longer than 0.01 seconds")
    assert told(HANGS, grace=0.01) == expected
    assert told(HANGS, epochs=300, metrics=100, grace=0.01) == expected


def test_what_a_slow_one_does_not_take_is_dropped_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_WAITING", 1000)
    monkeypatch.setattr(live, "STOPPING_GRACE", 0.01)
    with TemporaryFile() as said:
        tracking = LiveTracking(HANGS, said, 0.01)
        with tracking.observing(2000, 0) as observer:
            for number in range(1, 2001):
                observer(Epoch(number, 0.5, 1e-3, {"a metric with a long name": 0.25}))
        assert 900 < len(tracking._waiting) <= 1000
        tracking.stop()


def test_a_slow_one_is_told_the_end_once_it_listens() -> None:
    """More than a pipe takes is passed on while the end waits."""
    code = READS + "print(len(lines))"
    assert told(python(code), epochs=400, metrics=50) == Outcome("401")


def test_one_that_cannot_be_started() -> None:
    assert told(["/nowhere/at/all"]) == Outcome(
        None, "its process could not be started: No such file or directory"
    )


def test_a_training_without_an_end_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with TemporaryFile() as said:
        tracking = LiveTracking(python(READS + f"open({str(path)!r}, 'w').writelines(lines)"), said)
        with tracking.observing(9, 0) as observer:
            observer(Epoch(1, 1.0, 1e-3))
        tracking.stop()
    assert [json.loads(line)["point"]["epoch"] for line in path.read_text("utf-8").splitlines()] == [1]


def test_nobody_is_started_where_nothing_happens() -> None:
    with TemporaryFile() as said:
        LiveTracking(["/nowhere/at/all"], said).stop()
