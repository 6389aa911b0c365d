"""Progress off a terminal: one line an epoch, thinned on long runs, and silence when quiet."""

from __future__ import annotations

import time

import pytest

from mlpcli.terminal.console import Console
from mlpcli.terminal.progress import LiveProgress, describe, progress, scores
from mlpcli.training.callbacks import Epoch


def lines_of(
    epochs: int, capsys: pytest.CaptureFixture[str], done: int = 0, *, quiet: bool = False
) -> list[str]:
    with progress(Console(quiet=quiet), epochs, done) as observer:
        for number in range(done + 1, epochs + 1):
            assert not observer(Epoch(number, 0.5, 0.1))
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


@pytest.mark.parametrize(
    ("epoch", "line"),
    [
        (Epoch(1, 0.123456, 0.001), "loss 0.1235  rate 0.001000"),
        (Epoch(1, 12.0, None), "loss 12.00"),
        (
            Epoch(1, 0.5, 0.1, {"accuracy": 0.75, "f1_macro": 0.5}),
            "loss 0.5000  accuracy 0.7500  rate 0.1000",
        ),
        (
            Epoch(1, 0.5, 1e-5, {"accuracy": 0.75}, 0.25, {"accuracy": None}),
            "loss 0.5000  val_loss 0.2500  val_accuracy -  rate 1.000e-05",
        ),
    ],
)
def test_an_epoch_in_one_line(epoch: Epoch, line: str) -> None:
    assert describe(epoch) == line


def test_a_short_run_has_a_line_for_every_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(3, capsys) == [f"epoch {n}/3  loss 0.5000  rate 0.1000" for n in (1, 2, 3)]


@pytest.mark.parametrize("epochs", [39, 40, 100, 999, 12345])
def test_a_long_run_is_thinned_but_has_its_first_and_last_epoch(
    epochs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of(epochs, capsys)
    assert 20 <= len(lines) <= 41
    assert lines[0].split()[1].endswith(f"1/{epochs}") or lines[0].split()[2] == f"1/{epochs}"
    assert f"epoch {epochs}/{epochs}  " in lines[-1]
    assert len({line.index("/") for line in lines}) == 1


def test_a_run_that_goes_on_shows_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split("/")[0] for line in lines_of(5, capsys, done=3)] == ["epoch 4", "epoch 5"]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(5, capsys, quiet=True) == []


def test_a_closed_stderr_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with progress(Console(), 2) as observer:
        assert not observer(Epoch(1, 0.5, 0.1))


# --- the live line ------------------------------------------------------------------------------------------

WITH_SCORES = Epoch(12, 0.123456, 1e-3, {"accuracy": 0.75}, 0.25, {"accuracy": 0.5})
NEXT = "  "  # between the scores


@pytest.mark.parametrize("columns", range(12, 121))
def test_a_live_line_keeps_epoch_and_time_and_drops_scores_from_the_right(columns: int) -> None:
    began = time.monotonic() - 24
    line = LiveProgress(100, 0, began).line(WITH_SCORES, columns)
    assert line.startswith(" 12/100 epochs ")
    assert " left" in line
    assert len(line) <= max(columns, len(" 12/100 epochs 2:56 left"))
    head, *shown = line.strip().split(NEXT)
    assert shown == scores(WITH_SCORES)[: len(shown)]
    room = columns - len(line)
    missing = scores(WITH_SCORES)[len(shown) :]
    assert not missing or room < len(NEXT) + len(missing[0]), "as many as fit"
    assert ("━" in head or "─" in head) == (columns >= 30)


@pytest.mark.parametrize(
    ("past", "seconds", "left"),
    [(0, 5.0, "--:--"), (1, 0.001, "0:01"), (50, 50, "0:50"), (1, 60, "1:39:00"), (100, 7, "0:00")],
)
def test_the_time_left_is_that_of_epochs_as_long_as_before(past: int, seconds: float, left: str) -> None:
    assert LiveProgress(100, 0, 1000.0).time_left(past, 1000.0 + seconds) == f"{left} left"


def test_epochs_before_a_resume_say_nothing_about_the_time() -> None:
    live = LiveProgress(100, 90, 1000.0)
    assert live.time_left(90, 1001.0) == "--:-- left"
    assert live.time_left(95, 1005.0) == "0:05 left"
