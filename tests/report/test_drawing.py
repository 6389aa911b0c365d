"""The process that draws: the same pictures, and no trace of it whatever happens to it or to its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlpcli.report import drawing
from mlpcli.report.drawing import drawing_process, drawn_here
from tests.support.running import ends_with_its_parent, write_config, write_table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pictures are drawn here elsewhere")

ROWS = [{"epoch": 1, "loss": 0.1, "val_loss": None}, {"epoch": 2, "loss": float("nan"), "val_loss": 1 / 3}]

# before NumPy is loaded a process has one thread; `available` is patched for machines with one processor
DRAWING = """
import hashlib, os, signal, sys
from mlpcli.report import drawing

drawing.available = lambda: 2
rows = [{"epoch": 1, "loss": 0.1, "val_loss": None}, {"epoch": 2, "loss": float("nan"), "val_loss": 1 / 3}]

def say(pictures):
    print(*(hashlib.sha256(picture).hexdigest() for picture in pictures.values()))

with drawing.drawing_process() as draw:
    artist = draw.__closure__[0].cell_contents
"""


def drawn(code: str) -> list[str]:
    """What a process says that draws `rows` in another one."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", DRAWING + lines], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def hashes() -> list[str]:
    from hashlib import sha256

    return [sha256(picture).hexdigest() for picture in drawn_here(ROWS, "名", 1).values()]


@pytest.mark.parametrize(
    ("before", "loaded"),
    [
        ("", "no"),
        ("for number in (1, 2, 15): os.kill(artist.process, number)", "no"),
        ("os.kill(artist.process, signal.SIGKILL)", "yes"),
        ("os.kill(artist.process, signal.SIGSTOP); drawing.PATIENCE = 0.1", "yes"),
        ("drawing.END_OF_ORDER = b''; os.dup2(os.open(os.devnull, os.O_RDONLY), artist.deliveries)", "yes"),
    ],
    ids=["undisturbed", "told to stop", "killed", "stuck", "nothing delivered"],
)
def test_the_pictures_are_the_same_wherever_they_are_drawn(before: str, loaded: str) -> None:
    """And matplotlib is loaded in the first process only where the other one has failed."""
    said = drawn(f"{before}\nsay(draw(rows, '名', 1))\nprint('yes' if 'matplotlib' in sys.modules else 'no')")
    assert said == [*hashes(), loaded]


@pytest.mark.parametrize("ordered", ["", "os.write(artist.orders, b'[[{')"], ids=["waiting", "half an order"])
def test_it_ends_when_its_parent_is_killed(ordered: str) -> None:
    ends_with_its_parent(f"{DRAWING}    {ordered or 'pass'}\n    os.kill(os.getpid(), signal.SIGKILL)\n")


def test_a_run_has_its_pictures_and_nothing_else_of_it(tmp_path: Path) -> None:
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    code = """
import os, sys
from mlpcli.report import drawing
from mlpcli.cli import main

drawing.available = lambda: 2
try:
    main()
except SystemExit as end:
    print(end.code, "matplotlib" in sys.modules)
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        pass
"""
    command = [sys.executable, "-c", code, "train", "c.yaml", "-q", "-o", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("0 False\n", "")
    assert (tmp_path / "run" / "loss.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "run" / "loss.png").read_bytes().startswith(b"\x89PNG")


def held() -> tuple[int, set[int]]:
    """How many files this process has open, and the signals that it does not want to see."""
    return sum(1 for _ in os.scandir("/dev/fd")), set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def threads(directory: Path, number: int) -> Path:
    """Where the system would show so many threads of this process."""
    for index in range(number):
        (directory / str(index)).mkdir()
    return directory


def failing(*_arguments: object) -> Any:
    raise OSError


@pytest.mark.parametrize("missing", ["pipe", "fork"])
def test_without_a_process_the_pictures_are_drawn_here(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "available", lambda: 2)
    monkeypatch.setattr(drawing, "TASKS", threads(tmp_path, 1))
    monkeypatch.setattr(os, missing, failing)
    before = held()
    with drawing_process() as draw:
        assert draw is drawn_here
    assert held() == before


def test_a_process_with_other_threads_does_not_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "available", lambda: 2)
    monkeypatch.setattr(drawing, "TASKS", threads(tmp_path, 2))
    monkeypatch.setattr(os, "fork", None)
    with drawing_process() as draw:
        assert draw is drawn_here


@pytest.mark.parametrize("flag", ["--no-plots", "--dry-run"])
def test_nothing_is_started_where_nothing_will_be_drawn(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.running import ok

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(drawing, "_started", None)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    ok("train", "c.yaml", "-q", flag)


def test_nobody_waits_for_ever_for_a_silent_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PATIENCE", 0.0)
    there, here = os.pipe()
    try:
        with pytest.raises(TimeoutError):
            drawing._received(there)
        with pytest.raises(TimeoutError):
            drawing._send(here, bytes(10_000_000))  # more than a pipe holds
    finally:
        os.close(there)
        os.close(here)
