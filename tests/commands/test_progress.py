"""Progress off a terminal: one line an epoch, thinned on long runs, and silence when quiet."""

from __future__ import annotations

import pytest

from mlpcli.terminal.console import Console
from mlpcli.terminal.progress import describe, progress
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
