"""Errors that need a race, a broken disk, or a file made for them: they have a message and a code too."""

from __future__ import annotations

import errno
import io
import os
import shutil
import signal
import struct
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli import signals
from mlpcli.artifacts.model_file import parse_model
from mlpcli.artifacts.npy_format import npy_header
from mlpcli.artifacts.npz import Format, npz_content
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.date_format import known_format
from mlpcli.errors import DataError, OutputError
from mlpcli.optim.stepper import Stepper
from mlpcli.run import resume as resuming
from mlpcli.tables.source import Peeked, find, text_of
from mlpcli.terminal.console import result_stream
from mlpcli.terminal.process import ResultStream
from tests.support.hostile_models import END, good_model
from tests.support.running import NO_EPOCHS, Done, mlp, ok, raw_characters, tree, write_config, write_table


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table, a config and its run."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml", model={"layers": ["auto", 4, "auto"]})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    return tmp_path


def assert_refused(done: Done, code: int, says: str) -> None:
    """A message on stderr alone."""
    assert (done.code, done.out) == (code, ""), done.err
    assert says in done.err
    assert not raw_characters(done.err)


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (OSError(errno.EIO, "Input/output error"), "model.npz: could not read it: input/output error"),
        ([0], "model.npz: the file became shorter while it was being read"),
    ],
)
def test_a_model_on_a_failing_disk(read: Any, says: str) -> None:
    with patch.object(os, "readv", side_effect=read):
        assert_refused(mlp("inspect", "run/model.npz"), 5, says)


def test_a_model_that_grows_or_goes_while_it_is_used_changes_nothing(place: Path) -> None:
    """It is read once, before the rows."""
    expected = ok("predict", "run/model.npz", "t.csv").out
    opened = Peeked.__init__

    def replaced(source: Peeked, handle: Any) -> None:
        (place / "run/model.npz").write_bytes(b"something else")
        opened(source, handle)

    with patch.object(Peeked, "__init__", replaced):
        assert ok("predict", "run/model.npz", "t.csv").out == expected
    assert (place / "run/model.npz").read_bytes() == b"something else"


def test_a_directory_of_more_members_than_it_holds() -> None:
    data = good_model()
    mark, *disks, here, count, size, start, comment = struct.unpack("<4s4H2LH", data[-END.size :])
    record = END.pack(mark, *disks, here + 1, count + 1, size, start, comment)
    with pytest.raises(FileFormatError, match="cut short or damaged"):
        parse_model(data[: -END.size] + record)


def test_a_table_that_goes_between_looking_and_opening(place: Path) -> None:
    file = find(place / "t.csv")
    (place / "t.csv").unlink()
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        file.open()


class FailingHandle(io.BytesIO):
    """Gives its first bytes, and then an error."""

    def __init__(self, number: int) -> None:
        super().__init__(b"a,b\n1,2\n1,2\n1,2\n")
        self.number = number

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(self.number, os.strerror(self.number))
        return super().read(size)


def test_a_table_on_a_failing_disk() -> None:
    with pytest.raises(DataError, match=r"t\.csv: cannot be read: Input/output error"):
        list(text_of(Peeked(FailingHandle(errno.EIO)), "t.csv", "utf-8").pieces)
    with pytest.raises(OSError, match="Cannot allocate memory"):  # which has an exit code of its own
        list(text_of(Peeked(FailingHandle(errno.ENOMEM)), "t.csv", "utf-8").pieces)


@pytest.mark.parametrize(
    ("said", "code", "says"),
    [
        ("Error tokenizing data. C error: out of memory", 9, "out of memory"),
        ("Buffer overflow caught", 4, "Buffer overflow caught"),
    ],
)
def test_a_table_that_the_parser_gives_up(said: str, code: int, says: str) -> None:
    with patch.object(pd, "read_csv", side_effect=pd.errors.ParserError(said)):
        assert_refused(mlp("train", "c.yaml"), code, says)


def test_a_header_of_separators_only(place: Path) -> None:
    (place / "t.csv").write_text(",,\n1,2,3\n")
    assert_refused(mlp("train", "c.yaml"), 4, "hint: put a line with names first: ")


def test_a_separator_that_nobody_types() -> None:
    for separator in ("\x1b", "é", "\u202e"):
        write_config(Path("c.yaml"), data={"separator": separator})
        done = mlp("train", "c.yaml")
        assert_refused(done, 3, "data.separator: expected a printable character of ASCII or a tab, found '")
        assert done.err.startswith("mlp: error: c.yaml:1:")
        assert "hint: write the file with a comma, a semicolon or a tab between fields" in done.err


def test_init_wants_a_file_that_a_config_can_name() -> None:
    os.mkfifo("pipe")
    for source in ("-", "pipe"):
        assert_refused(mlp("init", source, "--target", "kind"), 4, "is no regular file, and a config names")


# --- writing ------------------------------------------------------------------------------------------------


def test_only_arrays_that_can_be_read_are_written() -> None:
    with pytest.raises(ValueError, match="complex128 array of 1 axes"):
        npy_header(np.zeros(3, complex))
    with pytest.raises(FileFormatError, match="metadata of 7 bytes, more than the 4 allowed"):
        npz_content(Format("mlp-model", 1, 4, 1 << 30), {"a": 1}, {})


def test_a_signal_that_is_blocked_is_still_an_exit_code() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with patch.object(os, "kill"), pytest.raises(SystemExit) as left:
        signals.die_by(signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)
    assert left.value.code == 143


def test_an_interrupt_that_the_program_around_swallows_still_ends_the_training() -> None:
    step, before = Stepper.step, signal.signal(signal.SIGINT, lambda *_: None)

    def interrupted(stepper: Stepper, *given: float) -> None:
        step(stepper, *given)
        signal.raise_signal(signal.SIGINT)

    try:
        with patch.object(Stepper, "step", interrupted), pytest.raises(KeyboardInterrupt):
            mlpcli.train("c.yaml", output="swallowed")
    finally:
        signal.signal(signal.SIGINT, before)
    assert Path("swallowed/checkpoint.npz").exists()


# --- configs that only the data shows to be wrong -----------------------------------------------------------


def test_a_softmax_of_one_output_is_no_probability() -> None:
    write_config(
        Path("c.yaml"),
        data={"target": "two", "task": "classification"},
        loss="mse",
        model={"layers": ["auto", 4, "auto"], "activation": ["relu", "softmax"]},
    )
    assert_refused(mlp("train", "c.yaml"), 3, "softmax of a single output is always 1")


def test_classes_have_no_scale() -> None:
    write_config(Path("c.yaml"), data={"target_scale": "standardize"})
    assert_refused(
        mlp("train", "c.yaml"), 3, "expected `none`, as this is a classification, found standardize"
    )


def test_a_format_of_dates_that_does_not_read_what_it_writes() -> None:
    with pytest.raises(ValueError, match="expected a format of dates"):
        known_format("%Y\0")


# --- going on -----------------------------------------------------------------------------------------------


def assert_not_resumed(place: Path, code: int, says: str) -> None:
    before = tree(place)
    assert_refused(mlp("train", "c.yaml", "-o", "run", "--resume", "--no-plots", "-q"), code, says)
    assert tree(place) == before


@pytest.fixture
def another_version() -> Iterator[None]:
    """The versions of a year from now."""
    with patch.object(resuming, "versions", return_value={"mlp": "9.0", "numpy": "3.0"}):
        yield


@pytest.mark.usefixtures("another_version")
def test_another_version_does_not_go_on_where_this_one_stopped(place: Path) -> None:
    assert_not_resumed(place, 3, "this is mlp 9.0, numpy 3.0")


def test_other_data_do_not_go_on_from_a_finished_run_by_iterations(place: Path) -> None:
    write_config(place / "c.yaml", optimizer={"name": "lbfgs", "iterations": 2}, training=NO_EPOCHS)
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite")
    write_table(place, seed=5)
    assert_not_resumed(place, 4, "the data is not what the model in the run directory was trained on")


@pytest.mark.parametrize("part", ["validation", "test"])
def test_other_rows_to_judge_by_are_other_data(place: Path, part: str) -> None:
    rows = (place / "t.csv").read_text("utf-8").splitlines(keepends=True)
    (place / "part.csv").write_text("".join(rows[:12]), "utf-8")
    write_config(place / "c.yaml", data={part: "part.csv"})
    shutil.rmtree(place / "run")
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    (place / "part.csv").write_text("".join(rows[:13]), "utf-8")
    write_config(place / "c.yaml", data={part: "part.csv"}, training={"epochs": 4})
    assert_not_resumed(place, 4, "the data is not what the checkpoint was trained on")


# --- scikit-learn -------------------------------------------------------------------------------------------


def test_estimators_say_what_they_cannot_do() -> None:
    pytest.importorskip("sklearn")
    from mlpcli.sklearn import MLPClassifier

    x, y = np.arange(8.0).reshape(-1, 1), np.array(["a", "b"] * 4)
    few = {"optimizer": {"name": "lbfgs", "iterations": 2}}
    with (  # newer versions of scikit-learn say so themselves
        patch("mlpcli.sklearn.arrays.check_sample_weight", return_value=np.zeros(8)),
        pytest.raises(ValueError, match="the weights of all rows are zero"),
    ):
        MLPClassifier(**few).fit(x, y, sample_weight=np.zeros(8))
    scores = MLPClassifier(loss="hinge", **few).fit(x, y).set_params(loss="binary_cross_entropy")
    with pytest.raises(ValueError, match="its outputs are scores"):
        scores.predict_proba(x)


# --- streams, seen from inside ------------------------------------------------------------------------------


def test_a_result_that_does_not_fit_is_told_once_and_dropped() -> None:
    handle = os.open("/dev/full", os.O_WRONLY)
    with ResultStream(handle, "wb") as stream:
        with pytest.raises(OutputError, match="standard output: cannot write: No space left on device"):
            stream.write(b"lost")
        assert stream.write(b"dropped") == 7


def test_a_result_needs_a_stream() -> None:
    with patch.object(sys, "stdout", None), pytest.raises(OutputError, match="standard output is closed"):
        result_stream()


def test_the_version_ends_the_command() -> None:
    assert ok("--version").out == f"mlp {mlpcli.__version__}\n"


def test_without_scikit_learn_the_estimators_say_what_to_install() -> None:
    ours = [name for name in sys.modules if name.startswith("mlpcli.sklearn")]
    with patch.dict(sys.modules, {"sklearn": None, "sklearn.base": None}):
        for name in ours:
            del sys.modules[name]
        with pytest.raises(ModuleNotFoundError, match="scikit-learn"):
            import_module("mlpcli.sklearn")
