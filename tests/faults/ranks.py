"""M1: kill -9 of one of several processes that train together, at a random update, again and again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults.figure import Figure
from tests.support.running import MLP, results, write_config, write_table

QUICK, FULL = 10, 100
MOST = 4  # processes
LATEST = 40  # the update at which one is killed, counted from where its run goes on
PATIENCE = 10.0  # seconds in which the launcher has to end
MPIEXEC = Path(sys.executable).with_name("mpiexec")
TRAIN = ("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--resume")

# the process of a number writes the time and is killed, where the environment says so
KILLED = """
import os, signal, time
from pathlib import Path
from mlpcli.run import pace
from mlpcli.training.loop import Trainer
pace.rest_after = lambda took: 0.0
update, updates = Trainer.update, []
def dying(trainer, index):
    updates.append(index)
    if len(updates) == int(os.environ["DIES_AT"]) and os.environ.get("PMI_RANK") == os.environ["DIES"]:
        Path("died").write_text(str(time.monotonic()))
        os.kill(os.getpid(), signal.SIGKILL)
    update(trainer, index)
Trainer.update = dying
from mlpcli.start import main
main()
"""


def killed(number: int, rank: int, update: int) -> tuple[int, float]:
    """So many processes of whom one is killed: the launcher's exit code, and the seconds until it ended."""
    Path("died").unlink(missing_ok=True)
    done = subprocess.run(
        [str(MPIEXEC), "-n", str(number), sys.executable, "-c", KILLED, *TRAIN],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DIES": str(rank), "DIES_AT": str(update)},
        timeout=600,
    )
    ended = time.monotonic()
    return done.returncode, ended - float(Path("died").read_text()) if Path("died").exists() else 0.0


def run(times: int) -> Iterator[Figure]:
    """Kill so often, each time of another number of processes; then one process alone goes on to the end."""
    expected = f"the launcher ends, not in 0, in {PATIENCE:.0f} s; the bytes of a run without"
    figure = Figure("M1", "kill -9 of one of 2 to 4 processes, at a random update", expected, least=times)
    rng, longest, before = random.Random(0), 0.0, Path.cwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        write_table(Path())
        write_config(
            Path("c.yaml"),
            data={"validation": 0.25},
            model={"layers": ["auto", 6, "auto"], "dropout": 0.3},
            training={"parts": 3, "epochs": 12 * times, "batch_size": 10},
        )
        for _ in range(times):
            number = rng.randint(2, MOST)
            code, took = killed(number, rng.randrange(number), rng.randint(1, LATEST))
            figure.count += took > 0
            figure.check(code != 0 and took <= PATIENCE, f"exit code {code} after {took:.1f} s")
            longest = max(longest, took)
        for output, more in (("run", ("--resume",)), ("whole", ())):
            subprocess.run([*MLP, "train", "c.yaml", "-o", output, "--no-plots", "-q", *more], check=True)
        figure.check(results(Path("run")) == results(Path("whole")), "other bytes at the end")
        os.chdir(before)
    figure.facts["longest wait"] = f"{longest:.1f} s"
    yield figure
