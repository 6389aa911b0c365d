"""A command under strace, which numbers its system calls and makes one of them fail or deadly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.commands import Ended, WarmProcess

LINE = re.compile(r"(\d+) +(\w+)\((.*)")


@dataclass(frozen=True)
class Call:
    """One system call of a trace: the `number`-th of its name; `text` are its arguments, with paths."""

    name: str
    number: int
    text: str


def run_traced(
    warm: WarmProcess, directory: Path, arguments: Sequence[object], options: Sequence[str]
) -> Ended:
    """Run a command in `directory` under strace with these options from its first call on."""
    running = warm.start_stopped(directory, arguments)
    command = ["strace", "-f", *options, "-p", str(running.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=directory) as tracer:
        status = Path(f"/proc/{running.pid}/status")
        while "TracerPid:\t0\n" in status.read_text("ascii"):
            if tracer.poll() is not None:
                raise RuntimeError(f"strace: {tracer.stderr.read().decode() if tracer.stderr else ''}")
            time.sleep(0.001)
        running.send(signal.SIGCONT)
        tracer.communicate()
    return warm.wait(running)


def calls_of(warm: WarmProcess, directory: Path, arguments: Sequence[object], first: str) -> list[Call]:
    """The calls of a command, from the first that names this text to its end, in their order."""
    trace = directory / "trace.txt"
    ended = run_traced(warm, directory, arguments, ["-y", "-s", "64", "-o", str(trace)])
    if ended.status:
        raise RuntimeError(ended.output)
    counts: Counter[str] = Counter()
    calls = []
    main = None
    for line in trace.read_text("utf-8").splitlines():
        match = LINE.match(line)
        if match is None or match[1] != (main := main or match[1]):
            continue
        counts[match[2]] += 1
        calls.append(Call(match[2], counts[match[2]], match[3]))
    start = next(i for i, call in enumerate(calls) if first in call.text)
    return calls[start:]


def injected(
    warm: WarmProcess, directory: Path, arguments: Sequence[object], call: Call, fault: str
) -> Ended:
    """Run a command while a fault, such as `signal=KILL`, hits one call; `error=EIO+`: and all later ones."""
    what, sticky = fault.removesuffix("+"), "+" * fault.endswith("+")
    rule = f"inject={call.name}:{what}:when={call.number}{sticky}"
    return run_traced(warm, directory, arguments, ["-o", os.devnull, "-e", f"trace={call.name}", "-e", rule])
