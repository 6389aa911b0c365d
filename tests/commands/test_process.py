"""The edges of the process: streams that are closed, full, dumb or live; bugs, memory, and late imports."""

from __future__ import annotations

import errno
import os
import pty
import re
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from mlpcli import __version__, memory
from mlpcli.cli import app
from mlpcli.commands import train
from mlpcli.errors import MemoryLimitError
from mlpcli.extras import optional
from mlpcli.libraries import take_less
from mlpcli.signals import StoppedBySignal, leave_on_signals, stop_on_signals
from mlpcli.terminal import process as edges
from mlpcli.terminal.arguments import with_named_command
from mlpcli.terminal.process import outcome
from tests.support.hostile_models import HOSTILE
from tests.support.running import (
    MLP,
    Done,
    mlp,
    ok,
    process,
    raw_characters,
    results,
    shown_at,
    write_config,
    write_table,
)

ESCAPE = "\x1b"
QUIET_TRAINING = ("--no-plots", "-o", "run")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table and a config."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    return tmp_path


def shell(command: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which $MLP is the command, with streams that buffer as they mostly do."""
    quoted = " ".join(f"'{word}'" for word in MLP)
    line = command.replace("$MLP", quoted)
    env = options.pop("env", os.environ)
    options["env"] = {name: value for name, value in env.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(["bash", "-c", line], capture_output=True, timeout=120, **options)


# --- streams ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redirected", "code", "says"),
    [
        (
            "$MLP --version >/dev/full",
            6,
            b"mlp: error: standard output: cannot write: No space left",
        ),
        ("$MLP --version >&-", 6, b"mlp: error: standard output is closed\n"),
        ("$MLP --help >/dev/full", 6, b"mlp: error: standard output: cannot write: No space left"),
        ("$MLP --help | true; exit ${PIPESTATUS[0]}", 128 + signal.SIGPIPE, b""),
        ("$MLP train none.yaml 2>&-", 3, b""),
        ("$MLP train none.yaml -q 2>/dev/full", 3, b""),
    ],
)
def test_a_stream_that_cannot_be_written(redirected: str, code: int, says: bytes) -> None:
    """Lost results are an error, a lost remark is none; nothing is said about a reader that has gone."""
    done = shell(redirected)
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.startswith(says)
    assert bool(done.stderr) == bool(says)
    assert b"Exception ignored" not in done.stderr


def test_a_table_that_does_not_fit_is_an_error_and_ends_once() -> None:
    ok("train", "c.yaml", *QUIET_TRAINING, "-q")
    done = shell("$MLP predict run/model.npz t.csv >/dev/full")
    assert done.returncode == 6
    assert done.stderr == b"mlp: error: standard output: cannot write: No space left on device\n"


@pytest.mark.parametrize(
    ("env", "training", "predicting"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "", "2>&-"),
        ({"TERM": "dumb", "NO_COLOR": "1"}, "2>&-", "2>/dev/full"),
    ],
)
def test_surroundings_change_nothing_in_the_results(
    env: dict[str, str], training: str, predicting: str
) -> None:
    ok("train", "c.yaml", "--no-plots", "-q", "-o", "here")
    header, *rows = Path("t.csv").read_text("utf-8").splitlines()
    Path("é.csv").write_text("\n".join([f"{header},ünï", *(f"{row},漢✓" for row in rows)]) + "\n", "utf-8")
    expected = ok("predict", "here/model.npz", "é.csv", "--include-inputs").out
    done = shell(
        f"$MLP train c.yaml --no-plots -o run {training} && "
        f"$MLP predict run/model.npz é.csv --include-inputs {predicting}",
        env={**os.environ, **env},
    )
    assert done.returncode == 0, done.stderr
    shown, _, predicted = done.stdout.decode("utf-8").partition("finished after 3 epochs\n")
    assert predicted == expected
    assert ESCAPE not in shown
    assert ESCAPE.encode() not in done.stderr
    assert results(Path("run")) == results(Path("here"))


def on_a_terminal(*arguments: str, **env: str) -> tuple[int, str]:
    """What a person sees at a terminal 100 columns wide, and the exit code."""
    controller, terminal = pty.openpty()
    running = subprocess.Popen(
        [*MLP, *arguments],
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **env},
    )
    os.close(terminal)
    seen = shown_at(controller)
    return running.wait(timeout=60), seen


def test_a_terminal_shows_a_live_line_and_a_dumb_one_plain_lines() -> None:
    command = ("train", "c.yaml", *QUIET_TRAINING, "--set", "training.epochs=30")
    code, seen = on_a_terminal(*command)
    assert code == 0
    assert ESCAPE in seen
    assert "30/30" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert "epoch 30/30" not in seen
    live = results(Path("run"))
    code, seen = on_a_terminal(*command, "--overwrite", TERM="dumb")
    assert code == 0
    assert ESCAPE not in seen
    assert "epoch 30/30  loss " in seen
    assert results(Path("run")) == live


def test_off_a_terminal_there_are_plain_lines_only() -> None:
    done = ok("train", "c.yaml", *QUIET_TRAINING, "--set", "training.epochs=100")
    epochs = [line for line in done.err.splitlines() if line.startswith("epoch ")]
    assert [int(line[6:9]) for line in epochs] == [1, *range(5, 101, 5)]
    assert not raw_characters(done.out + done.err)


# --- ends ---------------------------------------------------------------------------------------------------


class SurprisingError(Exception):
    """What no command expects."""


def broken(*_arguments: object) -> None:
    raise SurprisingError("with \x1b[31m in it")


def test_a_bug_is_a_message_with_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "train", broken)
    monkeypatch.delenv("MLP_DEBUG", raising=False)
    done = mlp("train", "c.yaml")
    assert (done.code, done.out) == (1, "")
    version = ".".join(map(str, sys.version_info[:3]))
    assert done.err == (
        f"mlp: error: this is a bug in mlp (mlp {__version__}, Python {version}): SurprisingError\n"
        "hint: run it again with MLP_DEBUG=1 set and report what it prints\n"
    )


def test_the_trace_of_a_bug_is_shown_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "train", broken)
    monkeypatch.setenv("MLP_DEBUG", "1")
    assert mlp("train", "c.yaml").err.startswith("Traceback (most recent call last):\n")


def test_deep_inputs_need_no_deep_stack() -> None:
    """With a stack of 256 KiB, and where C code would crash: a message in place of a signal."""
    Path("lists.yaml").write_text("a: " + "[" * 30_000, "utf-8")
    Path("maps.yaml").write_text("{a: " * 10_000, "utf-8")
    Path("meta.npz").write_bytes(HOSTILE["metadata: nested lists without end"]())
    for arguments, code in (("train lists.yaml", 3), ("train maps.yaml", 3), ("inspect meta.npz", 5)):
        done = shell(f"ulimit -s 256; $MLP {arguments}")
        assert done.returncode == code, done.stderr
        assert done.stderr.startswith(b"mlp: error: ")


def test_a_crash_in_c_leaves_a_trace() -> None:
    crash = "import faulthandler; from mlpcli.terminal.process import guarded; guarded(faulthandler._sigsegv)"
    done = subprocess.run([sys.executable, "-c", crash], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGSEGV
    assert b"Fatal Python error: Segmentation fault" in done.stderr


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_running_out_of_memory_has_a_code_of_its_own(error: Exception) -> None:
    with patch.object(train, "train", side_effect=error):
        done = mlp("train", "c.yaml")
    assert done == Done(
        9, "", "mlp: error: out of memory\nhint: use smaller layers, fewer rows, or a smaller batch\n"
    )


LIMITED = """
import resource, sys
from mlpcli.cli import main
resource.setrlimit(resource.RLIMIT_AS, (150_000_000,) * 2)
main()
"""


@pytest.mark.parametrize("arguments", ["train c.yaml", "gradcheck c.yaml", "predict m.npz t.csv"])
def test_too_little_memory_for_the_libraries_is_told_before_they_end_the_process(arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, *arguments.split()], capture_output=True, text=True)
    assert done.returncode == 9
    assert done.stderr.startswith("mlp: error: not enough memory to start: about 190 MB needed, ")


@pytest.mark.parametrize("returned", [None, 0])
def test_a_command_that_returns_nothing_is_done(returned: object) -> None:
    assert outcome(lambda: returned) == 0


def test_a_broken_pipe_anywhere_is_the_end_by_its_signal() -> None:
    with pytest.raises(StoppedBySignal) as stopped, patch.object(train, "train", side_effect=BrokenPipeError):
        from mlpcli.cli import run

        outcome(lambda: run(["train", "c.yaml"]))
    assert stopped.value.number == signal.SIGPIPE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_predicting_leaves_nothing_half_written(number: signal.Signals) -> None:
    """The command waits for its input when the signal comes: a temporary output is there, and then gone."""
    ok("train", "c.yaml", *QUIET_TRAINING, "-q")
    command = [sys.executable, "-c", WAITING, "predict", "run/model.npz", "t.csv", "-o", "p.csv"]
    with subprocess.Popen([*command, str(int(number))], stderr=subprocess.PIPE) as running:
        assert running.stderr
        said = running.stderr.read()
    assert (running.returncode, said) == (-number, b"")
    assert {path.name for path in Path.cwd().iterdir()} == {"t.csv", "c.yaml", "run"}


# the command, which is sent a signal when it has predictions to write
WAITING = """
import os, sys
from importlib.util import find_spec
from pathlib import Path
from mlpcli.cli import main
from mlpcli.run import predictions_csv as output_table

number, write = int(sys.argv.pop()), output_table.write_tables

def signalled(*arguments):
    assert any(".mlp-tmp" in path.name for path in Path.cwd().iterdir())
    os.kill(os.getpid(), number)
    write(*arguments)

output_table.write_tables = signalled
main()
"""


# --- signals ------------------------------------------------------------------------------------------------


def test_the_first_signal_is_a_request_and_the_second_would_kill() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with pytest.raises(StoppedBySignal) as stopped, stop_on_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop()
        assert stop.signal == signal.SIGHUP
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    assert stopped.value.number == signal.SIGHUP  # a request that nobody met in between is met at the end
    assert signal.getsignal(signal.SIGHUP) == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_of_training_a_signal_leaves_at_once() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        leave_on_signals()
        with pytest.raises(StoppedBySignal) as stopped:
            os.kill(os.getpid(), signal.SIGTERM)
        assert stopped.value.number == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


LATE = """
import atexit, os, signal, sys
from mlpcli.cli import main
atexit.register(os.kill, os.getpid(), int(sys.argv.pop()))
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_after_the_work_is_done_kills_without_a_word(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", LATE, "schema", str(int(number))], capture_output=True)
    assert (done.returncode, done.stderr) == (-number, b"")
    assert done.stdout.endswith(b"}\n")


# --- imports ------------------------------------------------------------------------------------------------

LOADED = """
import sys
from mlpcli.cli import main
try:
    main()
except SystemExit as leaving:
    heavy = {"numpy", "pandas", "scipy", "matplotlib"} & set(sys.modules)
    print(leaving.code, *heavy, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("--help", 0),
        ("train --help", 0),
        ("--version", 0),
        ("train bad.yaml", 3),
        ("train c.yaml --epochs 3", 2),
    ],
)
def test_help_and_mistakes_do_not_wait_for_heavy_packages(arguments: str, code: int) -> None:
    Path("bad.yaml").write_text("data: {train: t.csv, target: kind}\nepochs: 3\n", "utf-8")
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments.split()], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == str(code)


def test_help_names_every_command_and_exit_code() -> None:
    done = ok("--help")
    for name in (
        "train",
        "predict",
        "evaluate",
        "report",
        "explain",
        "drift",
        "gradcheck",
        "trace",
        "doctor",
        "init",
        "inspect",
        "schema",
    ):
        assert re.search(rf"^  {name} ", done.out, re.MULTILINE), name
    words = " ".join(done.out.split())
    for code in ("0 done", "1 a bug", "2 wrong usage", "3 wrong config", "4 wrong data", "5 wrong model"):
        assert code in words
    for code in (
        "6 output",
        "7 training diverged",
        "8 run directory",
        "9 out of memory",
        "10 a check",
        "141",
    ):
        assert code in words


def test_the_version_is_that_of_the_package() -> None:
    assert process("--version") == Done(0, f"mlp {__version__}\n", "")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_what_a_device_does_is_no_bug(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it comes up: the close of a file that was only read, say."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    assert outcome(fail) == 6
    expected = f"mlp: error: a file could not be written or closed: {os.strerror(number)}\n"
    assert capsys.readouterr().err == expected


def test_an_interrupt_while_the_program_loads_ends_it_without_a_word() -> None:
    code = """
import os, signal, sys, types
from mlpcli.start import main
sys.modules["mlpcli.cli"] = loading = types.ModuleType("mlpcli.cli")
loading.main = lambda: os.kill(os.getpid(), signal.SIGINT)
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


FRUGAL = """
import sys
import threadpoolctl
from mlpcli.start import main
sys.argv[1:] = ["--version"]
try:
    main()
except SystemExit:
    import pandas
threads = {one["num_threads"] for one in threadpoolctl.threadpool_info()}
import pyarrow
print(threads, "pandas" in sys.modules, pandas.compat.HAS_PYARROW, pyarrow.array([1])[0])
"""


def test_libraries_take_no_more_memory_than_is_wanted_of_them() -> None:
    """A thread of OpenBLAS for each processor, and pyarrow in pandas, are hundreds of megabytes."""
    pytest.importorskip("pyarrow")
    environment = {name: own for name, own in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", FRUGAL], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["{1} True False 1"]


def test_only_pandas_is_told_that_there_is_no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    take_less()
    finder = sys.meta_path[0]
    assert finder.find_spec("pyarrow", None) is None
    monkeypatch.setitem(sys.modules, "pandas", types.ModuleType("pandas"))  # whose version is still to come
    assert finder.find_spec("numpy", None) is None
    with pytest.raises(ModuleNotFoundError, match="pandas does not need it"):
        finder.find_spec("pyarrow", None)


def test_room_for_a_first_product_is_taken_where_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenBLAS would end the process, or wait for ever, where there is none for the first one later."""
    with patch.object(np, "dot") as dot:
        memory.require_libraries()
        assert not dot.called
        monkeypatch.setattr(memory, "left_of_limit", lambda: memory.LIBRARIES)
        memory.require_libraries()
        assert dot.call_count == 1
    monkeypatch.setattr(memory, "left_of_limit", lambda: 100_000_000)
    monkeypatch.delitem(sys.modules, "pyarrow", raising=False)
    with pytest.raises(MemoryLimitError, match="for pyarrow: about 190 MB needed, 100 MB available"):
        optional("pyarrow", "reading")


def test_the_package_is_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "mlpcli", "trian"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mlp: error: no such command 'trian'. Did you mean 'train'")


@pytest.mark.parametrize(
    ("arguments", "alone"),
    [("train c.yaml", True), ("schema", True), ("", False), ("--help", False), ("trian c.yaml", False)],
)
def test_a_named_command_is_set_up_alone(arguments: str, alone: bool) -> None:
    chosen = with_named_command(app, arguments.split()).registered_commands
    assert len(app.registered_commands) > 1
    assert len(chosen) == (1 if alone else len(app.registered_commands))
    assert chosen[0].callback is not None
    assert not alone or chosen[0].callback.__name__ == arguments.split()[0]


def test_what_is_installed_for_something_else_does_not_run(place: Path) -> None:
    """A plugin of pydantic, which any package may bring, would run in every command."""
    (place / "plugin.py").write_text("print('it runs')\nplugin = None\n")
    installed = place / "plugin-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[pydantic]\nplugin = plugin:plugin\n")
    path = os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")])
    done = process("train", "c.yaml", "--set", "optimizer=adan", env={"PYTHONPATH": path})
    assert (done.code, done.out) == (3, "")


def test_a_limit_below_what_the_libraries_need_is_told_before_they_are_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "left_of_limit", lambda: 100_000_000)
    done = mlp("train", "c.yaml")
    assert (done.code, done.out) == (9, "")
    assert done.err.startswith("mlp: error: not enough memory to start: about ")
    assert done.err.endswith("hint: raise the limit (ulimit -v)\n")


def test_a_second_signal_in_the_moment_of_dying_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[int] = []

    def die_by(number: signal.Signals) -> None:
        died.append(number)
        raise StoppedBySignal(signal.SIGTERM) if len(died) == 1 else SystemExit

    def command() -> None:
        raise StoppedBySignal(signal.SIGINT)

    for name in ("leave_on_signals", "prepare_streams"):
        monkeypatch.setattr(edges, name, lambda: None)
    monkeypatch.setattr(edges.gc, "set_threshold", lambda *_: None)
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    monkeypatch.setattr(edges, "die_by", die_by)
    with pytest.raises(SystemExit):
        edges.guarded(command)
    assert died == [signal.SIGINT, signal.SIGTERM]
