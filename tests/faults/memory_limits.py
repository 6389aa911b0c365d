"""B10: every command under less and less address space, down to what Python itself cannot start in."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.commands import ROOT, Ended
from tests.faults.figure import Figure
from tests.support.running import MLP, write_config, write_table

QUICK, FULL = 4, 1  # measure every n-th step: a try takes wider ones
FIRST, STEP = 300, 25  # megabytes
LOWEST = 50  # where even `mlp --version` may not start
ENOUGH = 3  # successes in a row that end a sweep
PREPARE = ("train", "c.yaml", "-o", "run", "--no-plots", "-q")
COMMANDS: dict[str, Sequence[str]] = {
    "train": ("train", "c.yaml", "-o", "again", "--no-plots", "-q", "--overwrite"),
    "predict": ("predict", "run/model.npz", "t.csv", "-o", "p.csv", "-q"),
    "gradcheck": ("gradcheck", "c.yaml", "-q"),
}
MODEL = {"layers": ["auto", 64, "auto"]}
TOLD = {0, 9}


def run(every: int) -> Iterator[Figure]:
    """Sweep upwards from 300 MB; and from 50 MB, where what fails before `mlp` begins is not counted."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_table(directory, rows=100_000)
        write_config(directory / "c.yaml", model=MODEL, training={"epochs": 1, "batch_size": "full"})
        prepared = limited(directory, PREPARE, None)
        if prepared.status:
            raise RuntimeError(prepared.output)
        for command in COMMANDS:
            for first in (FIRST, LOWEST):
                yield sweep(directory, command, first, STEP * every)


def sweep(directory: Path, command: str, first: int, step: int) -> Figure:
    """One command under every limit from the first on, until it has succeeded three times."""
    figure = Figure(
        "B10",
        f"mlp {command} under ulimit -v from {first} MB in steps of {step} MB",
        "exit 0 or 9, each time",
    )
    megabytes, successes = first, 0
    while successes < ENOUGH:
        ended = limited(directory, COMMANDS[command], megabytes)
        if limited(directory, ("--version",), megabytes).status:
            figure.add("not even mlp --version")
        else:
            figure.count += 1
            last = ended.output.splitlines()[-2:]
            fine = ended.status in TOLD and "Traceback" not in ended.output
            figure.check(fine, f"{command} with {megabytes} MB: {ended.status} {last}")
            figure.add(f"exit {ended.status}")
        successes = successes + 1 if ended.status == 0 else 0
        megabytes += step
    return figure


def limited(directory: Path, arguments: Sequence[str], megabytes: int | None) -> Ended:
    """Run a command in a process of its own with so much address space."""

    def limit() -> None:
        if megabytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)

    done = subprocess.run(
        [*MLP, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=limit,  # the limit must not be that of the shell's own memory
        text=True,
    )
    return Ended(done.returncode, done.stdout)
