"""A1: kill -9 at random moments of a training that saves after every epoch."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.commands import SHARED, Running, WarmProcess
from tests.faults.figure import Figure
from tests.faults.run_state import checkpoint_of, problems, temporaries
from tests.support.running import write_config, write_table

QUICK, FULL = 50, 1000
STARTS = 25  # of one run: its checkpoint grows with every epoch
LONGEST = 0.25  # seconds from a command's first own checkpoint to its death
ENDLESS = 10**6  # epochs
TRAIN = ("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--resume")


@dataclass(frozen=True)
class Plan:
    """How often a run is started and killed, and by which command, of one process or of two."""

    command: tuple[str, ...]
    starts: int


def run(times: int) -> Iterator[Figure]:
    """Start, let it save, kill, look; after some deaths a last start must leave no temporary."""
    figure = Figure(
        "A1", "kill -9 at a random moment, saving every epoch", "0 corrupt, at most 1 temporary", least=times
    )
    figure.facts |= {"inside a save": 0, "epochs saved": 0}
    rng = random.Random(1)
    with WarmProcess() as warm:
        while figure.count < times:
            with tempfile.TemporaryDirectory() as name:
                starts = min(STARTS, times - figure.count)
                command = TRAIN if figure.count // STARTS % 2 else (*TRAIN, *SHARED)
                kill_again_and_again(warm, Path(name), Plan(command, starts), figure, rng)
    # the slower the disk, the more of them; without any the figure would say nothing
    figure.check(figure.facts["inside a save"], "no kill inside a save")
    yield figure


def kill_again_and_again(
    warm: WarmProcess, directory: Path, plan: Plan, figure: Figure, rng: random.Random
) -> None:
    """One run: so many starts, each ended by a kill, and one ended by SIGTERM."""
    write_table(directory)
    write_config(directory / "c.yaml", data={"validation": 0.25}, training={"epochs": ENDLESS})
    run = directory / "run"
    for _ in range(plan.starts):
        running = warm.start(directory, plan.command)
        wait_for_checkpoint(run, running)
        time.sleep(rng.uniform(0, LONGEST))
        running.send(signal.SIGKILL)
        ended = warm.wait(running)
        figure.count += 1
        figure.check(ended.status == -signal.SIGKILL, f"status {ended.status}: {ended.output}")
        figure.failures += problems(run)
        figure.add("inside a save", bool(temporaries(run)))
    running = warm.start(directory, plan.command)
    wait_for_checkpoint(run, running)
    running.send(signal.SIGTERM)
    ended = warm.wait(running)
    figure.check(ended.status == -signal.SIGTERM, f"SIGTERM: status {ended.status}: {ended.output}")
    figure.failures += problems(run, most_temporaries=0)
    saved = checkpoint_of(run)
    figure.check(saved is not None, "no checkpoint after SIGTERM")
    figure.add("epochs saved", saved.epoch if saved else 0)


def wait_for_checkpoint(run: Path, running: Running) -> None:
    """Return when a command has written a checkpoint of its own, or is dead."""
    path, deadline = run / "checkpoint.npz", time.monotonic() + 60
    before = path.stat().st_mtime_ns if path.exists() else 0
    while time.monotonic() < deadline:
        if path.exists() and path.stat().st_mtime_ns != before:
            return
        time.sleep(0.002)
    raise TimeoutError(f"process {running.pid} wrote no checkpoint")
