"""Starting commands in a warm process, stopping them at any moment, and how they ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
OUTPUT = "output.txt"  # what a command printed, in its directory


@dataclass(frozen=True)
class Ended:
    """A command's end: its exit code, or minus the signal that it died by, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Running:
    """A command under way; until it has been waited for, its number belongs to nobody else."""

    pid: int
    directory: Path

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a command that has ended does not mind."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _request(directory: Path, arguments: Sequence[object], *, stopped: bool) -> dict[str, object]:
    return {
        "directory": str(directory),
        "arguments": [str(argument) for argument in arguments],
        "output": str(directory / OUTPUT),
        "stopped": stopped,
    }


SHARED = ("--threads", "2")


class WarmProcess:
    """Runs one command at a time, each in a fork of a process that has imported everything."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm_process"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def start(self, directory: Path, arguments: Sequence[object]) -> Running:
        """Start `mlp` in a directory."""
        (directory / OUTPUT).write_text("", "utf-8")  # a signal may come before it has opened it itself
        return Running(self._ask(_request(directory, arguments, stopped=False)), directory)

    def start_stopped(self, directory: Path, arguments: Sequence[object]) -> Running:
        """Start `mlp` in a directory, stopped before its first step until it gets a SIGCONT."""
        pid = self._ask(_request(directory, arguments, stopped=True))
        while "State:\tT" not in Path(f"/proc/{pid}/status").read_text("ascii"):
            time.sleep(0.001)
        return Running(pid, directory)

    def wait(self, running: Running) -> Ended:
        """How the command ended."""
        status = os.waitstatus_to_exitcode(self._ask(None))
        return Ended(status, (running.directory / OUTPUT).read_text("utf-8"))

    def run(self, directory: Path, *arguments: object) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(directory, arguments))

    def _ask(self, request: object) -> int:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())
