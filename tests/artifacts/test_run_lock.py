"""One run at a time in a directory: the second is told who the first is, and death frees the lock."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlpcli.artifacts.run_lock import run_lock
from mlpcli.errors import BusyError, ExitCode

HOLDER = """
import sys
from pathlib import Path
from mlpcli.artifacts.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def test_the_second_run_is_told_who_the_first_is(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    with holder(directory) as process:
        with pytest.raises(BusyError) as caught, run_lock(directory):
            pass
        assert caught.value.exit_code is ExitCode.BUSY
        first, hint = str(caught.value).split("\n")
        who = re.escape(
            f"{directory} is in use by another run: process {process.pid} on {socket.gethostname()}"
        )
        assert re.fullmatch(f"mlp: error: {who}, started [-0-9]{{10}} [:0-9]{{8}}[+-][:0-9]{{5}}", first)
        assert hint == "hint: wait until it ends, or write elsewhere with -o DIR"
        assert names_in(tmp_path) == [".run.lock"]
    assert names_in(tmp_path) == []


def test_the_lock_also_excludes_the_same_process(tmp_path: Path) -> None:
    with run_lock(tmp_path / "run"), pytest.raises(BusyError), run_lock(tmp_path / "run"):
        pass


def test_other_directories_are_free(tmp_path: Path) -> None:
    with run_lock(tmp_path / "one"), run_lock(tmp_path / "two"):
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_death_frees_the_lock(tmp_path: Path, number: signal.Signals) -> None:
    with holder(tmp_path / "run") as process:
        process.send_signal(number)
        process.wait()
        with run_lock(tmp_path / "run"):
            assert names_in(tmp_path) == [".run.lock"]
    assert names_in(tmp_path) == []


def test_a_leftover_of_anything_is_harmless(tmp_path: Path) -> None:
    (tmp_path / ".run.lock").write_bytes(b"\xff{not json")
    with run_lock(tmp_path / "run"):
        pass
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("text", [b"", b"[]", b'{"pid": 1}', b"\xff"])
def test_a_holder_that_has_not_said_who_it_is_is_still_a_holder(tmp_path: Path, text: bytes) -> None:
    with run_lock(tmp_path / "run"):
        (tmp_path / ".run.lock").write_bytes(text)
        with pytest.raises(BusyError, match=r"run is in use by another run\n"), run_lock(tmp_path / "run"):
            pass


def test_a_lock_removed_by_its_last_holder_is_not_mistaken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file vanishes between our open and our flock: locking the lost one would exclude nobody."""
    path, real, opened = tmp_path / ".run.lock", os.open, []

    def vanishing(*arguments: object, **options: object) -> int:
        handle = real(*arguments, **options)
        opened.append(handle)
        if len(opened) == 1:
            path.unlink()
        return handle

    monkeypatch.setattr(os, "open", vanishing)
    with run_lock(tmp_path / "run"):
        assert len(opened) == 2
        assert path.exists()
