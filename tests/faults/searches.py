"""S1: kill -9 of workers, and of whole searches, at random moments; two searches share a journal."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.faults.commands import ROOT
from tests.faults.figure import Figure
from tests.support.running import MLP, RESULTS, ok, write_config, write_table

QUICK, FULL = 10, 100
KILLS = 10  # of one study
TRIALS = 16
LONGEST = 1.0  # seconds between two kills
SEARCH = ("search", "study.yaml", "--trials", str(TRIALS), "--jobs", "2", "-o", "study")
STUDY = """
config: c.yaml
space:
  optimizer.learning_rate: {low: 1e-3, high: 1e-1, log: true}
  model.layers: {choices: [[auto, 8, auto], [auto, 4, 4, auto]]}
"""
EPOCHS = 1500  # a training of about a second


def run(times: int) -> Iterator[Figure]:
    """Kill, call again, kill; at last every trial must be finished, and trained as if nothing had been."""
    figure = Figure(
        "S1", "kill -9 of a worker or a search, two on one journal", "every trial as by itself", least=times
    )
    figure.facts |= {"of workers": 0, "of searches": 0, "taken over": 0, "trials": 0}
    rng = random.Random(1)
    while figure.count < times:
        with tempfile.TemporaryDirectory() as name:
            one_study(Path(name), min(KILLS, times - figure.count), figure, rng)
    yield figure


def one_study(directory: Path, kills: int, figure: Figure, rng: random.Random) -> None:
    """Two searches of one study: so many kills, and then the look at what they have come to."""
    write_table(directory)
    write_config(directory / "c.yaml", data={"validation": 0.25}, training={"epochs": EPOCHS})
    (directory / "study.yaml").write_text(STUDY, "utf-8")
    searches = [started(directory), started(directory)]
    for _ in range(kills):
        searches = [one if one.poll() is None else again(one, directory, figure) for one in searches]
        for one in searches:
            wait_for_workers(one)
        time.sleep(rng.uniform(0, LONGEST))
        kill_one(rng.choice(searches), figure, rng)
    for one in searches:
        ended(one, figure)
    last = started(directory)
    said = ended(last, figure)
    figure.check(last.returncode == 0, f"the last search: {last.returncode}: {said}")
    look_at(directory, figure)


def started(directory: Path) -> subprocess.Popen[bytes]:
    """A search of the study."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*MLP, *SEARCH], cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def ended(search: subprocess.Popen[bytes], figure: Figure) -> str:
    """What a search has said, once it has ended; the trials that it has taken over are counted."""
    said = search.communicate()[1].decode()
    figure.add("taken over", said.count("taken over"))
    return said


def again(search: subprocess.Popen[bytes], directory: Path, figure: Figure) -> subprocess.Popen[bytes]:
    """The search called again after its end."""
    ended(search, figure)
    return started(directory)


def kill_one(search: subprocess.Popen[bytes], figure: Figure, rng: random.Random) -> None:
    """Kill a worker of a search, or the search itself."""
    children = workers_of(search.pid)
    pid = rng.choice([*children, *children, search.pid])
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        figure.count += 1
        figure.add("of searches" if pid == search.pid else "of workers")


def wait_for_workers(search: subprocess.Popen[bytes]) -> None:
    """Return when a search has workers, or has ended."""
    while search.poll() is None and not workers_of(search.pid):
        time.sleep(0.01)


def workers_of(pid: int) -> list[int]:
    """The processes that a process has forked."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())]
    except FileNotFoundError:
        return []


def look_at(directory: Path, figure: Figure) -> None:
    """Every trial is complete, once, and its run is what its config trains in one go."""
    with (directory / "study" / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    figure.check([row["trial"] for row in rows] == [*map(str, range(TRIALS))], f"trials {rows}")
    figure.add("trials", len(rows))
    for row in rows:
        figure.check(row["state"] == "complete", f"trial {row['trial']}: {row['state']}: {row['reason']}")
    runs = sorted((directory / "study" / "trials").iterdir())
    left = [run.name for run in runs if not run.name.isdigit()]
    figure.check(not left, f"besides the trials there are {left}")
    for run in runs:
        again_ = directory / f"again-{run.name}"
        ok("train", run / "config.yaml", "-o", again_, "--no-plots", "-q")
        same = [(run / name).read_bytes() == (again_ / name).read_bytes() for name in RESULTS]
        figure.check(np.all(same), f"trial {run.name} is not what its config trains: {same}")
