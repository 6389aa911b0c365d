"""What a terminal shows, at its width: nothing wrapped, nothing cut, and nothing of it in a file."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from io import TextIOWrapper
from pathlib import Path
from unittest.mock import patch

import pytest

from mlpcli.cli import run
from mlpcli.terminal.console import render, render_within
from mlpcli.terminal.process import outcome
from mlpcli.terminal.screen import columns_of, fitted, width_of, wrapped
from tests.support.running import MLP, mlp, ok, shown_at, write_config, write_table

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "mcc", "log_loss"]
SIX = {"metrics": METRICS, "epochs": 12, "early_stopping": {"monitor": "val_loss", "patience": 10}}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table and a config of six metrics."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    write_table(tmp_path, rows=60)
    write_config(tmp_path / "c.yaml", training=SIX, data={"validation": 0.2, "test": 0.2})
    return tmp_path


def terminal_of(columns: int) -> tuple[int, int]:
    """The two ends of a terminal so many columns wide: where a person looks, and what a process has open."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return controller, terminal


def surroundings(env: dict[str, str]) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name != "COLUMNS"},
        "TERM": "xterm",
        **env,
    }


def seen_on_a_terminal(columns: int, *arguments: str, code: int = 0, **env: str) -> str:
    """All that a person sees of a command at a terminal so many columns wide, escape codes included."""
    controller, terminal = terminal_of(columns)
    with ThreadPoolExecutor(1) as person:
        seen = person.submit(shown_at, controller)
        with (
            os.fdopen(terminal, "r+b", buffering=0) as both,
            TextIOWrapper(both, "utf-8", line_buffering=True) as stream,
            patch.multiple(sys, stdin=stream, stdout=stream, stderr=stream),
            patch.dict(os.environ, surroundings(env), clear=True),
        ):
            found = outcome(lambda: run([*arguments]))
    assert found == code, seen.result()
    return seen.result()


def seen_of_a_process(columns: int, *arguments: str) -> str:
    """The same of a process of its own, from its first moment on."""
    controller, terminal = terminal_of(columns)
    running = subprocess.Popen(
        [*MLP, *arguments], stdin=terminal, stdout=terminal, stderr=terminal, env=surroundings({})
    )
    os.close(terminal)
    seen = shown_at(controller)
    assert running.wait(timeout=60) == 0, seen
    return seen


def left_on(screen: str) -> list[str]:
    """The lines that stay: what a carriage return goes back over is gone."""
    lines = CODES.sub("", screen).replace("\r\n", "\n").split("\n")
    return [line.rpartition("\r")[2] for line in lines]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_nothing_is_wrapped_or_cut_at_any_width(columns: int) -> None:
    look = seen_of_a_process if columns == 80 else seen_on_a_terminal
    seen = look(columns, "train", "c.yaml", "-o", "run", "--no-plots")
    lines = left_on(seen)
    assert max(map(len, lines)) <= columns
    for drawn in CODES.sub("", seen).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        assert len(drawn) <= columns, "the live line too"
    text = "\n".join(lines)
    for word in (*METRICS, "training", "validation", "test", "constant"):
        assert word in text
    assert "…" not in text
    assert "epochs" not in text.partition("finished")[0], "the live line has gone"


def test_a_wide_table_has_its_metrics_as_rows_with_the_same_numbers() -> None:
    wide = left_on(seen_on_a_terminal(140, "train", "c.yaml", "-o", "run", "--no-plots"))
    narrow = left_on(seen_on_a_terminal(80, "train", "c.yaml", "-o", "run", "--no-plots", "--overwrite"))
    (row,) = [line.split() for line in wide if line.startswith("test ")]
    heads = next(line.split() for line in wide if line.split()[:2] == ["rows", "loss"])
    for name, value in zip(heads, row[1:], strict=True):
        lines = [line.split() for line in narrow if line.startswith(f"{name} ")]
        (found,) = [words for words in lines if "best" not in words]  # of the curve
        assert value in found


def test_several_targets_and_the_gradient_check_fit_80_columns() -> None:
    write_config(Path("n.yaml"), data={"target": ["size", "width", "length"], "features": ["colour", "w"]})
    for arguments in (("train", "n.yaml", "-o", "n"), ("gradcheck", "n.yaml")):
        lines = left_on(seen_on_a_terminal(80, *arguments))
        assert max(map(len, lines)) <= 80, arguments


def test_what_the_gradient_check_says_of_an_error_breaks_between_words() -> None:
    wide = seen_on_a_terminal(300, "gradcheck", "c.yaml", "--inject-error", code=10)
    narrow = left_on(seen_on_a_terminal(60, "gradcheck", "c.yaml", "--inject-error", code=10))
    (whole,) = [line for line in left_on(wide) if line.startswith("walking back")]
    (start,) = [place for place, line in enumerate(narrow) if line.startswith("walking back")]
    assert max(map(len, narrow)) <= 60
    assert " ".join(map(str.strip, narrow[start:])).strip() == whole


def test_a_search_shows_how_far_it_is_and_breaks_between_words() -> None:
    pytest.importorskip("optuna")
    space = "space: {optimizer.learning_rate: {low: 1e-3, high: 1e-1}, l2: {low: 0.0, high: 0.1}}\n"
    Path("study.yaml").write_text(f"config: c.yaml\n{space}", "utf-8")
    seen = seen_on_a_terminal(40, "search", "study.yaml", "-o", "s", "--trials", "2")
    drawn = CODES.sub("", seen).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert max(map(len, drawn)) <= 40
    assert "0/2 trials" in drawn
    assert any(line.startswith("1/2 trials, best val_loss ") for line in drawn)
    text = " ".join(map(str.strip, left_on(seen)))
    assert "optimistic: it was chosen for being the best; test rows were not" in text
    assert "/2 trials" not in text, "the live line has gone"


def test_a_confusion_matrix_that_is_too_wide_numbers_its_classes() -> None:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    wide = left_on(seen_on_a_terminal(80, "evaluate", "run/model.npz", "t.csv"))
    assert [line.split() for line in wide if line.startswith("true ")] == [
        ["true", "\\", "predicted", "ash", "elm", "oak"]
    ]
    narrow = left_on(seen_on_a_terminal(30, "evaluate", "run/model.npz", "t.csv"))
    (heads,) = [line.split() for line in narrow if line.startswith("true ")]
    assert heads == ["true", "\\", "predicted", "1", "2", "3"]
    assert [line.split()[:2] for line in narrow if re.match(r"\d [a-z]", line)] == [
        ["1", "ash"],
        ["2", "elm"],
        ["3", "oak"],
    ]
    tiny = left_on(seen_on_a_terminal(20, "evaluate", "run/model.npz", "t.csv"))
    assert "confusion matrix: with 3 classes only in --json" in tiny


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_the_curves_are_coloured_on_a_terminal_that_wants_it(
    env: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = seen_on_a_terminal(80, "train", "c.yaml", "-o", "run", "--no-plots", **env)
    assert bool(re.search(r"\x1b\[3\dm", seen)) == coloured
    monkeypatch.setenv("TERM", "xterm")
    piped = mlp("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite")
    assert "\x1b" not in piped.out + piped.err


def test_what_is_done_is_said_from_the_start_and_then_goes_away() -> None:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    for command, said in (
        ("train c.yaml -o run2 --no-plots", ["reading c.yaml", "reading t.csv", "0/12 epochs"]),
        ("predict run/model.npz t.csv -o p.csv", ["reading run/model.npz", "reading t.csv"]),
        ("evaluate run/model.npz t.csv", ["reading run/model.npz", "reading t.csv"]),
        ("gradcheck c.yaml", ["reading c.yaml", "reading t.csv", "checking the gradients of 2,"]),
        ("init t.csv --target kind -o i.yaml", ["reading t.csv"]),
    ):
        look = seen_of_a_process if command.startswith(("train", "predict")) else seen_on_a_terminal
        seen = look(80, *command.split())
        places = [seen.index(f"\r{words}") if "epochs" not in words else seen.index(words) for words in said]
        assert places == sorted(places)
        assert not [line for line in left_on(seen) if line.startswith(("reading", "checking"))]
        again = ["--overwrite"] if command.startswith(("train", "init")) else []
        plain = mlp(*command.split(), *again).err
        assert not re.search(r"reading|checking|^[\d,]+ rows?$", plain, re.MULTILINE)


def test_predictions_on_the_screen_have_no_line_among_them() -> None:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    seen = seen_on_a_terminal(80, "predict", "run/model.npz", "t.csv")
    assert left_on(seen) == ok("predict", "run/model.npz", "t.csv").out.split("\n")
    assert "\r" not in seen.replace("\r\n", "\n").partition("prediction,")[2]


def test_characters_of_two_columns_and_of_none_are_counted_as_they_are_shown() -> None:
    assert [width_of(text) for text in ("abc", "漢字", "e\u0301", "")] == [3, 4, 1, 0]
    cut = [fitted("a漢字", columns) for columns in (0, 1, 2, 3, 4, 9)]
    assert cut == ["", "a", "a", "a漢", "a漢", "a漢字"]
    lines = render(("", "n"), [("漢字", "1"), ("e\u0301", "22")]).splitlines()
    assert [line.rindex(last) for line, last in zip(lines[2:], ("1", "22"), strict=True)] == [6, 8]


def test_a_narrow_screen_goes_without_the_dispensable_columns() -> None:
    columns, rows = ("a", "bb", "ccc"), [("1", "2", "3")]
    assert render_within(columns, rows, None, ("bb",)) == render(columns, rows)
    assert render_within(columns, rows, 12, ("bb", "ccc")) == render(columns, rows)
    assert render_within(columns, rows, 11, ("bb", "ccc")) == render(("a", "ccc"), [("1", "3")])
    assert render_within(columns, rows, 1, ("bb", "ccc")) == render(("a",), [("1",)])
    assert render_within(columns, rows, 0, ("bb",)) == render(("a", "ccc"), [("1", "3")])


def test_a_file_takes_lines_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    with Path("out.txt").open("w", encoding="utf-8") as file:
        assert columns_of(file) is None
        assert wrapped("word " * 100, file) == "word " * 100
    assert columns_of(None) is None
